"""Charts are drawn the same everywhere, for light pages and for dark ones."""

import os
import re
import subprocess
import sys
from itertools import combinations

import pytest
from lxml import etree

from tasks.measuring.charts import COLOURS, INK, Axes, bars, heat_map, lines_by_month, powers_of_ten

MONTHS = [{"month": f"2016-{month:02}-01T00:00:00Z", "n": 3**month, "who": "us"} for month in (1, 2, 3)]
AXES = Axes("month", "n", "who")
SVG = "{http://www.w3.org/2000/svg}"


def luminance(colour):
    """Give the relative luminance of WCAG 2 of `#rrggbb`."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["#ffffff", "#171c1f"])
@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_stands_out_on_light_and_on_dark_ground(colour, ground):
    assert contrast(colour, ground) >= 3


def test_no_two_colours_are_the_same():
    assert all(one != other for one, other in combinations(COLOURS, 2))


def test_text_and_axes_take_the_pages_ink_and_marks_take_ours():
    root = etree.fromstring(lines_by_month(MONTHS, ["us"], AXES))
    inks = {element.get("fill") or INK for element in root.iter(f"{SVG}text")}
    strokes = {element.get("stroke") for element in root.iter()} - {None}
    assert inks == {INK}
    assert strokes <= {INK, *COLOURS, "transparent"}


def test_a_month_without_any_breaks_the_line():
    rows = [{**row, "n": number} for row, number in zip(MONTHS, (5, 0, 5), strict=True)]
    path = re.search(r'<path d="([^"]*)"[^>]*stroke-width="2"', _line_of(lines_by_month(rows, ["us"], AXES)))
    assert path is not None
    assert path[1].count("M") == 2


def _line_of(svg):
    """Keep the drawing after its legend's and axes' own paths: the marks."""
    return svg[svg.index("mark-line") :]


@pytest.mark.parametrize(
    ("largest", "ticks"), [(0, [1, 10]), (1, [1, 10]), (10, [1, 10]), (11, [1, 10, 100]), (1000, [1, 10, 100, 1000])]
)
def test_a_logarithmic_axis_ends_at_a_power_of_ten(largest, ticks):
    assert powers_of_ten(largest) == ticks


def test_markup_in_a_label_is_only_text():
    svg = bars([{"name": "<script>&", "n": 2, "label": "<b>"}], Axes("n", "name", "label"))
    texts = {element.text for element in etree.fromstring(svg).iter(f"{SVG}text")}
    assert {"<script>&", "<b>"} <= texts
    assert "<script" not in svg


def test_a_share_that_rounds_to_nothing_is_not_said():
    rows = [{"year": 2013 + place, "vector": "Tor", "share": share} for place, share in enumerate((0, 0.004, 0.6))]
    svg = heat_map(rows, ["Tor"], Axes("year", "vector", "share"))
    texts = {element.text for element in etree.fromstring(svg).iter(f"{SVG}text")}
    assert texts == {"Tor", "2013", "2014", "2015", "60%"}


def test_a_machine_in_another_time_zone_draws_the_same():
    program = (
        "from tasks.measuring.charts import Axes, lines_by_month\n"
        f"print(lines_by_month({MONTHS!r}, ['us'], Axes('month', 'n', 'who')), end='')"
    )
    far = {**os.environ, "TZ": "Pacific/Kiritimati"}
    drawn = subprocess.run([sys.executable, "-c", program], env=far, capture_output=True, text=True, check=True)
    assert drawn.stdout == lines_by_month(MONTHS, ["us"], AXES)
