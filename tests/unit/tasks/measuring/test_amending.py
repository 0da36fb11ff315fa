"""Whatever is said later of reports that are counted, what stands is what counting everything again gives."""

import datetime as dt
import random
import tempfile
from pathlib import Path

import measures_in_sql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_history import as_tables

from domain.errors import BlobMissing
from infra.archive import Archive, Dataset
from infra.ledger.history import Corrections
from tasks.measuring.bringing import bring_up
from tasks.measuring.series import roll_up

REPORTS, FILES, BATCH = 48, 14, 4
START = dt.datetime(2016, 11, 1, tzinfo=dt.UTC)
IDS = [bytes([number, *range(15)]).hex() for number in range(REPORTS)]
KINDS = ("image", "video", "other")


def moment(number):
    """Give the time of a report: two at a time, and some late ones far from those that come with them."""
    return START + dt.timedelta(days=number // 2 if number % 11 else (7 * number) % 40)


def history():
    """Give the ledger's rows of reports that name the same few files again and again, and some of their own."""
    chance = random.Random(7)
    told, seen = [], []
    for number, report in enumerate(IDS):
        shared = {"report_id": report, "received_at": moment(number), "source": chance.choice(("public", "esp"))}
        files = [chance.randrange(FILES) if chance.random() < 0.7 else 100 + number for _ in range(chance.randrange(5))]
        told.append({**shared, "incidents": chance.randrange(1, 5), "files": len(files), "vectors": ["url"],
                     "countries": chance.choice(([], ["DE"], ["IN", "TH"]))})  # fmt: skip
        seen += [
            {**shared, "ordinal": ordinal, "kind": chance.choice(KINDS), "file": bytes([file, 0] * 8).hex()}
            for ordinal, file in enumerate(files)
        ]
    return told, seen


TOLD, SEEN = history()
numbers = st.integers(0, REPORTS - 1)
few = {"max_size": 4}
said = st.builds(
    lambda superseded, vectors, countries, kinds, known: Corrections(
        frozenset(IDS[number] for number in superseded),
        {IDS[number]: codes for number, codes in vectors.items()},
        {IDS[number]: codes for number, codes in countries.items()},
        {(IDS[number], ordinal): kind for (number, ordinal), kind in kinds.items()},
        {report: moment(number) for number, report in enumerate(IDS)} if known else {},
    ),
    st.sets(numbers, max_size=8),
    st.dictionaries(numbers, st.sampled_from([(), ("sms", "tor")]), **few),
    st.dictionaries(numbers, st.sampled_from([(), ("US",)]), **few),
    st.dictionaries(st.tuples(numbers, st.integers(0, 3)), st.sampled_from(KINDS), **few),
    st.booleans(),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return Archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def batches(archive):
    """Give the history as it came, a few reports at a time."""
    staged = []
    for start in range(0, REPORTS, BATCH):
        ids = IDS[start : start + BATCH]
        parts = ([row for row in rows if row["report_id"] in ids] for rows in (TOLD, SEEN))
        staged.append({dataset: archive.stage(dataset, part).id for dataset, part in zip(Dataset, parts, strict=True)})
    return staged


def until(batches, count):
    return {dataset: [each[dataset] for each in batches[:count]] for dataset in Dataset}


def numbers_of(rollup):
    """Give all the numbers of a roll-up."""
    tallies = (rollup.volumes, rollup.reports, rollup.days)
    return [dict(zip(each.cells.tolist(), each.counts.tolist(), strict=True)) for each in tallies]


@settings(max_examples=60)
@given(nights=st.lists(st.tuples(st.integers(0, 3), said), min_size=2, max_size=6))
def test_night_by_night_is_what_a_fresh_count_gives(archive, batches, nights):
    count = 0
    with tempfile.TemporaryDirectory() as name:
        for night, (more, corrections) in enumerate(nights):
            count += more
            registered = until(batches, count)
            stands = bring_up(Path(name) / "standing", archive, registered, corrections)
            fresh = bring_up(Path(name) / f"fresh-{night}", archive, registered, corrections)
            assert numbers_of(stands) == numbers_of(fresh)


@settings(max_examples=15)
@given(before=said, after=said)
def test_what_stands_is_what_sql_corrects_and_loops_count(archive, batches, before, after):
    ids = {bytes.fromhex(report) for report in IDS}
    rows = [archive.read(dataset, until(batches, len(batches))[dataset]).to_pylist() for dataset in Dataset]
    assert {row["report_id"] for row in rows[0]} == ids
    tables = (
        measures_in_sql.corrected(dataset, table, after)
        for dataset, table in zip(Dataset, as_tables(*rows), strict=True)
    )
    with tempfile.TemporaryDirectory() as name:
        bring_up(Path(name), archive, until(batches, len(batches)), before)
        stands = bring_up(Path(name), archive, until(batches, len(batches)), after)
    assert numbers_of(stands) == numbers_of(roll_up(*tables))


def test_only_batches_of_the_time_of_a_report_are_read_to_take_it_away(archive, tmp_path):
    alone, again = (bytes([200 + number] * 16).hex() for number in range(2))
    batches = []
    for number in range(6):
        day = START + dt.timedelta(days=number)
        report = {"report_id": IDS[number], "received_at": day, "source": "esp"}
        told = {**report, "incidents": 1, "files": 1, "vectors": [], "countries": []}
        seen = {
            **report,
            "ordinal": 0,
            "kind": "image",
            "file": again if number in (1, 2, 3) else alone[:-2] + f"0{number}",
        }
        rows = zip(Dataset, ([told], [seen]), strict=True)
        batches.append({dataset: archive.stage(dataset, some).id for dataset, some in rows})
    revised = {
        number: Corrections(frozenset({IDS[number]}), {}, {}, {}, {IDS[number]: START + dt.timedelta(days=number)})
        for number in (1, 5)
    }
    fresh = {
        number: bring_up(tmp_path / f"fresh-{number}", archive, until(batches, 6), corrections)
        for number, corrections in revised.items()
    }
    for number, needed in ((5, {5}), (1, {1, 2, 3})):
        folder = tmp_path / f"standing-{number}"
        bring_up(folder, archive, until(batches, 6), Corrections(frozenset(), {}, {}, {}))
        for other in set(range(6)) - needed:
            for dataset in Dataset:
                place = archive._place(dataset, batches[other][dataset])
                place.rename(place.with_suffix(".away"))
        assert numbers_of(bring_up(folder, archive, until(batches, 6), revised[number])) == numbers_of(fresh[number])
        with pytest.raises(BlobMissing):
            bring_up(tmp_path / f"lost-{number}", archive, until(batches, 6), revised[number])
        for away in archive._root.rglob("*.away"):
            away.rename(away.with_suffix(".parquet"))
