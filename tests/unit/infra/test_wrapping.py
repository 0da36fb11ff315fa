"""Sealing keys: in a file, the environment, a service, or nowhere."""

import secrets
import stat

import pytest

from domain.errors import BlobCorrupt, InvalidSettings
from infra.settings import Settings
from infra.wrapping import LocalKeys, add_key, drop_old_keys, key_file, open_wrapping, read_keys

DATA_KEY = bytes(range(32))


def test_a_wrapped_key_opens_for_its_owner_alone():
    keys = LocalKeys([secrets.token_bytes(32)])
    kek, wrapped = keys.wrap(DATA_KEY, "mine")
    assert keys.unwrap(kek, wrapped, "mine") == DATA_KEY
    assert DATA_KEY not in wrapped
    with pytest.raises(BlobCorrupt, match="yours"):
        keys.unwrap(kek, wrapped, "yours")


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path):
    settings = Settings(data=tmp_path)
    first = open_wrapping(settings)
    assert open_wrapping(settings).current == first.current
    assert stat.S_IMODE(key_file(settings).stat().st_mode) == 0o600


def test_the_newest_key_wraps_and_the_older_ones_still_open(tmp_path):
    settings = Settings(data=tmp_path, sealing=f"file://{tmp_path}/elsewhere.key")
    old = open_wrapping(settings)
    kek, wrapped = old.wrap(DATA_KEY, "mine")
    add_key(key_file(settings))
    new = open_wrapping(settings)
    assert new.current != old.current
    assert new.unwrap(kek, wrapped, "mine") == DATA_KEY
    drop_old_keys(key_file(settings))
    assert len(read_keys(key_file(settings))) == 1
    with pytest.raises(InvalidSettings, match="is not here"):
        open_wrapping(settings).unwrap(kek, wrapped, "mine")


def test_the_environment_may_hold_the_key(tmp_path):
    settings = Settings(data=tmp_path, sealing="environment", sealing_key="ab" * 32)
    kek, wrapped = open_wrapping(settings).wrap(DATA_KEY, "mine")
    assert LocalKeys([bytes.fromhex("ab" * 32)]).unwrap(kek, wrapped, "mine") == DATA_KEY
    assert not (tmp_path / "keys").exists()


def test_no_key_is_shown(tmp_path):
    assert "ab" * 32 not in repr(Settings(data=tmp_path, sealing="environment", sealing_key="ab" * 32))


def test_a_process_without_keys_wraps_and_opens_nothing(tmp_path):
    keys = open_wrapping(Settings(data=tmp_path, sealing="none"))
    for refused in (lambda: keys.wrap(DATA_KEY, "mine"), lambda: keys.unwrap("a", b"", "mine"), lambda: keys.current):
        with pytest.raises(InvalidSettings, match="BREAKWATER_SEALING=none"):
            refused()


def test_a_key_service_is_brought_by_its_operator(tmp_path, monkeypatch):
    (tmp_path / "our_service.py").write_text(
        "from infra.wrapping import LocalKeys\n\ndef connect():\n    return LocalKeys([b'k' * 32])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    keys = open_wrapping(Settings(data=tmp_path, sealing="python:our_service:connect"))
    assert keys.unwrap(*keys.wrap(DATA_KEY, "mine"), "mine") == DATA_KEY


@pytest.mark.parametrize(
    "sealing", ["python:no_such_module:connect", "python:json:no_such_factory", "vault", "python:"]
)
def test_what_cannot_be_had_is_told(tmp_path, sealing):
    with pytest.raises(InvalidSettings, match="BREAKWATER_SEALING"):
        open_wrapping(Settings(data=tmp_path, sealing=sealing))


@pytest.mark.parametrize("content", ["", "ab", "zz" * 32])
def test_what_is_no_key_is_told_and_not_repeated(tmp_path, content):
    with pytest.raises(InvalidSettings, match="no key of 32 bytes") as told:
        open_wrapping(Settings(data=tmp_path, sealing="environment", sealing_key=content))
    assert not content or content not in str(told.value)


@pytest.mark.parametrize("content", ["", "\n", "ab\n"])
def test_a_file_without_a_key_is_told_with_what_to_do(tmp_path, content):
    settings = Settings(data=tmp_path)
    key_file(settings).parent.mkdir()
    key_file(settings).write_text(content)
    with pytest.raises(InvalidSettings, match="restore it from your backup"):
        open_wrapping(settings)
