"""An outbox on an SFTP server: a folder there, over SSH with a key of ours and host keys that the operator verified."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import paramiko
from paramiko import AuthenticationException, BadHostKeyException, PKey, SFTPClient, SSHClient, SSHException

from domain.errors import InvalidSettings

SECONDS = 30.0
"""How long a server may take to answer."""


class SftpOutbox:
    """An outbox in a folder of an SFTP server that is there already.

    Args:
        url: `sftp://USER@HOST[:PORT]/FOLDER`, the folder as the server shows it.
        key: the file of our private key, without a passphrase.
        hosts: the file of host keys, in the form of `known_hosts`; no other host is spoken to.
    """

    def __init__(self, url: str, key: Path, hosts: Path) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._user = parts.hostname or "", parts.port or 22, unquote(parts.username or "")
        self._folder = unquote(parts.path).rstrip("/")
        self._key, self._hosts = key, hosts

    def holds(self, name: str) -> bool:
        """Whether it lies there."""
        with self._session() as server:
            try:
                server.stat(f"{self._folder}/{name}")
            except FileNotFoundError:
                return False
            return True

    def deliver(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write it under a name that nobody reads, and give it its own when all of it is there."""
        draft = f"{self._folder}/.{name}.{secrets.token_hex(4)}"
        with self._session() as server:
            try:
                with server.open(draft, "wx") as out:
                    out.set_pipelined()
                    for piece in pieces:
                        out.write(piece)
                server.posix_rename(draft, f"{self._folder}/{name}")
            finally:
                with suppress(OSError, SSHException):  # which is no more where all went well
                    server.remove(draft)

    def remove(self, name: str) -> None:
        """Take it away."""
        with self._session() as server, suppress(FileNotFoundError):
            server.remove(f"{self._folder}/{name}")

    @contextmanager
    def _session(self) -> Iterator[SFTPClient]:
        """Speak to the server; what it refuses is told with what to do, the rest is tried again."""
        client = SSHClient()
        client.set_missing_host_key_policy(_Refuse())
        try:
            client.load_host_keys(str(self._hosts))
            client.connect(
                self._host, self._port, self._user, key_filename=str(self._key), look_for_keys=False, allow_agent=False,
                timeout=SECONDS, banner_timeout=SECONDS, auth_timeout=SECONDS, channel_timeout=SECONDS,
            )  # fmt: skip
            with client.open_sftp() as server:
                yield server
        except BadHostKeyException:
            raise InvalidSettings(
                f"{self._host} shows another key than BREAKWATER_SFTP_HOSTS has; ask whose it is"
            ) from None
        except AuthenticationException:
            raise InvalidSettings(
                f"{self._host} does not take the key in BREAKWATER_SFTP_KEY; give it its public half"
            ) from None
        except SSHException as error:
            raise ConnectionError(f"the SFTP server {self._host} does not answer ({type(error).__name__})") from None
        finally:
            client.close()


class _Refuse(paramiko.MissingHostKeyPolicy):
    """Speak to nobody whose key was not verified."""

    def missing_host_key(self, _client: SSHClient, hostname: str, _key: PKey) -> None:
        """Refuse."""
        raise InvalidSettings(f"BREAKWATER_SFTP_HOSTS has no key of {hostname}; verify it with the desk, and add it")
