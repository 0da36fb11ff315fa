"""Tables of reports, a row each: CSV, JSON lines and Parquet, read block by block and kept in Arrow.

Columns: `external_id`, `reporter`, `source`, `received_at`, and where they are known `incident_type`, `incident_at`,
`escalated`, `incidents`, `vectors`, `countries` (`IN` or `IN:suspect`), `files` (`image:MD5`, `video:MD5` or
`other:MD5`).
"""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.errors import Rejected
from domain.media import Kind
from domain.report import NO_COUNTRY, FileFault, IncidentType, LocationRole, Rejection, Source, Vector
from infra.inboxes import Place
from tasks.reports import json_documents
from tasks.reports.formats import Format
from tasks.reports.moments import CLOCKS_DIFFER, EARLIEST, EARLIEST_INCIDENT
from tasks.reports.names import NAME_LENGTH

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

BLOCK_BYTES = 16 * 2**20
"""Bytes of a block of text, about; it ends with a line."""

LISTS = ("vectors", "countries", "files")
COLUMNS = ("external_id", "reporter", "source", "received_at", "incident_type", "incident_at", "escalated", "incidents",
           *LISTS)  # fmt: skip
_PAD = 64
"""Bytes of a block of SHA-256, to which HMAC pads its key (RFC 2104)."""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a table: bytes `start` to `end`, which for Parquet are those of a row group."""

    path: Place
    form: Format
    start: int
    end: int
    group: int = 0

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
    """Cut a table into blocks."""
    if form is Format.PARQUET:
        return _row_groups(path)
    found, size = [], path.stat().st_size
    with path.open("rb") as content:
        start = len(content.readline()) if form is Format.CSV else 0
        while start < size:
            content.seek(min(start + BLOCK_BYTES, size))
            content.readline()
            found.append(Block(path, form, start, content.tell()))
            start = content.tell()
    return found


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
    for number, group in enumerate(groups):
        columns = [group.column(index) for index in range(group.num_columns)]
        start = min(column.dictionary_page_offset or column.data_page_offset for column in columns)
        found.append(Block(path, Format.PARQUET, start, start + sum(c.total_compressed_size for c in columns), number))
    return found


def _header(block: Block) -> str:
    if block.form is not Format.CSV:
        return ""
    with block.path.open("rb") as content:
        return content.readline().decode("utf-8-sig", errors="replace").strip()


def rows_of(block: Block) -> "pa.Table":
    """Read a block: the columns, `raw` (the row as it came) and `fault` (why it cannot be read, or null).

    Raises:
        Rejected: the whole block cannot be read.
    """
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.parquet as pq  # noqa: PLC0415 (as above)

    if block.form is Format.PARQUET:
        try:
            with block.path.open("rb") as content:
                return _shaped(pq.ParquetFile(content).read_row_group(block.group))
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            raise Rejected(Rejection.SCHEMA) from error
    with block.path.open("rb") as content:
        content.seek(block.start)
        lines = content.read(block.end - block.start).splitlines()
    header = next(csv.reader([_header(block)]), [])
    told = [_line(line, header, block.form) for line in lines if line.strip()]
    return pa.Table.from_pylist(told, schema=_schema())


def _schema() -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415 (as above)

    moment, texts = pa.timestamp("us", tz="UTC"), pa.list_(pa.string())
    special = {"received_at": moment, "incident_at": moment, "escalated": pa.bool_(), "incidents": pa.int32(),
               **dict.fromkeys(LISTS, texts)}  # fmt: skip
    return pa.schema([(name, special.get(name, pa.string())) for name in (*COLUMNS, "raw", "fault")])


def _shaped(table: "pa.Table") -> "pa.Table":
    """Give a Parquet table the columns that it lacks, and the types that it should have."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    if not set(table.column_names) <= set(COLUMNS):
        raise ValueError
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(table.num_rows, field.type)
        for field in _schema()
    ]
    return pa.table(columns, schema=_schema())


def _line(line: bytes, header: Sequence[str], form: Format) -> dict[str, Any]:
    raw = line.decode(errors="replace")
    try:
        text = line.decode("utf-8-sig")
        node = json_documents.read(line) if form is Format.JSONL else _csv_node(text, header)
        if not set(node.names()) <= set(COLUMNS):
            raise Rejected(Rejection.SCHEMA)  # noqa: TRY301 (as what the parsers raise)
        return {**_values(node), "raw": raw, "fault": None}
    except UnicodeDecodeError:
        return {"raw": raw, "fault": str(Rejection.WRONG_ENCODING)}
    except Rejected as rejected:
        return {"raw": raw, "fault": str(rejected.args[0])}


def _csv_node(text: str, header: Sequence[str]) -> json_documents.Node:
    values = next(csv.reader([text]), [])
    if len(values) != len(header):
        raise Rejected(Rejection.SCHEMA)
    given = {name: value for name, value in zip(header, values, strict=True) if value}
    return json_documents.Node({name: value.split() if name in LISTS else value for name, value in given.items()})


def _values(node: json_documents.Node) -> dict[str, Any]:
    incidents = node["incidents"].text()
    if incidents and not (incidents.isascii() and incidents.isdigit() and len(incidents) < 9):
        raise Rejected(Rejection.SCHEMA)
    return {
        **{name: node[name].text() or None for name in ("external_id", "reporter", "source", "incident_type")},
        **{name: node[name].moment() for name in ("received_at", "incident_at")},
        "escalated": node["escalated"].flag(),
        "incidents": int(incidents) if incidents else None,
        **{name: [each.required() for each in node[name]] for name in LISTS},
    }


def refusals(rows: "duckdb.DuckDBPyConnection") -> Iterator[tuple[str, str]]:
    """Give each row that does not validate: its reason, and itself as text."""
    names = ", ".join(f"{name}: {name}" for name in COLUMNS)
    query = f"SELECT reason, coalesce(raw, to_json({{{names}}})::VARCHAR) FROM checked WHERE reason IS NOT NULL"  # noqa: S608 (our own names)
    yield from rows.execute(query).fetchall()


def prepare(connection: "duckdb.DuckDBPyConnection", rows: "pa.Table", name_key: bytes) -> None:
    """Check rows, and make of the valid ones what ledger and archive keep, as temporary views of `connection`."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("rows", rows)
    padded = name_key.ljust(_PAD, b"\0")
    pads = {name: bytes(byte ^ value for byte in padded).hex() for name, value in (("inner", 0x36), ("outer", 0x5C))}
    texts = {
        "inner": pads["inner"], "outer": pads["outer"], "sources": _quoted(Source), "vectors": _quoted(Vector),
        "types": _quoted(each.name.lower() for each in IncidentType), "kinds": "|".join(Kind),
        "roles": "|".join(LocationRole), "nowhere": _quoted(sorted(NO_COUNTRY)), "length": NAME_LENGTH,
        "earliest": EARLIEST.isoformat(), "incident": EARLIEST_INCIDENT.isoformat(),
        "differ": f"{CLOCKS_DIFFER.days} days", "schema": Rejection.SCHEMA, "dates": Rejection.IMPOSSIBLE_DATE,
        "not_sent": FileFault.NOT_SENT, "unstated": LocationRole.UNSTATED, "other": Kind.OTHER,
    }  # fmt: skip
    connection.execute(_PREPARE.format(**texts))


def _quoted(values: Any) -> str:  # noqa: ANN401 (any names of ours)
    return ", ".join(f"'{value}'" for value in values)


_PREPARE = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
