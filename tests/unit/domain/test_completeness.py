"""Completeness counts what locates someone, and nothing else."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.completeness import PARTS, completeness, leads, missing, would_raise
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
    whole = Report(
        receipt, IncidentType.POSSESSION, incident_at, particulars=frozenset(known), locations=frozenset(places), **said
    )
    return leads(whole)


def test_the_points_sum_to_a_hundred():
    assert sum(part.points for part in PARTS.values()) == 100


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
    assert completeness(before) == 100 - sum(PARTS[name].points for name in missing(before))


@given(st.booleans(), st.booleans())
def test_urgency_is_no_part_of_it(escalated, batched):
    assert completeness(report(escalated=escalated, batched=batched)) == completeness(report())


def test_what_would_raise_it_is_said_in_words_with_its_points():
    known = [Particular(PersonRole.SUSPECT, kind, "x") for kind in Identifier if kind is not Identifier.IP_ADDRESS]
    lacking = missing(report(known))
    told = "what would raise this: an IP address of those reported +30, the suspect's country +10"
    assert would_raise(lacking) == told
    assert would_raise(()) == ""
