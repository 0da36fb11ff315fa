"""Intake on watch: it outlives failures of the world, tells each once, and nothing else is held back."""

import io

import pytest
from rich.console import Console
from sqlalchemy.exc import OperationalError

from apps.intake import Patience
from domain.errors import InvalidSettings


@pytest.fixture
def told():
    return io.StringIO()


def fail(patience, error):
    with patience:
        raise error


def test_a_failure_of_the_world_is_told_once_until_it_is_over(told):
    patience = Patience(Console(file=told))
    away = OperationalError("SELECT canary", {}, Exception("the database is away"))
    for _ in range(3):
        fail(patience, away)
    assert told.getvalue().count("OperationalError") == 1
    assert "canary" not in told.getvalue()
    with patience:
        pass
    fail(patience, FileNotFoundError("a drop was removed while it was listed"))
    assert told.getvalue().count("tried again") == 2


@pytest.mark.parametrize("error", [ValueError("a bug"), InvalidSettings("the inbox is gone"), KeyboardInterrupt()])
def test_what_no_waiting_mends_ends_the_watch(told, error):
    with pytest.raises(type(error)):
        fail(Patience(Console(file=told)), error)
    assert told.getvalue() == ""
