"""StopNCII's records (JSON): what changed since a moment, one hash in each record.

The shape follows the open client (python-threatexchange, `stopncii/api.py`). Cases are not read: nobody here needs to
know how many persons asked for a hash.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import BinaryIO, TextIO

from domain.lists import Entry, Item, Tombstone, Window
from domain.match import SignalType
from tasks.lists.records import Read, read_each, records
from tasks.lists.signals import name_of, told
from tasks.lists.threatexchange import seconds
from tasks.reports.json_documents import Node

_GONE = frozenset({"Withdrawn", "Deleted"})
_TYPES: Mapping[SignalType, str] = MappingProxyType({
    SignalType.PDQ: "ImagePDQ", SignalType.VIDEO_MD5: "VideoMD5", SignalType.TMK_PDQF: "VideoTMK",
})  # fmt: skip


def read(stream: BinaryIO, _name: str) -> Iterator[Item]:
    """Read a page of records.

    Raises:
        Rejected: with the `Rejection` of the whole document; nothing else, whatever the bytes are.
    """
    number, end, more = 0, "", False
    for place, node in records(stream, "hashRecords.item", ("nextSetTimestamp", "hasMoreRecords")):
        if place == "nextSetTimestamp":
            end = str(node.value) if isinstance(node.value, int) and 0 <= node.value < 2**63 else ""
        elif place == "hasMoreRecords":
            more = node.value is True
        else:
            number += 1
            yield from read_each(number, node, _entry)
    yield Window(end, more)


def _entry(number: int, node: Node) -> Read:
    signals, faults = told(number, [(node["signalType"].text(), node["hashValue"].text())])
    name, stated_at = next(map(name_of, signals), ""), seconds(node["lastModtimestamp"])
    if faults:
        return None, faults
    if node["hashStatus"].text() in _GONE:
        return Tombstone(name, stated_at), []
    said = [each["feedbackValue"].text() for each in node["CSPFeedbacks"]]
    return Entry(name, signals, stated_at=stated_at, up=said.count("Blocked"), down=said.count("NotBlocked")), []


def write(entries: Iterable[Entry | Tombstone], out: TextIO) -> int:
    """Write one page of records. Gives how many hashes were not carried: of types that StopNCII does not know.

    A record is its hash, so other names, categories and owners are lost, and so is what the tombstones withdraw,
    unless it was named by its hash.
    """
    lost, count = 0, 0
    out.write('{"hashRecords": [')
    for entry in entries:
        for signal in entry.signals if isinstance(entry, Entry) else ():
            if signal.type not in _TYPES:
                lost += 1
                continue
            record: dict[str, object] = {
                "signalType": _TYPES[signal.type], "hashValue": signal.value, "hashStatus": "Active",
            }  # fmt: skip
            if entry.stated_at:
                record["lastModtimestamp"] = int(entry.stated_at.timestamp())
            out.write((",\n" if count else "") + json.dumps(record))
            count += 1
    out.write(f'], "count": {count}, "hasMoreRecords": false}}\n')
    return lost
