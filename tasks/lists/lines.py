"""Lines: lists with an entry, a hash or a frame on each line, read one by one in bounded memory."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, TextIO
from urllib.parse import quote, unquote

from domain.errors import Rejected
from domain.lists import Entry, Faulty, Item, ListFault, Signal, Tombstone
from domain.match import SignalType
from domain.media import Kind
from domain.report import Rejection
from tasks.lists.signals import CONTENT_LENGTH, canonical, checked, name_of, told
from tasks.reports.json_documents import Node

HEADER = ("signal_type", "signal_str", "collab", "category", "tags")
"""Columns of the ThreatExchange tools' table."""

LINE_BYTES = 8192
"""Bytes of a line beyond which it is not read; an honest one has hundreds."""

_NUMBERS = ("seconds", "quality", "size")
_KINDS = {kind.value: kind for kind in Kind}
_BOM = "\ufeff"
_FRAME = re.compile(r"(\d{1,9}),(\d{1,3}),([0-9a-fA-F]{64}),(\d{1,9}(?:\.\d{1,9})?)")


def lines(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """Give each line with its number, from 1; one that is too long is cut, and still one line."""
    number = 0
    while piece := stream.readline(LINE_BYTES):
        number += 1
        rest = piece
        while len(rest) == LINE_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(LINE_BYTES)
        text = piece.decode(errors="replace").rstrip("\r\n")
        yield number, text.removeprefix(_BOM) if number == 1 else text


def _columns(line: str) -> list[str]:
    """Split one line of a table; nothing where it is none."""
    if '"' not in line and "\r" not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return []


def read_csv(stream: BinaryIO, _name: str) -> Iterator[Item]:
    """Read the ThreatExchange tools' table. A line is a hash; the tag `entry:ID` joins the hashes of one entry.

    Other tags of ours: `kind:`, `size:`, `at:`, and for a frame `seconds:` and `quality:`; values are URL-quoted.

    Raises:
        Rejected: the first line does not name the columns.
    """
    numbered = lines(stream)
    _, first = next(numbered, (0, ""))
    header = _columns(first)
    if not {"signal_type", "signal_str"} <= set(header):
        raise Rejected(Rejection.SCHEMA)
    for number, line in numbered:
        yield from _row(number, line, header)


def _row(number: int, line: str, header: list[str]) -> list[Entry | Tombstone | Faulty]:
    if not line.strip(" ,\t"):
        return [Faulty(number, ListFault.BLANK, "")]
    row = dict(zip(header, _columns(line), strict=False))
    if "signal_type" not in row or "signal_str" not in row or len(line) >= LINE_BYTES:
        return [Faulty(number, ListFault.MALFORMED, line[:CONTENT_LENGTH])]
    tags = {name: unquote(value) for name, _, value in (t.partition(":") for t in row.get("tags", "").split())}
    kind = _KINDS.get(tags.get("kind", ""))
    signals, faults = told(number, [(row["signal_type"], row["signal_str"])], kind)
    if not signals:
        return list(faults)
    try:
        numbers = {name: _number(tags[name]) for name in _NUMBERS if name in tags}
        stated_at = Node(tags["at"]).moment() if "at" in tags else None
    except (ValueError, Rejected):
        return [Faulty(number, ListFault.MALFORMED, line[:CONTENT_LENGTH])]
    one, size = signals[0], numbers.get("size")
    if "seconds" in numbers or "quality" in numbers:
        quality = numbers.get("quality")
        one = Signal(one.type, one.value, numbers.get("seconds"), None if quality is None else int(quality))
    name = tags["entry"] if "entry" in tags else name_of(one)
    entry = Entry(
        name=name, signals=(one,), category=row.get("category", "").strip(), kind=kind,
        owner=row.get("collab", "").strip(), stated_at=stated_at, size=None if size is None else int(size),
    )  # fmt: skip
    return checked(entry, number)


def _number(text: str) -> float:
    """Read a number of a tag.

    Raises:
        ValueError: it is none.
    """
    value = float(text)
    if not 0 <= value < 2**31:
        raise ValueError
    return value


def write_csv(entries: Iterable[Entry | Tombstone], out: TextIO) -> int:
    """Write the table; what is withdrawn is left out, which withdraws it. Gives how many hashes were not carried."""
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(HEADER)
    for entry in entries:
        if isinstance(entry, Tombstone):
            continue
        said = {
            "entry": entry.name,
            "kind": entry.kind or "",
            "size": "" if entry.size is None else str(entry.size),
            "at": entry.stated_at.isoformat() if entry.stated_at else "",
        }
        for signal in entry.signals:
            of_frame = {
                "seconds": "" if signal.seconds is None else repr(signal.seconds),
                "quality": "" if signal.quality is None else str(signal.quality),
            }
            tags = [f"{name}:{quote(value, safe='')}" for name, value in {**said, **of_frame}.items() if value]
            rows.writerow([signal.type, signal.value, entry.owner, entry.category, " ".join(tags)])
    return 0


def read_text(stream: BinaryIO, _name: str) -> Iterator[Item]:
    """Read a type and a hash from each line; each is an entry by itself, named by its hash."""
    for number, line in lines(stream):
        name, _, text = line.strip().partition(" ")
        if not name:
            yield Faulty(number, ListFault.BLANK, "")
            continue
        signals, faults = told(number, [(name, text)])
        yield from faults
        if signals:
            yield from checked(Entry(name_of(signals[0]), signals), number)


def write_text(entries: Iterable[Entry | Tombstone], out: TextIO) -> int:
    """Write a type and a hash on each line; all else is lost. Gives how many hashes were not carried: none."""
    for entry in entries:
        if isinstance(entry, Entry):
            out.writelines(f"{signal.type} {signal.value}\n" for signal in entry.signals)
    return 0


def read_vpdq(stream: BinaryIO, name: str) -> Iterator[Item]:
    """Read one film's frames, `frame,quality,pdq,seconds` on each line; identical frames are merged into the first.

    Each line is a part of the entry, which is called after the file.
    """
    for number, line in lines(stream):
        found = _FRAME.fullmatch(line.strip())
        if not line.strip():
            yield Faulty(number, ListFault.BLANK, "")
        elif not found or int(found[2]) > 100:
            yield Faulty(number, ListFault.MALFORMED, line[:CONTENT_LENGTH])
        else:
            value = canonical(SignalType.PDQ, found[3])
            if isinstance(value, ListFault):
                yield Faulty(number, value, line[:CONTENT_LENGTH])
            else:
                signal = Signal(SignalType.PDQ, value, float(found[4]), int(found[2]))
                yield from checked(Entry(name, (signal,), kind=Kind.VIDEO), number)


def write_vpdq(entries: Iterable[Entry | Tombstone], out: TextIO) -> int:
    """Write the frames of films; one file holds one film, so what else there is is not carried, and counted."""
    lost, frames, film = 0, 0, ""
    for entry in entries:
        for signal in entry.signals if isinstance(entry, Entry) else ():
            if signal.type is not SignalType.PDQ or signal.seconds is None or film not in {"", entry.name}:
                lost += 1
                continue
            film = entry.name
            out.write(
                f"{frames},{100 if signal.quality is None else signal.quality},{signal.value},{signal.seconds:.6f}\n"
            )
            frames += 1
    return lost
