"""Signals: hashes as lists write them, brought to one spelling, or the reason why they cannot be used."""

import base64
import binascii
import functools
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from domain.lists import Entry, Faulty, ListFault, Signal, Tombstone
from domain.match import OPAQUE, SignalType
from domain.media import Kind
from domain.report import HASH_LENGTH

NAME_LENGTH, CATEGORY_LENGTH = 128, 96
"""Characters of an entry's or an owner's name and of a category that are kept."""

CONTENT_LENGTH = 512
"""Characters of what was not taken that are kept."""

DIGITS: Mapping[SignalType, int] = MappingProxyType({
    SignalType.PDQ: 64,
    SignalType.MD5: 32,
    SignalType.VIDEO_MD5: 32,
    SignalType.SHA1: 40,
    SignalType.SHA256: 64,
})  # fmt: skip
"""Hex digits of the types that are written so."""

PHOTODNA_BYTES = 144
"""A PhotoDNA hash: 288 hex digits, or 192 characters of base64."""

OF_NOTHING = frozenset({
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
})  # fmt: skip
"""Digests of no bytes at all: they would match every empty file."""

OF_FILMS = frozenset({SignalType.VIDEO_MD5, SignalType.TMK_PDQF, SignalType.SSVH_PDNA, SignalType.SSVH_SAFER})
"""Types of films alone."""

_NAMES = {
    **{kind.value.replace("_", ""): kind for kind in SignalType},
    "pdna": SignalType.PHOTODNA,
    "sha2256": SignalType.SHA256,
    "tmk": SignalType.TMK_PDQF,
    "videotmk": SignalType.TMK_PDQF,
    "imagepdq": SignalType.PDQ,
    "ssvhsafer": SignalType.SSVH_SAFER,
}


@functools.lru_cache(maxsize=1024)
def type_named(name: str) -> SignalType | None:
    """Find a type by any of the names that formats and reporters give it; None where nobody here knows it."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower()).removeprefix("hash")
    return _NAMES.get(plain)


def of_kind(signal_type: SignalType, kind: Kind | None) -> SignalType:
    """Call a film's MD5 by the name that the ThreatExchange tools give it."""
    return SignalType.VIDEO_MD5 if (signal_type, kind) == (SignalType.MD5, Kind.VIDEO) else signal_type


def canonical(signal_type: SignalType, text: str) -> str | ListFault:
    """Bring a hash to one spelling: hex digits in lower case; a type that we cannot read stays as it is."""
    value = text.strip()
    if not value:
        return ListFault.BLANK
    if len(value) > HASH_LENGTH:
        return ListFault.TOO_LONG
    if signal_type is SignalType.PHOTODNA:
        value = _photodna(value)
    elif signal_type not in OPAQUE:
        value = value.lower()
        value = value if len(value) == DIGITS[signal_type] and not value.strip("0123456789abcdef") else ""
    if not value or not value.isprintable():
        return ListFault.MALFORMED
    return ListFault.BLANK if value in OF_NOTHING or not value.strip("0") else value


def _photodna(text: str) -> str:
    """Write a PhotoDNA hash in hex digits; empty where it is none."""
    if re.fullmatch(f"[0-9a-fA-F]{{{2 * PHOTODNA_BYTES}}}", text):
        return text.lower()
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return content.hex() if len(content) == PHOTODNA_BYTES else ""


def spellings(signal_type: SignalType, value: str) -> set[str]:
    """Give the spellings in which a reporter may claim a hash of this canonical spelling."""
    if signal_type is SignalType.PHOTODNA:
        return {value, value.upper(), base64.b64encode(bytes.fromhex(value)).decode()}
    return {value} if signal_type in OPAQUE else {value, value.upper()}


def name_of(signal: Signal) -> str:
    """Name an entry by its hash, where its list gives it no name; a long hash by its digest."""
    return signal.value if len(signal.value) <= NAME_LENGTH else hashlib.sha256(signal.value.encode()).hexdigest()


def checked(item: Entry | Tombstone, place: int, faults: Iterable[Faulty] = ()) -> list[Entry | Tombstone | Faulty]:
    """See that an entry can be kept, and give it with its hashes' faults; one without a hash is none."""
    found: list[Entry | Tombstone | Faulty] = list(faults)
    category = item.category if isinstance(item, Entry) else ""
    if not item.name or not (item.name + item.owner + category).isprintable():
        return [*found, Faulty(place, ListFault.UNNAMED, repr(item.name)[:CONTENT_LENGTH])]
    if max(len(item.name), len(item.owner)) > NAME_LENGTH or len(category) > CATEGORY_LENGTH:
        return [*found, Faulty(place, ListFault.TOO_LONG, item.name[:CONTENT_LENGTH])]
    if isinstance(item, Tombstone):
        return [*found, item]
    if not item.signals:
        return found or [Faulty(place, ListFault.BLANK, item.name)]
    kind = item.kind or (Kind.VIDEO if any(one.type in OF_FILMS for one in item.signals) else None)
    return [*found, item if item.kind is kind else replace(item, kind=kind)]


def told(
    place: int, named: Iterable[tuple[str, str]], kind: Kind | None = None
) -> tuple[tuple[Signal, ...], list[Faulty]]:
    """Read hashes, each as its type's name and its text: those that can be used, and what is wrong with the others."""
    signals: dict[tuple[SignalType, str], Signal] = {}
    faults = []
    for name, text in named:
        signal_type = type_named(name)
        value = canonical(of_kind(signal_type, kind), text) if signal_type else ListFault.UNKNOWN_SIGNAL
        if signal_type is None or isinstance(value, ListFault):
            reason = ListFault.BLANK if not text.strip() else ListFault(value)
            faults.append(Faulty(place, reason, f"{name} {text}".strip()[:CONTENT_LENGTH]))
        else:
            one = Signal(of_kind(signal_type, kind), value)
            signals.setdefault((one.type, one.value), one)
    return tuple(signals.values()), faults
