"""The map of the world shades countries by their rate, with outlines that travel with the program."""

from itertools import pairwise

import pytest
from lxml import etree

from tasks.measuring.charts import COLOURS
from tasks.measuring.maps import outlines, world_map
from tasks.measuring.regions import countries

SVG = "{http://www.w3.org/2000/svg}"
NO_CODE_OF_ISO = {"XK"}


def shades(drawing):
    """Give the strength of each shaded country, as drawn."""
    marks = [each for each in etree.fromstring(drawing).iter(f"{SVG}g") if "mark-shape" in each.get("class", "")]
    shaded = [path for mark in marks for path in mark.iter(f"{SVG}path") if path.get("fill") == COLOURS[0]]
    return [float(path.get("opacity", 1)) for path in shaded]


def test_every_outline_is_of_a_country_of_iso():
    assert set(outlines()) - {each.code for each in countries()} == NO_CODE_OF_ISO
    assert len(outlines()) > 170


@pytest.mark.parametrize("code", ["US", "IQ", "TH", "SO", "FR"])
def test_an_outline_is_closed_clockwise_and_on_the_globe(code):
    for outline, *_ in outlines()[code]["coordinates"]:
        assert outline[0] == outline[-1]
        assert all(-180 <= longitude <= 180 and -90 <= latitude <= 90 for longitude, latitude in outline)
        area = sum(x * v - u * y for (x, y), (u, v) in pairwise(outline))
        assert area < 0


def test_the_higher_the_rate_the_stronger_the_shade():
    low, high = (max(shades(world_map({"TH": rate}, "rate"))) for rate in (0.5, 63.8))
    assert low < high == 1


def test_countries_without_a_rate_are_not_shaded():
    assert len(shades(world_map({"TH": 63.8, "IQ": 5.0}, "rate"))) == 2
    assert shades(world_map({}, "rate")) == []


def test_a_country_too_small_for_the_map_is_left_out():
    assert len(shades(world_map({"TH": 63.8, "MT": 5.0}, "rate"))) == 1


def test_the_same_rates_are_drawn_the_same():
    assert world_map({"TH": 63.8}, "rate") == world_map({"TH": 63.8}, "rate")
