"""The index of vectors: what comes and goes leaves it as if it had been built so, and nothing is lost on the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.index import joining
from infra.index import vectors as module
from infra.index.nearest import connected
from infra.index.vectors import followed, opened, settle

LEAST = 0.8


def corpus(seed, members=60, width=6):
    """Draw vectors about a few directions, by names in an order of their own; as a file holds them."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(8, width))
    rows = centres[rng.integers(0, 8, members)] + 0.6 * rng.normal(size=(members, width))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    names = [f"{number:04}" for number in rng.permutation(members).tolist()]
    return dict(zip(names, rows, strict=True))


def fetching(vectors):
    return lambda names: np.stack([vectors[name] for name in names]).astype(np.float32)


def parts(index):
    """Give the names of what is connected, of those that are there."""
    found = {}
    for name, label, alive in zip(index.names.tolist(), index.labels.tolist(), index.alive.tolist(), strict=True):
        if alive:
            found.setdefault(label, set()).add(name.decode())
    return sorted(sorted(part) for part in found.values())


def compared(vectors, members):
    rows = np.stack([vectors[name] for name in members]).astype(np.float32)
    found = {}
    for name, label in zip(members, connected(rows, LEAST).tolist(), strict=True):
        found.setdefault(label, []).append(name)
    return sorted(sorted(part) for part in found.values())


def looks_everywhere(monkeypatch):
    """Have every vector look into every cell, so that nothing is missed."""
    ways = module.measured

    def whole(vectors, centres, least):
        found = ways(vectors, centres, least)
        return type(found)(len(centres), len(centres), found.recall, found.recall_alone)

    monkeypatch.setattr(module, "measured", whole)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_in_whatever_order_members_come_and_go_what_is_connected_is_that_of_all_against_all(
    tmp_path_factory, seed, chance
):
    folder, vectors = tmp_path_factory.mktemp("index"), corpus(seed)
    with pytest.MonkeyPatch.context() as patch:
        looks_everywhere(patch)
        there = set(chance.sample(sorted(vectors), 35))
        for _ in range(4):
            index = followed(folder, sorted(there), fetching(vectors), LEAST)
            assert parts(index) == compared(vectors, sorted(there))
            gone = chance.sample(sorted(there), chance.randint(0, 6))
            there = there - set(gone) | set(chance.sample(sorted(vectors), chance.randint(0, 8)))


def test_what_is_built_does_not_depend_on_what_there_was(tmp_path):
    vectors = corpus(1)
    followed(tmp_path / "one", sorted(vectors)[:40], fetching(vectors), LEAST)
    grown = followed(tmp_path / "one", sorted(vectors), fetching(vectors), LEAST, anew=True)
    fresh = followed(tmp_path / "other", sorted(vectors), fetching(vectors), LEAST)
    assert grown.names.tolist() == fresh.names.tolist()
    np.testing.assert_array_equal(grown.labels, fresh.labels)
    np.testing.assert_array_equal(grown.vectors, fresh.vectors)
    assert len(list((tmp_path / "one").glob("vectors-*"))) == 1


def test_only_what_a_change_touches_waits_and_until_it_is_settled(tmp_path):
    vectors = corpus(2)
    names = sorted(vectors)
    index = followed(tmp_path, names[:50], fetching(vectors), LEAST)
    assert index.waiting.all()
    settle(index, index.groups)
    assert not followed(tmp_path, names[:50], fetching(vectors), LEAST).waiting.any()
    for _ in range(2):  # the second one finds nothing new, and the first one was not settled
        index = followed(tmp_path, names[1:51], fetching(vectors), LEAST)
        touched = np.isin(index.labels, index.labels[index.waiting])
        waiting = {index.names[row].decode() for row in np.flatnonzero(touched)}
        parts_of_all = compared(vectors, names[:51])
        assert waiting == {name for part in parts_of_all if {names[0], names[50]} & set(part) for name in part}
    settle(index, np.arange(len(index.names)))
    again = followed(tmp_path, names[1:51], fetching(vectors), LEAST)
    assert (again.waiting.any(), again.groups.tolist()) == (False, list(range(51)))


def test_members_come_and_go_in_another_order_than_that_of_their_names(tmp_path):
    names = [f"{file}/{ordinal}" for file in "bac" for ordinal in range(12)]
    vectors = dict(zip(names, corpus(9, members=36).values(), strict=True))
    for there in (names[:30], names[2:30], names[2:], names):
        index = followed(tmp_path, there, fetching(vectors), LEAST)
        assert sorted(index.names[index.alive].tolist()) == sorted(name.encode() for name in there)
        assert index.built == 30
        settle(index, index.groups)
    assert not followed(tmp_path, names, fetching(vectors), LEAST).waiting.any()


def test_what_was_changed_since_is_not_settled(tmp_path):
    vectors = corpus(3)
    index = followed(tmp_path, sorted(vectors)[:50], fetching(vectors), LEAST)
    followed(tmp_path, sorted(vectors), fetching(vectors), LEAST)
    settle(index, index.groups)
    assert followed(tmp_path, sorted(vectors), fetching(vectors), LEAST).waiting.all()


@pytest.mark.parametrize("harm", ["nothing", "no state", "half a state", "half the vectors"])
def test_what_is_not_whole_is_built_anew(tmp_path, harm):
    vectors = corpus(4)
    index = followed(tmp_path, sorted(vectors), fetching(vectors), LEAST)
    settle(index, index.groups)
    state, file = tmp_path / module.STATE, tmp_path / index.named
    if harm == "no state":
        state.unlink()
    if harm == "half a state":
        state.write_bytes(state.read_bytes()[:2000])
    if harm == "half the vectors":
        file.write_bytes(file.read_bytes()[:100])
    assert (opened(tmp_path) is None) == (harm != "nothing")
    index = followed(tmp_path, sorted(vectors), fetching(vectors), LEAST)
    assert parts(index) == compared(vectors, sorted(vectors))
    assert index.waiting.all() == (harm != "nothing")


def test_another_threshold_and_twice_the_members_build_it_anew(tmp_path):
    vectors = corpus(5)
    names = sorted(vectors)
    assert followed(tmp_path, names[:20], fetching(vectors), LEAST).built == 20
    assert followed(tmp_path, names[:40], fetching(vectors), LEAST).built == 20
    assert followed(tmp_path, names[:41], fetching(vectors), LEAST).built == 41
    assert followed(tmp_path, names[:41], fetching(vectors), 0.7).least == 0.7


def test_what_died_while_it_was_appended_is_written_over(tmp_path):
    vectors = corpus(6)
    index = followed(tmp_path, sorted(vectors)[:40], fetching(vectors), LEAST)
    with (tmp_path / index.named).open("ab") as file:
        file.write(b"half of a vector")
    index = followed(tmp_path, sorted(vectors), fetching(vectors), LEAST)
    expected = np.stack([vectors[name.decode()] for name in index.names.tolist()])
    np.testing.assert_array_equal(index.vectors, expected)


def test_what_a_join_left_that_died_is_removed(tmp_path):
    vectors = corpus(6)
    (tmp_path / "join-0").mkdir()
    (tmp_path / "join-0" / "order.npy").write_bytes(b"half")
    index = followed(tmp_path, sorted(vectors), fetching(vectors), LEAST)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["lock", "state.npz", index.named]


def test_a_flood_of_all_but_the_same_is_connected_without_being_compared(tmp_path, monkeypatch):
    rng = np.random.default_rng(7)
    rows = np.array([1.0, 0, 0, 0]) + 0.01 * rng.normal(size=(3000, 4))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    vectors = {f"{at:04}": row for at, row in enumerate(rows)}
    compared, products = joining.near, []

    def counting(stored, asking, held, least):
        products.append(len(asking) * len(held))
        return compared(stored, asking, held, least)

    monkeypatch.setattr(joining, "near", counting)
    assert len(parts(followed(tmp_path, sorted(vectors), fetching(vectors), LEAST))) == 1
    assert sum(products) == 0


def test_nearly_all_of_what_is_near_is_found_and_how_much_is_known(tmp_path):
    vectors = corpus(8, members=4000, width=12)
    index = followed(tmp_path, sorted(vectors), fetching(vectors), 0.9)
    assert 0.98 <= index.recall <= 1
    assert index.ways < len(index.centres)
    rows = index.vectors.astype(np.float32)
    labels = connected(rows, 0.9)
    pairs = np.argwhere(np.triu(rows @ rows.T >= 0.9, 1))
    assert len(pairs) > 100
    assert (index.labels[pairs[:, 0]] == index.labels[pairs[:, 1]]).mean() >= 0.97
    assert (labels[pairs[:, 0]] == labels[pairs[:, 1]]).all()
