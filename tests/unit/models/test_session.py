"""A session runs batches of any length, on the provider that is there, and refuses what is no picture."""

import model_folders
import numpy as np
import pytest

from domain.errors import UnusableModel
from models.session import Session, driver_present


@pytest.fixture
def session(tmp_path):
    return Session(model_folders.write(tmp_path / "model"))


def test_the_provider_in_use_is_told(session):
    assert session.provider in {"CPUExecutionProvider", "CUDAExecutionProvider"}
    if not driver_present():
        assert session.provider == "CPUExecutionProvider"


def test_opening_a_session_is_quiet(tmp_path, capfd):
    Session(model_folders.write(tmp_path / "model"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("length", [1, 2, 7])
def test_a_batch_of_any_length_gives_as_many_rows(session, length):
    batch = np.zeros((length, 3, 8, 8), np.float32)
    batch[:, 1] = 1
    answers = session.run(batch, ["probabilities", "embedding"])
    assert set(answers) == {"probabilities", "embedding"}
    assert np.allclose(answers["embedding"], [[0, 1, 0]] * length)
    assert set(session.run(batch)) == {"probabilities"}
    assert np.allclose(answers["probabilities"].sum(1), 1)


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, 3, 8, 9), np.float32),
        np.zeros((3, 8, 8), np.float32),
        np.zeros((1, 3, 8, 8), np.float64),
        np.zeros((1, 8, 8, 3), np.uint8),
    ],
)
def test_a_batch_of_another_shape_or_type_is_refused(session, batch):
    with pytest.raises(ValueError, match="is not float32"):
        session.run(batch)


def test_an_answer_that_is_no_number_is_refused(session):
    with pytest.raises(UnusableModel, match="is not finite"):
        session.run(np.full((1, 3, 8, 8), np.nan, np.float32))


def test_threads_change_no_answer(tmp_path):
    folder = model_folders.write(tmp_path / "model")
    batch = np.random.default_rng(1).random((4, 3, 8, 8), np.float32)
    one, two = (Session(folder, threads).run(batch) for threads in (1, 2))
    assert np.allclose(one["probabilities"], two["probabilities"], atol=1e-6)
