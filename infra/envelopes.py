"""Envelopes: a package sealed to its recipient's public key, so that nobody on the way reads or changes it.

A fresh data key is sealed by HPKE (RFC 9180: X25519, HKDF-SHA-256, AES-256-GCM), bound to the header in front of it;
under that key the content is a sealed file as `infra.sealing` makes them. What is opened was verified, all of it.
"""

import hashlib
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from domain.errors import BlobCorrupt, InvalidSettings, PackageRefused
from infra import sealing
from infra.sealing import Sealer, new_key

HEADER = b"BWP\x01"
"""What an envelope begins with: its kind, and the version of this format. The mark of the recipient's key follows."""

PUBLIC_BYTES = 32
_MARK = 8
_WRAPPED = 32 + sealing.KEY_BYTES + 16
_FRONT = len(HEADER) + _MARK + _WRAPPED
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def public_of(private: bytes) -> str:
    """Give the public key (64 hex digits) of a private one: any 32 secret bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw().hex()


def seal(public: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Seal content to a public key (32 bytes) as it comes, in bounded memory. No two envelopes are alike.

    Raises:
        InvalidSettings: nothing can be sealed to such a key.
    """
    header, data_key = HEADER + _mark(public), new_key()
    try:
        wrapped = _SUITE.encrypt(data_key, X25519PublicKey.from_public_bytes(public), info=header)
    except ValueError:
        raise InvalidSettings("a desk's key is no X25519 public key; ask the desk for it again") from None
    sealer = Sealer(data_key)
    yield header + wrapped
    for piece in pieces:
        if sealed := sealer.update(piece):
            yield sealed
    yield sealer.finish()


def unseal(private: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Open an envelope as it comes, with the private key (32 bytes); its end is verified when all of it was read.

    Raises:
        PackageRefused: it is none, was sealed to another key, or was changed, cut or prolonged.
    """
    rest = iter(pieces)
    front = bytearray()
    while len(front) < _FRONT and (piece := next(rest, b"")):
        front += piece
    data_key = _unwrapped(private, bytes(front[:_FRONT]))
    try:
        yield from sealing.unseal(data_key, _first(bytes(front[_FRONT:]), rest))
    except BlobCorrupt:
        raise PackageRefused("the package was changed or cut on its way; ask its sender for it again") from None


def _first(piece: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield piece
    yield from rest


def _unwrapped(private: bytes, front: bytes) -> bytes:
    header, wrapped = front[: len(HEADER) + _MARK], front[len(HEADER) + _MARK :]
    if not front.startswith(HEADER):
        raise PackageRefused("this is no package of Breakwater, or one of another version")
    if header[len(HEADER) :] != _mark(bytes.fromhex(public_of(private))):
        raise PackageRefused("the package was sealed to another key than this one")
    try:
        return _SUITE.decrypt(wrapped, X25519PrivateKey.from_private_bytes(private), info=header)
    except (InvalidTag, ValueError):
        raise PackageRefused("the package was changed on its way; ask its sender for it again") from None


def _mark(public: bytes) -> bytes:
    """Tell keys apart, for a recipient that has several."""
    return hashlib.sha256(public).digest()[:_MARK]
