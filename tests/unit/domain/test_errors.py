"""Exceptions: one tree, drawn as it is, and they travel between processes."""

import pickle

import pytest

import domain.errors
from domain.errors import BreakwaterError, Rejected, Unreadable
from domain.report import FileFault, Rejection

OURS = [each for each in vars(domain.errors).values() if isinstance(each, type) and issubclass(each, BreakwaterError)]


def test_there_is_a_tree():
    assert len(OURS) > 5


@pytest.mark.parametrize("kind", OURS)
def test_an_exception_survives_pickling_with_its_message(kind):
    error = pickle.loads(pickle.dumps(kind("restore it from a backup")))
    assert type(error) is kind
    assert error.args == ("restore it from a backup",)
    assert str(error) == "restore it from a backup"


@pytest.mark.parametrize("kind", OURS)
def test_an_exception_stands_in_the_drawing_under_its_parent(kind):
    lines = [line.strip("│├└─ ").split(" ")[0] for line in domain.errors.__doc__.splitlines()]
    assert kind.__name__ in lines
    assert kind is BreakwaterError or kind.__bases__ == (BreakwaterError,)
    assert kind.__doc__


def test_the_drawing_shows_nothing_else():
    drawn = {line.strip("│├└─ ").split(" ")[0] for line in domain.errors.__doc__.splitlines() if "── " in line}
    assert drawn | {"BreakwaterError"} == {kind.__name__ for kind in OURS}


@pytest.mark.parametrize("error", [Rejected(Rejection.SCHEMA), Unreadable(FileFault.UNDECODABLE)])
def test_a_reason_from_the_closed_list_travels_as_it_is(error):
    assert pickle.loads(pickle.dumps(error)).args[0] is error.args[0]
