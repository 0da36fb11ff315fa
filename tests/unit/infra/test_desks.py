"""The operator's file of desks: checked, and refused with what to do and without its values."""

import pytest

from domain.errors import InvalidSettings
from infra.desks import load_desks
from infra.envelopes import public_of

KEY = public_of(bytes(32))
GOOD = f'[us-icac-ca]\noutbox = "file:///srv/out"\nkey = "{KEY}"\n'


def desks(tmp_path, text):
    (tmp_path / "desks.toml").write_text(text)
    return load_desks(tmp_path / "desks.toml")


def test_a_desk_gets_no_media_and_no_numbers_unless_the_file_says_so(tmp_path):
    (address,) = desks(tmp_path, GOOD).values()
    assert (address.key, address.media, dict(address.categories)) == (bytes.fromhex(KEY), False, {})
    (address,) = desks(tmp_path, GOOD + "media = true\ncategories = {A1 = 1}\n").values()
    assert (address.media, dict(address.categories)) == (True, {"A1": 1})


def test_nobody_is_reached_without_a_file():
    assert load_desks(None) == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (GOOD.replace(KEY, "ab"), r"\[us-icac-ca.key\].*32 bytes in hex"),
        (GOOD.replace(KEY, "z" * 64), "32 bytes in hex"),
        (GOOD.replace("file:///srv/out", "sftp://key:secret@host/x"), r"\[us-icac-ca.outbox\].*s3\+http"),
        (GOOD + "meida = true\n", r"\[us-icac-ca.meida\]"),
        (GOOD + 'media = "yes"\n', r"\[us-icac-ca.media\]"),
        (GOOD + "categories = {A3 = 1}\n", "no class A3"),
        (GOOD + "media =\n", "at line 4"),
        ('outbox = "file:///x"', "outbox"),
    ],
)
def test_a_typo_is_refused(tmp_path, text, why):
    with pytest.raises(InvalidSettings, match=why) as refused:
        desks(tmp_path, text)
    assert "secret" not in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InvalidSettings, match="cannot be read"):
        load_desks(tmp_path / "none.toml")
