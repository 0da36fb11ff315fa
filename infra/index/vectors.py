"""The index of vectors: in files of the data folder, which are near others; what comes is added, what left goes.

It holds vectors and names alone, and all of it can be lost: the ledger has the same. Vectors stand in one file, to
which new ones are appended; one other file, replaced as a whole, says what is in force. What a change touched waits
there until it is written that it was seen to, so that no change is lost where the process dies between.
"""

import io
import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infra import durable
from infra.index.files import locked
from infra.index.graph import rooted, unite
from infra.index.joining import components, mapped
from infra.index.nearest import Rows, Stored, Vectors, cells, floats, measured, near, pivots

Fetch = Callable[[Sequence[str]], Vectors]
"""Gives the vectors of these members, in their order."""

STATE = "state.npz"
GROWTH = 2
"""An index of so many times the members that it was built of is built anew."""

SMALL = 200
"""Members of a connected part up to which all of it is touched where one of them is."""

_AT_ONCE = 8192
"""Members whose vectors are fetched at once."""


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """What is in force.

    Attributes:
        folder: where the files are.
        named: the file of vectors.
        names: [rows], of members.
        alive: [rows], whether a member is still there.
        labels: [rows], the smallest row of what each is connected with, by pairs that are near.
        groups: [rows], the first row of the group that each was in when it was last seen to; -1 for none.
        bonds: [rows], the same number for those that were in one group, or that a new one is near to.
        waiting: [rows], those that a change touched which nobody has seen to yet, members that left among them.
        cells: [rows], the place of the nearest pivot.
        centres: [pivots, width].
        least: cosine from which on two are near.
        built: rows when it was built.
        alone: cells into which a new member looks.
        recall: of the pairs that are there, the share that was found, as measured on a sample; `recall_alone` of those
            of new members. NaN where there were none.
        ways: cells into which each looked when it was built.
    """

    folder: Path
    named: str
    names: NDArray[np.bytes_]
    alive: NDArray[np.bool_]
    labels: Rows
    groups: Rows
    bonds: Rows
    waiting: NDArray[np.bool_]
    cells: NDArray[np.int32]
    centres: Vectors
    least: float
    built: int
    ways: int
    alone: int
    recall: float
    recall_alone: float

    @property
    def vectors(self) -> Stored:
        """Map the vectors, float16 [rows, width]."""
        return mapped(self.folder / self.named, (len(self.names), self.centres.shape[1]))

    def rows(self, names: Iterable[str]) -> dict[str, int]:
        """Tell the rows of those members that are there."""
        wanted = {name.encode() for name in names}
        found = (row for row, name in enumerate(self.names.tolist() if wanted else ()) if name in wanted)
        return {self.names[row].decode(): row for row in found if self.alive[row]}


def followed(folder: Path, members: Sequence[str], fetch: Fetch, least: float, *, anew: bool = False) -> VectorIndex:
    """Bring the index in a folder to these members, and give it; what is touched by it waits.

    It is built anew where there is none, where it is not whole or of another threshold, has grown to twice of what it
    was built of, or `anew` asks for it. Members are all different, in order, one at least, and their names are of one
    line; what is built does not depend on what there was before.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(folder):
        index = None if anew else opened(folder)
        if index is None or index.least != least or len(members) > GROWTH * index.built:
            index = _built(folder, members, fetch, least)
        else:
            index = _changed(index, members, fetch)
        _save(index)
        return index


def settle(index: VectorIndex, groups: Rows) -> None:
    """Write that all that waits was seen to, and what its groups are now, unless it has changed since."""
    with locked(index.folder):
        with (index.folder / STATE).open("rb") as file, np.load(file, allow_pickle=False) as now:
            same = now["named"].item() == index.named and np.array_equal(now["waiting"], index.waiting)
        if same:
            bonds = np.where(groups >= 0, groups, np.arange(len(groups)))
            _save(replace(index, groups=groups, bonds=bonds, waiting=np.zeros(len(groups), np.bool_)))


def opened(folder: Path) -> VectorIndex | None:
    """Open the index in a folder; None where there is none that is whole."""
    try:
        with (folder / STATE).open("rb") as file, np.load(file, allow_pickle=False) as told:
            there: dict[str, Any] = {name: told[name] for name in told.files}
        scalars = {name: value.item() for name, value in there.items() if value.ndim == 0}
        index = VectorIndex(folder=folder, **(there | scalars))
        whole = (folder / index.named).stat().st_size >= 2 * len(index.names) * index.centres.shape[1]
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return index if whole else None


def _save(index: VectorIndex) -> None:
    """Put it in force, and remove files that are not."""
    fields = {name: getattr(index, name) for name in index.__slots__ if name != "folder"}
    text = io.BytesIO()
    np.savez(text, **fields)
    durable.write(index.folder / STATE, text.getvalue(), mode=0o600)
    for other in index.folder.glob("vectors-*"):
        if other.name != index.named:
            other.unlink()
    for died in index.folder.glob("join-*"):
        shutil.rmtree(died)


def _built(folder: Path, members: Sequence[str], fetch: Fetch, least: float) -> VectorIndex:
    file = f"vectors-{secrets.token_hex(8)}"
    width = _append(folder / file, 0, members, fetch)
    vectors = mapped(folder / file, (len(members), width))
    chosen = pivots(vectors, least)
    centres = floats(vectors, chosen)
    ways = measured(vectors, centres, least)
    nearest, labels = components(folder / file, vectors.shape, chosen, ways, least)
    yes, rows = np.ones(len(members), np.bool_), np.arange(len(members))
    return VectorIndex(
        folder, file, names=np.array(members, np.bytes_), alive=yes, labels=labels, groups=np.full(len(rows), -1),
        bonds=rows, waiting=yes, cells=nearest, centres=centres, least=least, built=len(rows), ways=ways.both,
        alone=ways.alone, recall=ways.recall, recall_alone=ways.recall_alone,
    )  # fmt: skip


def _append(file: Path, size: int, members: Sequence[str], fetch: Fetch) -> int:
    """Write vectors after the first `size` bytes of a file, down to the disk; give their width."""
    width = 0
    with file.open("r+b" if file.exists() else "xb") as out:
        out.truncate(size)
        out.seek(size)
        for start in range(0, len(members), _AT_ONCE):
            vectors = fetch(members[start : start + _AT_ONCE])
            width = vectors.shape[1]
            out.write(vectors.astype("<f2").tobytes())
        out.flush()
        os.fsync(out.fileno())
    return width


def _changed(index: VectorIndex, members: Sequence[str], fetch: Fetch) -> VectorIndex:
    """Take in who is new, and leave out who left."""
    now = np.array("\n".join(members).encode().split(b"\n"))  # one by one takes twice as long
    order = np.argsort(now, kind="stable")
    place = order[np.minimum(np.searchsorted(now, index.names, sorter=order), len(now) - 1)]
    stays = index.alive & (now[place] == index.names)
    fresh = np.ones(len(now), np.bool_)
    fresh[place[stays]] = False
    new, left = [members[at] for at in order[fresh[order]].tolist()], index.alive & ~stays
    index = _without(index, left) if left.any() else index
    return _with(index, new, fetch) if new else index


def _without(index: VectorIndex, left: NDArray[np.bool_]) -> VectorIndex:
    """Leave members out; what they were connected with is compared again, each with each."""
    touched = np.isin(index.labels, np.unique(index.labels[left]))
    rows = np.flatnonzero(touched & index.alive & ~left)
    parents = index.labels.copy()
    parents[touched] = np.flatnonzero(touched)
    index = replace(index, alive=index.alive & ~left)
    for pairs in _found(index, _looked_up(index, rows, index.alone), rows, rows):
        unite(parents, pairs)
    small = np.bincount(index.labels, minlength=len(touched))[index.labels] <= SMALL
    return replace(index, labels=rooted(parents), waiting=index.waiting | left | touched & small)


def _with(index: VectorIndex, new: list[str], fetch: Fetch) -> VectorIndex:
    """Take members in, and find whom they are near."""
    before, count = len(index.names), len(new)
    width = index.centres.shape[1]
    _append(index.folder / index.named, 2 * before * width, new, fetch)
    rows = np.arange(before, before + count)
    index = replace(
        index,
        names=np.concatenate([index.names, np.array(new, np.bytes_)]),
        alive=np.concatenate([index.alive, np.ones(count, np.bool_)]),
        groups=np.concatenate([index.groups, np.full(count, -1)]),
    )
    looks = _looked_up(index, rows, index.alone)
    index = replace(index, cells=np.concatenate([index.cells, looks[:, 0]]))
    labels, bonds = (np.concatenate([each, rows]) for each in (index.labels, index.bonds))
    for pairs in _found(index, looks, rows, np.flatnonzero(index.alive)):
        unite(labels, pairs)
        unite(bonds, pairs)
    waiting = np.concatenate([index.waiting, np.ones(count, np.bool_)])
    return replace(index, labels=rooted(labels), bonds=rooted(bonds), waiting=waiting)


def _found(index: VectorIndex, looks: NDArray[np.int32], asking: Rows, held: Rows) -> Iterable[Rows]:
    """Find pairs of who asks and who is held, where the cell of the one is among those that the other looks into."""
    vectors, ends = index.vectors, np.arange(len(index.centres) + 1)
    held = held[np.argsort(index.cells[held], kind="stable")]
    starts = np.searchsorted(index.cells[held], ends)
    order = np.argsort(looks.ravel(), kind="stable")
    bounds = np.searchsorted(looks.ravel()[order], ends)
    for cell in np.flatnonzero((np.diff(bounds) > 0) & (np.diff(starts) > 0)):
        who = asking[order[bounds[cell] : bounds[cell + 1]] // looks.shape[1]]
        yield from near(vectors, who, held[starts[cell] : starts[cell + 1]], index.least)


def _looked_up(index: VectorIndex, rows: Rows, number: int) -> NDArray[np.int32]:
    """Give the nearest cells of each of these rows [rows, number], the nearest first; of few cells, all."""
    vectors = index.vectors
    some = np.array_split(rows, 1 + len(rows) // _AT_ONCE)
    return np.concatenate([cells(floats(vectors, each), index.centres, number)[0] for each in some])
