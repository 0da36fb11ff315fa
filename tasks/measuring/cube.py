"""The cube: counts by month, by source, and by what is counted: enough for every figure of volumes.

Every function here is of some rows alone, and what it gives adds up: the cube of a history is the sum of the cubes of
its batches.
"""

from enum import IntEnum
from functools import cache
from itertools import product
from string import ascii_uppercase, digits
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from domain.media import Kind
from domain.report import Source, Vector
from infra.seen.totals import TAG_BITS, Totals
from tasks.measuring.kernels import (
    DAY,
    PARTITIONS,
    Lists,
    Text,
    cells_of_files,
    count_reports,
    count_sightings,
    first_in_report,
    lay_out,
    month_of_each,
)
from tasks.measuring.regions import UNASSIGNED, countries
from tasks.measuring.tally import Numbers, Tally, tally, total

if TYPE_CHECKING:
    import pyarrow as pa

SOURCES, KINDS, VECTORS = tuple(Source), tuple(Kind), tuple(Vector)
REGIONS = ("Africa", "Americas", "Antarctica", "Asia", "Europe", "Oceania", UNASSIGNED)
CODES = tuple(map("".join, product(ascii_uppercase, digits + ascii_uppercase)))
"""What a country's code can be: a letter, and a letter or a digit."""


class Facet(IntEnum):
    """What is counted; of the last five a count for each code."""

    REPORTS = 0
    INCIDENTS = 1
    LOCATED = 2
    SIGHTINGS = 3
    NEW_FILES = 4
    VECTORS = 5
    REGIONS = 6
    COUNTRIES = 7


CODES_OF: dict[Facet, tuple[str, ...]] = {
    Facet.REPORTS: ("",),
    Facet.INCIDENTS: ("",),
    Facet.LOCATED: ("",),
    Facet.SIGHTINGS: KINDS,
    Facet.NEW_FILES: KINDS,
    Facet.VECTORS: VECTORS,
    Facet.REGIONS: REGIONS,
    Facet.COUNTRIES: CODES,
}
"""The codes of each facet, in the order of their numbers."""

_STARTS = dict(zip(CODES_OF, np.cumsum([0, *map(len, CODES_OF.values())]).tolist(), strict=False))
WIDTH = sum(map(len, CODES_OF.values()))
"""Cells of a month and a source."""

_OF_REPORTS = (
    Facet.REPORTS, Facet.INCIDENTS, Facet.LOCATED, Facet.VECTORS, Facet.REGIONS, Facet.COUNTRIES
)  # fmt: skip
"""In the order of `count_reports`."""


def of_reports(rows: "pa.Table") -> Tally:
    """Count reports, incidents, and the reports that name a country, and each vector, region and country."""
    if not rows.num_rows:
        return total([])
    month, first, cube = _empty(_micros(rows))
    starts = np.array([_STARTS[each] for each in _OF_REPORTS])
    count_reports(
        month, _text(rows["source"], SOURCES), rows["incidents"].to_numpy(), _lists(rows["vectors"], VECTORS),
        _lists(rows["countries"], CODES), (starts, _regions()), cube,
    )  # fmt: skip
    return _filled(cube, first)


def of_sightings(rows: "pa.Table") -> tuple[Tally, NDArray[np.uint64], Numbers]:
    """Count sightings by kind; give those of known files by partition, and where each partition begins.

    They are as `infra.seen.totals` adds them up. A report's rows stand together, in the order of their ordinals.
    """
    if not rows.num_rows:
        return total([]), np.empty((0, 3), np.uint64), np.zeros(PARTITIONS + 1, np.int64)
    file, micros = rows["file"].combine_chunks(), _micros(rows)
    known, files = file.is_valid().to_numpy(zero_copy_only=False), _words(file)
    source, kind = _text(rows["source"], SOURCES), _text(rows["kind"], KINDS)
    marked = first_in_report(_words(rows["report_id"].combine_chunks()), files, known)
    month, first, cube = _empty(micros)
    count_sightings(month, source, kind, marked, _STARTS[Facet.SIGHTINGS], cube)
    return _filled(cube, first), *lay_out(files, micros, source, kind, marked & known, TAG_BITS)


def _empty(micros: Numbers) -> tuple[Numbers, int, Numbers]:
    """Make a table of months, sources and what is counted: each row's month in it, its first month, the table."""
    first, last = months(np.array([micros.min(), micros.max()])).tolist()
    return months(micros) - first, first, np.zeros((last - first + 1, len(SOURCES), WIDTH), np.int64)


def _filled(cube: Numbers, first: int) -> Tally:
    cells = np.flatnonzero(cube)
    return Tally(cells + first * cube[0].size, cube.reshape(-1)[cells])


def of_files(files: Totals) -> tuple[Tally, Tally, Tally]:
    """Count files that a report names in three ways; a file's source and kind are those of its first sighting.

    As new, in the cube. By how many reports named them, and by kind. Those that at least two reports named by their
    days from first to last, rounded up, and by kind. `kind_and_number` reads the cells of the last two.
    """
    if not len(files):
        return total([]), total([]), total([])
    first, table = _calendar(*(int(each) >> TAG_BITS for each in (files.firsts.min(), files.firsts.max())))
    cube = (len(SOURCES), WIDTH, _STARTS[Facet.NEW_FILES])
    new, reports, days = cells_of_files(files.rows, TAG_BITS, first, table, cube)
    return tally(new), tally(reports), tally(days)


def kind_and_number(cells: Numbers) -> tuple[Numbers, Numbers]:
    """Read the cells of the histograms of `of_files`: the kind by its number, and the reports or days."""
    return cells & 3, cells >> 2


def months(micros: Numbers) -> Numbers:
    """Number the months of moments (microseconds since 1970, UTC) from January 1970."""
    return month_of_each(micros, *_calendar(int(micros.min()), int(micros.max()))) if len(micros) else micros


def _calendar(low: int, high: int) -> tuple[int, Numbers]:
    """Give the first of the days from one moment to another, from 1970 on, and the month of each day."""
    days = np.arange(low // DAY, high // DAY + 1)
    return low // DAY, days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def cells_of(facet: Facet, cube: Tally) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Give of a facet's cells the month, the source and the code, by their numbers, and the count."""
    where, what = np.divmod(cube.cells, WIDTH)
    mine = (what >= _STARTS[facet]) & (what < _STARTS[facet] + len(CODES_OF[facet]))
    month, source = np.divmod(where[mine], len(SOURCES))
    return month, source, what[mine] - _STARTS[facet], cube.counts[mine]


def _micros(rows: "pa.Table") -> Numbers:
    micros: Numbers = rows["received_at"].cast("int64").to_numpy()
    return micros


def _words(keys: "pa.Array") -> NDArray[np.uint64]:
    """Read keys of 16 bytes as two numbers each, as they lie; what is null has any."""
    words: NDArray[np.uint64] = np.frombuffer(keys.buffers()[1], np.uint64)[2 * keys.offset :][: 2 * len(keys)]
    return words.reshape(-1, 2)


def _text(texts: "pa.ChunkedArray | pa.Array", names: tuple[str, ...]) -> Text:
    """Give each text's place among the different ones, and the place of each of these among `names`."""
    import pyarrow as pa  # noqa: PLC0415 (0.3 s that a worker need not pay)

    told = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    told = told.dictionary_encode()
    place = _place(names)
    places = [place[text] for text in told.dictionary.to_pylist()]
    return told.indices.to_numpy(), np.array(places, np.int64)


def _lists(lists: "pa.ChunkedArray", names: tuple[str, ...]) -> Lists:
    told = lists.combine_chunks()
    starts = told.offsets.to_numpy()
    return starts - starts[0], *_text(told.flatten(), names)


@cache
def _place(names: tuple[str, ...]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


@cache
def _regions() -> Numbers:
    """Give the region of each of `CODES`, by its place among `REGIONS`."""
    region = {each.code: each.region for each in countries()}
    return np.array([REGIONS.index(region.get(code, UNASSIGNED)) for code in CODES], np.int64)


def numbering() -> list[Any]:
    """Say what the cells' numbers stand for; a kept cube with another numbering means nothing."""
    return [SOURCES, *CODES_OF.items(), TAG_BITS, countries()]
