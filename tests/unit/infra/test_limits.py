"""One clock ends a process for the block that must end first, in whatever order and thread blocks begin and end."""

import signal
import time
from contextlib import ExitStack
from threading import Barrier, Thread

import pytest

from infra import limits
from infra.limits import at_most


@pytest.fixture
def expendable(monkeypatch):
    """Be a process that may die; here an alarm would be too long in coming."""
    monkeypatch.setattr(limits, "_expendable", True)
    of_the_test = signal.setitimer(signal.ITIMER_REAL, 0)
    yield
    signal.setitimer(signal.ITIMER_REAL, *of_the_test)


def left():
    return signal.getitimer(signal.ITIMER_REAL)[0]


def test_the_clock_is_set_for_the_block_that_must_end_first(expendable):
    one, other = ExitStack(), ExitStack()
    one.enter_context(at_most(100))
    assert 90 < left() <= 100
    other.enter_context(at_most(500))
    assert 90 < left() <= 100
    with at_most(50):
        assert 40 < left() <= 50
    one.close()  # it began first, and ends first
    assert 400 < left() <= 500
    other.close()
    assert left() == 0


def test_blocks_of_two_threads_leave_no_clock_behind(expendable):
    begun, ended = Barrier(2), Barrier(2)

    def decode():
        with at_most(100):
            begun.wait()
            ended.wait()

    thread = Thread(target=decode)
    thread.start()
    with at_most(50):
        begun.wait()
    assert 90 < left() <= 100
    ended.wait()
    thread.join()
    assert left() == 0


def test_a_process_that_may_not_die_has_no_clock():
    with at_most(0.001):
        time.sleep(0.01)
