"""Key-encryption keys: they wrap each file's data key, and stand in a file, the environment or a key service."""

import hmac
import importlib
import secrets
from pathlib import Path
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import BlobCorrupt, InvalidSettings
from domain.ports import KeyWrapping
from infra import durable
from infra.keys import KEY_BYTES, load_or_make
from infra.settings import Settings

_NONCE = 12
_ACCEPTED = "file:///PATH, environment, none, or python:MODULE:FACTORY"


class LocalKeys:
    """Key-encryption keys in memory, the newest first; each goes by a digest of itself."""

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = {_name(key): key for key in keys}
        self.current = _name(keys[0])

    def wrap(self, data_key: bytes, owner: str) -> tuple[str, bytes]:
        """Wrap a data key for `owner` under the newest key: that key's name, and the wrapped data key."""
        nonce = secrets.token_bytes(_NONCE)
        return self.current, nonce + AESGCM(self._keys[self.current]).encrypt(nonce, data_key, owner.encode())

    def unwrap(self, kek: str, wrapped: bytes, owner: str) -> bytes:
        """Unwrap the data key of `owner`.

        Raises:
            InvalidSettings: the key that wrapped it is not here.
            BlobCorrupt: it was wrapped for another owner, or changed.
        """
        if kek not in self._keys:
            raise InvalidSettings(f"the sealing key {kek[:12]} is not here; restore its file from your backup")
        try:
            return AESGCM(self._keys[kek]).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], owner.encode())
        except InvalidTag:
            raise BlobCorrupt(f"the wrapped key of {owner} was changed; restore the ledger from a backup") from None


class NoKeys:
    """A process without the key: it does every metadata step, and no other."""

    @property
    def current(self) -> str:
        """Refuse."""
        raise InvalidSettings("this process holds no sealing key (BREAKWATER_SEALING=none) and stores no file")

    def wrap(self, data_key: bytes, owner: str) -> tuple[str, bytes]:  # noqa: ARG002 (the port's own names)
        """Refuse."""
        return self.current, b""

    def unwrap(self, kek: str, wrapped: bytes, owner: str) -> bytes:  # noqa: ARG002 (as above)
        """Refuse."""
        raise InvalidSettings("this process holds no sealing key (BREAKWATER_SEALING=none) and opens no file")


def open_wrapping(settings: Settings) -> KeyWrapping:
    """Open the keys that `settings.sealing` names; a key file is made on first use.

    Raises:
        InvalidSettings: it names none, or what it names holds no key.
    """
    kind, _, rest = settings.sealing.partition(":")
    if settings.sealing in {"", "file"} or kind == "file":
        return LocalKeys(read_keys(key_file(settings)))
    if settings.sealing == "environment":
        return LocalKeys([_parsed(settings.sealing_key, "BREAKWATER_SEALING_KEY")])
    if settings.sealing == "none":
        return NoKeys()
    module, _, factory = rest.partition(":")
    if kind == "python" and module and factory:
        return _service(module, factory)
    raise InvalidSettings(f"BREAKWATER_SEALING accepts {_ACCEPTED}")


def key_file(settings: Settings) -> Path:
    """Give the file of the key-encryption keys in use."""
    named = settings.sealing.removeprefix("file://") if settings.sealing.startswith("file:///") else ""
    return Path(named) if named else settings.root / "keys" / "sealing.key"


def read_keys(file: Path) -> list[bytes]:
    """Read the keys of a file, one in hex on each line, the newest first; make one if there is no file."""
    if not file.exists():
        return [load_or_make(file)]
    return [_parsed(line, str(file)) for line in file.read_text().split() or [""]]


def add_key(file: Path) -> None:
    """Put a new key before those of the file, whole or not at all; the older ones still open what they wrapped."""
    _replace(file, [secrets.token_bytes(KEY_BYTES), *read_keys(file)])


def drop_old_keys(file: Path) -> None:
    """Leave the newest key alone in the file: nothing that an older one wrapped can be opened afterwards."""
    _replace(file, read_keys(file)[:1])


def _replace(file: Path, keys: list[bytes]) -> None:
    durable.write(file, "".join(f"{key.hex()}\n" for key in keys).encode(), mode=0o600)


def _parsed(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise InvalidSettings(f"{where} holds no key of {KEY_BYTES} bytes in hex; restore it from your backup")
    return key


def _service(module: str, factory: str) -> KeyWrapping:
    """Have the operator's own adapter of a key service."""
    try:
        return cast("KeyWrapping", getattr(importlib.import_module(module), factory)())
    except (ImportError, AttributeError) as error:
        raise InvalidSettings(f"BREAKWATER_SEALING: {module}:{factory} cannot be had ({error})") from None


def _name(key: bytes) -> str:
    return hmac.digest(key, b"breakwater key-encryption key", "sha256").hex()
