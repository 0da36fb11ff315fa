"""Bulk intake: reports a second from a Parquet table into the archive's batches, and rows a second into the ledger.

Beside them stand a bare append of the same table to a Parquet file, and a bare binary COPY of one narrow table.
`python -m bench.intake REPORTS LEDGER_URL` loads into a PostgreSQL of yours; without one, SQLite stands in.
"""

import hashlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

REPORTS = 200_000
GROUP = 100_000


def run(reports: int = REPORTS, ledger: str = "") -> None:
    """Print speeds and ratios; everything is made in a folder that goes away."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BREAKWATER_DATA"] = folder
        if ledger:
            os.environ["BREAKWATER_LEDGER"] = ledger
        _measure(Path(folder), reports)


def _measure(folder: Path, reports: int) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415 (the settings must stand first)

    from infra.ledger.engine import migrate  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)
    from tasks.reports import bulk, tabular  # noqa: PLC0415 (as above)
    from tasks.reports.formats import Format  # noqa: PLC0415 (as above)

    table = _table(reports)
    file = folder / "reports.parquet"
    bare = _seconds(lambda: pq.write_table(table, file, row_group_size=GROUP, compression="zstd"))
    migrate(world().ledger)

    def stage() -> None:
        for part in bulk.made_ready(tabular.blocks(file, Format.PARQUET)):
            for batch in part.batches:
                world().archive.keep(batch)

    few = folder / "few.parquet"
    pq.write_table(table.slice(0, 3 * GROUP), few, row_group_size=GROUP)
    list(bulk.made_ready(tabular.blocks(few, Format.PARQUET)))  # twenty years pay once for compiling and first memory
    spent = time.process_time()
    staged = _seconds(stage)
    spent = time.process_time() - spent
    loaded = _seconds(lambda: bulk.load_table(file, Format.PARQUET))
    again = _seconds(lambda: bulk.load_table(file, Format.PARQUET))
    rows = reports + sum(len(each) for name in ("vectors", "countries", "files") for each in table[name].to_pylist())
    print(f"bulk intake of {reports:,} reports, {rows:,} rows over all tables of the ledger")
    print(f"  staged: {reports / staged:,.0f} reports/s; a bare Parquet append does {reports / bare:,.0f}, "
          f"ratio {bare / staged:.2f}; {reports / spent:,.0f} a second of CPU")  # fmt: skip
    copied = _bare_copy(reports)
    beside = (
        f"; a bare COPY of one narrow table does {copied:,.0f}, ratio {rows / loaded / copied:.2f}" if copied else ""
    )
    print(f"  into {world().ledger.dialect.name}: {rows / loaded:,.0f} rows/s, staging included{beside}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"  a second time: {again:.2f} s; peak memory {peak:,.0f} MiB")
    world().ledger.dispose()


def _table(reports: int) -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415 (as above)

    began = datetime(2016, 1, 1, tzinfo=UTC)
    numbers = range(reports)
    columns = {
        "external_id": [str(number) for number in numbers],
        "reporter": [f"esp-{number % 20:02d}" for number in numbers],
        "source": ["esp"] * reports,
        "received_at": pa.array([began + timedelta(seconds=n) for n in numbers], pa.timestamp("us", "UTC")),
        "vectors": [["url"] if number % 10 else ["tor", "url"] for number in numbers],
        "countries": [["IN"] if number % 3 else [] for number in numbers],
        "files": [[f"image:{_md5(number // 2)}"] if number % 4 else [] for number in numbers],
    }
    return pa.table(columns)


def _md5(number: int) -> str:
    return hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()


def _bare_copy(reports: int) -> float:
    """Copy one narrow table with its key in, and give rows a second; 0 where there is no PostgreSQL."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    from infra.ledger.bulk import _session  # noqa: PLC0415 (the peer by the same driver)
    from infra.world import world  # noqa: PLC0415 (as above)

    if world().ledger.dialect.name != "postgresql":
        return 0
    with _session(world().ledger, alone=True) as session:
        session.run("CREATE TABLE bare (id text PRIMARY KEY, number integer)")
        rows = pa.table(
            {"id": [_md5(number) for number in range(reports)], "number": pa.array(range(reports), pa.int32())}
        )
        return reports / _seconds(lambda: session.append("bare", rows))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    run(int(sys.argv[1]) if sys.argv[1:] else REPORTS, sys.argv[2] if sys.argv[2:] else "")
