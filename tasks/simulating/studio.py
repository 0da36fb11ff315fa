"""Studio: make the files of one origin, its original and its edits, and its rows on the known list."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from models.reference.marks import draw_mark
from tasks.simulating.chance import chance, happens
from tasks.simulating.clips import choose_encoding, encode_clip, film
from tasks.simulating.documents import write_document
from tasks.simulating.edits import ORIGINAL, edit_picture, encode_picture
from tasks.simulating.faults import faulty_content
from tasks.simulating.figures import draw_figure
from tasks.simulating.knownlist import clip_rows, picture_rows
from tasks.simulating.photographs import PHOTOGRAPHS, read_photograph
from tasks.simulating.population import Genre, Origin, PlannedFile
from tasks.simulating.scenes import draw_scene

MARKED = 0.06
"""Share of drawn scenes on no list that bear a mark, for the stand-in classifier to find."""

Encoded = tuple[bytes | None, str]
"""Bytes of a file (none where they are missing), and the suffix of its name."""


@dataclass(frozen=True, slots=True)
class Family:
    """The files of one origin as they are sent, and the rows of its list entry, if it stands on the list."""

    files: Mapping[PlannedFile, Encoded]
    rows: tuple[str, ...] = ()


def families(seed: int, files: Iterable[PlannedFile]) -> Iterator[Family]:
    """Make all files, one origin at a time, so that only one is held in memory."""
    by_origin: dict[Origin, list[PlannedFile]] = {}
    for file in files:
        by_origin.setdefault(file.origin, []).append(file)
    for origin, members in by_origin.items():
        yield _family(seed, origin, members)


def _family(seed: int, origin: Origin, files: list[PlannedFile]) -> Family:
    rng = chance(seed, "origin", origin.name)
    if origin.genre is Genre.DOCUMENT:
        return Family({file: write_document(rng) for file in files})
    if origin.genre is Genre.FAULT:
        return Family({file: faulty_content(file.fault, rng) for file in files if file.fault})
    if origin.genre is Genre.CLIP:
        return _clip_family(seed, origin, film(rng), files)
    return _picture_family(seed, origin, _picture(seed, origin), files)


def _picture(seed: int, origin: Origin) -> Image.Image:
    rng = chance(seed, "origin", origin.name)
    if origin.genre is Genre.PHOTOGRAPH:
        return read_photograph(PHOTOGRAPHS[origin.number])
    picture = draw_figure(rng) if origin.genre is Genre.FIGURE else draw_scene(rng)
    if bears_mark(seed, origin):
        return Image.fromarray(draw_mark(np.asarray(picture), chance(seed, "mark", origin.name)))
    return picture


def bears_mark(seed: int, origin: Origin) -> bool:
    """Tell whether a mark is laid over the picture of this origin, and so is in all its edits."""
    new = origin.genre is Genre.SCENE and not origin.entry
    return new and happens(chance(seed, "marked", origin.name), MARKED)


def _picture_family(seed: int, origin: Origin, picture: Image.Image, files: list[PlannedFile]) -> Family:
    def encode(edit: str) -> tuple[bytes, str]:
        rng = chance(seed, "edit", origin.name, edit)
        return encode_picture(edit_picture(picture, edit, rng), rng)

    made: dict[PlannedFile, Encoded] = {file: encode(file.edit) for file in files}
    if not origin.entry:
        return Family(made)
    rows = picture_rows(origin, picture, encode(ORIGINAL)[0], chance(seed, "entry", origin.name))
    return Family(made, tuple(rows))


def _clip_family(seed: int, origin: Origin, frames: list[Image.Image], files: list[PlannedFile]) -> Family:
    def encode(edit: str) -> tuple[bytes, str]:
        encoding = choose_encoding(edit, chance(seed, "edit", origin.name, edit))
        return encode_clip(frames, encoding), encoding.suffix

    made: dict[PlannedFile, Encoded] = {file: encode(file.edit) for file in files}
    return Family(made, tuple(clip_rows(origin, frames, encode(ORIGINAL)[0])) if origin.entry else ())
