"""CyberTip: the XML of a report and of its files, elements in the order of the protocol's sequences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from domain.report import LocationRole, Source
from tasks.simulating.cases import GUEST
from tasks.simulating.incidents import Channel, Incident
from tasks.simulating.particulars import FileParticulars, Party

Element = etree._Element  # noqa: SLF001 -- lxml names its element type no other way
_ESCALATION = "The reporter asks for a look at this today."


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What the receiving side knows of a report."""

    external_id: str
    received_at: datetime


def timestamp(moment: datetime) -> str:
    """Write a time in UTC as XML Schema's `dateTime` of whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _node(tag: str, *children: Element | None, text: str = "", attributes: Mapping[str, str] | None = None) -> Element:
    """Make an element; absent children are left out."""
    node = etree.Element(tag, dict(attributes or {}))
    node.text = text or None
    node.extend([child for child in children if child is not None])
    return node


def _leaf(tag: str, text: str) -> Element | None:
    """Make an element of text, or none where there is nothing to say."""
    return _node(tag, text=text) if text else None


def _flags(tag: str, names: Iterable[str]) -> Element | None:
    flags = [_node(name, text="true") for name in names]
    return _node(tag, *flags) if flags else None


def _truth(tag: str, value: bool | None) -> Element | None:  # noqa: FBT001 -- a value to write, no switch
    return None if value is None else _node(tag, text=str(value).lower())


def _serialise(root: Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def report_xml(letterhead: Letterhead, incident: Incident, parties: Iterable[Party]) -> bytes:
    """Write the `<report>` as it is posted to /submit."""
    happened = letterhead.received_at - timedelta(hours=round(incident.hours_before))
    batched = _node("batchedReport", attributes={"reason": "VIRAL_POTENTIAL_MEME"}) if incident.batched else None
    summary = _node(
        "incidentSummary",
        _node("incidentType", text=incident.type),
        _leaf("platform", "Example Pictures" if incident.source is Source.ESP else ""),
        _leaf("escalateToHighPriority", _ESCALATION if incident.escalated else ""),
        _flags("reportAnnotations", incident.annotations),
        _node("incidentDateTime", text=timestamp(happened)),
    )
    parties = tuple(parties)
    return _serialise(
        _node(
            "report",
            batched,
            summary,
            *(_channel(channel, happened) for channel in incident.channels if channel.incident),
            _reporter(incident),
            *(_user(party, happened) for party in parties if party.role is LocationRole.SUSPECT),
            *(_victim(party) for party in parties if party.role is LocationRole.VICTIM),
        )
    )


def _channel(channel: Channel, happened: datetime) -> Element:
    fields = [
        _address(value, happened, "Other") if name == "ipAddress" else _node(name, text=value)
        for name, value in channel.fields
    ]
    return _node("internetDetails", _node(channel.incident, *fields))


def _address(address: str, happened: datetime, event: str) -> Element:
    return _node(
        "ipCaptureEvent",
        _node("ipAddress", text=address),
        _node("eventName", text=event),
        _node("dateTime", text=timestamp(happened)),
    )


def _reporter(incident: Incident) -> Element:
    mail = "desk@example.org" if incident.source is Source.PUBLIC else f"desk@{incident.reporter}.example.com"
    person = _node(
        "reportingPerson", _node("firstName", text="Report"), _node("lastName", text="Desk"), _node("email", text=mail)
    )
    return _node("reporter", person)


def _user(party: Party, happened: datetime) -> Element:
    phone = _node("phone", text=party.phone, attributes={"type": "Mobile"}) if party.phone else None
    person = _node("personOrUserReportedPerson", phone, _leaf("email", party.email))
    device = (
        _node("deviceId", _node("idType", text="IMEI"), _node("idValue", text=party.device)) if party.device else None
    )
    return _node(
        "personOrUserReported",
        person if len(person) else None,
        _leaf("espIdentifier", f"id-{party.screen_name}" if party.screen_name != GUEST else ""),
        _leaf("screenName", party.screen_name),
        *(_address(address, happened, "Login") for address in party.addresses),
        device,
        _estimate(party.country),
    )


def _victim(party: Party) -> Element:
    """Write a victim of whom nothing but a country is told."""
    return _node("victim", _node("victimPerson"), _estimate(party.country))


def _estimate(country: str) -> Element | None:
    return _node("estimatedLocation", _node("countryCode", text=country)) if country else None


def file_xml(letterhead: Letterhead, file_id: str, file: FileParticulars, digests: Mapping[str, str]) -> bytes:
    """Write the `<fileDetails>` as it is posted to /fileinfo; `digests` by the names in `file.claims`."""
    return _serialise(
        _node(
            "fileDetails",
            _node("reportId", text=letterhead.external_id),
            _node("fileId", text=file_id),
            _node("fileName", text=file.name),
            _node("originalFileName", text=file.name),
            _node("uploadedToEspTimestamp", text=timestamp(file.uploaded_at)),
            _leaf("locationOfFile", file.location),
            _truth("fileViewedByEsp", file.viewed),
            _truth("publiclyAvailable", file.public),
            _leaf("fileRelevance", "Supplemental Reported" if file.supplemental else ""),
            _node("potentialMeme", text="true") if file.meme else _flags("fileAnnotations", file.annotations),
            _leaf("industryClassification", file.classification or ""),
            *(_node("originalFileHash", text=digests[kind], attributes={"hashType": kind}) for kind in file.claims),
            _address(file.address, file.uploaded_at, "Upload") if file.address else None,
        )
    )
