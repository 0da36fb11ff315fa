"""What stands is always what counting everything at once gives, whatever came in between."""

import os
import random
import shutil
from dataclasses import replace

import measures_in_sql
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from synthetic_history import as_tables, synthetic_rows

from infra.archive import KEYS, Archive, Dataset, schema
from infra.cluster import running
from infra.ledger.history import Corrections
from infra.seen import levels
from tasks.measuring import bringing, standing
from tasks.measuring.bringing import bring_up
from tasks.measuring.corrections import corrected, said
from tasks.measuring.kernels import PARTITIONS
from tasks.measuring.rollup import of_volumes, total_of
from tasks.measuring.scanning import _scan, _settle, named
from tasks.measuring.series import roll_up, series_of

NOBODY = Corrections(frozenset(), {}, {}, {})
TOLD, SEEN = synthetic_rows(seed=2, reports=600)
IDS = [report["report_id"].hex() for report in TOLD]
ANNOTATED = Corrections(
    frozenset(), {IDS[3]: ("sms",), IDS[400]: ("chat", "tor")}, {IDS[3]: ("DE", "IN"), IDS[5]: ()}, {}
)
REVISED = replace(
    ANNOTATED,
    superseded=frozenset(IDS[10:20]),
    kinds={(IDS[30], 0): "other", (IDS[31], 0): "video", (IDS[10], 0): "image"},
)


def in_hex(row):
    """Name report and file as the ledger does."""
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}


def stage(archive, numbers):
    """Stage the reports of these numbers with their files as a batch each, and name both."""
    ids = {TOLD[number]["report_id"] for number in numbers}
    parts = [[in_hex(row) for row in rows if row["report_id"] in ids] for rows in (TOLD, SEEN)]
    return {dataset: [archive.stage(dataset, part).id] for dataset, part in zip(Dataset, parts, strict=True)}


def joined(several):
    return {dataset: [each for one in several for each in one[dataset]] for dataset in Dataset}


def same(one, other):
    """Whether two roll-ups have the same numbers."""
    return all(
        np.array_equal(getattr(one, name).cells, getattr(other, name).cells)
        and np.array_equal(getattr(one, name).counts, getattr(other, name).counts)
        for name in ("volumes", "reports", "days")
    )


def expected(numbers=range(600), corrections=NOBODY):
    """Roll up these reports in memory, corrected by other means than the product's."""
    ids = {TOLD[number]["report_id"] for number in numbers}
    tables = as_tables(*([row for row in rows if row["report_id"] in ids] for rows in (TOLD, SEEN)))
    return roll_up(*(measures_in_sql.corrected(*each, corrections) for each in zip(Dataset, tables, strict=True)))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return Archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def batches(archive):
    """Give a history in twelve parts, in no order of time."""
    numbers = random.Random(3).sample(range(600), 600)
    return [stage(archive, numbers[start : start + 50]) for start in range(0, 600, 50)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "standing"


@pytest.mark.parametrize("corrections", [NOBODY, ANNOTATED, REVISED])
def test_every_measure_is_what_sql_over_all_rows_says(corrections):
    told, seen = synthetic_rows(seed=5, reports=2000)
    tables = as_tables(told, seen)
    ours = [
        corrected(dataset, table.sort_by([(key, "ascending") for key in KEYS[dataset]]), said(corrections))
        for dataset, table in zip(Dataset, tables, strict=True)
    ]
    theirs = [measures_in_sql.corrected(*each, corrections) for each in zip(Dataset, tables, strict=True)]
    series = series_of(roll_up(*ours))
    for name, frame in measures_in_sql.measured(*theirs).items():
        found = getattr(series, name)[list(frame.columns)]
        pd.testing.assert_frame_equal(found, frame, check_dtype=False, rtol=1e-12)


def test_a_history_that_comes_in_parts_is_the_whole_history(archive, batches, folder):
    for count in (1, 2, 5, 6, 12):
        part = joined(batches[:count])
        rollup = bring_up(folder, archive, part, NOBODY)
        assert same(rollup, bring_up(folder.with_name(f"fresh-{count}"), archive, part, NOBODY))
    assert same(rollup, expected())


def content(folder):
    """Read every file of a folder but the lock."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != "lock")
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.mark.parametrize("corrections", [NOBODY, REVISED])
def test_batches_in_any_order_leave_the_same_files(archive, batches, folder, corrections):
    backwards = {dataset: ids[::-1] for dataset, ids in joined(batches).items()}
    bring_up(folder, archive, joined(batches), corrections)
    bring_up(folder.with_name("backwards"), archive, backwards, corrections)
    assert content(folder) == content(folder.with_name("backwards"))


def test_a_history_counted_on_workers_is_the_same(archive, batches, folder, data, monkeypatch):
    monkeypatch.setattr(bringing, "MANY", 1)
    shutil.copytree(archive._root, data / "archive")
    with running():
        assert same(bring_up(folder, archive, joined(batches), REVISED), expected(corrections=REVISED))
        backwards = {dataset: ids[::-1] for dataset, ids in joined(batches).items()}
        bring_up(folder.with_name("backwards"), archive, backwards, REVISED)
    assert content(folder) == content(folder.with_name("backwards"))
    assert not list(folder.glob("spill-*"))
    monkeypatch.undo()
    more = stage(archive, range(0))
    assert same(bring_up(folder, archive, joined([*batches, more]), REVISED), expected(corrections=REVISED))


def test_what_a_lost_worker_has_left_is_not_counted(archive, batches, folder, data):
    shutil.copytree(archive._root, data / "archive")
    folder.mkdir()
    every = named(joined(batches))
    ((lost, *_),), ((name, _, volumes),) = (_scan(folder, said(NOBODY), every) for _ in range(2))
    assert lost != name
    ((_, _, files),) = _settle(folder, [folder / name], range(PARTITIONS))
    assert same(total_of([of_volumes(volumes), files]), expected())


@pytest.mark.parametrize(
    "steps",
    [
        (ANNOTATED,),
        (REVISED,),
        (ANNOTATED, NOBODY),
        (REVISED, ANNOTATED),
        (NOBODY, ANNOTATED, REVISED, NOBODY, REVISED),
    ],
)
def test_corrections_change_what_stands_as_if_they_had_always_been(archive, batches, folder, steps):
    bring_up(folder, archive, joined(batches[:7]), NOBODY)
    for corrections in steps:
        rollup = bring_up(folder, archive, joined(batches), corrections)
        assert same(rollup, expected(corrections=corrections))


def test_what_analysts_say_of_vectors_and_countries_is_no_reason_to_look_at_files(archive, batches, folder):
    bring_up(folder, archive, joined(batches), NOBODY)
    before = {file.name for file in folder.glob("*.seen")}
    bring_up(folder, archive, joined(batches), ANNOTATED)
    assert {file.name for file in folder.glob("*.seen")} == before


def test_revised_reports_are_taken_away_without_counting_the_others_again(archive, batches, folder):
    bring_up(folder, archive, joined(batches), NOBODY)
    before = {file.name for file in folder.glob("*.seen")}
    assert same(bring_up(folder, archive, joined(batches), REVISED), expected(corrections=REVISED))
    assert before < {file.name for file in folder.glob("*.seen")}


def test_a_batch_that_is_registered_no_more_is_not_counted(archive, batches, folder):
    bring_up(folder, archive, joined(batches), NOBODY)
    fresh = bring_up(folder.with_name("fresh"), archive, joined(batches[1:]), NOBODY)
    assert same(bring_up(folder, archive, joined(batches[1:]), NOBODY), fresh)


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


DAMAGE = {
    "changed": flip,
    "cut off": lambda file: os.truncate(file, file.stat().st_size // 2),
    "emptied": lambda file: os.truncate(file, 0),
    "lost": lambda file: file.unlink(),
    "rubbish": lambda file: file.write_bytes(b"rubbish " * 100),
}


@pytest.mark.parametrize("pattern", ["rollup", "*.seen"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_is_made_again(archive, batches, folder, pattern, damage):
    bring_up(folder, archive, joined(batches[:9]), NOBODY)
    for file in list(folder.glob(pattern)):
        DAMAGE[damage](file)
    assert same(bring_up(folder, archive, joined(batches), NOBODY), expected())


@pytest.mark.parametrize("place", [0.0, 0.2, 0.4, 0.6, 0.8, 0.95, 0.999])
def test_wherever_a_block_is_damaged_every_later_night_counts_right(archive, batches, folder, place):
    bring_up(folder, archive, joined(batches[:8]), NOBODY)
    (file,) = folder.glob("*.seen")
    content = bytearray(file.read_bytes())
    content[int(place * len(content))] ^= 1
    file.write_bytes(content)
    for number, count in enumerate((600, 450, 500, 550, 600)):
        corrections = REVISED if number % 2 else NOBODY
        part = joined(batches[: count // 50])
        fresh = bring_up(folder.with_name(f"fresh-{number}"), archive, part, corrections)
        assert same(bring_up(folder, archive, part, corrections), fresh)


def test_what_another_version_kept_is_made_again(archive, batches, folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(standing, "VERSION", 0)
        bring_up(folder, archive, joined(batches), NOBODY)
    assert standing.load(folder).rollup.volumes.cells.size == 0
    assert same(bring_up(folder, archive, joined(batches), NOBODY), expected())


class Killed(BaseException):
    """Stands for the end of the process."""


def test_whenever_it_is_cut_off_the_next_run_counts_right(archive, batches, folder, monkeypatch):
    sync, left = os.fsync, 0

    def dying(descriptor):
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", dying)
    survived = False
    for moment in range(40):
        shutil.rmtree(folder, ignore_errors=True)
        left = 1000
        bring_up(folder, archive, joined(batches[:8]), NOBODY)
        left = moment
        try:
            bring_up(folder, archive, joined(batches), NOBODY)
            survived = True
        except Killed:
            left = 1000
            assert same(bring_up(folder, archive, joined(batches), NOBODY), expected())
        if survived:
            break
    assert survived
    assert moment > 2


def test_a_night_with_nothing_new_writes_nothing(archive, batches, folder):
    first = bring_up(folder, archive, joined(batches), NOBODY)
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir() if file.name != "lock"}
    assert same(bring_up(folder, archive, joined(batches), NOBODY), first)
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir() if file.name != "lock"} == before


def test_levels_stay_few(archive, folder, monkeypatch):
    monkeypatch.setattr(levels, "MOST_ROWS", 64)
    staged = []
    for start in range(0, 600, 20):
        staged.append(stage(archive, range(start, start + 20)))
        bring_up(folder, archive, joined(staged), NOBODY)
        assert len(standing.load(folder).levels.levels) <= 7
    kept = standing.load(folder)
    assert {file.name for file in folder.glob("*.seen")} == {
        part.name for level in kept.levels.levels for part in level
    }
    assert same(kept.rollup, expected())


def test_of_nothing_nothing_stands(folder, archive):
    rollup = bring_up(folder, archive, {dataset: [] for dataset in Dataset}, NOBODY)
    assert same(rollup, roll_up(*(schema(dataset).empty_table() for dataset in Dataset)))
    assert isinstance(said(NOBODY), pa.Table)
