"""File entries are judged as a regular expression would."""

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.media import Kind
from tasks.reports.entries import are_no_files

ENTRY = re.compile(rf"({'|'.join(Kind)}):([0-9a-f]{{32}})?")
MD5 = "0123456789abcdef" * 2

near = st.from_regex(r"\A(image|video|other|imagE|x):?[0-9a-g]{30,34}\Z")
entries = st.one_of(st.text(), near, st.from_regex(ENTRY, fullmatch=True))


@given(st.lists(st.one_of(st.none(), entries), max_size=20), st.integers(0, 3))
def test_the_loop_judges_as_the_expression_does(texts, start):
    told = pa.array(texts, pa.string()).slice(start)
    expected = [text is None or not ENTRY.fullmatch(text) for text in texts[start:]]
    assert are_no_files(told).tolist() == expected


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (f"image:{MD5}", False), ("video:", False), (f"other:{MD5}", False), (f"image:{MD5.upper()}", True),
        (f"image:{MD5}0", True), (f"image {MD5}", True), (f"Image:{MD5}", True), ("", True), (f"audio:{MD5}", True),
        (f"image:{MD5[:-1]}g", True), (f"image:{MD5[:-1]}\n", True),
    ],
)  # fmt: skip
def test_what_an_entry_looks_like(text, wrong):
    assert are_no_files(pa.array([text])).tolist() == [wrong]
