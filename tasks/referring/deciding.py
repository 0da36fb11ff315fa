"""Deciding: a person says that a report is to be referred; the tables say to whom, and what they leave open is told."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from domain.audit import Act
from domain.case import Decided, Open
from domain.errors import CaseRefused
from domain.referral import Detail
from domain.report import Identifier, Location, LocationRole, Particular, PersonRole
from domain.routing import MANUAL, Desk, Located, Place, Reason, Routed, Why, route
from infra.ledger import cases, dossiers
from infra.ledger.dossiers import Known
from infra.ledger.engine import reading
from infra.world import world
from tasks.reports.taking import particulars_of

_OF = {
    PersonRole.SUSPECT: LocationRole.SUSPECT,
    PersonRole.VICTIM: LocationRole.VICTIM,
    PersonRole.RECIPIENT: LocationRole.RECIPIENT,
}
_COUNTRY = {"US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA"}


def located(locations: Collection[Location], particulars: Collection[Particular]) -> frozenset[Located]:
    """Give the places of a report: its countries, and for the United States the states in postal addresses.

    A country with a state does not stand without one as well.
    """
    states = {
        Located(Place("US", state), _OF[one.role])
        for one in particulars
        if one.role in _OF and one.kind is Identifier.POSTAL_ADDRESS and (state := us_state(one.value))
    }
    whose = {one.role for one in states}
    countries = {
        Located(Place(one.country), one.role) for one in locations if one.country != "US" or one.role not in whose
    }
    return frozenset(countries | states)


def us_state(address: str) -> str:
    """Give the state of a postal address as the ledger keeps it (parts and commas), where that is sure; else nothing.

    Sure is a part of two capital letters right before the country, which is the United States.
    """
    parts = [part.strip() for part in address.split(",")]
    if len(parts) > 1 and parts[-1].upper() in _COUNTRY and re.fullmatch("[A-Z]{2}", parts[-2]):
        return parts[-2]
    return ""


def routed(report: str) -> tuple[Routed, ...]:
    """Say to whom a report would go today, and why; nothing is written.

    Raises:
        CaseRefused: there is no such report to refer.
        InvalidSettings: this process holds no sealing key, and the report has particulars.
    """
    with reading(world().ledger) as connection:
        return _routed(report, dossiers.known(connection, report))


def decide(report: str, detail: Detail, analyst: str, desks: Sequence[str] = ()) -> tuple[Routed, ...]:
    """Decide that a report is to be referred, and give everyone that it goes to.

    Args:
        report: its surrogate id.
        detail: how much it lets its recipients do.
        analyst: who says so; kept as a surrogate.
        desks: codes of desks that are to have it beside those that the tables name; with any, none waits for a person.

    Raises:
        CaseRefused: there is no such report, it is decided already, or a desk is none.
    """
    at, by = datetime.now(UTC), world().analyst(analyst)
    with world().ledger.begin() as connection:
        found = _routed(report, dossiers.known(connection, report))
        standing = cases.standing(connection, report)
        if not isinstance(standing, Open):
            raise CaseRefused("the report is decided already; recall what was sent, or address what was not")
        case = standing.decide(detail, by, at)
        chosen = _with_chosen(found, desks)
        cases.decide(connection, case, chosen)
        codes = [each.desk.code for each in chosen]
        world().audit.append(connection, Act.CASE_DECIDED, report, by=by, detail=detail, desks=codes)
    return chosen


def address(report: str, analyst: str, desks: Sequence[str]) -> int:
    """Say which desks a decided report goes to, in place of those it was not packed for yet; count them.

    Raises:
        CaseRefused: the report is not decided, a desk is none, or what it had of this decision was recalled.
    """
    by = world().analyst(analyst)
    with world().ledger.begin() as connection:
        case = cases.standing(connection, report)
        if not isinstance(case, Decided):
            raise CaseRefused("nobody decided that the report is to be referred; `breakwater refer decide` does")
        if back := sorted(cases.recalled_from(connection, case) & set(desks)):
            raise CaseRefused(f"recalled from {', '.join(back)}: recall what the others have, and decide again")
        cases.readdress(connection, case, _with_chosen((), desks))
        world().audit.append(connection, Act.CASE_ADDRESSED, report, by=by, desks=list(desks))
    return len(desks)


def desk_of(code: str) -> Desk:
    """Give the desk of a code.

    Raises:
        CaseRefused: no row of the routing tables names it.
    """
    for desk in world().routing.desks:
        if desk.code == code:
            return desk
    raise CaseRefused(f"the routing tables have no desk {code}")


def _routed(report: str, known: Known | None) -> tuple[Routed, ...]:
    if known is None:
        raise CaseRefused("the ledger has no such report, or it was rejected, or a revision took its place")
    particulars = particulars_of(report, known.person) if known.person else []
    places = located(known.locations, particulars)
    return route(places, known.signals, datetime.now(UTC).date(), world().routing, world().desks.keys() or None)


def _with_chosen(found: Sequence[Routed], desks: Sequence[str]) -> tuple[Routed, ...]:
    """Add the desks that an analyst chose, which settles what waits for a person."""
    if not desks:
        return tuple(found)
    reason = Reason(Why.ANALYST)
    chosen = {code: desk_of(code) for code in desks}
    kept = [each for each in found if each.desk.code not in chosen and each.desk != MANUAL]
    return (*kept, *(Routed(desk, (reason,)) for desk in chosen.values()))
