"""Every act leaves its row in the transaction that does it, and a broken chain fails with what to do."""

import json
from datetime import UTC, datetime

import pytest
from bits import oriented, some
from listed import entry, import_entries, rows, store, write
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError
from taken_in import key, record, sighted, taken

from apps.gateway.access import add_reporter
from domain.audit import Act, Breach
from domain.cluster import ClusterKind
from domain.errors import AuditBroken
from domain.lists import ListFormat, Vote
from domain.report import Source
from infra.ledger import schema
from infra.world import world
from tasks.auditing import check_audit, insist, last_noted, verify
from tasks.clustering.telling import rule
from tasks.decoding import record_opening
from tasks.lists import governing
from tasks.lists.exporting import export_list
from tasks.matching import match_entries, match_files
from tasks.reports.annotating import annotate
from tasks.reports.bundling import bundle_floods, undo
from tasks.retaining import hold, lift
from tasks.sweeping import forget_old_keys, rotate

PRINT = ("pdq", some(7).hex())


@pytest.fixture
def house(data, monkeypatch):
    """Have three reports of one file that stand as one, a list of another's, an entry of our own, and a hold."""
    monkeypatch.setenv("BREAKWATER_BUNDLE_REPORTS", "3")
    monkeypatch.setenv("BREAKWATER_FLOOD_FILES", "1")
    world.cache_clear()
    with world().ledger.begin() as connection:
        record(connection, *(taken(name, sighted("flood")) for name in ("one", "two", "three")))
    bundle_floods.fn()
    import_entries(data, "theirs", entry("e1", some(1)))
    governing.propose("own", "case", [PRINT], "A1", "7")
    for reviewer in "89":
        governing.vote("own", "case", Vote.UP, reviewer, "A1")
    hold(key("two"), "a letter")
    rotate()
    return data


def bundle():
    with world().ledger.connect() as connection:
        return connection.scalar(select(schema.bundle.c.id))


def flood():
    store("a", oriented(some(1))), store("b", oriented(some(1)))
    match_files.fn()


ACTS = {
    Act.ANNOTATED: lambda _: annotate(key("one"), "country", ["DE:suspect", "FR"], "7"),
    Act.BUNDLE_UNDONE: lambda _: undo(bundle()),
    Act.LIST_IMPORTED: lambda data: import_entries(data, "theirs", entry("e2", some(2))),
    Act.LIST_EXPORTED: lambda data: export_list("theirs", ListFormat.CSV, data / "out.csv"),
    Act.LIST_TERMS_CHANGED: lambda _: governing.agree("theirs", {"radius": 20}),
    Act.ENTRY_PROPOSED: lambda _: governing.propose("own", "other", [PRINT], "A1", "7"),
    Act.ENTRY_VOTED: lambda _: governing.vote("theirs", "e1", Vote.DOWN, "7", reason="a landscape"),
    Act.ENTRY_WITHDRAWN: lambda _: governing.withdraw("own", "case"),
    Act.ENTRY_QUARANTINED: lambda _: governing.quarantine("own", "case"),
    Act.VOTES_HANDED_OVER: lambda data: governing.write_back("theirs", data / "votes.csv"),
    Act.CLUSTER_RULED: lambda _: rule(ClusterKind.REPORTS, key("one"), key("two"), same=True, by="7"),
    Act.HOLD_PLACED: lambda _: hold(key("one"), "another letter"),
    Act.HOLD_LIFTED: lambda _: lift(key("two")),
    Act.FILES_OPENED: lambda _: record_opening("fingerprint", 3),
    Act.KEY_ADDED: lambda _: rotate(),
    Act.OLD_KEYS_FORGOTTEN: lambda _: forget_old_keys(),
    Act.REPORTER_LET_IN: lambda _: add_reporter("esp-77", Source.ESP),
}
ELSEWHERE = {
    Act.ENTRY_RELEASED, Act.REPORTER_SHUT_OUT, Act.ROLES_GRANTED, Act.ACCOUNT_LET_IN, Act.EVALUATION_SET_IMPORTED,
    Act.MODEL_REGISTERED, Act.MODEL_PROMOTION_BEGUN, Act.MODEL_PROMOTED, Act.POLICY_PROPOSED, Act.POLICY_APPROVED,
    Act.CASE_DECIDED, Act.CASE_ADDRESSED, Act.PACKAGE_MADE, Act.PACKAGE_SENT, Act.PACKAGE_ACKNOWLEDGED,
    Act.PACKAGE_RECALLED, Act.FEEDBACK_TAKEN,
}  # fmt: skip


def acts():
    return [(row[3], json.loads(row[5])) for row in sorted(rows(schema.audit))]


def everything(data):
    """Give all that the ledger and the folder hold, but the audit chain and the databases' own files."""
    tables = {name: rows(table) for name, table in schema.metadata.tables.items() if name != "audit"}
    files = {file: file.read_bytes() for file in data.rglob("*") if file.is_file() and "ledger.db" not in file.name}
    return tables, files


def test_every_act_is_tried_here_or_elsewhere():
    assert set(ACTS) | ELSEWHERE == set(Act)


@pytest.mark.parametrize("act", ACTS)
def test_an_act_leaves_a_row(house, act):
    before = acts()
    ACTS[act](house)
    added = acts()[len(before) :]
    assert act in [told for told, _ in added]
    assert verify().breach is None
    with world().ledger.connect() as connection:
        actors = set(connection.scalars(select(schema.audit.c.actor)))
    assert actors == {world().audit.actor}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_whose_row_is_refused_is_not_done(house, act):
    write(house / "theirs.csv", entry("e2", some(2)))  # what only lies there is no act
    before = everything(house)
    with world().ledger.begin() as connection:
        connection.exec_driver_sql("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(DBAPIError, match="full"):
        ACTS[act](house)
    if act is Act.LIST_IMPORTED:
        before[1].pop(house / "theirs.csv")
    after = everything(house)
    assert after[0] == before[0]
    assert {file: content for file, content in after[1].items() if file in before[1]} == before[1]
    assert (house / "out.csv").exists() is False


def test_what_a_row_tells_are_codes_counts_and_surrogates(house):
    ACTS[Act.ANNOTATED](house), ACTS[Act.ENTRY_VOTED](house), ACTS[Act.LIST_TERMS_CHANGED](house)
    annotated, voted, changed = acts()[-3:]
    by = world().surrogate("analyst", "7")
    assert annotated == ("annotated", {"by": by, "codes": ["DE:suspect", "FR"], "field": "country", "ordinal": -1})
    assert voted == ("entry_voted", {"by": by, "vote": "down"})
    assert changed == ("list_terms_changed", {"terms": ["radius"]})
    told = " ".join(str(row) for row in rows(schema.audit))
    assert not any(secret in told for secret in ("theirs", "case", "landscape", PRINT[1], "letter", "esp-01"))


def test_a_vote_tells_into_which_state_it_put_the_entry(house):
    states = [details["state"] for act, details in acts() if act == Act.ENTRY_VOTED]
    assert states == ["proposed", "proposed", "active"]
    governing.quarantine("own", "case")
    governing.release("own", "case")
    assert acts()[-1][0] == Act.ENTRY_RELEASED


def test_entries_that_flood_are_one_row_a_run(house):
    flood()
    match_entries.fn()
    assert [details for act, details in acts() if act == Act.ENTRY_QUARANTINED] == [{"entries": 1}]


def test_what_is_done_again_without_a_change_leaves_no_row(house):
    before = acts()
    import_entries(house, "theirs", entry("e1", some(1)))
    governing.vote("own", "case", Vote.UP, "8", "A1")
    record_opening("fingerprint", 0)
    assert acts() == before


def test_a_whole_chain_is_noted_and_said(house):
    verdict = check_audit.fn()
    insist(verdict)
    assert last_noted() == verdict
    assert f"{verdict.rows} rows, the last of hash {verdict.head}" in str(verdict)
    assert check_audit.fn() == verdict
    assert len((house / "audit.heads").read_text().splitlines()) == 1


def test_a_broken_chain_is_noted_nowhere_and_fails_with_what_to_do(house):
    whole = check_audit.fn()
    annotate(key("one"), "vector", ["sms"], "7")
    with world().ledger.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_refuses_update")
        connection.exec_driver_sql("UPDATE audit SET actor = 'nobody' WHERE number = 2")
    broken = check_audit.fn()
    assert (broken.rows, broken.breach) == (1, Breach.CHANGED)
    assert last_noted() == whole
    with pytest.raises(AuditBroken, match=r"row 2 was changed.*audit\.heads.*docs/operator\.md"):
        insist(broken)


def test_a_cut_since_the_last_night_is_found(house):
    whole = check_audit.fn()
    with world().ledger.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_refuses_delete")
        connection.exec_driver_sql(f"DELETE FROM audit WHERE number > {whole.rows - 2}")
    assert (verify().rows, verify().breach) == (whole.rows - 2, Breach.CUT)


def test_the_chain_of_another_installation_does_not_pass_here(house):
    names = world().settings.name_key_file
    names.write_text("0" * 64)
    world.cache_clear()
    assert verify().rows == 0
    assert verify().breach is Breach.CHANGED


def test_a_chain_is_verified_in_pieces(data, monkeypatch):
    monkeypatch.setattr("infra.ledger.audit.PIECE", 3)
    for _ in range(8):
        record_opening("fingerprint", 1)
    assert verify().rows == 8


def test_rows_are_given_from_a_day_on(data):
    from infra.ledger.audit import since

    record_opening("fingerprint", 1)
    with world().ledger.begin() as connection:
        (row,) = connection.execute(select(schema.audit)).mappings()
        connection.execute(insert(schema.audit), [{**row, "number": 2, "at": datetime(2030, 1, 1, tzinfo=UTC)}])
        assert [each.number for each in since(connection, datetime(2029, 1, 1, tzinfo=UTC))] == [2]


def test_content_is_opened_where_it_is_known_to_be():
    """Whoever opens content elsewhere must put it on record, and name the place here."""
    import re
    from pathlib import Path

    root = Path(__file__).parents[3]
    opens = re.compile(r"blobs(?:\(\))?\.(?:read|pieces|unseal)\(|particulars_of\(")
    found = {
        str(file.relative_to(root))
        for package in ("apps", "flows", "tasks", "infra")
        for file in (root / package).rglob("*.py")
        if opens.search(file.read_text())
    }
    assert found == {
        "tasks/decoding.py",  # stages, which count what they open before they do
        "tasks/reports/drafts.py",  # the gateway, as it takes a report in
        "tasks/reports/taking.py",  # defines `particulars_of`
        "tasks/referring/contents.py",  # for a package, whose making is on record before
        "tasks/referring/packing.py",  # likewise
        "tasks/referring/deciding.py",  # reads in which state a report's places are, and tells desks alone
        "infra/stack/checks.py",  # the probe of `doctor`, its own bytes
    }
