"""Bulk intake: whole tables of reports into archive and ledger, block by block, each once."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING

from domain.counts import Counts
from domain.errors import Rejected
from domain.intake import Taken
from domain.report import Receipt, Rejection, Source
from infra.archive import Batch, Encoded, encoded_table
from infra.inboxes import Place
from infra.ledger import bulk, reports
from infra.ledger.engine import reading
from infra.telemetry import Progress, report_progress
from infra.world import world
from tasks.reports.formats import Format
from tasks.reports.keyed_rows import Prepared, prepare
from tasks.reports.tabular import Block, blocks, rows_of
from tasks.reports.taking import assemble, hold

if TYPE_CHECKING:
    import pyarrow as pa

_AHEAD = 2
"""Parts that are made ready while another is loaded: as many as there are cores to spare beside a database."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A part of a block that waits for the ledger: its rows, and the archive's batches of them if all are new.

    Attributes:
        rows: None for what was loaded before.
    """

    key: str
    rows: Prepared | None
    batches: Sequence[Encoded] = ()


def load_table(path: Place, form: Format) -> Counts:
    """Load a table of reports; its parts that were loaded before are known by their bytes and skipped."""
    try:
        cut = blocks(path, form)
    except Rejected as rejected:
        return _refuse([(str(rejected.args[0]), f"{path.stat().st_size} bytes")], path.name)
    total = sum(len(block.parts) for block in cut)
    counts = Counts(blocks=total)
    for number, part in enumerate(made_ready(cut)):
        report_progress(Progress(f"load {path.name}", number, total))
        counts += load(part, path.name)
    report_progress(Progress(f"load {path.name}", total, total))
    return counts


def made_ready(cut: Iterable[Block]) -> Iterator[Ready]:
    """Make the parts of blocks ready in their order, in threads, some ahead of the one that is asked for."""
    waiting: deque[Future[Ready]] = deque()
    with ThreadPoolExecutor(_AHEAD) as pool:
        for key, rows in (part for block in cut for part in _parts(block)):
            waiting.append(pool.submit(_ready, key, rows))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _parts(block: Block) -> Iterator[tuple[str, "pa.Table | Rejection | None"]]:
    """Read the parts of a block that were not loaded before; a reason stands for what cannot be read."""
    digest = block.digest()
    keys = [world().surrogate("block", digest, part) for part in block.parts]
    with reading(world().ledger) as connection:
        held = reports.took_blocks(connection, keys)
    if len(held) == len(keys):
        yield from ((key, None) for key in keys)
        return
    try:
        for key, rows in zip(keys, rows_of(block), strict=True):
            yield key, None if key in held else rows
    except Rejected as rejected:
        yield keys[0], Rejection(rejected.args[0])


def _ready(key: str, rows: "pa.Table | Rejection | None") -> Ready:
    if rows is None:
        return Ready(key, None)
    if isinstance(rows, Rejection):
        return Ready(key, Prepared({}, {}, [(str(rows), key)]))
    prepared = prepare(rows, world().name_key)
    return Ready(key, prepared, _batches(prepared, frozenset()))


def load(part: Ready, source: str) -> Counts:
    """Load a part: what does not validate first, then the rest in one transaction with the archive's batches."""
    if part.rows is None:
        return Counts(blocks_held=1)
    prepared = part.rows
    counts = _refuse(prepared.refused, source)
    if not prepared.ledger:
        return counts

    def stage(held: frozenset[str]) -> list[Batch]:
        batches = _batches(prepared, held) if held else part.batches
        return [world().archive.keep(each) for each in batches]

    new = bulk.load(world().ledger, part.key, prepared.ledger, stage)
    named = prepared.ledger["sighting"].num_rows if new else 0
    return counts + Counts(
        received=new,
        accepted=new,
        already_held=prepared.ledger["report"].num_rows - new,
        files_named=named,
        files_not_sent=named,
        reports_archived=new,
    )


def _batches(prepared: Prepared, held: frozenset[str]) -> list[Encoded]:
    """Encode the archive's batches of what the ledger does not hold."""
    tables = {dataset: bulk.without(table, "report_id", held) for dataset, table in prepared.archive.items()}
    return [encoded_table(dataset, table) for dataset, table in tables.items() if table.num_rows]


def _refuse(rows: Sequence[tuple[str, str]], source: str) -> Counts:
    """Record rows that do not validate as rejected reports, each with itself as its document."""
    if not rows:
        return Counts()
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
