"""The population: as skewed as the paper measured, as large as asked for."""

from collections import Counter
from statistics import median

import pytest

from domain.media import Kind
from tasks.simulating.incidents import COUNTRIES, plan_incidents
from tasks.simulating.photographs import PHOTOGRAPHS
from tasks.simulating.population import Genre, Population, plan_population

REPORTS = 3000


@pytest.fixture(scope="module")
def population():
    """Give a large plan: nothing is drawn for it."""
    return plan_population(5, REPORTS)


def times(population: Population, kind: Kind) -> list[int]:
    return [len(file.reports) for file in population.files if file.kind is kind and file.fault is None]


def lifetimes(population: Population, kind: Kind) -> list[float]:
    shared = [file.reports for file in population.files if file.kind is kind and len(file.reports) > 1]
    return [population.received[reports[-1]] - population.received[reports[0]] for reports in shared]


def test_about_three_files_a_report_of_which_a_tenth_are_videos(population):
    images, videos = (sum(times(population, kind)) for kind in (Kind.IMAGE, Kind.VIDEO))
    assert 2.7 * REPORTS < images + videos < 3.2 * REPORTS
    assert 0.09 < videos / (images + videos) < 0.13


@pytest.mark.parametrize(("kind", "share", "most"), [(Kind.IMAGE, 0.84, 50), (Kind.VIDEO, 0.91, 6)])
def test_most_distinct_files_are_seen_once_and_a_few_very_often(population, kind, share, most):
    seen = times(population, kind)
    assert abs(seen.count(1) / len(seen) - share) < 0.02
    assert max(seen) >= most


@pytest.mark.parametrize(("kind", "days"), [(Kind.IMAGE, 257), (Kind.VIDEO, 210)])
def test_shared_files_live_for_months(population, kind, days):
    assert 0.6 * days < median(lifetimes(population, kind)) < 1.5 * days


def test_a_file_is_named_once_by_a_report(population):
    assert all(len(set(file.reports)) == len(file.reports) for file in population.files)


def test_no_two_distinct_files_are_the_same_edit_of_the_same_origin(population):
    made = Counter((file.origin.name, file.edit) for file in population.files)
    assert made.most_common(1)[0][1] == 1


def test_each_edited_file_has_its_original_in_the_population(population):
    originals = {file.origin for file in population.files if file.edit == "original"}
    assert {file.origin for file in population.files} == originals


def test_every_accepted_report_names_a_file(population):
    named = {report for file in population.files for report in file.reports}
    assert named == set(range(REPORTS))


def test_every_photograph_is_among_the_shared(population):
    used = {file.origin.number for file in population.files if file.origin.genre is Genre.PHOTOGRAPH}
    assert used == set(range(len(PHOTOGRAPHS)))


def test_a_third_of_the_origins_seen_again_stands_on_the_list(population):
    seen: Counter[str] = Counter()
    for file in population.files:
        seen[file.origin.name] += len(file.reports)
    entries = {file.origin.name: file.origin.entry for file in population.files}
    again = [entries[name] for name, number in seen.items() if number > 1]
    listed = [entry for entry in again if entry]
    assert abs(len(listed) / len(again) - 1 / 3) < 0.03
    assert sorted(listed) == sorted({entry for entry in entries.values() if entry})


def test_reports_grow_exponentially_from_2013(population):
    years = Counter(int(day // 365.25) for day in population.received)
    assert all(years[year] < years[year + 1] for year in range(3))
    assert years[3] > 3 * years[1]


def test_a_plan_does_not_depend_on_anything_but_its_numbers(population):
    assert plan_population(5, REPORTS) == population
    assert plan_population(6, REPORTS).received != population.received


def test_incidents_shift_from_the_public_to_platforms_and_a_few_are_urgent(population):
    incidents = plan_incidents(5, population.received, population.rejections)
    early = [one.source for one, day in zip(incidents, population.received, strict=True) if day < 730]
    late = [one.source for one, day in zip(incidents, population.received, strict=True) if day > 1460]
    assert early.count("public") / len(early) > 3 * late.count("public") / len(late)
    assert 0.05 < sum(one.urgent for one in incidents) / REPORTS < 0.07
    located = [one.country for one in incidents if one.country]
    assert abs(len(located) / REPORTS - 0.686) < 0.04
    assert abs(located.count("IN") / len(located) - 0.241) < 0.03
    assert {"A1", "A2"} <= set(located) <= set(COUNTRIES)
    assert {one.batched for one in incidents} == {True, False}
