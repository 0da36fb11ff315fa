"""Following: an index that is lost, broken, late or another's is in the end the one that is built from nothing."""

import shutil
import threading

import numpy as np
import pytest
from many_hashes import uniform

from domain.errors import IndexDamaged
from infra.index import hash_index
from infra.index.following import followed
from infra.index.hash_index import HashIndex


class Written:
    """Hashes as a ledger hands them out: each writing its mark, its ids and its hashes."""

    def __init__(self, writings=()):
        self.writings = list(writings)
        self.asked = []

    def write(self, mark, seed, number=40):
        ids = np.arange(seed * 1000, seed * 1000 + number)
        self.writings.append((mark, ids, uniform(number, seed)))

    def mark(self, number):
        return self.writings[number - 1][0] if 1 <= number <= len(self.writings) else ""

    def since(self, number):
        self.asked.append(number)
        for place, (_, ids, hashes) in enumerate(self.writings[number:], number):
            half = len(ids) // 2
            yield place, ids[:half], hashes[:half]
            yield place + 1, ids[half:], hashes[half:]

    def size(self):
        return sum(len(ids) for _, ids, _ in self.writings)


@pytest.fixture
def feed():
    written = Written()
    for seed in range(1, 4):
        written.write(f"mark{seed}", seed)
    return written


def files(index, folder):
    index.compact()
    return {file.name: file.read_bytes() for file in folder.iterdir() if len(file.name) == 64}


def built_anew(feed, folder):
    return files(followed(folder, Written(feed.writings)), folder)


def test_what_is_new_is_added_and_the_rest_is_not_asked_for_again(tmp_path, feed):
    assert len(followed(tmp_path / "one", feed)) == 120
    feed.write("mark4", 4)
    assert len(followed(tmp_path / "one", feed)) == 160
    followed(tmp_path / "one", feed)
    assert feed.asked == [0, 3, 4]
    assert files(followed(tmp_path / "one", feed), tmp_path / "one") == built_anew(feed, tmp_path / "two")


@pytest.mark.parametrize("harm", ["gone", "said", "nonsense", "cut", "segment", "foreign", "unnoted", "bytes"])
def test_a_harmed_index_becomes_the_one_that_is_built_from_nothing(tmp_path, feed, harm):
    folder = tmp_path / "one"
    index = followed(folder, feed)
    (segment, *_) = [file for file in folder.iterdir() if len(file.name) == 64]
    if harm == "gone":
        shutil.rmtree(folder)
    elif harm == "said":
        (folder / "index.json").unlink()
    elif harm == "nonsense":
        (folder / "index.json").write_text('{"note": "3 mark3 x", "segments": 7}')
    elif harm == "bytes":
        (folder / "index.json").write_bytes(b"\xff\xfe\x00")
    elif harm == "cut":
        segment.write_bytes(segment.read_bytes()[:-1])
    elif harm == "segment":
        segment.unlink()
    elif harm == "foreign":
        index.add(np.arange(5), uniform(5, 99), (index.note, "3 another x"))
    else:
        index.add(np.arange(5), uniform(5, 99), (index.note, ""))
    assert files(followed(folder, feed), folder) == built_anew(feed, tmp_path / "two")


@pytest.mark.parametrize("pieces", range(7))
def test_whoever_breaks_off_leaves_what_the_next_one_ends(tmp_path, feed, pieces):
    class Dying(Written):
        def since(self, number):
            for count, piece in enumerate(super().since(number)):
                if count == pieces:
                    raise KeyboardInterrupt
                yield piece

    if pieces < 6:
        with pytest.raises(KeyboardInterrupt):
            followed(tmp_path / "one", Dying(feed.writings))
    assert files(followed(tmp_path / "one", feed), tmp_path / "one") == built_anew(feed, tmp_path / "two")


def test_a_ledger_that_was_set_back_and_went_another_way_is_followed_anew(tmp_path, feed):
    followed(tmp_path / "one", feed)
    other = Written(feed.writings[:2])
    assert files(followed(tmp_path / "one", other), tmp_path / "one") == built_anew(other, tmp_path / "two")
    followed(tmp_path / "one", feed)
    other.write("otherwise", 7)
    assert files(followed(tmp_path / "one", other), tmp_path / "one") == built_anew(other, tmp_path / "three")


def test_an_index_that_mostly_holds_what_is_gone_is_built_anew(tmp_path, feed):
    followed(tmp_path / "one", feed)
    empty = np.empty(0, np.int64), np.empty((0, 4), np.uint64)
    feed.writings[:3] = [(mark, *empty) for mark, _, _ in feed.writings]
    feed.write("mark4", 4)
    assert len(followed(tmp_path / "one", feed)) == 40


def test_several_may_follow_into_one_folder(tmp_path, feed):
    for seed in range(4, 12):
        feed.write(f"mark{seed}", seed)
    started = threading.Barrier(3)

    def follow():
        started.wait()
        followed(tmp_path / "one", feed)

    threads = [threading.Thread(target=follow) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert files(followed(tmp_path / "one", feed), tmp_path / "one") == built_anew(feed, tmp_path / "two")


def test_one_who_always_comes_between_is_told(tmp_path, feed):
    class Disturbed(Written):
        def since(self, number):
            for piece in super().since(number):
                HashIndex(tmp_path).empty()
                yield piece

    with pytest.raises(IndexDamaged, match="who else writes"):
        followed(tmp_path, Disturbed(feed.writings))


def test_large_segments_are_left_alone(monkeypatch):
    monkeypatch.setattr(hash_index, "LARGEST", 300)
    index = HashIndex()
    for seed in range(20):
        index.add(np.arange(seed * 50, seed * 50 + 50), uniform(50, seed))
    assert len(index) == 1000
    assert max(len(segment) for segment in index._segments) <= 300


def test_the_hashes_under_ids_are_given():
    index, hashes = HashIndex(), uniform(30, 1)
    index.add(np.arange(30) // 3, hashes)
    index.add(np.array([2]), uniform(1, 5))
    index.withdraw(np.array([4]))
    expected = {row.tobytes() for row in (*hashes[6:9], *uniform(1, 5))}
    assert {row.tobytes() for row in index.under(np.array([2, 4, 77]))} == expected
