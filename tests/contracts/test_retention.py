"""What is past its retention, on both databases, beside an account of it that counts thing by thing."""

import random
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update
from taken_in import held, key, record, sighted, taken, utc

from domain.errors import InvalidSettings
from domain.model import Role
from domain.report import Rejection
from domain.retention import SOON_DAYS, Clock, Event, Held, Standing
from infra.ledger import evaluation_sets, retention, schema
from infra.ledger.engine import migrate, reading
from infra.ledger.evaluation_sets import Told
from infra.ledger.roles import METADATA, make_roles

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = {Held.MEDIA: 100, Held.DOCUMENT: 300, Held.REJECTED: 50, Held.PERSON: 70, Held.DRAFT: 2, Held.ARCHIVE: 400,
        Held.EVALUATION: 200}  # fmt: skip
EVENTS = {Held.DRAFT: Event.OPENED, Held.EVALUATION: Event.IMPORTED}
CLOCKS = {each: Clock(days, EVENTS.get(each, Event.RECEIVED), "a test") for each, days in DAYS.items()}
ORDER = ["past", "soon", "later", "undated", "on_hold"]


def ago(days):
    return NOW - timedelta(days=days)


def seal(connection, *names):
    """Have keys of these files, without which they are not held."""
    rows = [{"blob_id": key(name), "object": secrets.token_hex(32), "kek": "k", "wrapped": b""} for name in names]
    connection.execute(insert(schema.blob_key), rows)


def standing(ledger, role=None):
    with reading(ledger) as connection:
        if role:
            connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
        return retention.standing(connection, CLOCKS, NOW)


def clock(event, of):
    """Say where something stands whose clock runs from an event."""
    if event is None:
        return "undated"
    left = utc(event) + timedelta(days=DAYS[of]) - NOW
    return "past" if left <= timedelta() else "soon" if left <= timedelta(days=SOON_DAYS) else "later"


def file_by_hand(uses):
    """Say where a file stands that these reports need: class, state, event."""
    order = [Held.EVALUATION, Held.REJECTED, Held.DOCUMENT, Held.MEDIA]
    events = [utc(event) for event, *_ in uses if event]
    worst = max((state for *_, state in uses), key=ORDER.index)
    return max((of for _, of, _ in uses), key=order.index), worst, max(events, default=None)


def uses_of(blob, tables, needed):
    """List which reports need a file, as what."""
    documents = [(row["report_id"], Held.DOCUMENT) for row in tables["report_document"] if row["blob_id"] == blob]
    media = [(row["report_id"], Held.MEDIA) for row in tables["sighting"] if row["blob_id"] == blob]
    details = [(row["report_id"], Held.DOCUMENT) for row in tables["sighting"] if row["details_blob_id"] == blob]
    imported = {(row["name"], row["version"]): row["imported_at"] for row in tables["evaluation_set"]}
    evaluated = [imported[row["name"], row["version"]] for row in tables["evaluation_item"] if row["blob_id"] == blob]
    return [needed(report, of) for report, of in documents + media + details] + [
        (event, Held.EVALUATION, clock(event, Held.EVALUATION)) for event in evaluated
    ]


def by_hand(ledger):
    """Count thing by thing."""
    with ledger.connect() as connection:
        tables = {
            name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for name, table in schema.metadata.tables.items()
        }
    kept = {row["report_id"] for row in tables["hold"] if row["lifted_at"] is None}
    reports = {row["id"]: row for row in tables["report"]}

    def needed(report_id, of):
        report = reports[report_id]
        of = Held.REJECTED if report["rejection"] and of in {Held.MEDIA, Held.DOCUMENT} else of
        return report["received_at"], of, "on_hold" if report_id in kept else clock(report["received_at"], of)

    uses = [uses_of(file["blob_id"], tables, needed) for file in tables["blob_key"]]
    things = [file_by_hand(each) for each in uses if each]
    of_reports = [needed(row["report_id"], Held.PERSON) for row in tables["person"]]
    of_reports += [needed(name, Held.ARCHIVE) for name, row in reports.items() if row["archived"]]
    things += [(of, state, utc(event)) for event, of, state in of_reports]
    opened = {row["number"]: utc(row["opened_at"]) for row in tables["draft"] if row["state"] == "open"}
    parts = [opened[row["number"]] for row in tables["draft_part"] if row["number"] in opened]
    things += [(Held.DRAFT, clock(event, Held.DRAFT), event) for event in parts]
    return {each: summed([(state, event) for of, state, event in things if of is each]) for each in Held}


def summed(told):
    numbers = {name: sum(state == name for state, _ in told) for name in ORDER if name != "later"}
    oldest = min((event for state, event in told if state == "past"), default=None)
    return Standing(held=len(told), **numbers, oldest=oldest)


@pytest.fixture
def kept(ledger):
    """Have some of everything, drawn by lot."""
    migrate(ledger)
    rng = random.Random(5)
    names = [f"f{number}" for number in range(40)]
    everything = []
    for number in range(60):
        files = [sighted(name) for name in rng.sample(names, 2)]
        rejection = Rejection.SCHEMA if number % 5 == 0 else None
        everything.append(taken(f"r{number}", *files, received_at=ago(rng.randrange(0, 450)), rejection=rejection))
    with ledger.begin() as connection:
        record(connection, *everything)
        undated = update(schema.report).where(schema.report.c.id.in_([key("r15"), key("r30")]))
        connection.execute(undated.values(received_at=None))
        brought = connection.scalars(select(schema.blob.c.id).where(schema.blob.c.id.in_(map(key, names[:35]))))
        seal(
            connection,
            *(name.rstrip(".") for name in brought),
            *(f"document of r{number}" for number in range(0, 60, 3)),
        )
        connection.execute(
            update(schema.sighting)
            .where(schema.sighting.c.report_id == key("r1"))
            .values(details_blob_id=key("document of r3"))
        )
        persons = [
            {"report_id": key(f"r{number}"), "kek": "k", "wrapped": b"", "content": b""} for number in range(1, 60, 4)
        ]
        connection.execute(insert(schema.person), persons)
        connection.execute(update(schema.report).where(schema.report.c.rejection.is_(None)).values(archived=True))
        for number in range(6):
            at = {"opened_at": ago(number / 2 + 0.1), "changed_at": NOW}
            state = "finished" if number == 5 else "open"
            connection.execute(insert(schema.draft), {"number": number, "reporter": "r", "state": state, **at})
            one = held(f"part {number}")
            part = {"number": number, "name": "report.xml", "blob_id": one.blob, "sha256": "", "sha1": "", "md5": "",
                    "size": 1, "media_type": "", "kind": ""}  # fmt: skip
            connection.execute(insert(schema.draft_part), part)
        for number in range(8):
            items = [Told(held(name), "true") for name in (f"e{number}", *rng.sample(names[:35], 2))]
            evaluation_sets.record(connection, "set", Role.CLASSIFIER, f"v{number}", items, ago(50 * number))
        seal(connection, *(f"e{number}" for number in range(8)))
        for number in (2, 7, 9):
            retention.place_hold(connection, key(f"r{number}"), "a letter", NOW)
        retention.lift_holds(connection, key("r9"), NOW)
    return ledger


def test_it_is_as_counted_thing_by_thing(kept):
    found = standing(kept)
    assert found == by_hand(kept)
    for name in ("past", "soon", "on_hold"):
        assert sum(getattr(one, name) for one in found.values()) > 3, name
    assert found[Held.REJECTED].undated
    assert found[Held.EVALUATION].past


def test_the_role_for_metadata_counts_the_same(kept):
    if kept.dialect.name == "sqlite":
        pytest.skip("SQLite has no roles")
    with kept.begin() as connection:
        make_roles(connection)
    assert standing(kept, METADATA) == standing(kept)


def test_a_file_that_another_report_still_needs_is_not_past(ledger):
    migrate(ledger)
    with ledger.begin() as connection:
        record(connection, taken("old", sighted("a"), received_at=ago(200)))
        seal(connection, "a")
    assert standing(ledger)[Held.MEDIA] == Standing(held=1, past=1, oldest=ago(200))
    with ledger.begin() as connection:
        record(connection, taken("new", sighted("a"), received_at=ago(80)))
    assert standing(ledger)[Held.MEDIA] == Standing(held=1, soon=1)
    with ledger.begin() as connection:
        retention.place_hold(connection, key("old"), "a letter", NOW)
    assert standing(ledger)[Held.MEDIA] == Standing(held=1, on_hold=1)


def test_a_file_of_an_evaluation_set_is_kept_as_long_as_the_set(ledger):
    migrate(ledger)
    with ledger.begin() as connection:
        record(connection, taken("old", sighted("a"), received_at=ago(200)))
        evaluation_sets.record(
            connection, "set", Role.CLASSIFIER, "v", [Told(held("a"), "x"), Told(held("b"), "y")], ago(20)
        )
        seal(connection, "a", "b")
    found = standing(ledger)
    assert (found[Held.MEDIA], found[Held.EVALUATION]) == (Standing(held=1), Standing(held=1))


def test_a_file_without_its_key_is_not_held(ledger):
    migrate(ledger)
    with ledger.begin() as connection:
        record(connection, taken("old", sighted("a"), received_at=ago(200)))
    assert standing(ledger)[Held.MEDIA] == Standing()


def test_what_is_not_there_is_neither_held_nor_let_go(ledger):
    migrate(ledger)
    with pytest.raises(InvalidSettings, match="no such report"), ledger.begin() as connection:
        retention.place_hold(connection, key("none"), "a letter", NOW)
    with pytest.raises(InvalidSettings, match="no hold stands"), ledger.begin() as connection:
        retention.lift_holds(connection, key("none"), NOW)
