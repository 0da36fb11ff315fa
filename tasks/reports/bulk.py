"""Bulk intake: whole tables of reports into archive and ledger, block by block, each once."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING

from domain.counts import Counts
from domain.errors import Rejected
from domain.intake import Taken
from domain.report import Receipt, Rejection, Source
from infra.archive import Batch, Dataset
from infra.inboxes import Place
from infra.ledger import bulk, reports
from infra.ledger.engine import reading
from infra.telemetry import Progress, report_progress
from infra.world import world
from tasks.reports.formats import Format
from tasks.reports.tabular import Block, blocks, prepare, refusals, rows_of
from tasks.reports.taking import assemble, hold

if TYPE_CHECKING:
    import duckdb

_TABLES = ("reporter", "report", "report_vector", "report_location", "sighting")
"""Tables of the ledger in the order in which they refer to one another."""

_ARCHIVED = {
    Dataset.REPORTS: "SELECT * FROM archived_reports WHERE NOT list_contains($held, report_id) ORDER BY report_id",
    Dataset.SIGHTINGS: """
        SELECT * FROM archived_sightings WHERE NOT list_contains($held, report_id) ORDER BY report_id, ordinal
    """,
}


def load_table(path: Place, form: Format) -> Counts:
    """Load a table of reports; its blocks that were loaded before are known by their bytes and skipped."""
    try:
        cut = blocks(path, form)
    except Rejected as rejected:
        return _refuse([(str(rejected.args[0]), f"{path.stat().st_size} bytes")], path.name)
    counts = Counts(blocks=len(cut))
    for number, block in enumerate(cut):
        report_progress(Progress(f"load {path.name}", number, len(cut)))
        counts += load_block(block)
    report_progress(Progress(f"load {path.name}", len(cut), len(cut)))
    return counts


def load_block(block: Block) -> Counts:
    """Load one block: what does not validate first, then the rest in one transaction."""
    key = world().surrogate("block", block.digest())
    with reading(world().ledger) as connection:
        if reports.took_block(connection, key):
            return Counts(blocks_held=1)
    import duckdb  # noqa: PLC0415 (a flow's start need not pay for it)

    try:
        rows = rows_of(block)
    except Rejected as rejected:
        return _refuse([(str(rejected.args[0]), key)], block.path.name)
    with duckdb.connect(config={"threads": 2}) as connection:
        prepare(connection, rows, world().name_key)
        counts = _refuse(list(refusals(connection)), block.path.name)
        tables = {name: connection.sql(f"FROM {name}").to_arrow_table() for name in _TABLES}
        new = bulk.load(world().ledger, key, tables, lambda held: _staged(connection, held))
        held = tables["report"].num_rows - new
        named = tables["sighting"].num_rows if new else 0
        return counts + Counts(
            received=new, accepted=new, already_held=held, files_named=named, files_not_sent=named, reports_archived=new
        )


def _staged(connection: "duckdb.DuckDBPyConnection", held: frozenset[str]) -> Sequence[Batch]:
    """Stage the archive's batches of what the ledger does not hold."""
    batches = []
    for dataset, query in _ARCHIVED.items():
        table = connection.sql(query, params={"held": sorted(held)}).to_arrow_table()
        if table.num_rows:
            batches.append(world().archive.stage_table(dataset, table))
    return batches


def _refuse(rows: Sequence[tuple[str, str]], source: str) -> Counts:
    """Record rows that do not validate as rejected reports, each with itself as its document."""
    refused = [_refused(Rejection(reason), raw, source) for reason, raw in rows]
    world().blobs.flush()
    with world().ledger.begin() as connection:
        return reports.record(connection, refused, reports.unknown(connection, refused))


def _refused(rejection: Rejection, raw: str, source: str) -> Taken:
    digest = hashlib.sha256(raw.encode(errors="surrogatepass")).hexdigest()
    key = world().surrogate("row", digest)
    receipt = Receipt(f"row {key[:16]}", f"table {source}"[:128], Source.ESP, datetime.now(UTC))
    document = hold(world().blobs.store(BytesIO(raw.encode(errors="replace"))))
    return assemble(
        key, receipt.external_id, receipt, rejection, documents=[document], files=[], content=["row", digest]
    )
