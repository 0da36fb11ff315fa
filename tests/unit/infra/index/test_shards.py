"""On real processes shards give the same as one index, and cells of vectors are joined as they are in this one."""

import numpy as np
import pytest
from many_hashes import compared, photographic, triples, uniform

from domain.errors import IndexDamaged
from infra.cluster import running
from infra.index import joining, shards
from infra.index.nearest import Ways
from infra.index.shards import Asked, Shards, search_shards
from infra.world import world


@pytest.fixture(scope="module", autouse=True)
def address(tmp_path_factory):
    """Open one cluster for this module, over a world of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BREAKWATER_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("BREAKWATER_WORKERS", "2")
        world.cache_clear()
        with running() as address:
            yield address
        world.cache_clear()


def test_shards_find_what_one_index_finds_and_see_what_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "QUERIES", 300)
    hashes, ids = photographic(3000, 1), np.arange(3000) - 700
    index = Shards(tmp_path, 3)
    assert index.add(ids, hashes) == 3000
    queries = np.concatenate([hashes[::4], uniform(50, 2)])
    assert triples(index.within(queries, 24)) == compared(queries, ids, hashes, 24)
    assert index.add(ids, hashes) == 0
    assert index.withdraw(ids[:1000]) == 1000
    again = Shards(tmp_path, 3)
    assert triples(again.within(queries)) == compared(queries, ids[1000:], hashes[1000:], 31)


def test_a_worker_is_asked_for_less_where_it_found_too_much(tmp_path, monkeypatch):
    flood = np.repeat(uniform(1, 1), 40, axis=0)
    index = Shards(tmp_path, 1)
    index.add(np.arange(40), flood)
    asked = Asked(5, next(tmp_path.iterdir()), 7, flood, 31)
    monkeypatch.setattr(shards, "PAIRS", 100)
    assert search_shards([asked]) == [(5, None)]
    ((number, found),) = search_shards([asked._replace(queries=flood[:1])])
    assert (number, triples([found])) == (5, [(7, each, 0) for each in range(40)])
    monkeypatch.setattr(shards, "fan_out", lambda step, items, **_: (step([item]) for item in items))
    expected = [(query, each, 0) for query in range(40) for each in range(40)]
    assert triples(index.within(flood)) == expected


def test_another_number_of_shards_is_refused(tmp_path):
    Shards(tmp_path, 2)
    with pytest.raises(IndexDamaged, match="not in 3 shards"):
        Shards(tmp_path, 3)


def test_nothing_is_asked_of_nobody(tmp_path):
    assert list(Shards(tmp_path, 2).within(uniform(0, 1))) == []


def test_workers_join_vectors_as_this_process_does_and_what_they_do_not_reach_is_done_here(tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(8, 6))[rng.integers(0, 8, 400)] + 0.6 * rng.normal(size=(400, 6))
    (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("<f2").tofile(tmp_path / "vectors")
    asked = (tmp_path / "vectors", (400, 6), np.arange(0, 400, 40), Ways(3, 4, 1.0, 1.0), 0.9)
    here = joining.components(*asked)
    monkeypatch.setattr(joining, "WORKERS_FROM", 100)
    monkeypatch.setattr(joining, "_ROWS", 150)
    for there in (joining.components(*asked), joining.components(*asked)):
        np.testing.assert_array_equal(there[0], here[0])
        np.testing.assert_array_equal(there[1], here[1])
        monkeypatch.setattr(joining, "fan_out", lambda _step, items, **_: ([(each.number, None)] for each in items))
    assert len(np.unique(here[1])) < 350
    assert [file.name for file in tmp_path.iterdir()] == ["vectors"]
