"""Loops over the rows of a batch, compiled; all in one file, since numba looks for changes in one alone.

Texts come as places among the few values that a batch has, with what each value means; keys of 16 bytes as two numbers
of 64 bits, as they lie, the first byte the lowest.
"""

import numpy as np
from numpy.typing import NDArray

from infra.compiling import compiled

Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]
Places = NDArray[np.int32]
Text = tuple[Places, Numbers]
"""Each row's place among some values, and the number of each value."""
Lists = tuple[Places, Places, Numbers]
"""Where each row's members begin and the last one's end, each member's place among values, the number of each value."""

DAY = 86_400_000_000
"""Microseconds of a day."""

PARTITIONS = 256
"""Partitions of files, by the first bits of their keys."""

_SHIFT = np.uint64(56)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_FAR = np.uint64(32)


@compiled
def month_of_each(moments: Numbers, first: int, table: Numbers) -> Numbers:
    """Look the month of each moment (microseconds) up in a table of days from the `first` one on."""
    months = np.empty(len(moments), np.int64)
    for row in range(len(moments)):
        months[row] = table[moments[row] // DAY - first]
    return months


@compiled
def count_reports(
    months: Numbers,
    source: Text,
    incidents: Places,
    vectors: Lists,
    countries: Lists,
    meaning: tuple[Numbers, Numbers],
    cube: NDArray[np.int64],
) -> None:
    """Add reports to a `cube` of (month, source, what).

    `months` are from the cube's first. `meaning` is where reports, incidents, located reports, vectors, regions and
    countries begin, and the region of each country. A report counts once in each region, of which there are at most 64.
    """
    starts, regions = meaning
    for row in range(len(months)):
        cells = cube[months[row], source[1][source[0][row]]]
        cells[starts[0]] += 1
        cells[starts[1]] += incidents[row]
        for member in range(vectors[0][row], vectors[0][row + 1]):
            cells[starts[3] + vectors[2][vectors[1][member]]] += 1
        first, end = countries[0][row], countries[0][row + 1]
        cells[starts[2]] += end > first
        counted = np.uint64(0)
        for member in range(first, end):
            country = countries[2][countries[1][member]]
            region = regions[country]
            bit = np.uint64(1) << np.uint64(region)
            cells[starts[4] + region] += (counted & bit) == 0
            counted |= bit
            cells[starts[5] + country] += 1


@compiled
def _turned(word: np.uint64) -> np.uint64:
    """Read the bytes of a word the other way round."""
    half = np.uint64(0x00FF00FF00FF00FF)
    word = ((word >> np.uint64(8)) & half) | ((word & half) << np.uint64(8))
    half = np.uint64(0x0000FFFF0000FFFF)
    word = ((word >> np.uint64(16)) & half) | ((word & half) << np.uint64(16))
    return (word >> np.uint64(32)) | (word << np.uint64(32))


@compiled
def first_in_report(reports: Words, files: Words, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the rows whose file the same report has not named in an earlier row; a file not `known` is always marked.

    Rows of a report stand together. Where there are several, a table of rows, at most half full, tells which pairs of
    report and file there were.
    """
    rows = len(files)
    size = 8
    while size < 2 * rows:
        size *= 2
    table = np.full(size, -1, np.int32)
    marked = np.ones(rows, np.bool_)
    follows = False
    for row in range(rows):
        goes_on = row + 1 < rows and reports[row, 0] == reports[row + 1, 0] and reports[row, 1] == reports[row + 1, 1]
        alone, follows = not (follows or goes_on), goes_on
        if alone or not known[row]:
            continue
        mixed = ((reports[row, 0] ^ files[row, 0]) * _MIX + (reports[row, 1] ^ files[row, 1])) * _MIX
        slot = np.int64(mixed >> _FAR) & (size - 1)
        while table[slot] >= 0 and marked[row]:
            other = table[slot]
            marked[row] = (
                files[other, 0] != files[row, 0]
                or files[other, 1] != files[row, 1]
                or reports[other, 0] != reports[row, 0]
                or reports[other, 1] != reports[row, 1]
            )
            slot = (slot + 1) & (size - 1)
        if marked[row]:
            table[slot] = row
    return marked


@compiled
def count_sightings(
    months: Numbers, source: Text, kind: Text, marked: NDArray[np.bool_], start: int, cube: NDArray[np.int64]
) -> None:
    """Add the sightings `marked` to a `cube` of (month, source, what), by kind from place `start` on."""
    for row in range(len(months)):
        if marked[row]:
            cube[months[row], source[1][source[0][row]], start + kind[1][kind[0][row]]] += 1


@compiled
def lay_out(
    files: Words, micros: Numbers, source: Text, kind: Text, marked: NDArray[np.bool_], bits: int
) -> tuple[Words, Numbers]:
    """Give the sightings `marked` as rows of key, key, moment, by partition, and where each partition begins.

    A moment is microseconds, and `bits` bits of tag: source, then two for the kind.
    """
    ends = np.zeros(PARTITIONS + 1, np.int64)
    for row in range(len(files)):
        if marked[row]:
            ends[(_turned(files[row, 0]) >> _SHIFT) + np.uint64(1)] += 1
    for partition in range(PARTITIONS):
        ends[partition + 1] += ends[partition]
    out, next_one = np.empty((ends[-1], 3), np.uint64), ends.copy()
    for row in range(len(files)):
        if marked[row]:
            key = _turned(files[row, 0])
            place = next_one[key >> _SHIFT]
            next_one[key >> _SHIFT] += 1
            tag = source[1][source[0][row]] << 2 | kind[1][kind[0][row]]
            out[place, 0], out[place, 1] = key, _turned(files[row, 1])
            out[place, 2] = np.uint64(micros[row] << bits | tag)
    return out, ends


@compiled
def cells_of_files(
    files: Words, bits: int, first: int, table: Numbers, cube: tuple[int, int, int]
) -> tuple[Numbers, Numbers, Numbers]:
    """Give cells of files (rows of what was seen): as new, by reports and kind, and by days and kind.

    `bits` are those of a moment's tag, `table` has months of days from the `first` one on, and `cube` is its sources,
    its width, and where new files begin.
    """
    sources, width, start = cube
    new, reports = np.empty(len(files), np.int64), np.empty(len(files), np.int64)
    days, count = np.empty(len(files), np.int64), 0
    for row in range(len(files)):
        moment, tag = np.int64(files[row, 2] >> np.uint64(bits)), np.int64(files[row, 2] & np.uint64((1 << bits) - 1))
        kind, named = tag & 3, np.int64(files[row, 4])
        new[row] = (table[moment // DAY - first] * sources + (tag >> 2)) * width + start + kind
        reports[row] = named << 2 | kind
        if named > 1:
            span = np.int64(files[row, 3] >> np.uint64(bits)) - moment
            days[count] = -(-span // DAY) << 2 | kind
            count += 1
    return new, reports, days[:count]
