"""JSON documents and names from outside: bounded before they are parsed, and never merged."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Rejected
from domain.report import Rejection
from tasks.reports import json_documents, tips
from tasks.reports.json_documents import MAX_DEPTH, read
from tasks.reports.names import NAME_LENGTH, plain


def tip(description):
    told = {
        "format": "breakwater-tip/1", "external_id": "1", "received_at": "2016-01-01T00:00:00Z", "channel": "web",
        "description": description,
    }  # fmt: skip
    return json.dumps(told).encode()


def refusal(content):
    with pytest.raises(Rejected) as refused:
        read(content)
    return refused.value.args[0]


@pytest.mark.parametrize("text", [" :[ " * 40, "hello\n" + " :[ " * 40, '"' + "[{" * 40, "\\" * 3 + "[" * 40, "\\"])
def test_brackets_in_a_text_are_no_depth(text):
    assert tips.parse(tip(text)).receipt.external_id == "1"
    assert read(json.dumps([text]).encode()).value == [text]


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@given(
    st.recursive(
        st.text('"\\[{,\n', max_size=8),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text('"\\[', max_size=3), inner, max_size=2),
        max_leaves=40,
    )
)
def test_depth_is_that_of_the_parsed_value(value):
    content = json.dumps(value).encode()
    nested = MAX_DEPTH - depth(value)
    assert read(b"[" * nested + content + b"]" * nested).value is not None
    assert refusal(b"[" * (nested + 1) + content + b"]" * (nested + 1)) is Rejection.TOO_DEEP


@pytest.mark.parametrize("unit", [b"{},", b"0,", b'{"a":0},', b"[[]],"])
def test_a_document_of_too_many_values_is_refused_before_it_is_parsed(unit):
    began = time.process_time()
    assert refusal(b"[" + unit * (20 * 2**20 // len(unit)) + b"no JSON") is Rejection.TOO_MANY
    assert time.process_time() - began < 5


def test_an_honest_document_of_many_files_is_read():
    assert len(read(json.dumps([{"submittalId": str(n)} for n in range(50_000)]).encode()).value) == 50_000


def test_the_look_before_parsing_takes_time_by_the_bytes_alone():
    def seconds(number):
        began = time.process_time()
        assert refusal(b'{"a":"' + b'\\"' * number) is Rejection.NOT_WELL_FORMED
        return time.process_time() - began

    seconds(1000)
    assert seconds(1_600_000) < 60 * max(seconds(100_000), 0.002)


def test_names_that_differ_after_what_is_kept_stay_apart():
    one, two = plain("x" * NAME_LENGTH + "1"), plain("x" * NAME_LENGTH + "2")
    assert one != two
    assert len(one) == len(two) == NAME_LENGTH
    assert plain("x" * NAME_LENGTH) == "x" * NAME_LENGTH
    assert plain("\ud800" * 200) != plain("\ud801" * 200)


@given(st.text())
def test_a_plain_name_fits_a_database(name):
    kept = plain(name)
    assert len(kept) <= NAME_LENGTH
    assert kept.isprintable()
    assert len(kept.encode()) >= len(kept)


@pytest.mark.parametrize(
    ("said", "means"),
    [("true", True), ("False", False), ("no", False), ("1", True), (1, True), (0, False), ("", None), (None, None)],
)
def test_a_truth_in_quotes_is_read_as_what_it_says(said, means):
    assert json_documents.Node(said).flag() is means


@pytest.mark.parametrize("said", ["/Date(1488447000000)/", "/Date(1488447000000+0100)/", "2017-03-02T09:30:00Z"])
def test_a_time_is_read_as_dot_net_and_as_iso_write_it(said):
    assert read(json.dumps([said]).encode()).value == [said]
    assert json_documents.Node(said).moment().isoformat() == "2017-03-02T09:30:00+00:00"
