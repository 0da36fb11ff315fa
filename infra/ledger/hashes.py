"""Hashes of 256 bits in the ledger, as indexes follow them: in the order in which they were written.

Each transaction that writes some takes a number, and its rows bear it. Writing transactions follow one another, so who
has all rows up to a number misses only those that bear a greater one.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, func, insert, select

from domain.match import SignalType
from domain.media import BITS, Algorithm, BlobKey
from infra.ledger import schema

Piece = tuple[int, NDArray[np.int64], NDArray[np.uint64]]
"""A number all of whose rows, and of those before it, were given with this piece; ids (N); hashes (N × 4)."""

ROWS_AT_ONCE = 50_000
STORED = (Algorithm.PDQ, Algorithm.PDQ_TRIMMED)
"""The fingerprints that are indexed."""


def begin_writing(connection: Connection) -> int:
    """Give the number that the hashes written in this transaction bear."""
    row = insert(schema.hash_writing).values(mark=secrets.token_hex(16))
    return int(connection.execute(row.returning(schema.hash_writing.c.number)).scalar_one())


@dataclass(frozen=True)
class _Written:
    connection: Connection

    def mark(self, number: int) -> str:
        """Give the mark of a number; empty where there is none."""
        table = schema.hash_writing.c
        return self.connection.scalar(select(table.mark).where(table.number == number)) or ""

    def _since(self, number: int, query: Select[Any]) -> Iterator[tuple[int, Sequence[Sequence[Any]]]]:
        """Give the rows of a query that bear, in their first column, a number greater than this one."""
        last = self.connection.scalar(select(func.max(schema.hash_writing.c.number))) or 0
        if last <= number:
            return
        column: ColumnElement[int] = query.selected_columns[0]
        query = query.where(column > number).order_by(column)
        with self.connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}) as result:
            for rows in result.partitions():
                number = max((row[0] for row in rows if row[0] < rows[-1][0]), default=number)
                yield number, rows
        yield last, ()


class Stored(_Written):
    """Fingerprints of stored files, of any quality, in all their orientations; a file's number bears them."""

    def since(self, number: int) -> Iterator[Piece]:
        """Give what was written after this number."""
        prints = schema.fingerprint.c
        query = select(prints.written, prints.blob_id, prints.bits).where(prints.algorithm.in_(STORED))
        for upto, rows in self._since(number, query):
            hashes = [row[2] for row in rows]
            each = np.array([len(one) * 8 // BITS for one in hashes], np.int64)
            yield upto, np.repeat(numbers([row[1] for row in rows]), each), _words(b"".join(hashes))

    def size(self) -> int:
        """Count the hashes that there are at most."""
        query = select(func.count()).select_from(schema.fingerprint)
        return 8 * (self.connection.scalar(query) or 0)


class Listed(_Written):
    """PDQ hashes of the entries of all lists, whatever their state; a hash bears its own beginning as its number."""

    def since(self, number: int) -> Iterator[Piece]:
        """Give what was written after this number."""
        known = schema.known_hash.c
        query = select(known.written, known.signal).where(known.signal_type == SignalType.PDQ)
        for upto, rows in self._since(number, query):
            hashes = _words(bytes.fromhex("".join(row[1] for row in rows)))
            yield upto, hashes[:, 0].view(np.int64), hashes

    def size(self) -> int:
        """Count the hashes that there are at most."""
        query = select(func.count()).where(schema.known_hash.c.signal_type == SignalType.PDQ)
        return self.connection.scalar(query) or 0


def _words(hashes: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(hashes, np.uint64).reshape(-1, 4)


def numbers(blobs: Sequence[BlobKey]) -> NDArray[np.int64]:
    """Number files by how their ids begin; two may share a number, so what it finds is to be compared."""
    return np.frombuffer("".join(blob[: schema.START] for blob in blobs).encode(), np.int64)


def starts(of: NDArray[np.int64]) -> list[str]:
    """Say how the ids of the files begin that bear these numbers."""
    return [number.tobytes().decode() for number in of]
