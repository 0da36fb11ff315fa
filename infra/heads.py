"""Heads of the audit chain, noted outside the ledger, so that a chain that lost its end is told from a whole one."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from domain.errors import InvalidSettings
from infra import durable


def read(file: Path) -> dict[int, str]:
    """Read the hashes that were noted, by the number of their row; none where there is no file yet.

    Raises:
        InvalidSettings: a line is none of ours.
    """
    heads = {}
    for place, line in enumerate(file.read_text().splitlines() if file.exists() else (), 1):
        _, _, told = line.partition(" ")
        number, _, head = told.partition(" ")
        if not (number.isdecimal() and len(head) == 64):
            raise InvalidSettings(f"{file}, line {place}: not a moment, a row's number and its hash; restore the file")
        heads[int(number)] = head
    return heads


def note(file: Path, heads: Mapping[int, str], rows: int, head: str, now: datetime) -> None:
    """Note the last row of a chain that was found whole, on a line of its own, unless it is among `heads`."""
    if rows and rows not in heads:
        told = file.read_text() if file.exists() else ""
        durable.write(file, f"{told}{now:%Y-%m-%dT%H:%M:%SZ} {rows} {head}\n".encode())
