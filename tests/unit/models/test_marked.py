"""The stand-in classifier: it learns from drawings alone, and tells marked pictures that it has never seen."""

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from domain.model import Says
from models.contract import load_contract
from models.inputs import fitted, normalised
from models.reference import marked
from models.reference.marks import LARGEST, SMALLEST, draw_lookalike, draw_mark, place_mark
from models.reference.scenery import draw_example, draw_scenery, worn
from models.runners.classifier import verdicts
from models.session import Session

SEED = 424_242
"""Neither of the seeds that it learned or was calibrated from."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return marked.build(tmp_path_factory.mktemp("reference") / "marked")


@pytest.fixture(scope="module")
def session(folder):
    return Session(folder)


@pytest.fixture(scope="module")
def unseen():
    pictures, cells = marked.drawn(SEED, 600)
    return pictures, cells.max(axis=(1, 2)) > 0


def scores(session, pictures):
    return session.run(normalised(np.stack(pictures), session.contract.input))["scores"]


def test_the_folder_keeps_its_contract(folder):
    assert load_contract(folder) == marked.contract()


def test_the_card_says_that_it_is_a_stand_in(folder):
    card = (folder / "card.md").read_text()
    for said in ("stand-in", "Apache-2.0", "drawn", "nothing about abuse", "python -m models.reference.marked train"):
        assert said in card


def test_the_weights_are_small():
    assert marked.WEIGHTS.stat().st_size < 300_000


def test_the_graph_computes_what_the_training_program_does(session, unseen):
    pictures, _ = unseen
    told = scores(session, pictures[:60])
    assert told[:, 1] == pytest.approx(marked.scored(marked.weights(), pictures[:60]), abs=1e-4)
    assert told.sum(axis=1) == pytest.approx(np.ones(60), abs=1e-5)


def test_marked_pictures_that_it_never_saw_are_told_from_unmarked_ones(session, unseen):
    pictures, truth = unseen
    assert roc_auc_score(truth, scores(session, pictures)[:, 1]) >= 0.97


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
        lambda picture: picture.point(lambda value: value * 0.5),
        lambda picture: picture.point(lambda value: min(255, value * 1.5)),
        lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    ],
    ids=["half the size", "dark", "bright", "mirrored"],
)
def test_they_are_told_apart_after_one_more_change_on_top_of_those_that_they_are_drawn_with(session, change):
    chances = [np.random.default_rng([SEED, place]) for place in range(200)]
    pictures = [draw_example(chance, marked=bool(place % 2))[0] for place, chance in enumerate(chances)]
    changed = [np.asarray(change(Image.fromarray(picture))) for picture in pictures]
    told = scores(session, [fitted(picture, session.contract.input) for picture in changed])
    assert roc_auc_score(np.arange(200) % 2, told[:, 1]) >= 0.94


def test_probabilities_are_near_the_share_that_bears_a_mark(session, unseen):
    """In each part of the probabilities that holds 30 pictures or more."""
    pictures, truth = unseen
    told = [verdicts(row[np.newaxis], (0.0,), session.contract) for row in scores(session, pictures)]
    probability = np.array([next(each.probability for each in one if each.label == "marked") for one in told])
    for low, high in ((0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1)):
        inside = (probability >= low) & (probability <= high)
        if inside.sum() >= 30:
            assert truth[inside].mean() == pytest.approx(probability[inside].mean(), abs=0.15)


def test_what_it_is_sure_of_is_nearly_always_so(session, unseen):
    pictures, truth = unseen
    said = [
        next(each.says for each in verdicts(row[np.newaxis], (0.0,), session.contract) if each.label == "marked")
        for row in scores(session, pictures)
    ]
    yes, no = (np.array([each is answer for each in said]) for answer in (Says.YES, Says.NO))
    assert truth[yes].mean() > 0.95
    assert truth[no].mean() < 0.05
    assert (yes | no).mean() > 0.6


def test_training_a_little_helps_and_is_the_same_each_time():
    pictures, cells = marked.drawn(7, 300)
    runs = [[loss for _, loss in marked.learned(pictures, cells, 3, seed=5)] for _ in range(2)]
    assert runs[0] == runs[1]
    assert runs[0][-1] < runs[0][0]


def test_training_keeps_its_weights_and_tells_how_it_goes(tmp_path, monkeypatch):
    for name, value in (("WEIGHTS", tmp_path / "marked.npz"), ("PICTURES", 100), ("EPOCHS", 1), ("HELD_OUT", 100)):
        monkeypatch.setattr(marked, name, value)
    lines = []
    marked.train(lines.append)
    assert len(lines) == 2
    assert marked.weights()["head"].dtype == np.float32
    assert load_contract(marked.build(tmp_path / "model")).calibration.keys() == {"marked"}


def test_drawings_are_the_same_for_one_seed_and_others_for_another():
    (first, cells), (again, _), (other, _) = (marked.drawn(seed, 4) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert cells.sum(axis=(1, 2)).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("draw", [draw_mark, draw_lookalike])
def test_a_sticker_is_laid_over_a_part_of_the_picture_and_leaves_the_rest(draw):
    scene = draw_scenery(np.random.default_rng(1))
    before = scene.copy()
    after = draw(scene, np.random.default_rng(2))
    assert (scene == before).all()
    assert after.shape == scene.shape
    rows, columns = np.nonzero((after != scene).any(axis=2))
    most = LARGEST * min(scene.shape[:2]) + 1
    assert max(np.ptp(rows), np.ptp(columns)) <= most


def test_a_mark_stands_where_it_is_said_to():
    white = np.full((200, 300, 3), 255, np.uint8)
    for seed in range(20):
        after, (x, y) = place_mark(white, np.random.default_rng(seed))
        rows, columns = np.nonzero((after != white).any(axis=2))
        assert (columns.min() + columns.max()) / 2 == pytest.approx(x * 300, abs=6)
        assert (rows.min() + rows.max()) / 2 == pytest.approx(y * 200, abs=6)
        assert np.ptp(rows) + 8 >= SMALLEST * 200


def test_a_worn_picture_keeps_its_proportions():
    scene = draw_scenery(np.random.default_rng(3))
    for seed in range(20):
        height, width = worn(scene, np.random.default_rng(seed)).shape[:2]
        assert width / height == pytest.approx(scene.shape[1] / scene.shape[0], rel=0.02)
