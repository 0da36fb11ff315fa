"""What a night changed is told in counts and reasons, and a process that could open files has no night."""

import pytest

from domain.counts import Counts
from domain.errors import InvalidSettings
from infra.world import world
from tasks.overnight import Move, Night, moved, told


def test_moves_name_the_reason_that_weighs_most_in_the_difference():
    before = {"a": ("routine", {"new": 1.0}), "b": ("routine", {}), "c": ("urgent", {"x": 9.0}), "gone": ("x", {})}
    listed = ("urgent", {"new": 1.0, "known.A1": 8.0})
    after = {"a": listed, "b": listed, "c": ("urgent", {"x": 8.0}), "came": ("urgent", {})}
    assert moved(before, after) == [Move("routine", "urgent", "known.A1 +8", 2)]


def test_other_bands_for_the_same_points_are_the_policy_s():
    assert moved({"a": ("low", {"x": 1.0})}, {"a": ("high", {"x": 1.0})}) == [
        Move("low", "high", "the policy's bands", 1)
    ]


def test_a_night_without_change_says_so():
    assert told([], Counts(reports_ranked=7, matches_new=0)).startswith("Nothing changed.")


def test_what_changed_stands_with_its_number_and_why():
    text = told([Move("routine", "urgent", "known.A1 +8", 2)], Counts(matches_new=1200))
    assert "| matches added | 1,200 |" in text
    assert "| reports from routine to urgent | 2 | known.A1 +8 |" in text


@pytest.mark.parametrize("withheld", [{}, {"BLOBS": "none"}, {"SEALING": "none"}])
def test_a_process_that_could_open_files_has_no_night(data, monkeypatch, withheld):
    for name, value in withheld.items():
        monkeypatch.setenv(f"BREAKWATER_{name}", value)
    world.cache_clear()
    with pytest.raises(InvalidSettings, match="works on metadata alone"):
        Night()


def test_without_a_store_no_file_can_be_asked_for(data, monkeypatch):
    monkeypatch.setenv("BREAKWATER_BLOBS", "none")
    monkeypatch.setenv("BREAKWATER_SEALING", "none")
    world.cache_clear()
    assert Night().moves() == []
    with pytest.raises(InvalidSettings, match="was asked for a file"):
        world().blobs.read("0" * 64)
