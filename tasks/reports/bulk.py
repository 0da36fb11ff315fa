"""Bulk intake: whole tables of reports into archive and ledger, block by block, each once."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

from domain.counts import Counts
from domain.errors import Rejected
from domain.intake import HeldFile, Taken
from domain.report import Receipt, Rejection, Source
from infra.archive import Batch, Encoded, encoded_table
from infra.inboxes import Place, nameless
from infra.ledger import bulk, reports
from infra.ledger.engine import reading
from infra.telemetry import Progress, report_progress
from infra.world import world
from tasks.reports.drops import hold_file
from tasks.reports.formats import Format
from tasks.reports.keyed_rows import Prepared, prepare
from tasks.reports.names import plain
from tasks.reports.tabular import Block, blocks, rows_of
from tasks.reports.taking import assemble, hold

if TYPE_CHECKING:
    import pyarrow as pa

_AHEAD = 2
"""Parts that are made ready while others are loaded."""

_TOGETHER = 2
"""Parts that are loaded at once: one keeps a core of the database busy, and two wait less for its disk."""

REFUSED_ALONE = 100
"""Rows of a part that are refused for one reason and kept each by itself."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A part of a block that waits for the ledger: its rows, and the archive's batches of them if all are new.

    Attributes:
        rows: None for what was loaded before, a reason for what cannot be read.
    """

    key: str
    rows: Prepared | Rejection | None
    batches: Sequence[Encoded] = ()


@nameless()
def load_table(path: Place, form: Format) -> Counts:
    """Load a table of reports; its parts that were loaded before are known by their bytes and skipped."""
    try:
        cut = blocks(path, form)
    except Rejected as rejected:
        return _refuse_file(path, Rejection(rejected.args[0]))
    total = sum(len(block.parts) for block in cut)
    counts = Counts(blocks=total)
    parts, done = made_ready(cut), 0
    while several := list(islice(parts, _TOGETHER)):
        report_progress(Progress(f"load {path.name}", done, total))
        counts += load(several, path)
        done += len(several)
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
        return Ready(key, rows)
    prepared = prepare(rows, world().name_key)
    return Ready(key, prepared, _batches(prepared, frozenset()))


def load(parts: Sequence[Ready], path: Place) -> Counts:
    """Load parts: what does not validate first, then of each the rest in a transaction with the archive's batches."""
    counts, valid = Counts(), []
    for part in parts:
        if part.rows is None:
            counts += Counts(blocks_held=1)
        elif isinstance(part.rows, Rejection):
            counts += _refuse_file(path, part.rows)
        else:
            counts += _refuse(part.rows.refused, path.name)
            valid += [(part.rows, _block(part.key, part.rows, part.batches))] if part.rows.ledger else []
    loaded = bulk.load(world().ledger, [block for _, block in valid])
    for (rows, block), new in zip(valid, loaded, strict=True):
        named = block.tables["sighting"].num_rows if new else 0
        counts += Counts(
            received=new,
            accepted=new,
            already_held=rows.ledger["report"].num_rows - new,
            files_named=named,
            files_not_sent=named,
            reports_archived=new,
        )
    return counts


def _block(key: str, rows: Prepared, batches: Sequence[Encoded]) -> bulk.Block:
    def stage(held: frozenset[str]) -> list[Batch]:
        return [world().archive.keep(each) for each in (_batches(rows, held) if held else batches)]

    return bulk.Block(key, rows.ledger, stage)


def _batches(prepared: Prepared, held: frozenset[str]) -> list[Encoded]:
    """Encode the archive's batches of what the ledger does not hold."""
    tables = {dataset: bulk.without(table, "report_id", held) for dataset, table in prepared.archive.items()}
    return [encoded_table(dataset, table) for dataset, table in tables.items() if table.num_rows]


def _refuse_file(path: Place, rejection: Rejection) -> Counts:
    """Record a table that cannot be read, or not to its end, as one rejected report with its bytes as its document."""
    document = hold_file(path, world().blobs)
    return _record([_refused(rejection, document, path.name)])


def _refuse(rows: Sequence[tuple[str, str]], source: str) -> Counts:
    """Record rows that do not validate as rejected reports, each with itself as its document.

    Where a part has many for one reason, those after the first `REFUSED_ALONE` are one report together: rubbish must
    not cost an object a line.
    """
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for reason, raw in rows:
        by_reason[reason].append(raw)
    refused = []
    for reason, raws in by_reason.items():
        together = ["\n".join(raws[REFUSED_ALONE:])] if raws[REFUSED_ALONE:] else []
        for raw in raws[:REFUSED_ALONE] + together:
            document = hold(world().blobs.store(BytesIO(raw.encode(errors="replace"))))
            refused.append(_refused(Rejection(reason), document, source))
    return _record(refused)


def _refused(rejection: Rejection, document: HeldFile, source: str) -> Taken:
    digest = document.digests.sha256
    key = world().surrogate("row", digest)
    receipt = Receipt(f"row {key[:16]}", plain(f"table {source}"), Source.ESP, datetime.now(UTC))
    return assemble(
        key, receipt.external_id, receipt, rejection, documents=[document], files=[], content=["row", digest]
    )


def _record(refused: Sequence[Taken]) -> Counts:
    if not refused:
        return Counts()
    world().blobs.flush()
    with world().ledger.begin() as connection:
        return reports.record(connection, refused, reports.unknown(connection, refused))
