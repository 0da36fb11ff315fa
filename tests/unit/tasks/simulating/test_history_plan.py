"""The parts of a history's plan: numbers made whole, the fits, how files return, and where they are placed."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from domain.errors import InvalidSettings
from domain.media import Kind
from domain.report import Vector
from tasks.simulating.history import geography, volumes
from tasks.simulating.history.digests import TEXT, file_texts
from tasks.simulating.history.kinds import SIGHTINGS, sightings_by_month
from tasks.simulating.history.months import COUNT, FILE_DAYS, STARTS, names, number
from tasks.simulating.history.numbers import through, whole
from tasks.simulating.history.placing import place
from tasks.simulating.history.plan import by_year
from tasks.simulating.history.planted import by_vector
from tasks.simulating.history.returns import LAWS, multiplicities
from tasks.simulating.history.sightings import _with_room, plan_sightings
from tasks.simulating.history.vectors import UNKNOWN, by_label_and_year, fitted, printed, spread

FULL = 23_494_983
WEIGHTS = st.lists(st.integers(0, 1_000), min_size=1, max_size=40).filter(any)


@given(WEIGHTS, st.integers(0, 10_000))
def test_every_stretch_of_whole_numbers_is_within_one_of_its_share(weights, total):
    counts = whole(np.array(weights), total)
    exact = np.array(weights) * total / sum(weights)
    assert counts.sum() == total
    assert (counts >= np.floor(exact - 1e-9)).all()
    assert (counts <= np.ceil(exact + 1e-9)).all()
    for start in range(len(weights)):
        assert np.abs(np.cumsum(counts[start:]) - np.cumsum(exact[start:])).max() <= 1 + 1e-6


@given(WEIGHTS)
def test_whole_weights_that_add_up_stay_as_they_are(weights):
    assert whole(np.array(weights), sum(weights)).tolist() == weights


def test_nothing_is_shared_out_where_nothing_weighs():
    assert whole(np.zeros(3), 0).tolist() == [0, 0, 0]


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 10_000)), min_size=2, max_size=8))
def test_the_curve_is_the_one_that_scipy_draws(steps):
    x, y = (np.concatenate(([0], np.cumsum(each))) for each in zip(*steps, strict=True))
    rises = through(dict(zip(x.tolist(), y.tolist(), strict=True)), int(x[-1]))
    assert rises == pytest.approx(np.diff(PchipInterpolator(x, y)(np.arange(x[-1] + 1))), abs=1e-6)
    assert (rises >= -1e-9).all()


def test_a_curve_through_two_knots_is_straight():
    assert through({0: 0, 4: 8}, 4).tolist() == [2, 2, 2, 2]


def test_the_months_are_the_papers():
    assert (COUNT, names()[0], names()[-1], number("2009-07")) == (235, "1998-03", "2017-09", 136)
    assert np.diff(STARTS).sum() == 7_154 * 86_400
    assert (len(FILE_DAYS), FILE_DAYS[-1]) == (58, 1_734)


@pytest.mark.parametrize("reports", [FULL, 1_234_567, 10_000])
def test_providers_never_lead_before_july_2009_and_always_after(reports):
    monthly = volumes.reports_by_month(reports)
    providers = volumes.from_providers(monthly)
    assert monthly.sum() == reports
    assert (2 * providers > monthly).tolist() == [False] * 136 + [True] * 99
    assert ((providers >= 0) & (providers <= monthly)).all()


def test_every_printed_sum_of_reports_holds_at_full_scale():
    monthly = volumes.reports_by_month(FULL)
    assert by_year(monthly).tolist() == volumes.by_year().tolist()
    assert (monthly[:120].sum(), monthly[-12:].sum(), monthly.sum()) == (565_000, 9_600_000, FULL)


def test_countries_and_years_both_add_up_at_full_scale():
    yearly = volumes.by_year()
    table = geography.by_country_and_year(1, FULL, yearly)
    assert table.sum(axis=1).tolist() == geography.countries()[1].tolist()
    assert 16_122_184 <= table.sum() <= 16_134_033
    assert (table >= 0).all()
    assert table.sum(axis=0) / yearly == pytest.approx(0.6864, abs=0.001)


@pytest.mark.parametrize("year", [2007, 2017])
def test_the_fit_leaves_the_printed_years_alone(year):
    column = geography.fitted()[:, year - 1998]
    shares = dict(zip(geography.GROUPS, 100 * column / column.sum(), strict=True))
    american = shares["US"] + shares["Americas"]
    if year == 2007:
        assert (shares["US"], american) == (pytest.approx(54), pytest.approx(70))
    else:
        assert [american, shares["Asia"], shares["Europe"], shares["Africa"], shares["Oceania"]] == pytest.approx(
            [19, 68, 6, 7, 0.04], abs=0.03
        )


def test_what_a_year_has_no_room_for_moves_to_later_years_that_have():
    assert geography._within(np.array([5, 2, 0]), np.array([3, 3, 1])).tolist() == [3, 3, 1]


def test_every_number_of_figure_6_holds_at_full_scale():
    table, yearly = fitted(), volumes.by_year()
    assert (table >= 0).all()
    assert table.sum(axis=0).tolist() == yearly.tolist()
    assert table[-1].sum() == UNKNOWN
    rows = by_vector(table)
    for row, vector in zip(rows, Vector, strict=True):
        reports, percent = printed()[vector]
        assert row.sum() == reports
        assert np.floor(100 * row / reports + 0.5).tolist() == percent.tolist()
    assert rows.sum() - (FULL - UNKNOWN) == 157_127


def test_per_cent_that_cannot_hold_are_refused():
    with pytest.raises(ValueError, match="do not allow"):
        spread(1_000, np.array([10, 20]), np.array([1_000, 1_000]))


@pytest.mark.parametrize("reports", [10_000, 10_007, 50_000])
def test_vectors_of_a_small_history_fit_into_its_years(reports):
    yearly = by_year(volumes.reports_by_month(reports))
    table = by_label_and_year(reports, yearly)
    assert (table >= 0).all()
    assert table.sum(axis=0).tolist() == yearly.tolist()


@pytest.mark.parametrize("kind", Kind)
def test_files_return_at_full_scale_as_printed(kind):
    law = LAWS[kind]
    counts = multiplicities(SIGHTINGS[kind], law, law.most)
    singles = SIGHTINGS[kind] - counts.sum()
    assert counts[0] == law.most
    assert counts[-1] == 2
    assert (np.diff(counts) <= 0).all()
    assert singles / (singles + len(counts)) == pytest.approx(law.single, abs=1e-4)


def test_months_of_files_add_up_and_videos_were_few_in_2013():
    assert {kind: sightings_by_month(kind, FULL).sum() for kind in Kind} == SIGHTINGS
    assert sightings_by_month(Kind.VIDEO, FULL)[:12].max() < 1_000


@pytest.mark.parametrize("kind", Kind)
def test_each_month_and_each_file_has_its_sightings(kind):
    plan = plan_sightings(kind, 4, 60_000)
    months = [plan.of_month(month) for month in range(57)]
    assert [len(files) for files in months] == plan.volume.tolist()
    times = np.bincount(np.concatenate(months))
    assert times[: len(plan.counts)].tolist() == plan.counts.tolist()
    assert (times[len(plan.counts) :] == 1).all()
    assert len(times) == len(plan.counts) + plan.singles()
    assert all((np.diff(files.astype(np.int64)) >= 0).all() for files in months)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_no_month_takes_more_than_its_room(months):
    wanted, room = (np.array(each) for each in zip(*months, strict=True))
    if wanted.sum() > room.sum():
        room[-1] += wanted.sum() - room.sum()
    taken = np.diff(_with_room(wanted, room))
    assert taken.sum() == wanted.sum()
    assert ((taken >= 0) & (taken <= room)).all()
    if (wanted <= room).all():
        assert taken.tolist() == wanted.tolist()


@settings(max_examples=60)
@given(st.integers(1, 400), st.floats(0.1, 2.2), st.floats(0, 0.12), st.integers(0, 99))
def test_no_sightings_in_a_row_fall_into_one_report(reports, each, share, seed):
    sightings, together = max(1, int(reports * each)), max(1, int(reports * share))
    placed = place(sightings, together, reports, np.random.default_rng(seed))
    assert len(placed) == sightings
    assert ((placed >= 0) & (placed < reports)).all()
    for start in range(max(1, sightings - together + 1)):
        row = placed[start : start + together]
        assert len(set(row.tolist())) == len(row)


def test_more_sightings_of_a_file_than_reports_are_refused():
    with pytest.raises(InvalidSettings, match="simulate more"):
        place(50, 20, 10, np.random.default_rng(1))


def test_digests_look_like_md5_and_differ_by_file_kind_and_seed():
    files = np.arange(5_000, dtype=np.uint32)
    texts = {bytes(row).decode() for kind in Kind for seed in (1, 2) for row in file_texts(kind, seed, files)}
    assert len(texts) == 6 * len(files)
    assert all(len(text) == TEXT and re.fullmatch(r"(image|video|other):[0-9a-f]{32}", text) for text in texts)
    assert file_texts(Kind.IMAGE, 1, files[7:9]).tobytes() == file_texts(Kind.IMAGE, 1, files)[7:9].tobytes()


def test_neighbours_in_a_row_share_no_pattern():
    texts = [bytes(row).decode() for row in file_texts(Kind.VIDEO, 1, np.arange(1_000, dtype=np.uint32))]
    differing = [(int(a[6:], 16) ^ int(b[6:], 16)).bit_count() for a, b in pairwise(texts)]
    assert np.mean(differing) == pytest.approx(64, abs=1)
