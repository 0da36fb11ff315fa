"""A small convolutional network in NumPy: enough to train a stand-in in minutes on a CPU, and no more.

Convolutions of 3 x 3 with ReLU, and one logit for each cell of the last map. Pictures are N x H x W x C here. Trained
by Adam (Kingma and Ba, 2015) on the logistic loss of cells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float32]
Weights = dict[str, Array]
"""`kernel_I` [3, 3, in, out] and `bias_I` [out] of each convolution, `head` [channels] and `shift` []."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One convolution: channels that come out, and how many pixels it steps."""

    channels: int
    stride: int


def started(layers: Sequence[Layer], rng: np.random.Generator) -> Weights:
    """Draw the weights to start from (He and others, "Delving Deep into Rectifiers", 2015)."""
    weights: Weights = {}
    channels = 3
    for index, layer in enumerate(layers):
        spread = np.sqrt(2 / (9 * channels))
        weights[f"kernel_{index}"] = rng.normal(0, spread, (3, 3, channels, layer.channels)).astype(np.float32)
        weights[f"bias_{index}"] = np.zeros(layer.channels, np.float32)
        channels = layer.channels
    weights["head"] = rng.normal(0, np.sqrt(1 / channels), channels).astype(np.float32)
    weights["shift"] = np.zeros((), np.float32)
    return weights


def logits(weights: Mapping[str, Array], layers: Sequence[Layer], pictures: Array) -> Array:
    """Give the logits of each picture's cells, N x h x w."""
    return _forward(weights, layers, pictures)[0]


def loss(found: Array, wanted: Array, counted: Array) -> float:
    """Give the logistic loss of a picture's cells, whose truth is 0 or 1, each counted so much, in the mean."""
    return float((counted * (np.logaddexp(0, found) - wanted * found)).sum() / len(found))


def gradients(
    weights: Mapping[str, Array], layers: Sequence[Layer], pictures: Array, wanted: Array, counted: Array
) -> tuple[float, Weights]:
    """Give the loss on a batch, and how it changes with each weight."""
    found, maps, columns = _forward(weights, layers, pictures)
    error = (counted * (1 / (1 + np.exp(-found)) - wanted) / len(found)).astype(pictures.dtype)
    changes: Weights = {"head": np.tensordot(error, maps[-1], 3), "shift": error.sum()}
    flow: Array = error[..., np.newaxis] * weights["head"]
    for index in reversed(range(len(layers))):
        flow = flow * (maps[index + 1] > 0)
        kernel = weights[f"kernel_{index}"]
        rows = flow.reshape(-1, kernel.shape[3])
        changes[f"kernel_{index}"] = (columns[index].T @ rows).reshape(kernel.shape)
        changes[f"bias_{index}"] = rows.sum(axis=0)
        if index:
            taps = (rows @ kernel.reshape(-1, kernel.shape[3]).T).reshape(*flow.shape[:3], 3, 3, kernel.shape[2])
            flow = _spread(taps, maps[index].shape, layers[index].stride)
    return loss(found, wanted, counted), changes


def _forward(
    weights: Mapping[str, Array], layers: Sequence[Layer], pictures: Array
) -> tuple[Array, list[Array], list[Array]]:
    """Give the logits, the map before each layer and after the last, and each layer's windows as rows."""
    maps, columns = [pictures], []
    for index, layer in enumerate(layers):
        kernel, bias = weights[f"kernel_{index}"], weights[f"bias_{index}"]
        windows = _windows(maps[-1], layer.stride)
        rows = windows.reshape(-1, kernel.size // kernel.shape[3])
        flow = rows @ kernel.reshape(-1, kernel.shape[3]) + bias
        columns.append(rows)
        maps.append(np.maximum(flow, 0).reshape(*windows.shape[:3], -1))
    found: Array = maps[-1] @ weights["head"] + weights["shift"]
    return found, maps, columns


def _windows(picture: Array, stride: int) -> Array:
    """Give N x h x w x 3 x 3 x C: the window of each place, with zeros around the picture."""
    framed = np.pad(picture, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = sliding_window_view(framed, (3, 3), axis=(1, 2))[:, ::stride, ::stride]
    return np.ascontiguousarray(windows.transpose(0, 1, 2, 4, 5, 3))


def _spread(taps: Array, shape: tuple[int, ...], stride: int) -> Array:
    """Add up what each window says of the pixels that it saw: the reverse of `_windows`."""
    number, height, width, channels = shape
    framed = np.zeros((number, height + 2, width + 2, channels), taps.dtype)
    down, along = (stride * (size - 1) + 1 for size in taps.shape[1:3])
    for row in range(3):
        for column in range(3):
            framed[:, row : row + down : stride, column : column + along : stride] += taps[:, :, :, row, column]
    return framed[:, 1:-1, 1:-1]


class Adam:
    """Steps down the loss, each weight at its own pace."""

    def __init__(self, weights: Weights) -> None:
        self._mean = {name: np.zeros_like(value) for name, value in weights.items()}
        self._square = {name: np.zeros_like(value) for name, value in weights.items()}
        self._steps = 0

    def step(self, weights: Weights, changes: Weights, rate: float) -> None:
        """Change the weights in place."""
        self._steps += 1
        for name, change in changes.items():
            self._mean[name] = 0.9 * self._mean[name] + 0.1 * change
            self._square[name] = 0.999 * self._square[name] + 0.001 * change**2
            mean = self._mean[name] / (1 - 0.9**self._steps)
            square = self._square[name] / (1 - 0.999**self._steps)
            weights[name] = (weights[name] - rate * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)
