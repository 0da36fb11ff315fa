"""NCMEC hash sharing, version 2 (XML): what changed within a window of time, page by page.

The shape follows the open client (python-threatexchange, `ncmec/hash_api.py`). Entries do not come in order of time, so
only the end of a window whose last page is there says where to go on. Entities are not resolved, nothing is fetched.
"""

from collections.abc import Iterable, Iterator
from html import escape
from typing import BinaryIO, TextIO
from urllib.parse import parse_qs

from lxml import etree

from domain.errors import Rejected
from domain.lists import Entry, Faulty, Item, ListFault, Tombstone, Window
from domain.match import SignalType
from domain.media import Kind
from domain.report import Rejection
from tasks.lists.signals import checked, told
from tasks.reports.json_documents import Node

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
MAX_TAGS = 10_000
"""Tags of one entry; an honest one has dozens."""

MAX_DEPTH = 12
"""No document of the exchange nests deeper."""

_ENTRIES = {"image": Kind.IMAGE, "video": Kind.VIDEO}
_GONE = {"deletedImage": Kind.IMAGE, "deletedVideo": Kind.VIDEO}
_SIGNALS = {
    SignalType.MD5: "md5", SignalType.VIDEO_MD5: "md5", SignalType.SHA1: "sha1", SignalType.PHOTODNA: "pdna",
    SignalType.PDQ: "pdq", SignalType.NETCLEAN: "netclean", SignalType.VIDENTIFIER: "videntifier",
    SignalType.TMK_PDQF: "tmk_pdqf", SignalType.SSVH_PDNA: "ssvh_pdna", SignalType.SSVH_SAFER: "ssvh_safer_hash",
}  # fmt: skip


def read(stream: BinaryIO, _name: str) -> Iterator[Item]:
    """Read a page of entries.

    Raises:
        Rejected: with the `Rejection` of the whole document; nothing else, whatever the bytes are.
    """
    number, end, page = 0, "", ""
    for depth, element in _elements(stream):
        name = _local(element)
        if name in {"images", "videos"} and depth == 2:
            end = max(end, _moment(element.get("maxTimestamp") or ""))
        elif name == "next" and depth == 3:
            page = (element.text or "").strip()
        elif name in {**_ENTRIES, **_GONE} and depth == 3:
            number += 1
            yield from _read_entry(number, name, element)
    to = parse_qs(page.partition("?")[2], max_num_fields=20).get("to", [""])[0] if len(page) < 2048 else ""
    yield Window(_moment(to) or end, more=bool(page))


def _elements(stream: BinaryIO) -> Iterator[tuple[int, etree._Element]]:
    """Give each element of the upper three levels with its depth, when it ends, and forget it after."""
    depth = tags = 0
    try:
        for event, element in etree.iterparse(
            stream, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False,
            remove_comments=True, remove_pis=True, huge_tree=False,
        ):  # fmt: skip
            if event == "start":
                depth, tags = depth + 1, tags + 1
                if depth == 1:
                    _check_root(element)
                if tags > MAX_TAGS:
                    raise Rejected(Rejection.TOO_MANY)
                if depth > MAX_DEPTH:
                    raise Rejected(Rejection.TOO_DEEP)
                continue
            if depth <= 3:
                yield depth, element
                tags = 0
                _forget(element)
            depth -= 1
    except etree.XMLSyntaxError as error:
        forbidden = "ntity" in str(error)
        raise Rejected(Rejection.FORBIDDEN_XML if forbidden else Rejection.NOT_WELL_FORMED) from error
    except LookupError as error:
        raise Rejected(Rejection.WRONG_ENCODING) from error


def _local(element: etree._Element) -> str:
    """Give an element's name without its namespace; lxml's QName refuses a prefix that is not declared."""
    return str(element.tag).rpartition("}")[2]


def _check_root(element: etree._Element) -> None:
    if getattr(element.getroottree().docinfo, "doctype", ""):
        raise Rejected(Rejection.FORBIDDEN_XML)
    if _local(element) != "queryResult":
        raise Rejected(Rejection.SCHEMA)


def _forget(element: etree._Element) -> None:
    """Let go of an element that was read, and of those before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _read_entry(number: int, name: str, element: etree._Element) -> list[Entry | Tombstone | Faulty]:
    children = {_local(child): child for child in element}
    member = children.get("member")
    owner = (member.get("id") or "").strip() if member is not None else ""
    short = _text(children.get("id"))
    full = f"{owner}-{short}" if owner and short else short
    moment = _text(children.get("timestamp"))
    try:
        stated_at = Node(moment or None).moment()
    except Rejected:
        return [Faulty(number, ListFault.MALFORMED, moment[:64])]
    if name in _GONE:
        return checked(Tombstone(full, stated_at, _GONE[name], owner), number)
    fingerprints = children.get("fingerprints")
    inside = list(fingerprints) if fingerprints is not None else []
    here = [(_local(one), one.text or "") for one in inside if one.get("href") is None]
    signals, faults = told(number, here, _ENTRIES[name])
    faults += [Faulty(number, ListFault.ELSEWHERE, _local(one)) for one in inside if one.get("href") is not None]
    feedback = [_local(one) for one in children.get("feedback", ())]
    return checked(Entry(
        name=full, signals=signals, category=_text(children.get("classification")), kind=_ENTRIES[name],
        owner=owner, stated_at=stated_at,
        up=feedback.count("affirmativeFeedback"), down=feedback.count("negativeFeedback"),
    ), number, faults)  # fmt: skip


def _text(element: etree._Element | None) -> str:
    return ((element.text or "") if element is not None else "").strip()


def _moment(text: str) -> str:
    """Write a moment so that later ones sort later; empty where it is none."""
    try:
        moment = Node(text or None).moment()
    except Rejected:
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def write(entries: Iterable[Entry | Tombstone], out: TextIO) -> int:
    """Write one page; films come last in `entries`. Gives how many hashes were not carried: those of no type of NCMEC.

    Several hashes of one type are several elements, which an exchange may not take.
    """
    out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<queryResult xmlns="{NAMESPACE}">\n')
    lost, group = 0, ""
    for entry in entries:
        wanted = "videos" if entry.kind is Kind.VIDEO else "images"
        if wanted != group:
            out.write((f"</{group}>\n" if group else "") + f"<{wanted}>\n")
            group = wanted
        carried = [one for one in entry.signals if one.type in _SIGNALS] if isinstance(entry, Entry) else []
        lost += len(entry.signals) - len(carried) if isinstance(entry, Entry) else 0
        if carried or isinstance(entry, Tombstone):
            prints = "".join(f"<{_SIGNALS[one.type]}>{escape(one.value)}</{_SIGNALS[one.type]}>" for one in carried)
            out.write(_element(entry, f"<fingerprints>{prints}</fingerprints>" if prints else ""))
    out.write((f"</{group}>\n" if group else "") + "</queryResult>\n")
    return lost


def _element(entry: Entry | Tombstone, fingerprints: str) -> str:
    kind = "video" if entry.kind is Kind.VIDEO else "image"
    tag = kind if isinstance(entry, Entry) else f"deleted{kind.capitalize()}"
    name = entry.name.removeprefix(f"{entry.owner}-") if entry.owner else entry.name
    at = f"<timestamp>{entry.stated_at.isoformat()}</timestamp>" if entry.stated_at else ""
    category = entry.category if isinstance(entry, Entry) else ""
    said = f"<classification>{escape(category)}</classification>" if category else ""
    member = f'<member id="{escape(entry.owner)}"/>'
    return f"<{tag}>{member}{at}<id>{escape(name)}</id>{said}{fingerprints}</{tag}>\n"
