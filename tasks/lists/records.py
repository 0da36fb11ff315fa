"""Records: the entries of a JSON document one by one, in bounded memory, whatever else stands around them."""

from collections.abc import Callable, Collection, Iterator
from typing import BinaryIO

import ijson

from domain.errors import Rejected
from domain.lists import Entry, Faulty, ListFault, Tombstone
from domain.report import Rejection
from tasks.lists.signals import CONTENT_LENGTH, checked
from tasks.reports.json_documents import Node, events

MAX_VALUES = 20_000
"""Values of one record; more are an attack."""

Read = tuple[Entry | Tombstone | None, list[Faulty]]
"""What a record says, if it says anything that can be used, and what is wrong with it."""


def records(stream: BinaryIO, place: str, told: Collection[str] = ()) -> Iterator[tuple[str, Node]]:
    """Give each value at `place` (as ijson names places), and the plain values at the places `told`, as they come.

    Raises:
        Rejected: with the `Rejection` of the whole document; nothing else, whatever the bytes are.
    """
    building: ijson.ObjectBuilder | None = None
    depth, seen = 0, 0
    for prefix, event, value in events(stream):
        if building is None and prefix == place and event not in {"end_map", "end_array"}:
            building, depth, seen = ijson.ObjectBuilder(), 0, 0
        if building is not None:
            seen += 1
            if seen > MAX_VALUES:
                raise Rejected(Rejection.TOO_MANY)
            depth += {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}.get(event, 0)
            building.event(event, value)
            if depth == 0:
                yield place, Node(building.value)
                building = None
        elif prefix in told and event in {"string", "number", "boolean", "null"}:
            yield prefix, Node(value)


def read_each(number: int, node: Node, read: Callable[[int, Node], Read]) -> Iterator[Entry | Tombstone | Faulty]:
    """Give what one record says, and why the rest of it was not taken; one in another shape is malformed."""
    try:
        one, faults = read(number, node)
    except (Rejected, ValueError):
        yield Faulty(number, ListFault.MALFORMED, str(node)[:CONTENT_LENGTH])
        return
    yield from faults if one is None else checked(one, number, faults)
