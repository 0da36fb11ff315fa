"""The measures beside Dask, pandas, Polars and DuckDB on the same files of a simulated history; and single nights.

`python -m bench.measures REPORTS FOLDER` keeps the history in a folder between runs; 23494983 is the paper's scale, and
takes some ten minutes to make. Each contender runs in a process of its own, on two cores; what is imported and compiled
is not measured. CPU is that of all its processes, memory the peak of the greatest and the sum of all peaks.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

REPORTS = 234_950
DAYS = (300_000, 30_000)
"""Sightings of a day that is added to what stands."""

REVISED = 5
"""Reports that a revision takes the place of, in a night without new ones."""

PEERS = ("duckdb", "polars", "pandas", "dask")
JOBS = ("whole", "uniqueness")
CORES = 2


def run(reports: int = REPORTS, folder: str = "") -> None:
    """Print times and ratios; without a folder everything is made in one that goes away."""
    with ExitStack() as stack:
        root = Path(folder or stack.enter_context(tempfile.TemporaryDirectory()))
        _make(root, reports)
        print(f"measures of {reports:,} reports")
        _compare(root)


def _make(root: Path, reports: int) -> None:
    """Simulate a history and stage it as the archive's batches, unless that is done."""
    if (root / "batches.json").exists():
        return
    from infra.archive import Archive, Dataset, encoded_table  # noqa: PLC0415 (a contender pays for its own imports)
    from tasks.reports.formats import Format  # noqa: PLC0415 (as above)
    from tasks.reports.keyed_rows import prepare  # noqa: PLC0415 (as above)
    from tasks.reports.tabular import blocks, rows_of  # noqa: PLC0415 (as above)
    from tasks.simulating.history.writing import simulate_history  # noqa: PLC0415 (as above)

    simulate_history(root / "simulated", reports)
    archive, batches = Archive(root / "archive"), {each: [] for each in Dataset}
    for file in sorted((root / "simulated" / "inbox").glob("*.parquet")):
        for rows in (rows for block in blocks(file, Format.PARQUET) for rows in rows_of(block)):
            for dataset, table in prepare(rows, b"bench").archive.items():
                if table.num_rows:
                    batches[dataset].append(archive.keep(encoded_table(dataset, table)).id)
    (root / "batches.json").write_text(json.dumps(batches))


@dataclass(frozen=True)
class Result:
    """What a contender says, and what it took: seconds of wall and CPU, MiB of its greatest process and of all."""

    rows: list[Any]
    wall: float
    cpu: float
    greatest: float
    memory: float


def _compare(root: Path) -> None:
    results: dict[tuple[str, str], Result] = {}
    for job in JOBS:
        print(f"  {job:<12}{'wall s':>8}{'CPU s':>8}{'MiB/process':>13}{'MiB':>7}{'x CPU':>8}{'x wall':>8}")
        for name in ("ours", *(peer for peer in PEERS if find_spec(peer))):
            found = results[job, name] = _contend(root, name, job)
            ours = results[job, "ours"]
            assert found.rows == ours.rows, f"{name} measures something else"
            print(f"  {name:<12}{found.wall:>8.2f}{found.cpu:>8.2f}{found.greatest:>13,.0f}{found.memory:>7,.0f}"
                  f"{found.cpu / ours.cpu:>8.2f}{found.wall / ours.wall:>8.2f}")  # fmt: skip
    again, ours = results.get(("whole", "duckdb")), results["whole", "ours"]
    figures = _contend(root, "ours", "figures")
    print(f"  every figure from the roll-up: {1000 * figures.wall:.0f} ms, {1000 * figures.cpu:.0f} ms of CPU")
    for sightings in DAYS:
        day = _contend(root, "ours", f"day {sightings}")
        print(f"  a day of {day.rows[0]:,} sightings: {day.wall:.3f} s, {day.cpu:.3f} s of CPU")
        if again:
            print(f"    counting all again takes DuckDB {again.cpu / day.cpu:.0f} times the CPU "
                  f"and {again.wall / day.wall:.0f} times the time")  # fmt: skip
    night = _contend(root, "ours", f"revised {REVISED}")
    print(f"  {night.rows[0]:,} reports superseded: {night.wall:.3f} s, {night.cpu:.3f} s of CPU; "
          f"counting all again takes {ours.cpu / night.cpu:.0f} times the CPU")  # fmt: skip


def _contend(root: Path, name: str, job: str) -> Result:
    command = [sys.executable, "-m", "bench.measures", "contend", str(root), name, job]
    data = {"BREAKWATER_DATA": str(root), "POLARS_MAX_THREADS": str(CORES), "OMP_NUM_THREADS": str(CORES)}
    done = subprocess.run(command, env={**os.environ, **data}, stdout=subprocess.PIPE, check=True)  # noqa: S603 (ourselves)
    said = json.loads(done.stdout)
    return Result([tuple(row) if isinstance(row, list) else row for row in said.pop("rows")], **said)


def _contender(root: Path, name: str, job: str) -> dict[str, Any]:
    """Run one contender, once to warm it up on a few files, and once that counts."""
    if name != "ours":
        return _peer(root, name, job)
    return _ours_at_night(root, job) if job not in JOBS else _ours(root, job)


def _peer(root: Path, name: str, job: str) -> dict[str, Any]:
    from bench import measures_peers  # noqa: PLC0415 (as above)

    work: Callable[[str, str], list[Any]] = getattr(measures_peers, f"{name}_{job}")
    patterns = [f"{root}/archive/{dataset}/*/*.parquet" for dataset in ("reports", "sightings")]
    some = _some(root)
    with ExitStack() as stack:
        workers = stack.enter_context(_cluster()) if name == "dask" else None
        if name == "duckdb":
            import duckdb  # noqa: PLC0415 (as above)

            duckdb.execute(f"SET threads = {CORES}")
        work(*some)
        return _timed(lambda: work(*patterns), workers)


def _some(root: Path) -> list[str]:
    """Copy a few files, on which a contender warms up."""
    few = root / "few"
    for dataset in ("reports", "sightings"):
        if not (few / dataset).exists():
            (few / dataset / "00").mkdir(parents=True)
            for file in sorted((root / "archive" / dataset).glob("*/*.parquet"))[:2]:
                shutil.copy(file, few / dataset / "00")
    return [f"{few}/{dataset}/*/*.parquet" for dataset in ("reports", "sightings")]


def _cluster() -> Any:  # noqa: ANN401 (Dask is untyped)
    from distributed import Client  # noqa: PLC0415 (as above)

    return Client(n_workers=CORES, threads_per_worker=1, processes=True, dashboard_address=None)


def _timed(work: Callable[[], list[Any]], client: Any = None) -> dict[str, Any]:  # noqa: ANN401 (as above)
    """Run `work`, and tell what it and the workers took."""
    before, began = _cpu(client), time.perf_counter()
    rows = work()
    wall, cpu = time.perf_counter() - began, _cpu(client) - before
    peaks = [_peak(), *(client.run(_peak).values() if client else [])]
    return {"rows": rows, "wall": wall, "cpu": cpu, "greatest": max(peaks), "memory": sum(peaks)}


def _cpu(client: Any) -> float:  # noqa: ANN401 (as above)
    return time.process_time() + sum(client.run(time.process_time).values() if client else [])


def _peak() -> float:
    """Read the peak of this program's memory (MiB); `getrusage` would tell that of the process that started it too."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 2**10


def _ours(root: Path, job: str) -> dict[str, Any]:
    """Count everything from the archive's files, on workers where there is much."""
    from distributed import Client  # noqa: PLC0415 (as above)

    from infra.archive import Dataset  # noqa: PLC0415 (as above)
    from infra.cluster import running  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)
    from tasks.measuring import bringing  # noqa: PLC0415 (as above)
    from tasks.measuring.corrections import said  # noqa: PLC0415 (as above)
    from tasks.measuring.scanning import build  # noqa: PLC0415 (as above)
    from tasks.measuring.series import series_of  # noqa: PLC0415 (as above)

    batches, nobody = _batches(root), _nobody()
    if job == "uniqueness":
        batches[Dataset.REPORTS] = []
    standing = root / ("standing" if job == "whole" else "seen alone")
    shutil.rmtree(standing, ignore_errors=True)

    def count() -> list[Any]:
        rollup = bringing.bring_up(standing, world().archive, batches, nobody)
        if job == "whole":
            series_of(rollup)
        return _rows(rollup)

    few = {dataset: ids[: bringing.MANY // 2] for dataset, ids in batches.items()}
    warm = root / "warm"
    series_of(bringing.bring_up(warm, world().archive, few, nobody))
    with ExitStack() as stack:
        client = None
        if sum(map(len, batches.values())) > bringing.MANY:
            client = stack.enter_context(Client(stack.enter_context(running()), set_as_default=False))
            for dataset, ids in few.items():
                build(warm, [(dataset, each) for each in ids], said(nobody))
        shutil.rmtree(warm)
        return _timed(count, client)


def _ours_at_night(root: Path, job: str) -> dict[str, Any]:
    """Read every figure from what stands, add a day to it, or take reports away."""
    from infra.world import world  # noqa: PLC0415 (as above)
    from tasks.measuring.bringing import bring_up  # noqa: PLC0415 (as above)
    from tasks.measuring.series import series_of  # noqa: PLC0415 (as above)
    from tasks.measuring.standing import load  # noqa: PLC0415 (as above)

    batches, standing = _batches(root), root / "standing"
    if not standing.exists():
        _ours(root, "whole")
    series_of(load(standing).rollup)
    if job == "figures":
        return _timed(lambda: [len(series_of(load(standing).rollup).monthly)])
    what, number = job.split()
    tonight, results = root / "tonight", []
    for _ in range(3):  # the first one warms up
        shutil.rmtree(tonight, ignore_errors=True)
        shutil.copytree(standing, tonight)
        more, said, rows = (_day if what == "day" else _revised)(int(number), batches)

        def night(more: Any = more, said: Any = said, rows: int = rows) -> list[Any]:  # noqa: ANN401 (as above)
            bring_up(tonight, world().archive, more, said)
            return [rows]

        results.append(_timed(night))
    shutil.rmtree(tonight)
    return min(results[1:], key=lambda each: each["cpu"])


def _revised(count: int, batches: Any) -> tuple[Any, Any, int]:  # noqa: ANN401 (as above)
    """Have reports superseded that came at any time of the last tenth."""
    import numpy as np  # noqa: PLC0415 (as above)

    from infra.archive import Dataset  # noqa: PLC0415 (as above)
    from infra.ledger.history import Corrections  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)

    random, ids = np.random.default_rng(), batches[Dataset.REPORTS]
    received = {}
    for batch in random.choice(ids[-max(1, len(ids) // 10) :], count):
        row = world().archive.read(Dataset.REPORTS, [str(batch)])
        (one,) = row.slice(int(random.integers(row.num_rows)), 1).to_pylist()
        received[one["report_id"].hex()] = one["received_at"]
    return batches, Corrections(frozenset(received), {}, {}, {}, received), len(received)


def _day(sightings: int, batches: Any) -> tuple[Any, Any, int]:  # noqa: ANN401 (as above)
    """Stage a day's reports and sightings: old ones again, a month later; half of the files are new."""
    import numpy as np  # noqa: PLC0415 (as above)
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    from infra.archive import Dataset, _parquet, schema  # noqa: PLC0415 (they are keyed already)
    from infra.world import world  # noqa: PLC0415 (as above)

    more: dict[Any, list[str]] = {}
    for dataset in Dataset:
        rows = world().archive.read(dataset, batches[dataset][-4:]).slice(0, sightings)
        later = pc.add(rows["received_at"], pa.scalar(30 * 86_400_000_000, pa.duration("us")))
        rows = rows.set_column(rows.schema.get_field_index("received_at"), "received_at", later)
        if dataset is Dataset.SIGHTINGS:
            random = np.random.default_rng().bytes(16 * rows.num_rows)
            new = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), rows.num_rows, [None, pa.py_buffer(random)])
            half = pa.array(np.arange(rows.num_rows) % 2 == 0)
            rows = rows.set_column(rows.schema.get_field_index("file"), "file", pc.if_else(half, rows["file"], new))
            count = rows.num_rows
        parts = [rows.slice(start, 150_000).cast(schema(dataset)) for start in range(0, rows.num_rows, 150_000)]
        day = [world().archive.keep(_parquet(dataset, part)).id for part in parts]
        more[dataset] = [*batches[dataset], *day]
    return more, _nobody(), count


def _batches(root: Path) -> dict[Any, list[str]]:
    from infra.archive import Dataset  # noqa: PLC0415 (as above)

    return {Dataset(name): ids for name, ids in json.loads((root / "batches.json").read_text()).items()}


def _nobody() -> Any:  # noqa: ANN401 (corrections of nobody)
    from infra.ledger.history import Corrections  # noqa: PLC0415 (as above)

    return Corrections(frozenset(), {}, {}, {})


def _rows(rollup: Any) -> list[Any]:  # noqa: ANN401 (a roll-up)
    """Give what every contender tells: by kind the files, those seen once, the most reports, the median days."""
    from tasks.measuring.lifetimes import lifetimes  # noqa: PLC0415 (as above)
    from tasks.measuring.uniqueness import uniqueness  # noqa: PLC0415 (as above)

    table = uniqueness(rollup).merge(lifetimes(rollup)[["kind", "median_days"]], on="kind")
    return table[["kind", "files", "seen_once", "most_reports", "median_days"]].to_numpy().tolist()


if __name__ == "__main__":
    if sys.argv[1:2] == ["contend"]:
        print(json.dumps(_contender(Path(sys.argv[2]), *sys.argv[3:5])))
    else:
        run(int(sys.argv[1]) if sys.argv[1:] else REPORTS, sys.argv[2] if sys.argv[2:] else "")
