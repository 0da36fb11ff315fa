"""Keys: made once, kept in files that only their owner reads, and the keyed digests made with them."""

import hashlib
import os
import secrets
from pathlib import Path

from domain.errors import InvalidSettings

KEY_BYTES = 32


def load_or_make(file: Path) -> bytes:
    """Read the key in `file` (32 bytes as hex); make one there, mode 0600, if there is none.

    Raises:
        InvalidSettings: the file does not hold such a key.
    """
    if not file.exists():
        _make(file)
    try:
        key = bytes.fromhex(file.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise InvalidSettings(f"{file} holds no key of {KEY_BYTES} bytes in hex; restore it from your backup")
    return key


def _make(file: Path) -> None:
    """Write a new key; of several processes that try at once one wins and the others read its key."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(secrets.token_hex(KEY_BYTES) + "\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


HEX = 32
"""Letters of a keyed digest: 128 bits, of which no two of ten thousand million agree but by a chance of 10^-19."""


def keyed_digest(key: bytes, *parts: str) -> str:
    """Digest `parts` by BLAKE2s with a key (RFC 7693; `HEX` letters); no part can shift into another.

    A part may be no valid Unicode. `key` has 32 bytes at most.
    """
    joined = "\x1f".join(f"{len(part)}:{part}" for part in parts).encode(errors="surrogatepass")
    return hashlib.blake2s(joined, key=key, digest_size=HEX // 2).hexdigest()
