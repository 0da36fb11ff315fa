"""The report of a disagreement says where two models differ, in words, in drawings and as a table."""

import csv
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from domain.model import Says
from models.disagreement import attribute_agreement, count_agreement, label_agreement, neighbour_agreement
from tasks.evaluating.disagreeing import Disagreement, as_csv, as_page

YES, UNSURE, NO = Says.YES, Says.UNSURE, Says.NO


@pytest.fixture
def found():
    champion, challenger = [YES] * 6 + [NO] * 14, [YES] * 4 + [UNSURE] * 2 + [NO] * 14
    falling = np.linspace(1, 0, 20)
    vectors = np.eye(20)
    return Disagreement(
        "classifier/marked v2", "classifier/marked v3", 20,
        (label_agreement("marked", (champion, challenger), (falling, falling)),),
        count_agreement(np.zeros(20), np.array([0] * 17 + [1] * 3)), neighbour_agreement(vectors, vectors),
    )  # fmt: skip


def drawings(page):
    return [ET.fromstring("<svg" + part.partition("</svg>")[0] + "</svg>") for part in page.split("<svg")[1:]]


def test_the_page_says_where_they_differ(found):
    page = as_page(found)
    assert "classifier/marked v3 beside classifier/marked v2" in page
    assert "90.0%" in page  # of the words
    assert "85.0%" in page  # of the faces
    assert "+0.15" in page
    words, faces = (set(drawing.itertext()) for drawing in drawings(page))
    assert {"marked", "champion says", "challenger says", "14", "4", "2", "0"} <= words
    assert {"17", "3"} <= faces


def test_the_page_needs_nothing_else_and_is_the_same_each_time(found):
    page = as_page(found)
    assert "<script" not in page
    assert "src=" not in page
    assert as_page(found) == page


def test_the_table_has_a_line_for_each_thing_that_was_compared(found):
    rows = {row["of"]: row for row in csv.DictReader(io.StringIO(as_csv(found)))}
    assert set(rows) == {"marked", "faces", "neighbours"}
    assert (rows["marked"]["yes_yes"], rows["marked"]["yes_unsure"], rows["marked"]["no_no"]) == ("4", "2", "14")
    assert float(rows["marked"]["agreement"]) == pytest.approx(0.9)
    assert float(rows["faces"]["agreement"]) == pytest.approx(0.85)


def test_models_without_words_have_a_page_too():
    one = np.random.default_rng(1).normal(size=(30, 4))
    page = as_page(Disagreement("a v1", "a v2", 30, neighbours=neighbour_agreement(one, one)))
    assert "100.0%" in page
    assert drawings(page) == []


def test_attributes_of_faces_have_a_table_and_lines():
    told = (attribute_agreement("colour", "rrgg", "rrgr"), attribute_agreement("age_group", "aa", "aa"))
    found = Disagreement("a v1", "a v2", 3, attributes=told)
    page = as_page(found)
    assert {">colour<", ">75.0%<", ">0.50<", ">age_group<", ">100.0%<", ">–<"} <= {
        f">{part.partition('<')[0]}<" for part in page.split(">")
    }
    assert "83.3%" in page  # of all six labels
    rows = {row["of"]: row for row in csv.DictReader(io.StringIO(as_csv(found)))}
    assert [rows["colour"][name] for name in ("n", "agreement", "kappa")] == ["4", "0.75", "0.5"]
    assert [rows["age_group"][name] for name in ("n", "agreement", "kappa")] == ["2", "1", ""]


def test_a_label_of_which_nothing_is_said_is_listed_and_not_drawn():
    nothing = label_agreement("plain", ([None] * 3, [None] * 3), (np.arange(3), np.arange(3)))
    page = as_page(Disagreement("a v1", "a v2", 3, (nothing,)))
    assert drawings(page) == []
    assert ">plain<" in page
    assert "–" in page
