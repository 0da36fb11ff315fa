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
from infra.seen.levels import Levels, read_part, tidy, write_level
from infra.seen.totals import Totals, added_up, both, nothing

keys = st.integers(0, 2).map(lambda number: number << 62) | st.integers(0, 2**64 - 1)
sightings = st.lists(st.tuples(keys, st.integers(0, 3), st.integers(0, 2**60)), max_size=40)
nights = st.lists(sightings, max_size=6)


def rows(some):
    return np.array(some, np.uint64).reshape(-1, 3)


def as_dictionary(totals: Totals):
    return {
        (int(high), int(low)): (int(first), int(last), int(reports))
        for high, low, first, last, reports in zip(
            *totals.keys, totals.firsts, totals.lasts, totals.reports, strict=True
        )
    }


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
            held, seen = kept.find(found)
            before = {key: value for key, value in expected.items() if key in as_dictionary(found)}
            assert as_dictionary(held.part(np.flatnonzero(seen))) == before
            kept = kept.put_on(both(found, held))
            remembered(some, expected)
            kept = kept.compacted() if number % 2 else kept
        held, seen = kept.find(added_up(rows([(*key, 0) for key in expected])))
        assert seen.all()
        assert as_dictionary(held) == expected
        tidy(kept.folder, kept)
        held, _ = Levels(kept.folder, kept.levels).find(held)
        assert as_dictionary(held) == expected
        sizes = [sum(part.rows for part in level) for level in kept.compacted().levels]
        assert all(2 * upper < lower for lower, upper in pairwise(sizes))


def test_a_file_that_was_never_seen_is_not_found(tmp_path):
    kept = Levels(tmp_path).put_on(added_up(rows([(1, 2, 3), (1, 4, 3), (7, 0, 1)])))
    _, seen = kept.find(added_up(rows([(0, 0, 1), (1, 2, 9), (1, 3, 9), (9, 9, 9)])))
    assert seen.tolist() == [False, True, False, False]


def test_of_nothing_no_part_is_written(tmp_path):
    assert write_level(tmp_path, nothing()) == ()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", [0, 9, 39])
def test_a_part_that_has_changed_is_noticed(tmp_path, place):
    (part,) = write_level(tmp_path, added_up(rows([(1, 2, 3)])))
    content = bytearray((tmp_path / part.name).read_bytes())
    content[place] ^= 4
    (tmp_path / part.name).write_bytes(content)
    with pytest.raises(IndexDamaged):
        read_part(tmp_path, part)


def test_numbers_that_change_places_are_noticed(tmp_path):
    (part,) = write_level(tmp_path, added_up(rows([(1, 2, 3), (5, 6, 7)])))
    numbers = np.fromfile(tmp_path / part.name, np.uint64)
    numbers[[0, 1]] = numbers[[1, 0]]
    numbers.tofile(tmp_path / part.name)
    with pytest.raises(IndexDamaged):
        read_part(tmp_path, part)
