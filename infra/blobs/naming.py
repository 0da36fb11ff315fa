"""Names of files and of the objects that hold them: keyed digests, which tell an outsider nothing."""

import hmac
import secrets
from dataclasses import dataclass, field

from domain.media import BlobKey


@dataclass(frozen=True, slots=True)
class Naming:
    """A file goes by HMAC-SHA-256 (hex) of its SHA-256 under the secret `name_key`."""

    name_key: bytes = field(repr=False)

    def key(self, sha256: str) -> BlobKey:
        """Name the file with this SHA-256 (hex)."""
        return hmac.digest(self.name_key, bytes.fromhex(sha256), "sha256").hex()

    def object(self, key: BlobKey) -> str:
        """Name a new object for a file: another one each time, so that no writer ever replaces what another wrote."""
        return hmac.digest(self.name_key, bytes.fromhex(key) + secrets.token_bytes(16), "sha256").hex()


def sharded(name: str) -> str:
    """Spread names over folders by their first four digits: `ab/cd/abcd…`."""
    return f"{name[:2]}/{name[2:4]}/{name}"
