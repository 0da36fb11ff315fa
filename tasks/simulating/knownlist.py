"""Known list: a hash list with entries for pictures and clips that come in, for some that do not, and bad lines."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from domain.report import Classification
from tasks.hashing.pdq import pdq
from tasks.simulating.chance import chance, happens, one_of
from tasks.simulating.clips import RATE
from tasks.simulating.population import Origin
from tasks.simulating.scenes import draw_scene

HEADER = "signal_type,signal_str,collab,category,tags"
_LIST = "simulated"
_MALFORMED = (
    f"pdq,not-a-hash,{_LIST},A1,entry:X0001",
    f"md5,d41d8cd98f00b204,{_LIST},B2,entry:X0002",
    "pdq",
    "",
)


def _row(kind: str, signal: str, entry: str, category: Classification) -> str:
    return f"{kind},{signal},{_LIST},{category},entry:{entry}"


def _pdq_row(picture: Image.Image, entry: str, category: Classification) -> Iterator[str]:
    """Give the row of one picture, or none where its hash may not be matched."""
    fingerprint = pdq(np.asarray(picture))
    if fingerprint.matchable:
        yield _row("pdq", fingerprint.bits[:32].hex(), entry, category)


def picture_rows(origin: Origin, picture: Image.Image, content: bytes, rng: np.random.Generator) -> list[str]:
    """Give an entry's rows for a picture: its PDQ hash and, often, the MD5 of the file `content`."""
    rows = list(_pdq_row(picture, origin.entry, origin.category))
    if happens(rng, 0.6):
        rows.append(_row("md5", hashlib.md5(content, usedforsecurity=False).hexdigest(), origin.entry, origin.category))
    return rows


def clip_rows(origin: Origin, frames: Sequence[Image.Image], content: bytes) -> list[str]:
    """Give an entry's rows for a clip: the PDQ hash of one frame a second, and the MD5 of the file `content`."""
    rows = [row for frame in frames[::RATE] for row in _pdq_row(frame, origin.entry, origin.category)]
    return [
        *rows,
        _row("video_md5", hashlib.md5(content, usedforsecurity=False).hexdigest(), origin.entry, origin.category),
    ]


def strangers(seed: int, number: int) -> list[str]:
    """Give rows for `number` pictures that no report names: a list knows more than comes in."""
    rows: list[str] = []
    for stranger in range(number):
        rng = chance(seed, "stranger", stranger)
        rows += _pdq_row(draw_scene(rng, (480, 360)), f"S{stranger:04d}", one_of(rng, tuple(Classification)))
    return rows


def write_list(path: Path, rows: Iterable[str]) -> None:
    """Write the list; three malformed lines and a blank one stand among the good ones."""
    lines = list(rows)
    for number, bad in enumerate(_MALFORMED):
        lines.insert(min(len(lines), 3 + 4 * number), bad)
    path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
