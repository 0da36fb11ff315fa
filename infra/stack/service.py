"""One server that we start: its command, and the question that tells whether it works."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

BUSY = urllib3.Retry(
    None,
    connect=0,
    read=0,
    status=6,
    status_forcelist=[503],
    allowed_methods=None,
    backoff_factor=0.2,
    raise_on_status=False,
)
"""Ask again where a server is there and busy, as Prefect is while another writer holds its SQLite file."""


@dataclass(frozen=True, slots=True)
class Service:
    """A server to start.

    Attributes:
        ready: whether it answers a real operation; asked again and again until `patience` is over.
        environment: what its process has besides ours; secrets go here, since a command line is public.
        account: the operating system's user that it runs as, where it is not ours.
        patience: seconds until it must be ready.
        stop: the signal that asks it to end; `grace` seconds later its whole process group is killed.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    account: str | None = None
    patience: float = 180
    stop: signal.Signals = signal.SIGTERM
    grace: float = 15


def answers(url: str, question: Mapping[str, Any]) -> list[Any] | dict[str, Any] | int | None:
    """Post a JSON question to a server of ours and give its JSON answer; None while it has none."""
    try:
        response = urllib3.request("POST", url, json=dict(question), retries=BUSY, timeout=10)
    except urllib3.exceptions.HTTPError:
        return None
    if response.status not in {200, 201}:
        return None
    answer: list[Any] | dict[str, Any] | int = response.json()
    return answer
