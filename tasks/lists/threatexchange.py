"""ThreatExchange updates (JSON): what changed since a moment, one hash in each record.

The shape follows the open client (python-threatexchange, `fb_threatexchange/threat_updates.py`). A record that is to
be deleted, or that lost its descriptors, is a tombstone.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, TextIO

from domain.lists import Entry, Faulty, Item, Tombstone, Window
from domain.match import SignalType
from domain.report import Classification
from tasks.lists.records import Read, read_each, records
from tasks.lists.signals import told
from tasks.reports.json_documents import Node

_UP = frozenset({"HELPFUL", "SAW_THIS_TOO"})
_DOWN = frozenset({"NOT_HELPFUL", "DISAGREE_WITH_TAGS"})
_TYPES = {SignalType.TMK_PDQF: "HASH_TMK", SignalType.PHOTODNA: "HASH_PHOTODNA"}


def read(stream: BinaryIO, _name: str) -> Iterator[Item]:
    """Read a page of updates.

    Raises:
        Rejected: with the `Rejection` of the whole document; nothing else, whatever the bytes are.
    """
    number, latest, more = 0, 0, False
    for place, node in records(stream, "data.item", ("paging.next",)):
        if place != "data.item":
            more = bool(node)
            continue
        number += 1
        for item in read_each(number, node, _entry):
            if not isinstance(item, Faulty) and item.stated_at:
                latest = max(latest, int(item.stated_at.timestamp()))
            yield item
    yield Window(str(latest) if latest else "", more)


def _entry(number: int, node: Node) -> Read:
    stated_at = seconds(node["last_updated"])
    name = node["id"].text() or node["indicator"].text()
    descriptors = list(node["descriptors"]["data"])
    if node["should_delete"].flag() or not descriptors:
        return Tombstone(name, stated_at), []
    tags = [tag.text() for each in descriptors for tag in each["tags"]]
    codes = [tag for tag in tags if tag in set(Classification)]
    reactions = [each["key"].text() for one in descriptors for each in one["reactions"]]
    signals, faults = told(number, [(node["type"].text(), node["indicator"].text())])
    return Entry(
        name,
        signals,
        next(iter([*codes, *tags]), ""),
        owner=descriptors[0]["owner"]["id"].text(),
        stated_at=stated_at,
        up=sum(each in _UP for each in reactions),
        down=sum(each in _DOWN for each in reactions),
    ), faults


def seconds(node: Node) -> datetime | None:
    """Read seconds since 1970, or any other moment."""
    text = node.text()
    if not text.isdecimal():
        return node.moment()
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(text[:20]) from error


def write(entries: Iterable[Entry | Tombstone], out: TextIO) -> int:
    """Write one page of updates; an entry's hashes are records of one id. Gives how many hashes were not carried."""
    out.write('{"data": [')
    between = ""
    for entry in entries:
        for record in _updates(entry):
            out.write(between + json.dumps(record))
            between = ",\n"
    out.write("]}\n")
    return 0


def _updates(entry: Entry | Tombstone) -> Iterator[dict[str, object]]:
    of_all = {"id": entry.name}
    if entry.stated_at:
        of_all["last_updated"] = entry.stated_at.isoformat()
    if isinstance(entry, Tombstone):
        yield {**of_all, "should_delete": True}
        return
    descriptor = {"owner": {"id": entry.owner}, "tags": [entry.category] if entry.category else []}
    for signal in entry.signals:
        named = _TYPES.get(signal.type, f"HASH_{signal.type.upper()}")
        told = {"indicator": signal.value, "type": named, "should_delete": False}
        yield {**of_all, **told, "descriptors": {"data": [descriptor]}}
