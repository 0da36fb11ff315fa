"""Signing: packages bear an Ed25519 signature (RFC 8032), by which their recipient knows whose they are."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import InvalidSettings

PUBLIC_BYTES = 32


class Signer:
    """Whoever holds the private key: any 32 secret bytes."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> str:
        """The public key (64 hex digits), which recipients are given by another way than the packages."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, content: bytes) -> bytes:
        """Sign: 64 bytes, always the same for the same content."""
        return self._key.sign(content)


def signed_by(public: str, signature: bytes, content: bytes) -> bool:
    """Whether the holder of a public key (64 hex digits) signed this content.

    Raises:
        InvalidSettings: that is no public key.
    """
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, content)
    except ValueError:
        raise InvalidSettings(
            f"a sender's public key is {PUBLIC_BYTES} bytes in hex; see `breakwater refer key`"
        ) from None
    except InvalidSignature:
        return False
    return True
