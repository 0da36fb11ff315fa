"""Hashing by hand: what `breakwater hash` prints, one line of JSON a file."""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.errors import Unreadable
from domain.media import HEAD_BYTES, Algorithm, Fingerprint, Fingerprints, Kind, Mode
from domain.report import FileFault
from infra.settings import read_settings
from tasks.frames import Sampling
from tasks.hashing.films import thinned
from tasks.hashing.fingerprints import digest, fingerprint
from tasks.hashing.pdq import ORIENTATIONS
from tasks.media import kind_of, sniff

Line = dict[str, object]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: how faithful hashes, of one frame each `every` seconds (0: of each), and what of them."""

    mode: Mode = Mode.MATCH
    every: float = 0.0
    dihedral: bool = False
    thin: bool = False


def show(files: Sequence[Path], wanted: Wanted) -> int:
    """Print a line of JSON for each file; give 1 if any cannot be decoded, else 0."""
    faults = 0
    for line in lines(files, wanted):
        faults += "fault" in line
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return int(faults > 0)


def lines(files: Sequence[Path], wanted: Wanted) -> Iterator[Line]:
    """Say of each file what it is, its digests and, of a picture or a video, its fingerprints."""
    most = read_settings().max_media_bytes
    for file in files:
        with file.open("rb") as content:
            media_type = sniff(content.read(HEAD_BYTES))
            content.seek(0)
            kind = kind_of(media_type)
            whole = content.read(most + 1) if kind is not Kind.OTHER else b""
            seen = 0 < len(whole) <= most
            content.seek(0)
            digests = digest(io.BytesIO(whole) if seen else content)
        line: Line = {
            "file": str(file), "media_type": media_type, "size": digests.size,
            "md5": digests.md5, "sha1": digests.sha1, "sha256": digests.sha256,
        }  # fmt: skip
        if seen:
            line |= _seen(whole, kind, wanted)
        elif whole:
            line["fault"] = FileFault.TOO_LARGE
        yield line


def _seen(content: bytes, kind: Kind, wanted: Wanted) -> Line:
    """Say what is seen of a picture or a video, within the bounds of the settings."""
    settings = read_settings()
    sampling = Sampling(
        wanted.every, settings.max_frames, settings.max_video_seconds, settings.max_pixels, settings.max_frames
    )
    try:
        found = fingerprint("", kind, content, sampling, wanted.mode, turned=wanted.dihedral)
    except Unreadable as unreadable:
        return {"fault": unreadable.args[0]}
    told = _still(found, wanted) if kind is Kind.IMAGE else {}
    moving = kind is Kind.VIDEO or len(_of(found, Algorithm.PDQ)) > 1
    size = {"width": found.width, "height": found.height}
    return {"mode": wanted.mode, **size, **told, **(_moving(found, wanted) if moving else {})}


def _still(found: Fingerprints, wanted: Wanted) -> Line:
    first, inside = _of(found, Algorithm.PDQ)[0], _of(found, Algorithm.PDQ_TRIMMED)
    line: Line = {"pdq": _hex(first), "quality": first.quality}
    if wanted.dihedral:
        line["dihedral"] = _turned(first)
    if inside and not inside[0].seconds:
        line["trimmed"] = {"pdq": _hex(inside[0]), "quality": inside[0].quality}
    return line


def _moving(found: Fingerprints, wanted: Wanted) -> Line:
    frames, inside, whole = (_of(found, algorithm) for algorithm in Algorithm)
    frames, inside = (list(thinned(each)) if wanted.thin else each for each in (frames, inside))
    line: Line = {"seconds": round(found.duration, 3), "frames": [_listed(each) for each in frames]}
    if wanted.dihedral:
        line["dihedral_frames"] = [_turned(each) for each in frames]
    if inside:
        line["trimmed_frames"] = [_listed(each) for each in inside]
    if whole:
        line["descriptor"] = _hex(whole[0])
    return line


def _of(found: Fingerprints, algorithm: Algorithm) -> list[Fingerprint]:
    return [each for each in found.frames if each.algorithm is algorithm]


def _hex(print_: Fingerprint) -> str:
    return print_.bits[:32].hex()


def _listed(print_: Fingerprint) -> list[object]:
    return [round(print_.seconds, 3), print_.quality, _hex(print_)]


def _turned(print_: Fingerprint) -> dict[str, str]:
    bits = (print_.bits[at : at + 32].hex() for at in range(0, len(print_.bits), 32))
    return dict(zip(ORIENTATIONS, bits, strict=True))
