"""Routing: to which desks a report goes, and why; what no table knows goes to a person, and nothing is lost."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby

from domain.referral import Recipient
from domain.report import LocationRole


@dataclass(frozen=True, slots=True, order=True)
class Desk:
    """Somebody who receives reports: a code, which of NCMEC's groups it counts in, and a name for people."""

    code: str
    recipient: Recipient
    name: str


MANUAL = Desk("manual", Recipient.OTHER, "A person decides")
"""Where everything goes that the tables do not settle."""

MOST_COUNTRIES = 3
"""Countries of one role beyond which a person chooses: so many say no longer where anybody is."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A country (ISO 3166-1 alpha-2), and in the United States a state (two letters); empty where it is not known."""

    country: str
    state: str = ""

    def __str__(self) -> str:
        return f"{self.country}-{self.state}" if self.state else self.country


@dataclass(frozen=True, slots=True, order=True)
class Located:
    """A place, and whom it belongs to."""

    place: Place
    role: LocationRole


@dataclass(frozen=True, slots=True)
class Term:
    """A row of a table: who serves a place or a signal, in which order, from one day to another.

    Attributes:
        key: a place as text, or a signal.
        order: the desks of the lowest order of which any can be reached receive it.
        begins: the first day on which the row holds; None: ever since.
        ends: the last; None: until further notice.
        within: for a signal, the country that must be among the places.
    """

    key: str
    desk: Desk
    order: int = 1
    begins: date | None = None
    ends: date | None = None
    within: str = ""

    def holds(self, on: date) -> bool:
        """Whether the row is valid on a day."""
        return (self.begins is None or self.begins <= on) and (self.ends is None or on <= self.ends)


@dataclass(frozen=True, slots=True)
class Table:
    """The tables in force: desks by place, desks by signal."""

    places: Mapping[str, tuple[Term, ...]]
    signals: Mapping[str, tuple[Term, ...]]

    @property
    def desks(self) -> frozenset[Desk]:
        """Every desk that a row names."""
        rows = (*self.places.values(), *self.signals.values())
        return frozenset(term.desk for terms in rows for term in terms)


class Why(StrEnum):
    """Why somebody receives a report: the closed list."""

    PLACE = "place"
    """Somebody of the report is there; the reason says who and where."""
    WITHOUT_STATE = "without_state"
    """As `place`, in the United States, in a state that nobody names or that is none."""
    INFERRED = "inferred"
    """Nobody says where; the country was inferred from an IP address."""
    SIGNAL = "signal"
    """The incident, a flag or a vector asks for it."""
    IN_PLACE_OF = "in_place_of"
    """The desk that comes first has no address here."""
    UNKNOWN_PLACE = "unknown_place"
    """The tables have no row for the place on that day."""
    NO_PLACE = "no_place"
    """Nobody knows where anybody is."""
    CONFLICT = "conflict"
    """An IP address speaks for another country than what the report says of the suspect, or of anybody without one."""
    TOO_MANY_PLACES = "too_many_places"
    """One role has more countries than `MOST_COUNTRIES`."""
    ANALYST = "analyst"
    """An analyst said so."""


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """One reason, and what it is about in codes: `suspect US-CA`, `incident.tourism US`, or nothing."""

    why: Why
    what: str = ""

    def __str__(self) -> str:
        return f"{self.why} {self.what}".strip()


@dataclass(frozen=True, slots=True)
class Routed:
    """A recipient and all its reasons, in order."""

    desk: Desk
    reasons: tuple[Reason, ...]


def route(
    located: Collection[Located],
    signals: Collection[str],
    on: date,
    table: Table,
    reachable: Collection[str] | None = None,
) -> tuple[Routed, ...]:
    """Name everyone who should receive a report, by desk; at least one, if only the person who decides.

    Args:
        located: where those involved are, by role. What was inferred from an address counts where nothing is stated.
        signals: what else the report says, in the codes of the table of signals.
        on: the day whose rows hold.
        table: the tables.
        reachable: codes of desks that have an address; None for all. Of a place the first desk that can be reached
            receives it; where none can, the first of all, which is told as waiting. A person always can.
    """
    stated = sorted({one for one in located if one.role is not LocationRole.ADDRESS})
    inferred = sorted({one for one in located if one.role is LocationRole.ADDRESS})
    found: list[tuple[Desk, Reason]] = []
    for one in stated or inferred:
        found += _of_place(one, on, table, reachable)
    found += _doubts(stated, inferred)
    countries = {one.place.country for one in stated or inferred}
    found += _of_signals(signals, countries, on, table)
    ordered = sorted(set(found))
    return tuple(
        Routed(desk, tuple(reason for _, reason in group)) for desk, group in groupby(ordered, key=lambda one: one[0])
    )


def _of_place(one: Located, on: date, table: Table, reachable: Collection[str] | None) -> Iterator[tuple[Desk, Reason]]:
    """Give the desks of one place: its state's, else its country's, else a person."""
    what = f"{one.role} {one.place}"
    why = Why.INFERRED if one.role is LocationRole.ADDRESS else Why.PLACE
    terms = _valid(table.places.get(str(one.place), ()), on)
    if not terms and one.place.state:
        terms = _valid(table.places.get(one.place.country, ()), on)
        why = Why.WITHOUT_STATE
    elif one.place.country == "US" and not one.place.state and why is Why.PLACE:
        why = Why.WITHOUT_STATE
    if not terms:
        yield MANUAL, Reason(Why.UNKNOWN_PLACE, what)
        return
    first = min(term.order for term in terms)
    reached = [term for term in terms if reachable is None or term.desk == MANUAL or term.desk.code in reachable]
    served = reached or [term for term in terms if term.order == first]
    chosen = min(term.order for term in served)
    for term in served:
        if term.order == chosen:
            yield term.desk, Reason(why, what)
            if chosen > first:
                yield term.desk, Reason(Why.IN_PLACE_OF, next(each.desk.code for each in terms if each.order == first))


def _doubts(stated: Sequence[Located], inferred: Sequence[Located]) -> Iterator[tuple[Desk, Reason]]:
    """Give what a person must look at beside, or in place of, what the tables say."""
    if not stated and not inferred:
        yield MANUAL, Reason(Why.NO_PLACE)
    suspects = {one.place.country for one in stated if one.role is LocationRole.SUSPECT}
    told = suspects or {one.place.country for one in stated}
    for one in inferred:
        if told and one.place.country not in told:
            yield MANUAL, Reason(Why.CONFLICT, f"{one.role} {one.place}")
    for role in LocationRole:
        if len({one.place.country for one in (*stated, *inferred) if one.role is role}) > MOST_COUNTRIES:
            yield MANUAL, Reason(Why.TOO_MANY_PLACES, role)


def _of_signals(
    signals: Collection[str], countries: Collection[str], on: date, table: Table
) -> Iterator[tuple[Desk, Reason]]:
    """Give the desks that a signal adds."""
    for signal in signals:
        for term in _valid(table.signals.get(signal, ()), on):
            if not term.within or term.within in countries:
                yield term.desk, Reason(Why.SIGNAL, f"{signal} {term.within}".strip())


def _valid(terms: Iterable[Term], on: date) -> list[Term]:
    return [term for term in terms if term.holds(on)]
