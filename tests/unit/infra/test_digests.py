"""Keyed digests of columns are those that `keyed_digest` makes one by one, in any order and any slice."""

import hashlib
import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.digests import first_bytes, keyed_digests, ordered
from infra.keys import keyed_digest

KEY = bytes(range(32))
texts = st.text(st.characters(codec="utf-8"), max_size=200)


@settings(deadline=None)  # the first time the kernel is compiled
@given(st.lists(st.tuples(st.none() | texts, st.none() | texts), max_size=300), texts, st.binary(max_size=32))
def test_a_column_has_the_digests_of_its_rows(rows, fixed, key):
    first, second = (pa.array([row[n] for row in rows], pa.string()) for n in (0, 1))
    assert keyed_digests(key, fixed, first, second, fixed).to_pylist() == [
        None if None in row else keyed_digest(key, fixed, row[0], row[1], fixed) for row in rows
    ]


def test_every_length_around_a_block_is_padded_as_the_standard_says():
    rows = ["x" * length for length in range(260)] * 2
    random.Random(1).shuffle(rows)
    assert keyed_digests(KEY, "md5", pa.array(rows)).to_pylist() == [keyed_digest(KEY, "md5", row) for row in rows]


def test_a_slice_of_a_column_has_the_digests_of_the_slice():
    rows = pa.array([str(number) for number in range(1000)])
    assert keyed_digests(KEY, rows.slice(17, 400)) == keyed_digests(KEY, rows).slice(17, 400)


@pytest.mark.parametrize("part", [slice(0, 0), slice(0, 500), slice(3, 90), slice(310, 312)])
def test_digests_are_ordered_as_texts_and_the_first_of_equal_ones_is_given(part):
    rows = [hashlib.sha256(str(number % 300).encode()).hexdigest() for number in range(500)]
    rows[7] = rows[4][:20] + rows[9][20:]  # begins as another
    some = pa.array(rows, pa.string())[part]
    told = some.to_pylist()
    first = {text: told.index(text) for text in told}
    assert ordered(some).tolist() == [first[text] for text in sorted(first)]


@pytest.mark.parametrize("part", [slice(0, 0), slice(0, 60), slice(7, 40)])
def test_the_first_bytes_of_digests_are_those_of_their_letters(part):
    rows = [hashlib.sha256(str(n).encode()).hexdigest() if n % 5 else None for n in range(60)]
    some = pa.array(rows, pa.string())[part]
    assert first_bytes(some, 16).to_pylist() == [row and bytes.fromhex(row)[:16] for row in rows[part]]
    assert first_bytes(some.drop_null(), 32).to_pylist() == [bytes.fromhex(row) for row in rows[part] if row]
