"""Sealing: every file is AES-256-GCM under a key of its own before it leaves the process.

A sealed file is a header and chunks of at most 1 MiB, each with its own tag. A chunk's nonce is its number and
whether it is the last, so that chunks cannot be moved, dropped or added unseen (the STREAM construction: Hoang,
Reyhanitabar, Rogaway and Vizár, CRYPTO 2015). No data key seals two files, so numbering nonces is safe.
"""

import secrets
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import BlobCorrupt

HEADER = b"BWK\x01"
"""What a sealed file begins with: its kind, and the version of this format."""

CHUNK = 1 << 20
"""Bytes of plaintext in each chunk but the last."""

TAG = 16
KEY_BYTES = 32
_NUMBER_BYTES = 11


def new_key() -> bytes:
    """Make a data key for one file."""
    return secrets.token_bytes(KEY_BYTES)


class Sealer:
    """Seal a file as it comes, piece by piece, in bounded memory."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._waiting = bytearray()
        self._header = HEADER
        self._number = 0

    def update(self, piece: bytes) -> bytes:
        """Take the next piece, and give what is sealed by now."""
        sealed, self._header = [self._header], b""
        view, start = memoryview(piece), 0
        if len(self._waiting) + len(view) > CHUNK:  # the last chunk, even a full one, waits for `finish`
            if self._waiting:
                start = CHUNK - len(self._waiting)
                sealed.append(self._chunk(self._waiting + view[:start], last=False))
                self._waiting.clear()
            while len(view) - start > CHUNK:
                sealed.append(self._chunk(view[start : start + CHUNK], last=False))
                start += CHUNK
        self._waiting += view[start:]
        return b"".join(sealed)

    def finish(self) -> bytes:
        """Seal what is left."""
        return self._header + self._chunk(self._waiting, last=True)

    def _chunk(self, content: bytes | bytearray | memoryview, *, last: bool) -> bytes:
        nonce = _nonce(self._number, last=last)
        self._number += 1
        return self._cipher.encrypt(nonce, content, HEADER)


def seal(key: bytes, content: bytes) -> bytes:
    """Seal a whole file."""
    sealer = Sealer(key)
    return sealer.update(content) + sealer.finish()


def unseal(key: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Open a sealed file as it comes; nothing is given that was not verified.

    Raises:
        BlobCorrupt: it was changed, cut, prolonged, or sealed under another key.
    """
    cipher, waiting, number, begun = AESGCM(key), bytearray(), 0, False
    for piece in pieces:
        waiting += piece
        if not begun and len(waiting) >= len(HEADER):
            _begin(waiting)
            begun = True
        while begun and len(waiting) > CHUNK + TAG:
            yield _opened(cipher, number, bytes(waiting[: CHUNK + TAG]), last=False)
            del waiting[: CHUNK + TAG]
            number += 1
    if not begun:
        _begin(waiting)
    yield _opened(cipher, number, bytes(waiting), last=True)


def _begin(waiting: bytearray) -> None:
    if not waiting.startswith(HEADER):
        raise BlobCorrupt("a stored object is no sealed file of this format; restore it from a backup")
    del waiting[: len(HEADER)]


def _opened(cipher: AESGCM, number: int, chunk: bytes, *, last: bool) -> bytes:
    try:
        return cipher.decrypt(_nonce(number, last=last), chunk, HEADER)
    except InvalidTag:
        raise BlobCorrupt("a stored object is not what was sealed; restore it from a backup") from None


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NUMBER_BYTES) + bytes([last])
