"""Tables of reports go into every ledger and the archive whole, each row once, as plain Python would have it."""

import datetime as dt
import json
import os
import secrets
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from domain.report import Rejection
from infra.archive import Dataset
from infra.keys import keyed_digest
from infra.ledger import schema
from infra.ledger.engine import migrate, reading
from infra.ledger.summaries import registered
from infra.world import world
from tasks.reports import bulk, tabular
from tasks.reports.bulk import load_table
from tasks.reports.formats import Format
from tasks.reports.keyed_rows import prepare
from tasks.reports.tabular import COLUMNS, LISTS, blocks

MOMENT = dt.datetime(2016, 1, 1, tzinfo=dt.UTC)
KEY = bytes(range(32))
LOAD = """
import pathlib, sys
from tasks.reports.bulk import load_table
from tasks.reports.formats import Format
print("loading", flush=True)
load_table(pathlib.Path(sys.argv[1]), Format.PARQUET)
"""
COUNTED = ("report", "report_vector", "report_location", "sighting", "reporter", "taken_block", "batch")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path, monkeypatch):
    """Give the folder of a world of its own, on each database."""
    monkeypatch.setenv("BREAKWATER_DATA", str(tmp_path))
    if request.param == "postgresql":
        server, name = request.getfixturevalue("postgres"), f"bulk_{secrets.token_hex(4)}"
        server.make_databases(name)
        monkeypatch.setenv("BREAKWATER_LEDGER", server.url(name))
    world.cache_clear()
    migrate(world().ledger)
    yield tmp_path
    world().ledger.dispose()
    world.cache_clear()


def row(number, **said):
    return {
        "external_id": str(number), "reporter": f"esp-{number % 3}", "source": "esp",
        "received_at": MOMENT + dt.timedelta(hours=number), "vectors": ["url"], "countries": ["IN"],
        "files": [f"image:{number // 2:032x}"], **said,
    }  # fmt: skip


def table_of(rows):
    return pa.Table.from_pylist(
        [{**dict.fromkeys(COLUMNS), **each} for each in rows], schema=pa.schema(list(tabular.schema())[: len(COLUMNS)])
    )


def written(folder, rows, name="t.parquet", group=1000):
    pq.write_table(table_of(rows), folder / name, row_group_size=group)
    return folder / name


def numbers():
    with reading(world().ledger) as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(schema.metadata.tables[name])) for name in COUNTED
        }


def archived(dataset):
    with reading(world().ledger) as connection:
        return world().archive.read(dataset, registered(connection, dataset))


def everything():
    with reading(world().ledger) as connection:
        return {name: sorted(map(repr, connection.execute(select(schema.metadata.tables[name])))) for name in COUNTED}


def test_a_table_is_loaded_whole_and_a_second_time_changes_nothing(place):
    file = written(place, [row(number) for number in range(2500)])
    counts = load_table(file, Format.PARQUET)
    assert (counts["blocks"], counts["received"], counts["accepted"]) == (3, 2500, 2500)
    before = everything()
    again = load_table(file, Format.PARQUET)
    assert (again["blocks_held"], again["received"]) == (3, 0)
    assert everything() == before
    assert archived(Dataset.REPORTS).num_rows == archived(Dataset.SIGHTINGS).num_rows == 2500


def test_rows_that_are_held_already_are_skipped_with_all_that_is_theirs(place):
    load_table(written(place, [row(number) for number in range(100)]), Format.PARQUET)
    before = numbers()
    more = written(place, [row(number) for number in range(50, 150)], "more.parquet")
    counts = load_table(more, Format.PARQUET)
    assert (counts["received"], counts["already_held"], counts["files_named"]) == (50, 50, 100)
    after = numbers()
    assert {name: after[name] - before[name] for name in ("report", "report_vector", "sighting")} == {
        "report": 50, "report_vector": 50, "sighting": 50,
    }  # fmt: skip
    assert archived(Dataset.REPORTS).num_rows == archived(Dataset.SIGHTINGS).num_rows == 150


def assert_three_revisions_follow_one_another():
    report = schema.report.c
    with reading(world().ledger) as connection:
        query = select(report.revision, report.superseded_by, report.id).where(report.external_id == "1")
        first, second, third = connection.execute(query.order_by(report.revision)).all()
    assert [each.revision for each in (first, second, third)] == [1, 2, 3]
    assert (first.superseded_by, second.superseded_by, third.superseded_by) == (second.id, third.id, None)


def test_new_content_under_the_same_number_is_a_revision(place):
    load_table(written(place, [row(1), row(1, vectors=["tor"]), row(2)]), Format.PARQUET)
    load_table(written(place, [row(1, vectors=["ftp"])], "later.parquet"), Format.PARQUET)
    assert_three_revisions_follow_one_another()


def test_revisions_follow_one_another_through_blocks_that_are_loaded_at_once(place):
    rows = [row(1), row(2), row(1, vectors=["tor"]), row(3), row(1, vectors=["ftp"]), row(2)]
    counts = load_table(written(place, rows, group=2), Format.PARQUET)
    assert (counts["received"], counts["already_held"]) == (5, 1)
    assert_three_revisions_follow_one_another()


def test_a_revision_takes_the_place_of_all_before_it_though_one_was_rejected_between(place):
    load_table(written(place, [row(1)]), Format.PARQUET)
    report = schema.report
    with world().ledger.begin() as connection:
        held = dict(connection.execute(select(report)).mappings().one())
        rejected = {**held, "id": "f" * 32, "revision": 2, "rejection": "schema", "content": None}
        connection.execute(report.insert().values(rejected))
    load_table(written(place, [row(1, vectors=["ftp"])], "later.parquet"), Format.PARQUET)
    with reading(world().ledger) as connection:
        third = connection.scalar(select(report.c.id).where(report.c.revision == 3))
        standing = select(report.c.id).where(report.c.superseded_by.is_(None), report.c.rejection.is_(None))
        assert connection.scalars(standing).all() == [third]


def test_the_same_rubbish_twice_at_once_stops_no_load(place, monkeypatch):
    monkeypatch.setattr("tasks.reports.tabular.BLOCK_BYTES", 30)
    file = place / "rubbish.jsonl"
    file.write_text("{}\n" * 40 + json.dumps({"external_id": "1", "reporter": "a", "source": "esp",
                                              "received_at": "2016-05-01T00:00:00Z"}) + "\n")  # fmt: skip
    counts = load_table(file, Format.JSONL)
    assert counts["accepted"] == 1


def test_rows_that_do_not_validate_are_rejected_reports_with_themselves_kept(place):
    bad = {
        "source": "nobody", "vectors": ["pigeon"], "countries": ["india"], "files": ["image:xyz"], "incidents": 0,
        "incident_type": "parking", "external_id": " ", "reporter": None,
    }  # fmt: skip
    dates = {"received_at": MOMENT.replace(year=1990), "incident_at": MOMENT.replace(year=1800)}
    rows = [row(number, **{name: value}) for number, (name, value) in enumerate({**bad, **dates}.items())]
    counts = load_table(written(place, [*rows, row(99)]), Format.PARQUET)
    assert (counts["accepted"], counts["rejected"]) == (1, len(rows))
    with reading(world().ledger) as connection:
        reasons = connection.scalars(
            select(schema.report.c.rejection).where(schema.report.c.rejection.is_not(None))
        ).all()
        documents = connection.scalars(select(schema.report_document.c.blob_id)).all()
    assert sorted(reasons) == sorted([Rejection.SCHEMA] * len(bad) + [Rejection.IMPOSSIBLE_DATE] * 2)
    kept = [json.loads(world().blobs.read(blob)) for blob in documents]
    assert {each["source"] for each in kept} == {"nobody", "esp"}


def chain():
    report = schema.report.c
    with reading(world().ledger) as connection:
        found = connection.execute(
            select(report.id, report.superseded_by, report.received_at).order_by(report.revision)
        ).all()
        revisions = connection.scalars(select(report.revision).order_by(report.revision)).all()
    assert revisions == list(range(1, len(found) + 1))
    assert [each.superseded_by for each in found] == [each.id for each in found[1:]] + [None]
    return len(found)


def test_a_row_that_is_held_does_not_break_the_chain_of_its_revisions(place):
    load_table(written(place, [row(1)]), Format.PARQUET)
    load_table(
        written(place, [row(1, vectors=["ftp"]), row(1), row(1, vectors=["tor"])], "later.parquet"), Format.PARQUET
    )
    assert chain() == 3
    load_table(
        written(place, [row(1), row(1, vectors=["sms"]), row(1, vectors=["ftp"])], "last.parquet"), Format.PARQUET
    )
    assert chain() == 4


def test_what_belongs_to_a_report_belongs_to_one_that_is_there(place):
    load_table(written(place, [row(number) for number in range(60)]), Format.PARQUET)
    load_table(written(place, [row(number) for number in range(30, 90)], "more.parquet"), Format.PARQUET)
    with reading(world().ledger) as connection:
        for name in ("report_vector", "report_location", "sighting"):
            owner = schema.metadata.tables[name].c.report_id
            assert connection.scalar(select(func.count()).where(owner.not_in(select(schema.report.c.id)))) == 0
            assert connection.scalar(select(func.count(owner.distinct()))) == 90


def test_one_large_row_group_is_loaded_in_parts(place, monkeypatch):
    monkeypatch.setattr(tabular, "BLOCK_ROWS", 100)
    file = written(place, [row(number) for number in range(950)], group=1000)
    assert load_table(file, Format.PARQUET)["blocks"] == 10
    assert numbers()["report"] == archived(Dataset.REPORTS).num_rows == 950
    again = load_table(file, Format.PARQUET)
    assert (again["blocks_held"], again["received"]) == (10, 0)


def test_the_same_rows_in_other_parts_are_held_already(place, monkeypatch):
    file = written(place, [row(number) for number in range(250)], group=1000)
    load_table(file, Format.PARQUET)
    before = numbers()
    monkeypatch.setattr(tabular, "BLOCK_ROWS", 100)
    counts = load_table(file, Format.PARQUET)
    assert (counts["blocks_held"], counts["already_held"], counts["received"]) == (0, 250, 0)
    assert {**numbers(), "taken_block": 0} == {**before, "taken_block": 0}


def csv_of(folder, *lines, name="t.csv"):
    head = "external_id,reporter,source,received_at,files\n"
    (folder / name).write_text(head + "".join(lines))
    return folder / name


def line(number, files="image:"):
    return f"{number},esp-1,esp,2016-01-01T00:00:00Z,{files}\n"


def test_a_quoted_value_of_csv_may_hold_line_breaks(place):
    broken = line(2, f'"image:{1:032x}\nvideo:{2:032x}"')
    counts = load_table(csv_of(place, line(1), broken, line(3)), Format.CSV)
    assert (counts["accepted"], counts["rejected"], counts["files_named"]) == (3, 0, 4)


def test_no_line_within_a_quoted_value_is_a_report(place):
    hidden = f'"2\n{line(666)}",esp-1,esp,2016-01-01T00:00:00Z,image:\n'
    counts = load_table(csv_of(place, line(1), hidden, line(3)), Format.CSV)
    assert (counts["accepted"], counts["rejected"]) == (3, 0)
    with reading(world().ledger) as connection:
        assert "666" not in connection.scalars(select(schema.report.c.external_id)).all()


def test_a_quotation_mark_that_nobody_closes_spoils_128_kib_at_the_most(place):
    after = [line(number, f"image:{number:032x}") for number in range(10, 4000)]
    counts = load_table(csv_of(place, line(1), line(2, '"image:'), *after), Format.CSV)
    assert counts["rejected"] == 1
    assert counts["accepted"] > 2000


def test_what_is_no_text_is_refused_and_the_rest_goes_on(place):
    lines = [json.dumps(row(number), default=str) for number in range(3)]
    (place / "t.jsonl").write_text("\n".join([lines[0], lines[1].replace("esp-1", "\\ud800"), lines[2]]))
    counts = load_table(place / "t.jsonl", Format.JSONL)
    assert (counts["accepted"], counts["rejected"]) == (2, 1)


def refused():
    """Give the reasons and the documents of the rejected reports."""
    of = schema.report_document.c
    with reading(world().ledger) as connection:
        query = select(schema.report.c.rejection, of.blob_id).join(
            schema.report_document, of.report_id == schema.report.c.id
        )
        rows = connection.execute(query.where(schema.report.c.rejection.is_not(None))).all()
    return sorted((reason, world().blobs.read(blob)) for reason, blob in rows)


HEADER = b"external_id,reporter,source,received_at\n"
GOOD = b"1,esp-1,esp,2016-01-01T00:00:00Z\n"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("t.csv", HEADER.replace(b"\n", b"\r") + GOOD.replace(b"\n", b"\r"), Rejection.NOT_WELL_FORMED),
        ("t.csv", b"x" * 200_000 + b"," + HEADER + GOOD, Rejection.SCHEMA),
        ("t.csv", HEADER + b"1," + b"x" * 2_000_000, Rejection.TOO_LARGE),
        ("t.jsonl", b'{"external_id": "' + b"x" * 2_000_000, Rejection.TOO_LARGE),
        ("t.parquet", b"PAR1 and no more", Rejection.NOT_WELL_FORMED),
    ],
)
def test_a_table_that_cannot_be_read_is_one_rejected_report_with_its_bytes(place, name, content, reason, monkeypatch):
    monkeypatch.setattr(tabular, "BLOCK_BYTES", 100)
    (place / name).write_bytes(content)
    for received in (1, 0):
        assert load_table(place / name, Format(name[2:]))["received"] == received
        assert refused() == [(reason, content)]


def test_a_table_without_columns_or_with_text_that_is_none_is_refused(place):
    pq.write_table(pa.table({}), place / "none.parquet")
    table = table_of([row(1)])
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, 2], np.int32)), pa.py_buffer(b"\xff\xfe")]
    )
    pq.write_table(
        table.set_column(table.schema.get_field_index("external_id"), "external_id", broken), place / "t.parquet"
    )
    assert [load_table(place / name, Format.PARQUET)["rejected"] for name in ("none.parquet", "t.parquet")] == [1, 1]
    assert {content for _, content in refused()} == {(place / n).read_bytes() for n in ("none.parquet", "t.parquet")}


def test_text_that_a_database_cannot_keep_is_refused_and_the_rest_goes_on(place):
    lines = [json.dumps(row(number), default=str) for number in range(3)]
    (place / "t.jsonl").write_text("\n".join([lines[0], lines[1].replace("esp-1", "esp\\u0000"), lines[2]]))
    counts = load_table(place / "t.jsonl", Format.JSONL)
    assert (counts["accepted"], counts["rejected"]) == (2, 1)


def test_rubbish_costs_no_object_a_line(place, monkeypatch):
    monkeypatch.setattr(bulk, "REFUSED_ALONE", 3)
    (place / "t.csv").write_bytes(HEADER + b"".join(b"x%d\n" % number for number in range(50)) + GOOD)
    counts = load_table(place / "t.csv", Format.CSV)
    assert (counts["accepted"], counts["rejected"]) == (1, 4)
    assert sorted(b"\n".join(content for _, content in refused()).split(b"\n")) == sorted(b"x%d" % n for n in range(50))


def test_a_table_that_is_gone_is_told_without_its_name(place):
    with pytest.raises(FileNotFoundError, match="cannot be taken in") as gone:
        load_table(place / "secret.csv", Format.CSV)
    assert "secret" not in str(gone.value)


def test_a_table_may_have_any_name(place):
    strange = place / os.fsdecode(b"t\xff\n.csv")
    strange.write_bytes(HEADER + b"x\n" + GOOD)
    counts = load_table(strange, Format.CSV)
    assert (counts["accepted"], counts["rejected"]) == (1, 1)


@pytest.mark.parametrize("lists", [{"files": [None]}, {"vectors": ["url", None]}, {"countries": [None]}])
def test_a_list_holds_no_nothing(place, lists):
    counts = load_table(written(place, [row(1, **lists), row(2)]), Format.PARQUET)
    assert (counts["accepted"], counts["rejected"]) == (1, 1)


def test_a_time_that_no_calendar_has_is_refused(place):
    table = table_of([row(1), row(2)])
    far = pa.array([2**62, 0], pa.int64()).cast(pa.timestamp("us", "UTC"))
    at = table.schema.get_field_index("received_at")
    pq.write_table(table.set_column(at, "received_at", far), place / "t.parquet")
    assert load_table(place / "t.parquet", Format.PARQUET)["rejected"] == 2


@pytest.mark.timeout(120)
def test_a_load_that_is_killed_goes_on_and_doubles_nothing(place):
    file = written(place, [row(number) for number in range(30_000)], group=1500)
    for patience in (0.3, 0.8):
        with subprocess.Popen([sys.executable, "-c", LOAD, str(file)], stdout=subprocess.PIPE) as loading:
            assert loading.stdout.readline() == b"loading\n"
            time.sleep(patience)
            loading.send_signal(signal.SIGKILL)
    killed = numbers()["report"]
    load_table(file, Format.PARQUET)
    assert killed < 30_000
    assert numbers() == {
        "report": 30_000, "report_vector": 30_000, "report_location": 30_000, "sighting": 30_000, "reporter": 3,
        "taken_block": 20, "batch": 40,
    }  # fmt: skip
    assert archived(Dataset.REPORTS).num_rows == archived(Dataset.SIGHTINGS).num_rows == 30_000


def test_what_is_no_table_is_one_rejected_report(place):
    (place / "t.parquet").write_bytes(b"PAR1 and no more")
    counts = load_table(place / "t.parquet", Format.PARQUET)
    assert (counts["received"], counts["rejected"]) == (1, 1)


texts = st.text("aé|: \x1f7", min_size=1, max_size=6).filter(str.strip)
tables = st.lists(
    st.fixed_dictionaries({
        "external_id": texts, "reporter": texts, "source": st.sampled_from(["esp", "public", "police"]),
        "received_at": st.integers(0, 10**8).map(lambda seconds: MOMENT + dt.timedelta(seconds=seconds)),
        "incident_at": st.none() | st.just(MOMENT), "escalated": st.none() | st.booleans(),
        "incidents": st.none() | st.integers(1, 9), "incident_type": st.none() | st.just("possession"),
        "vectors": st.lists(st.sampled_from(["url", "tor"]), max_size=3),
        "countries": st.lists(st.sampled_from(["IN", "BR:victim", "A1"]), max_size=3),
        "files": st.lists(st.sampled_from(["image:" + "0" * 32, "video:" + "1" * 32, "other:"]), max_size=3),
    }),
    max_size=6,
)  # fmt: skip


def plainly(said):
    """Identify a row as the definition says, in plain Python."""

    def micros(moment):
        return (
            ""
            if moment is None
            else str((moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1))
        )

    row = "\x1e".join([
        said["source"], micros(said["received_at"]), said["incident_type"] or "", micros(said["incident_at"]),
        "" if said["escalated"] is None else str(said["escalated"]).lower(), str(said["incidents"] or 1),
        " ".join(sorted(set(said["vectors"]))), " ".join(sorted({each for each in said["countries"] if each != "A1"})),
        " ".join(said["files"]),
    ])  # fmt: skip
    return keyed_digest(KEY, "report", said["reporter"], said["external_id"], "row", row)


@settings(deadline=None)  # the first time a kernel is compiled
@given(tables)
def test_the_engine_makes_the_keys_and_rows_that_plain_python_makes(rows):
    whole = table_of(rows).append_column("raw", pa.nulls(len(rows), pa.string()))
    whole = whole.append_column("fault", pa.nulls(len(rows), pa.string()))
    prepared = prepare(whole, KEY)
    archive = {f"archived_{name}": table for name, table in prepared.archive.items()}
    found = {name: table.to_pylist() for name, table in {**prepared.ledger, **archive}.items()}
    assert list(prepared.refused) == []
    once = {plainly(said): said for said in reversed(rows)}
    assert {each["id"]: each["reporter"] for each in found["report"]} == {
        report: keyed_digest(KEY, "reporter", said["reporter"]) for report, said in once.items()
    }
    assert {(each["report_id"], each["vector"]) for each in found["report_vector"]} == {
        (report, vector) for report, said in once.items() for vector in said["vectors"]
    }
    roles = {"IN": ("IN", "unstated"), "BR:victim": ("BR", "victim")}
    assert {(each["report_id"], each["country"], each["role"]) for each in found["report_location"]} == {
        (report, *roles[token]) for report, said in once.items() for token in said["countries"] if token in roles
    }
    assert {(e["report_id"], e["ordinal"], e["kind"], e["file"]) for e in found["archived_sightings"]} == {
        (report, ordinal, token[:5], keyed_digest(KEY, "md5", token[6:]) if token[6:] else None)
        for report, said in once.items() for ordinal, token in enumerate(said["files"])
    }  # fmt: skip
    assert {each["report_id"]: each["files"] for each in found["archived_reports"]} == {
        report: len(said["files"]) for report, said in once.items()
    }


@pytest.mark.parametrize("form", [Format.CSV, Format.JSONL])
@given(st.integers(1, 400), st.integers(0, 60))
def test_blocks_of_text_hold_every_line_once(tmp_path_factory, form, size, lines):
    file = tmp_path_factory.mktemp("blocks") / "t"
    told = [f'{{"external_id": "{number}"}}' for number in range(lines)]
    file.write_text("\n".join((["external_id"] if form is Format.CSV else []) + told) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tabular, "BLOCK_BYTES", size)
        cut = blocks(file, form)
    content = file.read_bytes()
    assert [line for block in cut for line in content[block.start : block.end].decode().split("\n") if line] == told
    assert len({block.digest() for block in cut}) == len(cut)


@given(st.lists(st.sampled_from(["a\n", '"b\nc"\n', '"d\n\ne",f\n']), max_size=30), st.integers(1, 40))
def test_no_block_of_csv_ends_within_a_quoted_value(tmp_path_factory, rows, size):
    file = tmp_path_factory.mktemp("quoted") / "t"
    file.write_text("external_id\n" + "".join(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tabular, "BLOCK_BYTES", size)
        cut = blocks(file, Format.CSV)
    content = file.read_text()
    assert "".join(content[block.start : block.end] for block in cut) == "".join(rows)
    assert all(content[block.start : block.end].count('"') % 2 == 0 for block in cut)


def test_a_line_is_read_the_same_in_every_form(place):
    said = json.loads(json.dumps(row(1, escalated=True, incidents=2), default=str))
    texts = {
        "t.jsonl": json.dumps(said) + "\n",
        "t.csv": ",".join(said)
        + "\n"
        + ",".join(" ".join(v) if k in LISTS else str(v) for k, v in said.items())
        + "\n",
    }
    for name, text in texts.items():
        (place / name).write_text(text)
    file = written(place, [row(1, escalated=True, incidents=2)])
    received = [load_table(place / name, Format(name[2:]))["received"] for name in ("t.jsonl", "t.csv", file.name)]
    assert received == [1, 0, 0]
