"""The CyberTip as police receive it (JSON), written: the shape that `tasks.reports.police` reads.

No schema is public. What that shape has no place for (victims, devices, vectors, flags of the report) stands in
`victims` and in `additionalInformations`, which its readers leave alone.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from domain.report import Identifier, LocationRole, Particular, PersonRole, Source
from tasks.referring.contents import Entry, Opened

_PLACES = {
    PersonRole.SUSPECT: LocationRole.SUSPECT,
    PersonRole.RECIPIENT: LocationRole.RECIPIENT,
    PersonRole.VICTIM: LocationRole.VICTIM,
}


def write(opened: Opened) -> bytes:
    """Write the report of a package."""
    report = opened.dossier.report
    reporter = "lastName" if report.receipt.source is Source.PUBLIC else "espName"
    told = {
        "reportingEsp": {reporter: report.receipt.reporter},
        "incidentSummary": {
            "incidentType": report.incident_type or "",
            "incidentDateTime": report.incident_at.isoformat() if report.incident_at else "",
        },
        "reportedPeople": {"reportedPersons": _people(opened, PersonRole.SUSPECT)},
        "intendedRecipients": {"intendedRecipients": _people(opened, PersonRole.RECIPIENT)},
        "victims": {"victims": _people(opened, PersonRole.VICTIM)},
        "uploadedFiles": {"uploadedFiles": [_file(entry) for entry in opened.entries]},
        "additionalInformations": [{"value": value} for value in _further(opened)],
    }
    document = {
        "reportId": report.receipt.external_id,
        "dateReceived": report.receipt.received_at.isoformat(),
        "reportedInformation": told,
    }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _people(opened: Opened, role: PersonRole) -> list[dict[str, Any]]:
    """Give everyone of a role as one entry: the ledger does not keep apart whose particular is whose."""
    values = [one for one in opened.particulars if one.role is role]
    countries = sorted({one.country for one in opened.dossier.report.locations if one.role is _PLACES[role]})
    if not values and not countries:
        return []

    def of(kind: Identifier) -> list[str]:
        return [one.value for one in values if one.kind is kind]

    person: dict[str, Any] = {
        "emails": {"emails": [{"value": value} for value in of(Identifier.EMAIL)]},
        "phones": {"phones": [{"value": value} for value in of(Identifier.PHONE)]},
        "addresses": {
            "addresses": [*({"address": text} for text in of(Identifier.POSTAL_ADDRESS)),
                          *({"country": code} for code in countries)]
        },
        "sourceInformation": {
            "sourceCaptures": [{"captureType": "IP Address", "value": value} for value in of(Identifier.IP_ADDRESS)]
        },
    }  # fmt: skip
    accounts, names = of(Identifier.ACCOUNT), of(Identifier.NAME)
    person |= {"screenName": {"value": accounts[0]}} if accounts else {}
    person |= {"firstName": names[0]} if names else {}
    further = [*_named("account", accounts[1:]), *_named("name", names[1:])]
    further += _named("device", of(Identifier.DEVICE)) + _named("birth date", of(Identifier.BIRTH_DATE))
    person["additionalInformations"] = [{"value": value} for value in further]
    return [person]


def _named(what: str, values: Iterable[str]) -> list[str]:
    return [f"{what}: {value}" for value in values]


def _file(entry: Entry) -> dict[str, Any]:
    named, content = entry.file.named, entry.file.content
    tags = sorted([*named.annotations, *([named.classification] if named.classification else [])])
    hashes = [{"name": each.kind, "value": each.value} for each in sorted(named.hashes, key=repr)]
    return {
        "submittalId": named.file_id,
        "filename": entry.path,
        "verificationHash": content.digests.md5 if content else named.claimed_md5 or "",
        "viewedByEsp": named.viewed_by_reporter,
        "ncmecTags": {"groups": [{"tags": [{"value": tag} for tag in tags]}]},
        "espMetadata": {"metadatas": hashes},
        "additionalInformations": [{"value": f"withheld: {entry.withheld}"}] if entry.withheld else [],
    }


def _further(opened: Opened) -> Iterator[str]:
    """Say what the shape has no place for."""
    report = opened.dossier.report
    if opened.simulated:
        yield "simulated: nothing and nobody in this report is real"
    yield from _named("vector", sorted(report.vectors))
    yield from _named("flag", sorted(report.annotations))
    for one in sorted(report.locations, key=repr):
        if one.role in {LocationRole.UNSTATED, LocationRole.ADDRESS}:
            yield f"country ({one.role}): {one.country}"
    if report.escalated:
        yield "escalated by its reporter"
    if report.batched:
        yield f"stands for {report.incidents} incidents"


def of_particulars(particulars: Iterable[Particular]) -> list[tuple[str, str, str]]:
    """Give particulars as rows of role, kind and value, in order."""
    return sorted((one.role.value, one.kind.value.replace("_", " "), one.value) for one in particulars)
