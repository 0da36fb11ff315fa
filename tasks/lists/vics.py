"""Sets of media of Project VIC (JSON 1.x and 2.0) as lists: an entry for each medium, with its category's number.

The shape is that of `tasks.reports.vics`. What a category's number means differs by country and is kept as it came.
"""

import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO, TextIO

from domain.errors import Rejected
from domain.lists import Entry, Item, Tombstone
from domain.match import SignalType
from domain.media import Kind
from domain.report import Rejection
from tasks.lists.records import Read, read_each, records
from tasks.lists.signals import name_of, told
from tasks.reports.json_documents import Node

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/CUSTOM/$metadata#Media"
_CONTEXTS = ("odata.metadata", "@odata.context")
_FIELDS = {SignalType.MD5: "MD5", SignalType.VIDEO_MD5: "MD5", SignalType.SHA1: "SHA1", SignalType.PHOTODNA: "PhotoDNA"}


def read(stream: BinaryIO, _name: str) -> Iterator[Item]:
    """Read a set of media; one of cases is no list.

    Raises:
        Rejected: with the `Rejection` of the whole document; nothing else, whatever the bytes are.
    """
    number, known = 0, False
    for place, node in records(stream, "value.item", _CONTEXTS):
        if place in _CONTEXTS:
            known = str(node.value).endswith("#Media")
            continue
        if not known:
            raise Rejected(Rejection.SCHEMA)
        number += 1
        yield from read_each(number, node, _entry)
    if not known:
        raise Rejected(Rejection.SCHEMA)


def _entry(number: int, node: Node) -> Read:
    media_type = node["MimeType"].text().lower().partition("/")[0]
    kind = Kind(media_type) if media_type in {Kind.IMAGE, Kind.VIDEO} else None
    named = [(name, node[name].text()) for name in ("MD5", "SHA1", "PhotoDNA") if node[name]]
    named += [(each["HashName"].text(), each["HashValue"].text()) for each in node["AlternativeHashes"]]
    signals, faults = told(number, named, kind)
    return Entry(
        name=node["MediaID"].text() or next(map(name_of, signals), ""),
        signals=signals,
        category=node["Category"].text(),
        kind=kind,
        owner=node["PrecategorizationSource"].text(),
        stated_at=node["DateUpdated"].moment(),
        size=_size(node["MediaSize"].text()),
    ), faults


def _size(text: str) -> int | None:
    """Read bytes: writers give a number or a text; what is none says nothing."""
    return int(text) if text.isdecimal() and len(text) < 16 else None


def write(entries: Iterable[Entry | Tombstone], out: TextIO) -> int:
    """Write a set of media; what is withdrawn is left out. Gives how many hashes were not carried: none."""
    out.write(f'{{"@odata.context": {json.dumps(CONTEXT)},\n"value": [')
    between = ""
    for entry in entries:
        if isinstance(entry, Entry):
            out.write(between + json.dumps(_medium(entry)))
            between = ",\n"
    out.write("]}\n")
    return 0


def _medium(entry: Entry) -> dict[str, object]:
    medium: dict[str, object] = {"MediaID": entry.name}
    others = []
    for signal in entry.signals:
        name = _FIELDS.get(signal.type)
        if name and name not in medium:
            medium[name] = signal.value
        else:
            others.append({"HashName": name or signal.type, "HashValue": signal.value})
    said = {
        "Category": entry.category, "MimeType": f"{entry.kind}/*" if entry.kind else "",
        "PrecategorizationSource": entry.owner, "DateUpdated": entry.stated_at.isoformat() if entry.stated_at else "",
        "MediaSize": entry.size, "AlternativeHashes": others,
    }  # fmt: skip
    return medium | {name: value for name, value in said.items() if value not in ("", None, [])}
