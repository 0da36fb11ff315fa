"""The archive keeps registered batches, whole and once."""

import datetime as dt
import random

import pyarrow as pa
import pytest

from domain.errors import BlobCorrupt, BlobMissing, InvalidSettings
from infra.archive import Archive, Dataset, encoded_table, key_of, open_archive, schema

NOON = dt.datetime(2017, 3, 1, 12, tzinfo=dt.UTC)


def a_report(number: int, **other: object) -> dict[str, object]:
    row = {
        "report_id": f"{number:032x}" * 2,
        "received_at": NOON,
        "source": "esp",
        "incidents": 1,
        "files": 2,
        "vectors": frozenset({"url", "chat", "email", "tor"}),
        "countries": ["IN", "BR"],
    }
    return {**row, **other}


def a_sighting(number: int, ordinal: int, file: str | None = "ab" * 32) -> dict[str, object]:
    return {
        "report_id": f"{number:032x}" * 2,
        "ordinal": ordinal,
        "received_at": NOON,
        "kind": "image",
        "file": file,
        "source": "public",
    }


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive")


def files(archive):
    return sorted(path for path in archive._root.rglob("*") if path.is_file())


def test_what_is_staged_is_read_back_under_the_fixed_columns(archive):
    rows = [a_sighting(2, 0), a_sighting(1, 10, None), a_sighting(1, 9)]
    batch = archive.stage(Dataset.SIGHTINGS, rows)
    table = archive.read(Dataset.SIGHTINGS, [batch.id])
    assert batch.rows == 3
    assert table.schema == schema(Dataset.SIGHTINGS)
    assert table.to_pylist() == [
        {**row, "report_id": key_of(row["report_id"]), "file": row["file"] and key_of(row["file"])}
        for row in (rows[2], rows[1], rows[0])
    ]


def test_a_table_gives_the_file_that_its_rows_give(archive):
    rows = [a_sighting(1, 0, None), a_sighting(1, 1), a_sighting(2, 0)]
    texts = schema(Dataset.SIGHTINGS)
    for name in ("report_id", "file"):
        texts = texts.set(texts.get_field_index(name), pa.field(name, pa.string()))
    encoded = encoded_table(Dataset.SIGHTINGS, pa.Table.from_pylist(rows, schema=texts))
    assert archive.keep(encoded) == archive.stage(Dataset.SIGHTINGS, rows)


def test_the_same_rows_in_any_order_give_the_same_file_once(archive):
    rows = [a_report(number) for number in range(50)]
    first = archive.stage(Dataset.REPORTS, rows)
    random.Random(5).shuffle(rows)
    again = archive.stage(Dataset.REPORTS, [{**row, "countries": {"BR", "IN"}} for row in rows])
    assert again == first
    assert [path.name for path in files(archive)] == [f"{first.id}.parquet"]


def test_a_batch_lies_in_the_folder_of_its_first_two_digits(archive):
    batch = archive.stage(Dataset.REPORTS, [a_report(1)])
    place = archive._root / "reports" / batch.id[:2] / f"{batch.id}.parquet"
    assert files(archive) == [place]


def test_what_was_never_registered_is_not_read(archive):
    registered = archive.stage(Dataset.REPORTS, [a_report(1)])
    archive.stage(Dataset.REPORTS, [a_report(1), a_report(2)])
    assert archive.read(Dataset.REPORTS, [registered.id]).num_rows == 1


def test_a_batch_named_twice_is_read_once(archive):
    batch = archive.stage(Dataset.REPORTS, [a_report(1)])
    assert archive.read(Dataset.REPORTS, [batch.id, batch.id]).num_rows == 1


def test_no_batches_are_an_empty_table_with_all_columns(archive):
    assert archive.read(Dataset.REPORTS, []).schema == schema(Dataset.REPORTS)


def test_batches_of_nothing_and_of_something_read_together(archive):
    batches = [archive.stage(Dataset.REPORTS, rows) for rows in ([], [a_report(1)])]
    assert [batch.rows for batch in batches] == [0, 1]
    assert archive.read(Dataset.REPORTS, [batch.id for batch in batches]).num_rows == 1


def test_a_lost_batch_says_what_to_restore(archive):
    batch = archive.stage(Dataset.REPORTS, [a_report(1)])
    files(archive)[0].unlink()
    with pytest.raises(BlobMissing, match=rf"no batch {batch.id} of reports at .*parquet; restore it"):
        archive.read(Dataset.REPORTS, [batch.id])


def test_a_changed_batch_is_noticed(archive):
    batch = archive.stage(Dataset.REPORTS, [a_report(1)])
    place = files(archive)[0]
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    with pytest.raises(BlobCorrupt, match=batch.id):
        archive.read(Dataset.REPORTS, [batch.id])


def test_a_draft_left_by_a_killed_process_disturbs_nobody(archive):
    batch = archive.stage(Dataset.REPORTS, [a_report(1)])
    place = files(archive)[0]
    place.rename(place.with_name(place.name + ".0badcafe"))
    assert archive.stage(Dataset.REPORTS, [a_report(1)]) == batch
    assert archive.read(Dataset.REPORTS, [batch.id]).num_rows == 1


@pytest.mark.parametrize("lacking", ["source", "received_at", "incidents"])
def test_a_row_that_lacks_a_column_is_not_staged(archive, lacking):
    with pytest.raises(pa.ArrowException):
        archive.stage(Dataset.REPORTS, [a_report(1, **{lacking: None})])
    assert files(archive) == []


def test_a_time_without_a_zone_is_taken_as_utc_and_one_with_a_zone_is_turned_to_it(archive):
    east = dt.timezone(dt.timedelta(hours=5, minutes=30))
    staged = {
        archive.stage(Dataset.REPORTS, [a_report(1, received_at=moment)]).id
        for moment in (NOON, NOON.replace(tzinfo=None), NOON.astimezone(east))
    }
    assert len(staged) == 1


def test_the_url_of_a_folder_opens_it(tmp_path):
    archive = open_archive(f"file://{tmp_path}/a b%20c")
    batch = archive.stage(Dataset.REPORTS, [a_report(1)])
    assert (tmp_path / "a b%20c" / "reports" / batch.id[:2]).is_dir()


@pytest.mark.parametrize("url", ["", "/srv/archive", "file://host/archive", "file:archive", "s3://bucket"])
def test_any_other_url_is_refused(url):
    with pytest.raises(InvalidSettings, match="BREAKWATER_ARCHIVE"):
        open_archive(url)
