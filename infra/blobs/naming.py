"""Names of stored files: a keyed digest, so that the bucket alone tells no outsider whether a known file is there."""

import hashlib
import hmac
from dataclasses import dataclass, field

from domain.errors import BlobCorrupt
from domain.media import BlobKey


@dataclass(frozen=True, slots=True)
class Naming:
    """Object names are HMAC-SHA-256 (hex) of a file's SHA-256 under the secret `name_key`."""

    name_key: bytes = field(repr=False)

    def key(self, sha256: str) -> BlobKey:
        """Name the file with this SHA-256 (hex)."""
        return hmac.digest(self.name_key, bytes.fromhex(sha256), "sha256").hex()

    def verified(self, key: BlobKey, content: bytes) -> bytes:
        """Return `content` if it is what `key` names.

        Raises:
            BlobCorrupt: it is not.
        """
        if not hmac.compare_digest(self.key(hashlib.sha256(content).hexdigest()), key):
            raise BlobCorrupt(f"blob {key} is not what it was when stored; restore it from a backup")
        return content


def sharded(key: BlobKey) -> str:
    """Spread names over folders by their first four digits: `ab/cd/abcd…`."""
    return f"{key[:2]}/{key[2:4]}/{key}"
