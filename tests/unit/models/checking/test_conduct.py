"""Runs are timed by their median, on the CPU by itself as well, and company may change an answer by next to nothing."""

import model_folders
import numpy as np
import pytest

from models.checking.conduct import _alike, on_cpu, pictures, seconds
from models.session import Session


def test_a_run_is_timed_by_the_median_after_one_that_is_not_counted():
    moments = iter([0, 1, 10, 12, 20, 29, 30, 33, 40, 44])
    runs = []
    assert seconds(runs.append, np.zeros(1), lambda: next(moments)) == 3
    assert len(runs) == 6


def test_the_cpu_alone_gives_what_the_session_gives(tmp_path):
    folder = model_folders.write(tmp_path / "model")
    batch = np.random.default_rng(1).random((3, 3, 8, 8), np.float32)
    scores = on_cpu(folder / "model.onnx", "image")(batch)[0]
    assert scores == pytest.approx(Session(folder).run(batch)["probabilities"], abs=1e-5)


@pytest.mark.parametrize(("apart", "good"), [(0.0005, True), (0.005, False)])
def test_a_picture_in_company_may_differ_by_a_thousandth(apart, good):
    alone = [{"scores": np.ones((1, 2), np.float32)}] * 2
    together = {"scores": np.full((2, 2), 1 + apart, np.float32)}
    assert _alike(alone, together).ok is good


def test_pictures_are_drawn_the_same_each_time_and_are_not_all_alike():
    drawn = pictures(8, 12, 7)
    assert (drawn == pictures(8, 12, 7)).all()
    assert drawn.shape == (7, 8, 12, 3)
    assert len({picture.tobytes() for picture in drawn}) == 7
