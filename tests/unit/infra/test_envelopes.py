"""Envelopes: whoever has the key reads all of it or nothing; one flipped bit anywhere is enough for nothing."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidSettings, PackageRefused
from infra.envelopes import HEADER, public_of, seal, unseal
from infra.sealing import CHUNK
from infra.signing import Signer, signed_by

KEY = bytes(range(32))
PUBLIC = bytes.fromhex(public_of(KEY))


def sealed(content=b"what is in it"):
    return b"".join(seal(PUBLIC, [content]))


def opened(envelope, key=KEY):
    return b"".join(unseal(key, [envelope]))


@given(st.lists(st.binary(max_size=50), max_size=5), st.integers(1, 60))
def test_it_gives_back_what_was_sealed_however_it_comes(pieces, size):
    envelope = b"".join(seal(PUBLIC, pieces))
    cut = [envelope[start : start + size] for start in range(0, len(envelope), size)]
    assert b"".join(unseal(KEY, cut)) == b"".join(pieces)


def test_large_content_is_sealed_in_pieces():
    content = secrets.token_bytes(2 * CHUNK + 7)
    pieces = list(seal(PUBLIC, [content[:CHUNK], content[CHUNK:]]))
    assert max(map(len, pieces)) <= 2 * CHUNK + 100
    assert b"".join(unseal(KEY, pieces)) == content


def test_one_flipped_bit_anywhere_breaks_it():
    envelope = sealed()
    for place in range(8 * len(envelope)):
        flipped = bytearray(envelope)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(PackageRefused):
            opened(bytes(flipped))


def test_it_is_neither_cut_nor_prolonged():
    envelope = sealed()
    for size in range(len(envelope)):
        with pytest.raises(PackageRefused):
            opened(envelope[:size])
    with pytest.raises(PackageRefused):
        opened(envelope + b"\0")


def test_another_key_opens_nothing_and_is_told_so():
    with pytest.raises(PackageRefused, match="sealed to another key"):
        opened(sealed(), secrets.token_bytes(32))


def test_no_two_envelopes_are_alike_and_none_shows_what_is_in_it():
    assert sealed() != sealed()
    assert b"what is in it" not in sealed()
    assert sealed().startswith(HEADER)


def test_what_is_no_point_of_the_curve_is_no_key():
    with pytest.raises(InvalidSettings, match="no X25519 public key"):
        b"".join(seal(bytes(32), [b"a"]))


def test_a_signature_holds_for_its_content_and_its_signer_alone():
    one, other = Signer(KEY), Signer(bytes(32))
    signature = one.sign(b"content")
    assert signed_by(one.public, signature, b"content")
    assert not signed_by(one.public, signature, b"contenu")
    assert not signed_by(other.public, signature, b"content")
    with pytest.raises(InvalidSettings, match="in hex"):
        signed_by("zz", signature, b"content")
    with pytest.raises(InvalidSettings, match="in hex"):
        signed_by("00", signature, b"content")
