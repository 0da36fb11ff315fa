"""The stand-in classifier as a model folder: whether a picture bears a drawn mark. Trained here, on drawings.

It stands for the sensitive classifier that an operator brings, in tests, in the demo and in evaluation, and it knows
nothing of what such a one would know. `python -m models.reference.marked train` makes its weights anew, from a seed.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from domain.model import Role
from models.contract import ClassifierContract, Scores, Thresholds
from models.inputs import Input, fitted, normalised
from models.reference.convolutions import Adam, Layer, Weights, gradients, logits, started
from models.reference.drawing import Drawing
from models.reference.folder import make_folder
from models.reference.scenery import draw_example

NAME = "marked"
LABELS = ("unmarked", "marked")
SIDE = 128
CELLS = SIDE // 16
LAYERS = (Layer(16, 2), Layer(24, 2), Layer(32, 2), Layer(48, 2), Layer(48, 1))

SEED = 20_190_513
"""Of the pictures to learn from; those to calibrate on have the next one."""
PICTURES = 5000
EPOCHS = 8
HELD_OUT = 2000
_BATCH = 25
_RATE = 3e-3
_ELSEWHERE = 0.05
"""How much a cell without a mark counts, beside one with a mark: there are far more of them."""

WEIGHTS = Path(__file__).parent / "weights" / "marked.npz"

INPUT = Input(
    name="image", layout="NCHW", height=SIDE, width=SIDE, colour="RGB", dtype="float32",
    mean=(127.5, 127.5, 127.5), std=(63.75, 63.75, 63.75), resize="stretch",
)  # fmt: skip

Pictures = NDArray[np.uint8]
Cells = NDArray[np.float32]
"""[N, CELLS, CELLS]: 1 in the cell where the middle of a picture's mark is, else 0."""


def build(folder: Path) -> Path:
    """Make the model folder at `folder`, or leave the one that is there; give its path."""
    return make_folder(folder, contract(), lambda: network(weights()))


def contract() -> ClassifierContract:
    """Give the contract of the model, with the calibration that was fitted when it was trained."""
    with np.load(WEIGHTS) as kept:
        points = tuple((float(score), float(probability)) for score, probability in kept["calibration"])
    return ClassifierContract(
        role=Role.CLASSIFIER,
        name=NAME,
        input=INPUT,
        outputs=Scores(scores="scores"),
        batch=64,
        half=True,
        licence="Apache-2.0",
        data="drawn shapes alone, made by its own training program; no photograph, nobody, no abuse imagery",
        labels=LABELS,
        calibration={LABELS[1]: points},
        thresholds={LABELS[1]: Thresholds(no=0.1, yes=0.9)},
    )


def weights() -> Weights:
    """Read the weights that are kept beside this module."""
    with np.load(WEIGHTS) as kept:
        return {name: kept[name].astype(np.float32) for name in kept.files if name != "calibration"}


def network(weights: Weights) -> onnx.ModelProto:
    """Draw the graph: `image` [N, 3, 128, 128] to `scores` [N, 2], which add up to 1."""
    drawing = Drawing()
    flow = "image"
    for index, layer in enumerate(LAYERS):
        kernel = drawing.constant(weights[f"kernel_{index}"].transpose(3, 2, 0, 1))
        step = [layer.stride, layer.stride]
        bias = drawing.constant(weights[f"bias_{index}"])
        flow = drawing.node("Conv", flow, kernel, bias, kernel_shape=[3, 3], strides=step, pads=[1, 1, 1, 1])
        flow = drawing.node("Relu", flow)
    head = drawing.constant(weights["head"][np.newaxis, :, np.newaxis, np.newaxis])
    cells = drawing.node("Conv", flow, head, drawing.constant(weights["shift"]), kernel_shape=[1, 1])
    best = drawing.node("Flatten", drawing.node("GlobalMaxPool", cells))
    drawing.node("Sigmoid", drawing.node("Concat", drawing.node("Neg", best), best, axis=1), into="scores")
    return drawing.finished(NAME, {"image": ["N", 3, SIDE, SIDE]}, {"scores": ["N", len(LABELS)]})


def drawn(seed: int, number: int) -> tuple[Pictures, Cells]:
    """Draw pictures [N, 128, 128, 3], every other one with a mark; tell where marks are."""
    pictures, cells = np.empty((number, SIDE, SIDE, 3), np.uint8), np.zeros((number, CELLS, CELLS), np.float32)
    for place, chance in enumerate(np.random.SeedSequence(seed).spawn(number)):
        picture, centre = draw_example(np.random.default_rng(chance), marked=bool(place % 2))
        pictures[place] = fitted(picture, INPUT)
        if centre:
            cells[place, int(centre[1] * CELLS), int(centre[0] * CELLS)] = 1
    return pictures, cells


def learned(pictures: Pictures, cells: Cells, epochs: int, seed: int) -> Iterator[tuple[Weights, float]]:
    """Train on drawn pictures; give, after each time through them, the weights and the mean loss.

    A batch is turned and mirrored by chance: a mark stays one. Cells beside one with a mark are not counted.
    """
    rng = np.random.default_rng(seed)
    found = started(LAYERS, rng)
    adam = Adam(found)
    steps = len(pictures) // _BATCH
    counted = _counted(cells)
    for epoch in range(epochs):
        losses = []
        for step, batch in enumerate(rng.permutation(len(pictures))[: steps * _BATCH].reshape(steps, _BATCH)):
            rate = _RATE * 0.5 * (1 + np.cos(np.pi * (epoch + step / steps) / epochs))
            turned = _turned(rng, pictures[batch], cells[batch], counted[batch])
            loss, changes = gradients(found, LAYERS, _seen(turned[0]), turned[1], turned[2])
            adam.step(found, changes, rate)
            losses.append(loss)
        yield found, float(np.mean(losses))


def _counted(cells: Cells) -> Cells:
    """Tell how much each cell counts."""
    framed = np.pad(cells, ((0, 0), (1, 1), (1, 1)))
    near = sliding_window_view(framed, (3, 3), axis=(1, 2)).max(axis=(-2, -1))
    counted: Cells = np.where(cells > 0, 1, np.where(near > 0, 0, _ELSEWHERE)).astype(np.float32)
    return counted


def _turned(rng: np.random.Generator, *maps: NDArray[Any]) -> list[NDArray[Any]]:
    """Turn pictures, and what is told of them, by a quarter some times, and mirror them, the same way all."""
    times, step = int(rng.integers(4)), 1 if rng.random() < 0.5 else -1
    return [np.rot90(each, times, (1, 2))[:, :, ::step] for each in maps]


def _seen(pictures: Pictures) -> NDArray[np.float32]:
    """Make N x H x W x C of pictures, as the network takes them but for the order of axes."""
    return np.ascontiguousarray(normalised(pictures, INPUT).transpose(0, 2, 3, 1))


def scored(found: Weights, pictures: Pictures) -> NDArray[np.float32]:
    """Score pictures for `marked`, 0-1."""
    parts = [
        logits(found, LAYERS, _seen(pictures[start : start + _BATCH])).max(axis=(1, 2))
        for start in range(0, len(pictures), _BATCH)
    ]
    scores: NDArray[np.float32] = 1 / (1 + np.exp(-np.concatenate(parts)))
    return scores


def calibration(scores: NDArray[np.float32], marked: NDArray[Any]) -> NDArray[np.float32]:
    """Fit what share of pictures of a score bear a mark: points (score, probability) of a line that rises.

    Isotonic regression (Zadrozny and Elkan, 2002), read at a few scores; nothing is said to be sure.
    """
    told = IsotonicRegression(y_min=0.001, y_max=0.999, out_of_bounds="clip").fit(scores, marked)
    at = np.array([0, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1])
    return np.stack([at, told.predict(at)], axis=1).astype(np.float32)


def train(say: Callable[[str], None]) -> None:
    """Train from the seed, calibrate on other drawings, and keep both beside this module."""
    found: Weights = {}
    for weights, loss in learned(*drawn(SEED, PICTURES), EPOCHS, SEED):
        say(f"mean loss {loss:.4f}")
        found = weights
    kept: dict[str, NDArray[Any]] = {name: value.astype(np.float16) for name, value in found.items()}
    unseen, cells = drawn(SEED + 1, HELD_OUT)
    truth = cells.max(axis=(1, 2)) > 0
    scores = scored({name: value.astype(np.float32) for name, value in kept.items()}, unseen)
    say(f"right of {HELD_OUT} unseen: {np.mean((scores > 0.5) == truth):.4f}")
    kept["calibration"] = calibration(scores, truth)
    with WEIGHTS.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **kept)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__" and sys.argv[1:] == ["train"]:
    train(_say)
