"""A sealed file opens as it was, or not at all."""

import itertools
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BlobCorrupt
from infra.sealing import CHUNK, HEADER, TAG, Sealer, new_key, seal, unseal

KEY = bytes(range(32))
SIZES = st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5])


def opened(sealed, key=KEY):
    return b"".join(unseal(key, [sealed]))


def pieces(content, cuts):
    places = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    return [content[start:end] for start, end in itertools.pairwise(places)]


@given(SIZES, st.lists(st.integers(min_value=0), max_size=4), st.lists(st.integers(min_value=0), max_size=4))
def test_however_it_comes_in_pieces_a_file_opens_as_it_was(size, cuts, other_cuts):
    content = secrets.token_bytes(size)
    sealer = Sealer(KEY)
    sealed = b"".join([*map(sealer.update, pieces(content, cuts)), sealer.finish()])
    assert sealed == seal(KEY, content)
    assert b"".join(unseal(KEY, pieces(sealed, other_cuts))) == content


@given(st.binary(max_size=300), st.data())
def test_any_changed_bit_is_noticed(content, data):
    sealed = bytearray(seal(KEY, content))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BlobCorrupt):
        opened(bytes(sealed))


@given(SIZES, st.integers(min_value=1))
def test_a_file_that_is_cut_anywhere_is_noticed(size, cut):
    sealed = seal(KEY, bytes(size))
    with pytest.raises(BlobCorrupt):
        opened(sealed[: -(cut % len(sealed) or len(sealed))])


@pytest.mark.parametrize("more", [b"x", bytes(CHUNK + TAG)])
def test_a_file_that_is_prolonged_is_noticed(more):
    with pytest.raises(BlobCorrupt):
        opened(seal(KEY, bytes(CHUNK)) + more)


def test_chunks_that_change_places_are_noticed():
    sealed = seal(KEY, secrets.token_bytes(3 * CHUNK))
    start, step = len(HEADER), CHUNK + TAG
    first, second = sealed[start : start + step], sealed[start + step : start + 2 * step]
    with pytest.raises(BlobCorrupt):
        opened(sealed[:start] + second + first + sealed[start + 2 * step :])


def test_a_missing_first_or_middle_chunk_is_noticed():
    sealed = seal(KEY, secrets.token_bytes(3 * CHUNK))
    start, step = len(HEADER), CHUNK + TAG
    for number in range(2):
        with pytest.raises(BlobCorrupt):
            opened(sealed[: start + number * step] + sealed[start + (number + 1) * step :])


def test_another_key_opens_nothing():
    with pytest.raises(BlobCorrupt):
        opened(seal(KEY, b"secret"), new_key())


def test_equal_files_are_sealed_unlike_under_keys_of_their_own():
    assert seal(new_key(), b"the same") != seal(new_key(), b"the same")
