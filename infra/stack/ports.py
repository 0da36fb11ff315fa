"""Ports on loopback."""

import socket
from contextlib import ExitStack

HOST = "127.0.0.1"


def free_ports(*preferred: int) -> list[int]:
    """Find a free port for each preferred one: itself where it is free, any other where it is taken or 0.

    The ports differ from each other; nothing keeps another program from taking one before it is used.
    """
    with ExitStack() as held:
        return [_bound(held.enter_context(socket.socket()), port) for port in preferred]


def _bound(listener: socket.socket, port: int) -> int:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.bind((HOST, 0))
    return int(listener.getsockname()[1])
