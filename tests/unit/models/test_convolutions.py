"""The small network in NumPy computes what it says, and its gradients are those of its loss."""

import numpy as np
import pytest

from models.reference.convolutions import Adam, Layer, gradients, logits, loss, started

LAYERS = (Layer(3, 2), Layer(4, 1))


def data(seed=1, number=3, side=6):
    rng = np.random.default_rng(seed)
    pictures = rng.normal(size=(number, side, side, 3)).astype(np.float32)
    return (
        started(LAYERS, rng),
        pictures,
        (rng.random((number, 3, 3)) < 0.3).astype(np.float32),
        rng.random((number, 3, 3)).astype(np.float32),
    )


def pixel_by_pixel(weights, picture):
    """Compute the logits of one picture's cells by the definition, one sum a place."""
    for index, layer in enumerate(LAYERS):
        kernel, bias = weights[f"kernel_{index}"], weights[f"bias_{index}"]
        framed = np.pad(picture, ((1, 1), (1, 1), (0, 0)))
        rows, columns = (range(0, side, layer.stride) for side in picture.shape[:2])
        picture = np.array(
            [[[max(0, (framed[y : y + 3, x : x + 3] * kernel[..., out]).sum() + bias[out]) for out in range(len(bias))]
              for x in columns] for y in rows]
        )  # fmt: skip
    return picture @ weights["head"] + weights["shift"]


def test_logits_are_what_the_definition_gives():
    weights, pictures, *_ = data()
    assert logits(weights, LAYERS, pictures) == pytest.approx(
        np.stack([pixel_by_pixel(weights, one) for one in pictures]), abs=1e-4
    )


def test_gradients_are_the_slopes_of_the_loss():
    weights, pictures, *truth = data()
    weights = {name: value.astype(np.float64) for name, value in weights.items()}
    _, changes = gradients(weights, LAYERS, pictures.astype(np.float64), *truth)
    rng = np.random.default_rng(0)
    for name, value in weights.items():
        for _ in range(6):
            place = tuple(int(rng.integers(axis)) for axis in value.shape)
            slopes = []
            for side in (-1e-5, 1e-5):
                moved = {**weights, name: value.copy()}
                moved[name][place] += side
                slopes.append(loss(logits(moved, LAYERS, pictures.astype(np.float64)), *truth))
            assert changes[name][place] == pytest.approx((slopes[1] - slopes[0]) / 2e-5, abs=1e-5)


def test_steps_against_the_gradient_lower_the_loss():
    weights, pictures, *truth = data()
    adam = Adam(weights)
    before = loss(logits(weights, LAYERS, pictures), *truth)
    for _ in range(30):
        adam.step(weights, gradients(weights, LAYERS, pictures, *truth)[1], 0.02)
    assert loss(logits(weights, LAYERS, pictures), *truth) < before / 2
