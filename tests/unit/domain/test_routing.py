"""Routing: everyone who should receive a report does, with reasons; what nobody settles goes to a person."""

from datetime import date, timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from domain.referral import Recipient
from domain.report import LocationRole
from domain.routing import MANUAL, Desk, Located, Place, Table, Term, Why, route

ON = date(2026, 1, 1)
NATIONAL, UNION, FEDERAL, STATE = (
    Desk("de", Recipient.INTERNATIONAL, "Germany"),
    Desk("europol", Recipient.INTERNATIONAL, "Europol"),
    Desk("us-federal", Recipient.FEDERAL, "Federal"),
    Desk("us-icac-ca", Recipient.ICAC, "California"),
)
TABLE = Table(
    {
        "DE": (Term("DE", NATIONAL), Term("DE", UNION, 2)),
        "FR": (Term("FR", UNION),),
        "GB": (Term("GB", UNION, ends=date(2020, 12, 31)),),
        "US": (Term("US", FEDERAL),),
        "US-CA": (Term("US-CA", STATE), Term("US-CA", FEDERAL, 2)),
    },
    {
        "incident.tourism": (Term("incident.tourism", FEDERAL, within="US"),),
        "escalated": (Term("escalated", UNION, begins=date(2026, 1, 2)),),
    },
)


def at(country, role=LocationRole.SUSPECT, state=""):
    return Located(Place(country, state), role)


def told(located, signals=(), on=ON, reachable=None):
    return {
        one.desk.code: [str(reason) for reason in one.reasons] for one in route(located, signals, on, TABLE, reachable)
    }


def test_a_report_goes_to_the_desk_of_its_place():
    assert told([at("DE")]) == {"de": ["place suspect DE"]}


def test_several_places_have_several_recipients_and_one_of_them_several_reasons():
    found = told([at("DE"), at("DE", LocationRole.VICTIM), at("US", LocationRole.VICTIM, "CA")])
    assert found == {"de": ["place suspect DE", "place victim DE"], "us-icac-ca": ["place victim US-CA"]}


def test_a_state_that_is_unknown_or_none_goes_to_the_country():
    assert told([at("US")]) == {"us-federal": ["without_state suspect US"]}
    assert told([at("US", state="ZZ")]) == {"us-federal": ["without_state suspect US-ZZ"]}


def test_the_next_desk_receives_it_where_the_first_has_no_address_and_says_so():
    assert told([at("DE")], reachable={"europol"}) == {"europol": ["in_place_of de", "place suspect DE"]}
    assert told([at("DE")], reachable={"de", "europol"}) == {"de": ["place suspect DE"]}
    assert told([at("DE")], reachable=set()) == {"de": ["place suspect DE"]}


def test_a_signal_adds_a_desk_within_its_country_alone():
    assert told([at("US", state="CA")], ["incident.tourism"]) == {
        "us-federal": ["signal incident.tourism US"],
        "us-icac-ca": ["place suspect US-CA"],
    }
    assert told([at("DE")], ["incident.tourism"]) == {"de": ["place suspect DE"]}


def test_rows_hold_on_their_days_alone():
    assert told([at("GB")], on=date(2020, 12, 31)) == {"europol": ["place suspect GB"]}
    assert told([at("GB")], on=date(2021, 1, 1)) == {"manual": ["unknown_place suspect GB"]}
    assert "europol" not in told([at("DE")], ["escalated"])
    assert "europol" in told([at("DE")], ["escalated"], on=date(2026, 1, 2))


def test_what_no_table_knows_goes_to_a_person():
    assert told([]) == {"manual": ["no_place"]}
    assert told([at("ZZ")]) == {"manual": ["unknown_place suspect ZZ"]}


def test_what_an_address_says_counts_alone_and_a_conflict_goes_to_a_person_as_well():
    inferred = at("DE", LocationRole.ADDRESS)
    assert told([inferred]) == {"de": ["inferred address DE"]}
    assert told([at("DE"), inferred]) == {"de": ["place suspect DE"]}
    assert told([at("FR"), inferred]) == {"europol": ["place suspect FR"], "manual": ["conflict address DE"]}
    assert told([at("DE", LocationRole.VICTIM), inferred]) == {"de": ["place victim DE"]}
    victim = at("FR", LocationRole.VICTIM)
    assert told([victim, inferred]) == {"europol": ["place victim FR"], "manual": ["conflict address DE"]}


def test_a_person_whom_a_row_names_can_always_be_reached():
    rows = (Term("FR", MANUAL), Term("FR", UNION, 2))
    (only,) = route([at("FR")], (), ON, Table({"FR": rows}, {}), {"europol"})
    assert only.desk == MANUAL


def test_so_many_countries_of_one_role_are_a_person_s_choice_too():
    found = told([at(code) for code in ("DE", "FR", "US", "GB")])
    assert {"de", "europol", "us-federal", "manual"} <= set(found)
    assert "too_many_places suspect" in found["manual"]


places = st.builds(Place, st.sampled_from(["DE", "FR", "GB", "US", "ZZ", "AQ"]), st.sampled_from(["", "CA", "ZZ"]))
located = st.frozensets(st.builds(Located, places, st.sampled_from(list(LocationRole))), max_size=6)
signals = st.frozensets(st.sampled_from(["incident.tourism", "escalated", "vector.tor"]))
days = st.integers(-3000, 3000).map(lambda number: ON + timedelta(number))


@given(located, signals, days, st.one_of(st.none(), st.frozensets(st.sampled_from(["de", "europol", "us-federal"]))))
def test_nothing_is_lost(located, signals, on, reachable):
    found = route(located, signals, on, TABLE, reachable)
    assert found
    assert all(one.reasons for one in found)
    assert len({one.desk for one in found}) == len(found)
    stated = {one for one in located if one.role is not LocationRole.ADDRESS} or located
    reasons = {str(reason) for one in found for reason in one.reasons}
    for one in stated:
        assert any(reason.endswith(f"{one.role} {one.place}") for reason in reasons), one
    assert found == route(list(located)[::-1], signals, on, TABLE, reachable)


@given(located, signals)
def test_more_places_take_no_recipient_away_but_the_person(located, signals):
    stated = frozenset(one for one in located if one.role is not LocationRole.ADDRESS)
    before = {one.desk for one in route(stated, signals, ON, TABLE)} - {MANUAL}
    for country, role in product(("DE", "US"), (LocationRole.SUSPECT, LocationRole.VICTIM)):
        after = {one.desk for one in route(stated | {at(country, role)}, signals, ON, TABLE)}
        assert before <= after


def test_every_reason_is_given_somewhere():
    given_ = {
        reason.why
        for located in ([], [at("ZZ")], [at("US")], [at("DE"), at("FR", LocationRole.ADDRESS)],
                        [at("DE", LocationRole.ADDRESS)], [at(code) for code in ("DE", "FR", "US", "GB")])
        for one in route(located, ["incident.tourism"], ON, TABLE, {"europol"})
        for reason in one.reasons
    }  # fmt: skip
    assert given_ == set(Why) - {Why.ANALYST}
