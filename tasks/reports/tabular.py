"""Tables of reports, a row each: CSV, JSON lines and Parquet, read block by block and kept in Arrow.

Columns: `external_id`, `reporter`, `source`, `received_at`, and where they are known `incident_type`, `incident_at`,
`escalated`, `incidents`, `vectors`, `countries` (`IN` or `IN:suspect`), `files` (`image:MD5`, `video:MD5` or
`other:MD5`).
"""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from domain.errors import Rejected
from domain.report import Rejection
from infra.inboxes import Place
from tasks.reports.formats import Format
from tasks.reports.lines import COLUMNS, LISTS, LONGEST_VALUE, csv_rows, json_rows

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES = 16 * 2**20
"""Bytes of a block of text, about; it ends with a row."""

BLOCK_ROWS = 100_000
"""Rows of a row group that are read at once: some 100 MB by the time that they are ready for the ledger."""

LONGEST_LINE = 2**20
"""Bytes of a line of text; a table with a longer one is refused, so that no line fills the memory."""

READ_AHEAD = 4 * 2**20
"""Bytes of each column that are read at once."""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a table: bytes `start` to `end`, which for Parquet are those of a row group of `rows` rows."""

    path: Place
    form: Format
    start: int
    end: int
    group: int = 0
    rows: int = 0

    @property
    def parts(self) -> list[str]:
        """Name what is loaded in one transaction each: all of it, or so many rows of a row group."""
        return [f"{first} {min(BLOCK_ROWS, self.rows - first)}" for first in range(0, max(self.rows, 1), BLOCK_ROWS)]

    def digest(self) -> str:
        """Digest its bytes, and what they are to be read as (hex SHA-256)."""
        told = hashlib.sha256(f"{self.form} {_header(self)}".encode())
        with self.path.open("rb") as content:
            content.seek(self.start)
            left = self.end - self.start
            while left and (piece := content.read(min(left, 2**20))):
                told.update(piece)
                left -= len(piece)
        return told.hexdigest()


def blocks(path: Place, form: Format) -> list[Block]:
    """Cut a table into blocks.

    Raises:
        Rejected: it cannot be read at all.
    """
    if form is Format.PARQUET:
        return _row_groups(path)
    found, size = [], path.stat().st_size
    with path.open("rb") as content:
        start = len(_checked_header(_line(content))) if form is Format.CSV else 0
        while start < size:
            content.seek(min(start + BLOCK_BYTES, size))
            _line(content)
            end = content.tell()
            if form is Format.CSV:
                end = _end_of_row(content, start, end)
            found.append(Block(path, form, start, end))
            start = end
    return found


def _line(content: BinaryIO) -> bytes:
    """Read to the end of a line."""
    line = content.readline(LONGEST_LINE)
    if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
        raise Rejected(Rejection.TOO_LARGE)
    return line


def _checked_header(line: bytes) -> bytes:
    """See that the first line of CSV is one: where lines end with CR alone, it would be all of them."""
    if b"\r" in line.rstrip(b"\r\n"):
        raise Rejected(Rejection.NOT_WELL_FORMED)
    try:
        next(csv.reader([line.decode("utf-8-sig", errors="replace")]), None)
    except csv.Error as error:
        raise Rejected(Rejection.SCHEMA) from error
    return line


def _end_of_row(content: BinaryIO, start: int, end: int) -> int:
    """Move the end of a block of CSV, a line's end, out of a value in quotation marks if there is one around it."""
    content.seek(start)
    marks = content.read(end - start).count(b'"')
    at = end
    while marks % 2 and at - end < LONGEST_VALUE and (line := _line(content)):
        marks += line.count(b'"')
        at += len(line)
    return end if marks % 2 else at


def _row_groups(path: Place) -> list[Block]:
    import pyarrow as pa  # noqa: PLC0415 (slow to import)
    import pyarrow.parquet as pq  # noqa: PLC0415 (as above)

    try:
        with path.open("rb") as content:
            metadata = pq.read_metadata(content)
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    except (pa.ArrowException, OSError) as error:
        raise Rejected(Rejection.NOT_WELL_FORMED) from error
    found = []
    if not metadata.num_columns:
        raise Rejected(Rejection.SCHEMA)
    for number, group in enumerate(groups):
        columns = [group.column(index) for index in range(group.num_columns)]
        start = min(column.dictionary_page_offset or column.data_page_offset for column in columns)
        end = start + sum(column.total_compressed_size for column in columns)
        found.append(Block(path, Format.PARQUET, start, end, number, group.num_rows))
    return found


def _header(block: Block) -> str:
    if block.form is not Format.CSV:
        return ""
    with block.path.open("rb") as content:
        return content.readline().decode("utf-8-sig", errors="replace").strip()


def rows_of(block: Block) -> Iterator["pa.Table"]:
    """Read a block, part by part: the columns, `raw` (the row as it came) and `fault` (why it cannot be read, or null).

    Raises:
        Rejected: what is left of the block cannot be read.
    """
    import pyarrow as pa  # noqa: PLC0415 (as above)

    if block.form is Format.PARQUET:
        yield from _rows_of_group(block)
        return
    with block.path.open("rb") as content:
        content.seek(block.start)
        lines = content.read(block.end - block.start).splitlines(keepends=True)
    told = csv_rows(lines, _header(block)) if block.form is Format.CSV else json_rows(lines)
    yield pa.Table.from_pylist(list(told), schema=schema())


def _rows_of_group(block: Block) -> Iterator["pa.Table"]:
    """Read a row group in parts, and never all of it: one may hold all rows of twenty years."""
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.parquet as pq  # noqa: PLC0415 (as above)

    try:
        with block.path.open("rb") as content:
            file = pq.ParquetFile(content, buffer_size=READ_AHEAD, pre_buffer=False)
            for rows in file.iter_batches(BLOCK_ROWS, row_groups=[block.group]):
                yield _shaped(rows)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise Rejected(Rejection.SCHEMA) from error


def schema() -> "pa.Schema":
    """Give the columns of a table that was read."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    moment, texts = pa.timestamp("us", tz="UTC"), pa.list_(pa.string())
    special = {"received_at": moment, "incident_at": moment, "escalated": pa.bool_(), "incidents": pa.int32(),
               **dict.fromkeys(LISTS, texts)}  # fmt: skip
    return pa.schema([(name, special.get(name, pa.string())) for name in (*COLUMNS, "raw", "fault")])


def _shaped(rows: "pa.RecordBatch") -> "pa.Table":
    """Give rows of Parquet the columns that they lack, and the types that they should have."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    if not set(rows.schema.names) <= set(COLUMNS):
        raise ValueError
    columns = [
        rows[field.name].cast(field.type) if field.name in rows.schema.names else pa.nulls(rows.num_rows, field.type)
        for field in schema()
    ]
    table = pa.table(columns, schema=schema())
    table.validate(full=True)  # Parquet does not see to it that text is UTF-8
    return table
