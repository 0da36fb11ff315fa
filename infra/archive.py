"""The archive: the history that the measures read, as immutable Parquet files of registered batches.

A batch is staged here first, then registered in the ledger together with its rows, in one transaction.
Readers name the registered batches; a file that was staged and never registered is not read, so nothing is
counted twice. Reports and files stand by the first 128 bits of their keys in the ledger, which are keyed digests: that
tells them apart, in half the space.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import BlobCorrupt, BlobMissing, InvalidSettings
from infra import durable
from infra.digests import first_bytes

if TYPE_CHECKING:
    import pyarrow as pa


class Dataset(StrEnum):
    """What the archive keeps: one row per accepted report, and one per file entry of it."""

    REPORTS = "reports"
    SIGHTINGS = "sightings"


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows staged together: `id` is the SHA-256 (hex) of their Parquet file, and names it."""

    id: str
    dataset: Dataset
    rows: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """A batch that is not written yet, and the Parquet file that it will be."""

    batch: Batch
    content: bytes


KEYS = {Dataset.REPORTS: ("report_id",), Dataset.SIGHTINGS: ("report_id", "ordinal")}
"""The columns that tell a dataset's rows apart, and by which a batch is sorted."""


COLUMNS = {
    Dataset.REPORTS: ("report_id", "received_at", "source", "incidents", "files", "vectors", "countries"),
    Dataset.SIGHTINGS: ("report_id", "ordinal", "received_at", "kind", "file", "source"),
}
"""The columns of each dataset, in their order."""

ID_BYTES = 16
"""Bytes of a report's or a file's key here."""

_REPEATING = ["ordinal", "kind", "source", "incidents", "files", "vectors.list.element", "countries.list.element"]
"""Columns of which a dictionary is worth its making, by their paths in Parquet; keys and digests hardly repeat."""

_TEXTS = {
    Dataset.REPORTS: ["source", "vectors.list.element", "countries.list.element"],
    Dataset.SIGHTINGS: ["kind", "source"],
}

_MEASURED = [*_REPEATING, "received_at"]
"""Columns whose least and greatest value tell a reader something."""


def schema(dataset: Dataset) -> "pa.Schema":
    """Give the fixed columns of `dataset`.

    Times are UTC. `vectors` and `countries` are sets, sorted. `report_id` and `file` are as `key_of` gives them. `file`
    is the only column that may be null: the bytes never came and no digest was claimed.
    """
    import pyarrow as pa  # noqa: PLC0415 (0.3 s that a worker need not pay)

    key, text, number = pa.binary(ID_BYTES), pa.string(), pa.int32()
    columns: dict[str, pa.DataType] = {
        "report_id": key,
        "ordinal": number,
        "received_at": pa.timestamp("us", tz="UTC"),
        "kind": text,
        "file": key,
        "source": text,
        "incidents": number,
        "files": number,
        "vectors": pa.list_(pa.field("item", text, nullable=False)),
        "countries": pa.list_(pa.field("item", text, nullable=False)),
    }
    return pa.schema([pa.field(name, columns[name], nullable=name == "file") for name in COLUMNS[dataset]])


def key_of(digest: str) -> bytes:
    """Give the archive's key of what the ledger has under a keyed digest (hex)."""
    return bytes.fromhex(digest)[:ID_BYTES]


class Archive:
    """Registered batches in a local folder, as `<dataset>/<first two digits>/<id>.parquet`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def stage(self, dataset: Dataset, rows: Sequence[Mapping[str, object]]) -> Batch:
        """Write `rows` durably as one Parquet file; the same rows, in any order, give the same file once.

        `report_id` and `file` are the ledger's, `received_at` is an aware `datetime` or a naive one in UTC; `vectors`
        and `countries` are any collections.

        Raises:
            pyarrow.ArrowException: a row has a column of another type, or lacks one that may not be null.
        """
        return self.keep(_encoded(dataset, rows))

    def keep(self, encoded: Encoded) -> Batch:
        """Write a batch durably that `encoded_table` made; the same one is written once."""
        batch = encoded.batch
        place = self._place(batch.dataset, batch.id)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            durable.write(place, encoded.content)
            for folder in (place.parent.parent, self._root):  # they may have got a folder that is new
                durable.sync_folder(folder)
        return batch

    def read(self, dataset: Dataset, batch_ids: Iterable[str]) -> "pa.Table":
        """Give the rows of the named batches, each batch once, in the order named.

        Raises:
            BlobMissing: a batch's file is not there.
            BlobCorrupt: a batch's file is not the one that was staged.
        """
        import pyarrow as pa  # noqa: PLC0415 (as above)
        import pyarrow.parquet as pq  # noqa: PLC0415 (as above)

        contents = (self._verified(dataset, batch_id) for batch_id in dict.fromkeys(batch_ids))
        tables = [pq.read_table(pa.BufferReader(content)) for content in contents]
        columns = schema(dataset)
        return pa.concat_tables([columns.empty_table(), *(table.cast(columns) for table in tables)])

    def read_coded(self, dataset: Dataset, batch_id: str, columns: Sequence[str]) -> "pa.Table":
        """Give some columns of one batch, in the order of its keys; texts stand as dictionaries.

        Raises:
            BlobMissing: the batch's file is not there.
            BlobCorrupt: the batch's file is not the one that was staged.
        """
        import pyarrow as pa  # noqa: PLC0415 (as above)
        import pyarrow.parquet as pq  # noqa: PLC0415 (as above)

        content = pa.BufferReader(self._verified(dataset, batch_id))
        return pq.ParquetFile(content, read_dictionary=_TEXTS[dataset]).read(list(columns), use_threads=False)

    def _verified(self, dataset: Dataset, batch_id: str) -> bytes:
        place = self._place(dataset, batch_id)
        try:
            content = place.read_bytes()
        except FileNotFoundError:
            raise BlobMissing(f"no batch {batch_id} of {dataset} at {place}; restore it from a backup") from None
        if hashlib.sha256(content).hexdigest() != batch_id:
            raise BlobCorrupt(f"batch {batch_id} of {dataset} at {place} has changed; restore it from a backup")
        return content

    def _place(self, dataset: Dataset, batch_id: str) -> Path:
        return self._root / dataset / batch_id[:2] / f"{batch_id}.parquet"


def open_archive(url: str) -> Archive:
    """Open the archive at `file:///DIR`; the path is taken as it stands, nothing in it is percent-decoded.

    Raises:
        InvalidSettings: the URL names no absolute local folder.
    """
    path = url.removeprefix("file://")
    if path == url or not path.startswith("/"):
        raise InvalidSettings(f"BREAKWATER_ARCHIVE: {url!r} is not file:///DIR")
    return Archive(Path(path))


def encoded_table(dataset: Dataset, table: "pa.Table") -> Encoded:
    """Encode a table as `Archive.stage` encodes rows; sets are sorted and rows in the order of their key already.

    Raises:
        KeyError: it lacks a column.
        ValueError: a column is of another type.
    """
    import pyarrow as pa  # noqa: PLC0415 (as above)

    table = table.select(COLUMNS[dataset])
    for field in schema(dataset):
        if pa.types.is_fixed_size_binary(field.type):
            place, column = table.schema.get_field_index(field.name), table[field.name].combine_chunks()
            table = table.set_column(place, field.name, first_bytes(column, ID_BYTES))
    return _parquet(dataset, table.cast(schema(dataset)))


@cache
def _compressions(dataset: Dataset) -> dict[str, str]:
    """Compress every column but keys, which nothing makes smaller."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    paths = {
        f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name: field.type
        for field in schema(dataset)
    }
    return {path: "none" if pa.types.is_fixed_size_binary(kind) else "zstd" for path, kind in paths.items()}


@cache
def _levels(dataset: Dataset) -> dict[str, int]:
    """Compress fast."""
    return {path: 1 for path, codec in _compressions(dataset).items() if codec == "zstd"}


def _parquet(dataset: Dataset, table: "pa.Table") -> Encoded:
    import pyarrow.parquet as pq  # noqa: PLC0415 (as above)

    out = BytesIO()
    pq.write_table(
        table, out, compression=_compressions(dataset), compression_level=_levels(dataset), use_dictionary=_REPEATING,
        write_statistics=_MEASURED,
    )  # fmt: skip
    content = out.getvalue()
    return Encoded(Batch(hashlib.sha256(content).hexdigest(), dataset, table.num_rows), content)


def _encoded(dataset: Dataset, rows: Sequence[Mapping[str, object]]) -> Encoded:
    """Encode `rows`, in the order of their key."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    columns = schema(dataset)
    sets = [field.name for field in columns if pa.types.is_list(field.type)]
    keys = [field.name for field in columns if pa.types.is_fixed_size_binary(field.type)]
    whole = [
        {
            **row,
            **{name: sorted(_collection(row[name])) for name in sets},
            **{name: key_of(str(row[name])) if row[name] is not None else None for name in keys},
        }
        for row in rows
    ]
    whole.sort(key=lambda row: [row[name] for name in KEYS[dataset]])
    return _parquet(dataset, pa.Table.from_pylist(whole, schema=columns))


def _collection(value: object) -> set[str]:
    assert isinstance(value, Iterable)
    return set(value)
