"""Keys: one for all who ask at once, for their owner alone, and digests that no part can shift."""

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.errors import InvalidSettings
from infra.keys import KEY_BYTES, keyed_digest, load_or_make

KEY = bytes(range(32))
texts = st.text(st.sampled_from("ab1:2\x1f"), max_size=4)
parts = st.lists(texts, max_size=4).map(tuple)


def test_makers_at_once_all_get_one_key(tmp_path):
    makers = 8
    together = threading.Barrier(makers)

    def make(file):
        together.wait()
        return load_or_make(file)

    with ThreadPoolExecutor(makers) as pool:
        for number in range(30):
            file = tmp_path / str(number) / "names.key"
            keys = set(pool.map(make, [file] * makers))
            assert keys == {load_or_make(file)}
            assert len(keys.pop()) == KEY_BYTES
            assert list(file.parent.iterdir()) == [file]


def test_a_key_is_for_its_owner_alone(tmp_path):
    file = tmp_path / "keys" / "names.key"
    load_or_make(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_key_is_made_once_and_every_place_has_another(tmp_path):
    assert load_or_make(tmp_path / "a") == load_or_make(tmp_path / "a") != load_or_make(tmp_path / "b")


@pytest.mark.parametrize("content", [b"", b"00" * 31, b"00" * 33, b"zz" * 32, b"\xff\xfe"])
def test_a_broken_key_file_is_refused_with_advice_and_left_as_it_is(tmp_path, content):
    file = tmp_path / "names.key"
    file.write_bytes(content)
    with pytest.raises(InvalidSettings, match=r"names\.key .* restore it from your backup"):
        load_or_make(file)
    assert file.read_bytes() == content


@given(parts, parts)
def test_parts_do_not_shift_into_one_another(one, other):
    assume(one != other)
    assert keyed_digest(KEY, *one) != keyed_digest(KEY, *other)


def test_a_part_may_be_the_name_of_a_file_that_is_no_unicode():
    names = [os.fsdecode(name) for name in (b"\xff\xfe", b"\xff", b"\xfe")]
    assert len({keyed_digest(KEY, name) for name in names}) == 3


@given(parts)
def test_a_digest_is_32_digits_and_the_same_under_the_same_key_alone(some):
    digest = keyed_digest(KEY, *some)
    assert len(bytes.fromhex(digest)) == 16
    assert digest == keyed_digest(KEY, *some) != keyed_digest(bytes(32), *some)
