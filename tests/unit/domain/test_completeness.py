"""Completeness counts what locates someone, and nothing else."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.completeness import PARTS, completeness, missing
from domain.report import (
    Identifier,
    IncidentType,
    Location,
    LocationRole,
    Particular,
    PersonRole,
    Receipt,
    Report,
    Source,
)

MOMENT = datetime(2016, 5, 3, tzinfo=UTC)
particulars = st.builds(Particular, st.sampled_from(PersonRole), st.sampled_from(Identifier), st.just("x"))
locations = st.builds(Location, st.sampled_from(["IN", "BR"]), st.sampled_from(LocationRole))


def report(known=(), places=(), incident_at=MOMENT, **said):
    receipt = Receipt("1", "esp", Source.ESP, MOMENT)
    return Report(
        receipt, IncidentType.POSSESSION, incident_at, particulars=frozenset(known), locations=frozenset(places), **said
    )


def test_the_points_sum_to_a_hundred():
    assert sum(points for points, _ in PARTS.values()) == 100


def test_a_report_with_nothing_lacks_everything():
    empty = report(incident_at=None)
    assert (completeness(empty), missing(empty)) == (0, tuple(PARTS))


def test_a_report_with_everything_lacks_nothing():
    known = [Particular(PersonRole.SUSPECT, kind, "x") for kind in Identifier]
    full = report(known, [Location("IN", LocationRole.SUSPECT)])
    assert (completeness(full), missing(full)) == (100, ())


def test_particulars_of_victims_locate_no_suspect():
    victims = report([Particular(PersonRole.VICTIM, kind, "x") for kind in Identifier], incident_at=None)
    assert completeness(victims) == 0


@given(st.frozensets(particulars), st.frozensets(locations), particulars)
def test_more_known_never_counts_less_and_what_lacks_is_the_rest(known, places, another):
    before, after = report(known, places), report(known | {another}, places)
    assert completeness(before) <= completeness(after)
    assert completeness(before) == 100 - sum(PARTS[name][0] for name in missing(before))


@given(st.booleans(), st.booleans())
def test_urgency_is_no_part_of_it(escalated, batched):
    assert completeness(report(escalated=escalated, batched=batched)) == completeness(report())
