"""Taking in: from what was received to what the ledger keeps of it. Every way in ends here."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from domain.completeness import completeness, leads
from domain.intake import HeldFile, SealedPerson, SightedFile, Taken, Trace
from domain.media import Stored
from domain.report import (
    Identifier,
    Location,
    LocationRole,
    Particular,
    PersonRole,
    Receipt,
    Rejection,
    Report,
)
from infra.sealing import new_key, seal, unseal
from infra.world import world
from tasks.media import kind_of, sniff

_SPACES = dict.fromkeys(map(ord, " ()-./"))


def assemble(
    key: str,
    external_id: str,
    receipt: Receipt | None,
    report: Report | Rejection,
    *,
    documents: Sequence[HeldFile],
    files: Sequence[SightedFile],
    content: Sequence[str],
) -> Taken:
    """Make the outcome of one report, accepted or rejected.

    Args:
        key: what this intake is known by, to take it once.
        external_id: its reporter's number for it; for a rejected one, whatever it goes by.
        receipt: what the receiving side noted, where that much is known.
        report: the report, or why it is none.
        documents: its raw documents, kept as they came.
        files: its file entries and what came of each.
        content: names and digests of all that came with it, which tell the same report from a revision.
    """
    surrogate = world().surrogate
    reporter = receipt.reporter if receipt else ""
    accepted = report if isinstance(report, Report) else None
    report_id = surrogate("report", reporter, external_id, *content)
    particulars = accepted.particulars if accepted else frozenset()
    return Taken(
        drop=key,
        report_id=report_id,
        external_id=external_id,
        receipt=receipt,
        report=accepted and replace(accepted, particulars=frozenset(map(_kind_alone, particulars))),
        rejection=None if isinstance(report, Report) else report,
        documents=tuple(documents),
        files=tuple(files),
        pseudonym=pseudonym(reporter) if reporter else "",
        content=_substance(documents, files),
        completeness=completeness(leads(accepted)) if accepted else None,
        traces=frozenset(map(trace, particulars)),
        inferred=frozenset(inferred(particulars, receipt.received_at.date())) if receipt else frozenset(),
        person=_sealed(report_id, particulars),
    )


def _kind_alone(one: Particular) -> Particular:
    """Leave a particular's value out: it travels between processes sealed alone, and as its trace."""
    return replace(one, value="")


def hold(stored: Stored) -> HeldFile:
    """Note what the store holds now, and what it is by its own first bytes."""
    media_type = sniff(stored.head)
    return HeldFile(stored.blob, stored.digests, media_type, kind_of(media_type), stored.sealed)


def _substance(documents: Sequence[HeldFile], files: Sequence[SightedFile]) -> str | None:
    """Digest what a report is about, by which the same content from two reporters is told.

    That is its files; a report without any is its documents, which repeat the reporter's own words.
    """
    brought = [file.content for file in files if file.content] or documents
    digests = sorted({held.digests.sha256 for held in brought})
    return world().surrogate("content", *digests) if digests else None


def pseudonym(reporter: str) -> str:
    """Name a reporter outside the restricted tables."""
    return world().surrogate("reporter", reporter)


def trace(one: Particular) -> Trace:
    """Reduce a particular to what links reports and tells nothing: its keyed digest, alike however it is written."""
    value = one.value.strip().casefold()
    if one.kind is Identifier.PHONE:
        value = value.translate(_SPACES)
    return Trace(one.role, one.kind, world().surrogate("trace", one.kind, value))


def inferred(particulars: Iterable[Particular], on: date) -> set[Location]:
    """Infer countries from suspects' IP addresses by the operator's table of that day; none without a table."""
    countries = world().address_countries
    addresses = (
        one.value for one in particulars if (one.role, one.kind) == (PersonRole.SUSPECT, Identifier.IP_ADDRESS)
    )
    found = (countries.country(address, on) for address in addresses)
    return {Location(code, LocationRole.ADDRESS) for code in found if code}


def _sealed(report_id: str, particulars: frozenset[Particular]) -> SealedPerson | None:
    """Seal a report's particulars, if it has any, under a key of their own."""
    if not particulars:
        return None
    rows = sorted([one.role, one.kind, one.value] for one in particulars)
    data_key = new_key()
    kek, wrapped = world().wrapping.wrap(data_key, report_id)
    return SealedPerson(kek, wrapped, seal(data_key, json.dumps(rows).encode()))


def particulars_of(report_id: str, person: SealedPerson) -> list[Particular]:
    """Open a report's particulars."""
    data_key = world().wrapping.unwrap(person.kek, person.wrapped, report_id)
    rows = json.loads(b"".join(unseal(data_key, [person.content])))
    return [Particular(PersonRole(role), Identifier(kind), value) for role, kind, value in rows]
