"""The fan-out over a real cluster of processes: nothing is lost, nothing comes twice, and nothing piles up."""

import functools
import os
import time

import dask
import pytest
from steps import (
    allocate,
    die_of_thirteen,
    double,
    fail_at_seven,
    fail_once,
    hang_at_thirteen,
    keep_even,
    leave_mark,
    tell_process,
)

from domain.errors import ServiceFailed, Unreadable
from domain.report import FileFault
from infra import cluster
from infra.cluster import IN_FLIGHT_PER_WORKER, fan_out, running
from infra.limits import at_most
from infra.telemetry import Progress, watching
from infra.world import world

WORKERS = 2


@pytest.fixture(scope="module", autouse=True)
def address(tmp_path_factory):
    """Open one cluster for this module, over a world of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BREAKWATER_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("BREAKWATER_WORKERS", str(WORKERS))
        world.cache_clear()
        with running() as address:
            yield address
        world.cache_clear()
    assert cluster._address == ""


@pytest.mark.parametrize(("number", "batch"), [(1, 32), (32, 32), (33, 32), (100, 7), (5, 1)])
def test_every_result_arrives_once(number, batch):
    results = [result for results in fan_out(double, range(number), batch=batch) for result in results]
    assert sorted(results) == [2 * each for each in range(number)]


def test_batches_are_as_large_as_said():
    sizes = sorted(len(results) for results in fan_out(double, range(10), batch=4))
    assert sizes == [2, 4, 4]


def test_the_same_item_three_times_is_run_three_times(tmp_path):
    step = functools.partial(leave_mark, str(tmp_path))
    assert [result for results in fan_out(step, [3, 3, 3], batch=1) for result in results] == [3, 3, 3]
    assert len(list(tmp_path.iterdir())) == 3


def test_nothing_to_do_asks_no_worker_and_is_told():
    told = []
    with watching(told.append):
        assert list(fan_out(double, [], name="any")) == []
    assert told == [Progress("any", 0, 0)]


def test_progress_counts_items_and_reaches_the_total():
    told = []
    with watching(told.append):
        arrived = [result for results in fan_out(keep_even, range(50), batch=8, name="any") for result in results]
    assert len(arrived) == 25
    assert (told[0], told[-1]) == (Progress("any", 0, 50), Progress("any", 50, 50))
    assert [each.done for each in told] == sorted(each.done for each in told)


def test_the_work_is_shared_by_worker_processes():
    processes: set[int] = set()
    for _ in range(100):  # a worker that another test has killed may be starting still
        processes |= {process for results in fan_out(tell_process, range(20), batch=1) for _, process in results}
        if len(processes) >= WORKERS:
            break
        time.sleep(0.3)
    assert len(processes) >= WORKERS
    assert os.getpid() not in processes


def test_what_a_step_raises_is_raised_here_at_once(tmp_path):
    step = functools.partial(fail_at_seven, str(tmp_path))
    with pytest.raises(Unreadable) as raised:
        list(fan_out(step, range(10), batch=2))
    assert raised.value.args == (FileFault.UNDECODABLE,)
    assert len(list(tmp_path.iterdir())) == 1
    assert list(fan_out(double, [1])) == [[2]], "the cluster serves on"


def test_a_batch_whose_worker_dies_is_done_by_another(tmp_path):
    step = functools.partial(fail_once, str(tmp_path))
    assert list(fan_out(step, [1, 2, 3])) == [[1, 2, 3]]
    assert len(list(tmp_path.iterdir())) == 1


def test_an_item_that_kills_its_workers_costs_itself_alone():
    arrived = [
        each for results in fan_out(die_of_thirteen, range(20), batch=5, crashed=lambda item: -item) for each in results
    ]
    assert sorted(arrived) == sorted([-13, *(2 * number for number in range(20) if number != 13)])


def test_an_item_that_hangs_in_c_costs_itself_alone():
    arrived = [
        each
        for results in fan_out(hang_at_thirteen, range(20), batch=5, crashed=lambda item: -item)
        for each in results
    ]
    assert sorted(arrived) == sorted([-13, *(2 * number for number in range(20) if number != 13)])


def test_workers_that_dask_has_given_up_are_started_again():
    (own,) = cluster._clusters
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1ms"}):
        for nanny in list(own.workers.values()):
            own.sync(nanny.close)
        assert list(fan_out(double, [1])) == [[2]]


def test_a_worker_cannot_have_memory_without_end():
    assert list(fan_out(allocate, [1, 64])) == [[True, False]]


def test_outside_a_worker_no_process_is_ended():
    with at_most(0.01):
        time.sleep(0.05)
    assert hang_at_thirteen([1, 2]) == [2, 4]


def test_a_step_that_kills_its_workers_is_told_where_no_item_may_be_lost():
    with pytest.raises(ServiceFailed, match="keep dying"):
        list(fan_out(die_of_thirteen, [13], name="any"))


def test_a_slow_consumer_holds_the_workers_back(tmp_path):
    ahead = IN_FLIGHT_PER_WORKER * WORKERS
    arriving = fan_out(functools.partial(leave_mark, str(tmp_path)), range(40), batch=1)
    for taken in range(1, 4):
        next(arriving)
        time.sleep(0.3)
        assert len(list(tmp_path.iterdir())) <= ahead + taken
    assert len(list(arriving)) == 40 - 3
    assert len(list(tmp_path.iterdir())) == 40


def test_a_consumer_that_stops_early_leaves_the_cluster_in_order():
    arriving = fan_out(double, range(40), batch=1)
    next(arriving)
    arriving.close()
    assert list(fan_out(double, [4])) == [[8]]


def test_whoever_runs_inside_a_run_uses_its_cluster(address):
    with running() as inner:
        assert inner == address
    with running() as again:
        assert again == address
    assert list(fan_out(double, [1])) == [[2]]
