"""The page is one file that anybody can read, and tells nothing that it may not."""

import dataclasses
import datetime as dt
import re
from dataclasses import fields
from itertools import pairwise

import pandas as pd
import pyarrow as pa
import pytest
from lxml import html

from infra.archive import Dataset, schema
from tasks.measuring.definitions import definition
from tasks.measuring.figures import figures
from tasks.measuring.page import Evaluation, Page, SetAside, Tile, UrgentReport, cell, heading, render_page
from tasks.measuring.public import public_edition
from tasks.measuring.publication import public_page
from tasks.measuring.series import Series, measure, roll_up, with_forecast


@pytest.fixture(scope="module")
def page(synthetic):
    return Page(
        title="A <simulated> history",
        generated_from="300 reports",
        tiles=(Tile("Reports", 1300, "accepted"), Tile("Incidents", 4200, "what they stand for")),
        set_aside=(SetAside("file", "digest_mismatch", 4),),
        urgent=(UrgentReport("0123456789abcdef", 61.5, "high", (("escalated", 40.0), ("<i>new</i>", 21.5))),),
        figures=figures(measure(*synthetic)),
        evaluation=(Evaluation("Copies", 0.975, 1.0, 40, 41),),
        seconds={"intake": 1.25},
    )


@pytest.fixture(scope="module")
def text(page):
    return render_page(page)


@pytest.fixture(scope="module")
def document(text):
    return html.fromstring(text)


def headings(document):
    return list(document.iter("h1", "h2", "h3", "h4"))


def test_figures_come_in_the_papers_order_and_then_those_after_it(page):
    assert [figure.title for figure in page.figures] == [
        "Monthly volume",
        "Growth",
        "Reports by source",
        "Regions by year",
        "Countries named most",
        "Vectors over the years",
        "Kinds of files",
        "Seen only once",
        "Lifetimes",
        "Beside what NCMEC published",
        "Files by year",
    ]


def test_the_map_is_drawn_where_a_country_has_reports_enough(synthetic):
    reports, sightings = synthetic
    codes = pa.array([["TH"]] * 600, reports.schema.field("countries").type)
    many = pa.concat_tables([reports] * (600 // reports.num_rows + 1)).slice(0, 600)
    many = many.set_column(many.schema.get_field_index("countries"), "countries", codes)
    drawn = {figure.series: figure for figure in figures(measure(many, sightings.slice(0, 0)))}
    assert list(drawn)[4:7] == ["countries", "rates", "vectors"]
    assert drawn["rates"].table["country"].tolist() == ["TH"]


def test_the_same_history_gives_the_same_page(page, synthetic, text):
    again = dataclasses.replace(page, figures=figures(measure(*synthetic)))
    assert render_page(again) == text


def test_no_figure_names_parts_by_a_number_that_grows_with_every_drawing(page):
    assert not any("url(#" in figure.svg for figure in page.figures)


def test_the_page_needs_nothing_from_anywhere_but_the_series_beside_it(document, text, page):
    assert not document.xpath("//img|//video|//audio|//script|//iframe|//object|//link|//@src|//@srcset")
    files = {f"{figure.series}.{ending}" for figure in page.figures for ending in ("csv", "parquet")}
    assert {link for link in document.xpath("//@href") if not link.startswith("#")} == files
    addresses = set(re.findall(r"https?://[^\s\"<)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "@import" not in text


def test_the_page_says_its_language_and_forbids_loading(document):
    assert document.get("lang") == "en"
    assert "default-src 'none'" in document.xpath("string(//meta[@http-equiv]/@content)")


def test_headings_descend_one_by_one(document):
    levels = [int(element.tag[1]) for element in headings(document)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_link_on_the_page_leads_somewhere_and_no_id_stands_twice(document):
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in document.xpath("//@href") if link.startswith("#")} <= set(ids)
    assert set(document.xpath("//@aria-labelledby")) <= set(ids)


def test_every_figure_has_its_data_as_a_table(document, page):
    for element, figure in zip(document.xpath("//figure"), page.figures, strict=True):
        said = f"{figure.title}: drawn from the table below" if figure.svg else ""
        assert element.xpath("string(.//*[@role='img']/@aria-label)") == said
        assert len(element.xpath(".//tbody/tr")) == len(figure.table)
        assert len(element.xpath(".//details//tbody/tr")) == (len(figure.table) if figure.svg else 0)
        assert element.xpath(".//th/@scope") == ["col"] * len(figure.table.columns)


def test_every_figure_says_what_it_counts_and_where_its_rows_are(document, page):
    for element, figure in zip(document.xpath("//figure"), page.figures, strict=True):
        said = element.xpath(".//*[@class='definition']/p")
        assert [each.text_content() for each in said] == [part.replace("`", "") for part in figure.definition]
        assert len(said) > 0
        assert element.get("id") == figure.series


def test_the_page_of_the_public_edition_says_what_is_withheld(synthetic):
    edition = public_edition(roll_up(*synthetic), 10, dt.date(2030, 1, 1))
    page = public_page(edition)
    document = html.fromstring(render_page(page))
    assert [each.get("id") for each in document.xpath("//figure")] == [each.series for each in page.figures]
    hidden = sum(
        table[name].isna().sum()
        for table in (each.table for each in page.figures)
        for name in table
        if str(table[name].dtype) in {"Int64", "Float64"}
    )
    assert 0 < hidden == document.xpath("//td/text()").count("withheld")
    assert document.xpath("string(//p[@class='lead'])").startswith("Calendar years up to 2029")
    assert "id" not in {*document.xpath("//th/text()")}


def test_what_comes_after_the_paper_is_shown_where_there_is_any(synthetic):
    series = with_forecast(measure(*synthetic))
    year = int(series.yearly["year"].iloc[0])
    spared = pd.DataFrame({"year": [year], "sightings": [10], "settled": [1], "repeats": [2], "copies": [3],
                           "spared": [6], "share": [0.6]})  # fmt: skip
    ahead = pd.DataFrame({"subject": ["reports"] * 2, "month": pd.to_datetime(["2017-01-01", "2017-02-01"]),
                          "expected": [5.0, 6.0], "low_80": [4.0, 4.0], "high_80": [7.0, 8.0], "low_95": [3.0, 2.0],
                          "high_95": [8.0, 9.0], "basis": ["x", "x"]})  # fmt: skip
    drawn = {each.series: each for each in figures(dataclasses.replace(series, exposure=spared, forecast=ahead))}
    assert drawn["exposure"].svg
    assert drawn["forecast"].svg.count('opacity="0.16"') == 2
    assert "outcomes" not in drawn  # nobody noted any


@pytest.mark.parametrize("field", fields(Series), ids=lambda field: field.name)
def test_every_series_is_defined_by_its_function(field):
    first, *_ = definition(field.name)
    assert first.endswith((".", ":"))
    assert any("columns: " in part.lower() for part in definition(field.name))


def test_whatever_scrolls_can_be_reached_by_the_keyboard(document):
    for element in document.xpath("//*[contains(@class, 'scroll') or @class='data']"):
        assert element.get("tabindex") == "0"


def test_markup_in_a_value_is_only_text(document, text):
    assert "A <simulated> history" in document.xpath("string(//h1)")
    assert "<i>" not in text
    assert "&lt;i&gt;new" in text


def test_numbers_stand_as_people_read_them(document):
    assert document.xpath("//dd[@class='number']/text()") == ["1,300", "4,200"]
    assert document.xpath("//section[@aria-labelledby='evaluation']//td/text()") == ["97.5%", "100.0%", "40", "41"]
    assert "Digest mismatch" in document.xpath("//section[@aria-labelledby='set-aside']//td/text()")


def test_of_nothing_there_is_still_a_page():
    nothing = figures(measure(*(schema(dataset).empty_table() for dataset in Dataset)))
    assert nothing == ()
    document = html.fromstring(render_page(Page("Breakwater", "no reports", (Tile("Reports", 0, "none yet"),))))
    assert [element.text for element in headings(document)] == ["Breakwater", "Summary", "Set aside"]
    assert document.xpath("//nav//a/text()") == ["Summary", "Set aside"]


@pytest.mark.parametrize(
    ("value", "column", "said"),
    [
        (2016, "year", "2016"),
        (2016, "reports", "2,016"),
        (pd.Timestamp("2016-03-01"), "month", "2016-03"),
        (dt.date(2016, 3, 1), "month", "2016-03"),
        (0.1234, "share_of_files", "12.3%"),
        (257.25, "median_days", "257.2"),
        (0.51, "median", "+51%"),
        (-0.2, "latest", "-20%"),
        (float("nan"), "median_days", "–"),
        ("IN", "country", "IN"),
    ],
)
def test_a_value_is_said_by_its_column(value, column, said):
    assert cell(value, column) == said


def test_a_column_is_named_for_people():
    assert heading("share_of_files") == "Share of files"
    assert heading("p90_days") == "90th percentile days"
