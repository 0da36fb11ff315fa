"""The routing tables: three CSV files in a folder, checked row by row before anything is routed by them."""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

from domain.errors import InvalidSettings
from domain.referral import Recipient
from domain.report import IncidentType, ReportAnnotation, Vector
from domain.routing import MANUAL, Desk, Table, Term

SHIPPED = Path(__file__).parent

ESCALATED = "escalated"
SIGNALS = frozenset({
    ESCALATED,
    *(f"incident.{each.name.lower()}" for each in IncidentType),
    *(f"report.{each}" for each in ReportAnnotation),
    *(f"vector.{each}" for each in Vector),
})  # fmt: skip
"""What a row of `signals.csv` may ask for."""

_DESKS = ("desk", "recipient", "name")
_PLACES = ("place", "desk", "order", "from", "until", "why")
_SIGNALS = ("signal", "desk", "within", "from", "until", "why")
_CODE = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
_PLACE = re.compile("[A-Z]{2}|US-[A-Z]{2}")

Row = Mapping[str, str]


def load_routing(folder: Path | None = None) -> Table:
    """Read the shipped tables, or those of a folder of the operator's.

    Raises:
        InvalidSettings: a file is not there or has other columns, or a row says what no row can say; the line is told.
    """
    place = folder or SHIPPED
    desks = {MANUAL.code: MANUAL}
    _take_rows(place / "desks.csv", _DESKS, lambda row: desks.update(_desk(row, desks)))
    places = _terms(place / "places.csv", _PLACES, lambda row: _place(row, desks))
    return Table(places, _terms(place / "signals.csv", _SIGNALS, lambda row: _signal(row, desks)))


def _terms(file: Path, columns: tuple[str, ...], read: Callable[[Row], Term]) -> dict[str, tuple[Term, ...]]:
    """Read a table of terms, by key."""
    found: defaultdict[str, list[Term]] = defaultdict(list)

    def take(row: Row) -> None:
        term = read(row)
        _see_apart(term, found[term.key])
        found[term.key].append(term)

    _take_rows(file, columns, take)
    return {key: tuple(terms) for key, terms in found.items()}


def _take_rows(file: Path, columns: tuple[str, ...], take: Callable[[Row], None]) -> None:
    """Take a table row by row; what is wrong is told with its line."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as content:
            lines = [(number, line) for number, line in enumerate(content, 1) if not line.startswith("#")]
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"the routing table {file} cannot be read ({type(error).__name__})") from None
    rows = csv.DictReader(line for _, line in lines)
    if tuple(rows.fieldnames or ()) != columns:
        raise InvalidSettings(f"the routing table {file} has other columns than {','.join(columns)}")
    for (number, _), row in zip(lines[1:], rows, strict=False):
        try:
            take(_whole(row, columns))
        except ValueError as error:
            raise InvalidSettings(f"the routing table {file}, line {number}: {error}") from None


def _whole(row: Row, columns: tuple[str, ...]) -> Row:
    if None in row or None in row.values():
        raise ValueError(f"{len(columns)} values are needed")
    return row


def _desk(row: Row, known: Mapping[str, Desk]) -> dict[str, Desk]:
    code = row["desk"]
    if not _CODE.fullmatch(code) or code in known:
        raise ValueError(f"“{code}” is no code of small letters, or stands here before")
    if not row["name"].strip():
        raise ValueError("a desk needs a name")
    if row["recipient"] not in set(Recipient):
        raise ValueError(f"“{row['recipient']}” is none of {', '.join(Recipient)}")
    return {code: Desk(code, Recipient(row["recipient"]), row["name"].strip())}


def _place(row: Row, desks: Mapping[str, Desk]) -> Term:
    if not _PLACE.fullmatch(row["place"]):
        raise ValueError(f"“{row['place']}” is no country of two capital letters, and no US-XX")
    if not re.fullmatch("[1-9]", row["order"]):
        raise ValueError(f"“{row['order']}” is no order from 1 to 9")
    return _term(row["place"], row, desks, order=int(row["order"]))


def _signal(row: Row, desks: Mapping[str, Desk]) -> Term:
    if row["signal"] not in SIGNALS:
        raise ValueError(f"“{row['signal']}” is no signal; docs/reference/referral.md lists them")
    if row["within"] and not re.fullmatch("[A-Z]{2}", row["within"]):
        raise ValueError(f"“{row['within']}” is no country of two capital letters")
    return _term(row["signal"], row, desks, within=row["within"])


def _term(key: str, row: Row, desks: Mapping[str, Desk], order: int = 1, within: str = "") -> Term:
    if row["desk"] not in desks:
        raise ValueError(f"desks.csv has no desk “{row['desk']}”")
    if not row["why"].strip():
        raise ValueError("say why")
    begins, ends = _day(row["from"]), _day(row["until"])
    if begins and ends and ends < begins:
        raise ValueError("the row ends before it begins")
    return Term(key, desks[row["desk"]], order, begins, ends, within)


def _see_apart(term: Term, others: Iterable[Term]) -> None:
    """See that no other row says the same of one day."""
    for other in others:
        apart = _before(other.ends, term.begins) or _before(term.ends, other.begins)
        if (other.desk, other.within) == (term.desk, term.within) and not apart:
            raise ValueError(f"another row has {term.key} at {term.desk.code} on the same days")


def _before(end: date | None, begin: date | None) -> bool:
    return end is not None and begin is not None and end < begin


def _day(text: str) -> date | None:
    """Read a day; empty is none.

    Raises:
        ValueError: it is no day of ISO 8601.
    """
    return date.fromisoformat(text) if text else None
