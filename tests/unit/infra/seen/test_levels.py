"""What was seen is held on disk as a dictionary would hold it in memory."""

import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import IndexDamaged
from infra.seen import levels
from infra.seen.kernels import BLOCK, checksum
from infra.seen.levels import Levels, map_part, tidy, write_level
from infra.seen.totals import Totals, added_up, both, never, nothing

keys = st.integers(0, 2).map(lambda number: number << 62) | st.integers(0, 2**64 - 1)
sightings = st.lists(st.tuples(keys, st.integers(0, 3), st.integers(0, 2**60)), max_size=40)
nights = st.lists(sightings, max_size=6)


def rows(some):
    return np.array(some, np.uint64).reshape(-1, 3)


def as_dictionary(totals: Totals):
    """Read what was seen; a file that no report names is none."""
    return {(high, low): tuple(seen) for high, low, *seen in totals.rows.tolist() if seen[-1]}


def remembered(some, held):
    """Add sightings to a dictionary of the files seen before."""
    for high, low, moment in some:
        first, last, reports = held.get((high, low), (moment, moment, 0))
        held[high, low] = (min(first, moment), max(last, moment), reports + 1)
    return held


@settings(max_examples=100)
@given(sightings)
def test_sightings_add_up_as_a_dictionary_adds_them(some):
    totals = added_up(rows(some))
    found = as_dictionary(totals)
    assert found == remembered(some, {})
    assert list(found) == sorted(found)


@settings(max_examples=60)
@given(nights, st.integers(1, 9))
def test_levels_hold_what_a_dictionary_holds_and_compacting_changes_nothing(nights, most):
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        patch.setattr(levels, "MOST_ROWS", most)
        kept, expected = Levels(Path(name)), {}
        for number, some in enumerate(nights):
            found = added_up(rows(some))
            held = kept.find(found)
            before = {key: value for key, value in expected.items() if key in as_dictionary(found)}
            assert as_dictionary(held) == before
            totals = both(found, held)
            if number == 3:  # all that this night brought is taken away again, and what was there before
                totals = never(totals)
                expected = {key: value for key, value in expected.items() if key not in as_dictionary(found)}
            else:
                remembered(some, expected)
            kept = kept.put_on(totals)
            kept = kept.compacted() if number % 2 else kept
        every = added_up(rows([(*key, 0) for some in nights for *key, _ in some]))
        assert as_dictionary(kept.find(every)) == expected
        tidy(kept.folder, kept)
        assert as_dictionary(Levels(kept.folder, kept.levels).find(every)) == expected
        sizes = [sum(part.rows for part in level) for level in kept.compacted().levels]
        assert all(2 * upper < lower for lower, upper in pairwise(sizes))


def test_a_file_that_was_never_seen_is_not_found(tmp_path):
    kept = Levels(tmp_path).put_on(added_up(rows([(1, 2, 3), (1, 4, 3), (7, 0, 1)])))
    held = kept.find(added_up(rows([(0, 0, 1), (1, 2, 9), (1, 3, 9), (9, 9, 9)])))
    assert held.reports.tolist() == [0, 1, 0, 0]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 1000), unique=True), st.lists(st.integers(0, 1000), unique=True))
def test_files_are_found_in_whichever_block_they_are(there, wanted):
    totals = added_up(rows([(number // 3, number, number) for number in there]))
    found = totals.of(added_up(rows([(number // 3, number, 0) for number in wanted])))
    assert as_dictionary(found) == {(number // 3, number): (number, number, 1) for number in set(there) & set(wanted)}


def test_of_nothing_no_part_is_written(tmp_path):
    assert write_level(tmp_path, nothing()) == ()
    assert not list(tmp_path.iterdir())


def spread(count):
    """Give files whose keys are spread evenly."""
    return added_up(rows([(number << 48, number, number) for number in range(count)]))


def flip(file, place):
    content = bytearray(file.read_bytes())
    content[place] ^= 4
    file.write_bytes(content)


FILES = 3 * BLOCK + 5


@pytest.mark.parametrize("place", [0, 9, 39, 40 * BLOCK, 40 * FILES - 1])
def test_a_block_that_has_changed_is_noticed_when_it_is_looked_into_or_merged(tmp_path, place):
    totals = spread(FILES)
    kept = Levels(tmp_path).put_on(totals)
    flip(tmp_path / kept.levels[0][0].name, place)
    damaged = place // (40 * BLOCK)
    for number in range(FILES):
        looked = Levels(tmp_path, kept.levels)
        one = totals.part(slice(number, number + 1))
        if number // BLOCK == damaged:
            with pytest.raises(IndexDamaged):
                looked.find(one)
        else:
            assert as_dictionary(looked.find(one)) == as_dictionary(one)
    with pytest.raises(IndexDamaged):
        Levels(tmp_path, kept.levels).put_on(totals.part(slice(1, None))).compacted()


@pytest.mark.parametrize("place", [40 * FILES, 40 * FILES + 8, 40 * FILES + 16, 40 * FILES + 95])
def test_what_is_said_of_blocks_is_checked_when_a_part_is_opened(tmp_path, place):
    (part,) = write_level(tmp_path, spread(FILES))
    assert (tmp_path / part.name).stat().st_size == 40 * FILES + 24 * 4
    flip(tmp_path / part.name, place)
    with pytest.raises(IndexDamaged):
        map_part(tmp_path, part)


def test_numbers_that_change_places_are_noticed(tmp_path):
    totals = spread(2)
    kept = Levels(tmp_path).put_on(totals)
    file = tmp_path / kept.levels[0][0].name
    numbers = np.fromfile(file, np.uint64)
    numbers[[2, 7]] = numbers[[7, 2]]
    numbers.tofile(file)
    with pytest.raises(IndexDamaged):
        kept.find(totals)


@given(st.lists(st.integers(0, 3) | st.integers(0, 2**64 - 1), min_size=1, max_size=20), st.data())
def test_a_number_that_changes_changes_the_checksum(numbers, data):
    words = np.array(numbers, np.uint64)
    before = checksum(words)
    place = data.draw(st.integers(0, len(words) - 1))
    words[place] ^= np.uint64(data.draw(st.integers(1, 2**64 - 1)))
    assert checksum(words) != before


def test_the_same_files_are_the_same_part(tmp_path):
    first, again = (write_level(tmp_path, spread(FILES)) for _ in range(2))
    assert first == again
    assert len(list(tmp_path.iterdir())) == 1
    assert write_level(tmp_path, spread(FILES - 1)) != first
