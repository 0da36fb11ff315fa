"""An SFTP server for tests, in a thread of this process: real SSH on loopback, one user, one folder."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh


@dataclass(frozen=True)
class Sftp:
    """A running server: where it listens, what it shows, and what a client needs to speak to it."""

    port: int
    shown: Path
    key: Path
    hosts: Path

    def url(self, folder: str) -> str:
        return f"sftp://clearinghouse@127.0.0.1:{self.port}{folder}"


@contextmanager
def running_sftp(home: Path) -> Iterator[Sftp]:
    shown, key, hosts = home / "shown", home / "id", home / "known_hosts"
    shown.mkdir()
    ours, theirs = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    ours.write_private_key(key)
    allowed = home / "authorized_keys"
    ours.write_public_key(allowed)
    loop, spoken = asyncio.new_event_loop(), []
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(_listen(theirs, allowed, shown, spoken), loop).result(30)
        port = server.get_port()
        hosts.write_text(f"[127.0.0.1]:{port} {theirs.export_public_key().decode()}")
        yield Sftp(port, shown, key, hosts)
        asyncio.run_coroutine_threadsafe(_close(server, spoken), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _listen(host_key: asyncssh.SSHKey, allowed: Path, shown: Path, spoken: list) -> asyncssh.SSHAcceptor:
    class Noting(asyncssh.SSHServer):
        def connection_made(self, connection: asyncssh.SSHServerConnection) -> None:
            spoken.append(connection)

    return await asyncssh.listen(
        "127.0.0.1", 0, server_factory=Noting, server_host_keys=[host_key], authorized_client_keys=str(allowed),
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(shown).encode()),
    )  # fmt: skip


async def _close(server: asyncssh.SSHAcceptor, spoken: list) -> None:
    """End the server and every connection: a socket that is left open fails whichever test comes next."""
    server.close()
    await server.wait_closed()
    for connection in spoken:
        connection.abort()
        await connection.wait_closed()
    await asyncio.sleep(0.1)  # transports close their sockets in the loop's next round
