"""People say of members what later runs keep to, on record; a slip is told in one line."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from taken_in import MOMENT, key, record, sighted, taken
from typer.testing import CliRunner

from apps.cli import app
from domain.cluster import ClusterKind, Ruling
from domain.errors import InvalidSettings
from infra.ledger import clusters, schema
from infra.world import world
from tasks.clustering.telling import card, notable, rule, standings


@pytest.fixture
def two(data):
    """Have two files of one cluster."""
    with world().ledger.begin() as connection:
        record(connection, taken("one", sighted("a")), taken("two", sighted("b")))
        clusters.record(connection, ClusterKind.COPIES, {key("a"): "x" * 32, key("b"): "x" * 32}, MOMENT)
    return data


def test_what_is_ruled_is_kept_with_a_pseudonym_and_stands_in_the_audit(two):
    rule(ClusterKind.COPIES, key("b"), key("a"), same=False, by="analyst 7", reason="another room")
    with world().ledger.begin() as connection:
        assert clusters.rulings(connection, ClusterKind.COPIES) == [Ruling(key("a"), key("b"), same=False)]
        by, reason = connection.execute(select(schema.cluster_ruling.c.ruled_by, schema.cluster_ruling.c.reason)).one()
        (act,) = connection.scalars(select(schema.audit.c.action))
    assert (reason, "7" not in by or len(by) == 32, act) == ("another room", True, "cluster_ruled")
    assert "analyst 7" not in by


@pytest.mark.parametrize(("one", "other", "told"), [("a", "a", "these are one"), ("a", "z", "there is no z")])
def test_a_ruling_of_one_member_or_of_none_is_refused(two, one, other, told):
    with pytest.raises(InvalidSettings, match=told):
        rule(ClusterKind.COPIES, key(one), key(other), same=True, by="7")


def test_a_cluster_that_is_not_there_is_told(two):
    with pytest.raises(InvalidSettings, match="no cluster y has members"):
        card("y")
    assert [one.members for one in standings(ClusterKind.COPIES)] == [2]


def test_the_commands_show_whole_ids_and_keep_what_is_said(two):
    run = CliRunner().invoke
    shown = run(app, ["clusters", "--data", str(two)])
    assert "x" * 32 in shown.output
    one = run(app, ["clusters", "show", "x" * 32, "--data", str(two)])
    assert key("a") in one.output
    assert "look first at" in one.output
    assert "confidence" not in one.output
    with world().ledger.begin() as connection:
        connection.execute(update(schema.cluster).values(confidence=0.417))
    assert "2 members, confidence 0.42" in run(app, ["clusters", "show", "x" * 32, "--data", str(two)]).output
    said = run(app, ["clusters", "apart", "copies", key("a"), key("b"), "--analyst", "7", "--data", str(two)])
    assert (said.exit_code, "apart" in said.output) == (0, True)


def test_the_largest_the_fastest_growing_and_the_newly_merged_are_listed_by_ids_and_counts(data):
    now = datetime.now(UTC)
    with world().ledger.begin() as connection:
        record(connection, *(taken(name, sighted(name)) for name in "abcde"))
        record(connection, *(taken(name, sighted(name), received_at=now) for name in "xyz"))
        old, new = dict.fromkeys(map(key, "abc"), "o" * 32), dict.fromkeys(map(key, "xyz"), "n" * 32)
        clusters.record(connection, ClusterKind.COPIES, old | new | dict.fromkeys(map(key, "de"), "m" * 32), MOMENT)
        clusters.record(connection, ClusterKind.COPIES, old | new | dict.fromkeys(map(key, "de"), "o" * 32), now)
    told = [tuple(row.values()) for row in notable()]
    assert told == [
        ("copies", "largest", "o" * 12, 5, 0),
        ("copies", "largest", "n" * 12, 3, 3),
        ("copies", "fastest growing", "n" * 12, 3, 3),
        ("copies", f"merged, with {'m' * 12}", "o" * 12, 2, ""),
    ]


def test_what_became_of_a_cluster_is_shown_with_its_dates_and_long_rows_are_cut_short(two):
    later = MOMENT + timedelta(days=40)
    with world().ledger.begin() as connection:
        for number, day in (("y", MOMENT), ("x", later)):
            clusters.record(connection, ClusterKind.COPIES, dict.fromkeys([key("a"), key("b")], number * 32), day)
    shown = CliRunner().invoke(app, ["clusters", "show", "x" * 32, "--data", str(two)]).output
    assert f"{later:%Y-%m-%d %H:%M} split from {'y' * 12}, 2 members" in shown
    few = CliRunner().invoke(app, ["clusters", "show", "x" * 32, "--most", "1", "--data", str(two)]).output
    assert "… 1 more; --most shows them" in few
    assert "… 1 more before that" in few


def test_in_a_folder_without_anything_the_commands_say_so(tmp_path, monkeypatch):
    monkeypatch.setenv("BREAKWATER_DATA", str(tmp_path))
    world.cache_clear()
    run = CliRunner().invoke
    shown = run(app, ["clusters"])
    assert (shown.exit_code, "Nothing is clustered yet" in shown.output) == (0, True)
    for words in (["clusters", "show", "abc"], ["clusters", "apart", "scenes", "a", "b", "--analyst", "7"]):
        assert isinstance(run(app, words).exception, InvalidSettings)
    world().ledger.dispose()
    world.cache_clear()
