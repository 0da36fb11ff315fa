"""dlib's face recognition network as a model folder, from weights of a byte each that are kept beside this module.

The network is dlib's `anet_type` (https://github.com/davisking/dlib/blob/master/examples/dnn_face_recognition_ex.cpp):
a residual network (He and others, "Deep Residual Learning", 2015) of 29 convolutions, whose normalisation is a gain
and a bias for each channel, here folded into the convolutions. Where a block halves the picture or adds channels, the
way around is an average over 2 x 2 and channels of zeros.
"""

import json
import math
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from domain.model import Role
from models.contract import Embedding, FaceEmbedderContract
from models.inputs import Input
from models.reference.drawing import Drawing
from models.reference.folder import make_folder, pinned

NAME = "dlib_resnet"
WEIGHTS_SHA256 = "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589"
"""SHA-256 of `dlib_resnet.bin`: `face_recognition_model.bin` of the npm package `@vladmandic/face-api` 1.7.15."""

SIDE = 150
WIDTH = 128

EYES = ((47.73, 47.14), (100.28, 47.12))
"""Where the eyes come to stand: the mean of the eyes' corners of dlib's mean face, with its padding of 0.25."""

BLOCKS = (
    "conv32_1", "conv32_2", "conv32_3", "conv64_down", "conv64_1", "conv64_2", "conv64_3", "conv128_down", "conv128_1",
    "conv128_2", "conv256_down", "conv256_1", "conv256_2", "conv256_down_out",
)  # fmt: skip
"""The residual blocks in order; one named `down` halves the picture."""

WEIGHTS = Path(__file__).parent / "weights"

Weights = dict[str, NDArray[np.float32]]


def build(folder: Path) -> Path:
    """Make the model folder at `folder`, or leave the one that is there; give its path.

    Raises:
        UnusableModel: the weights beside this module are not the ones that it was written for.
    """
    return make_folder(folder, contract(), lambda: network(weights()))


def contract() -> FaceEmbedderContract:
    """Give the contract of the model."""
    return FaceEmbedderContract(
        role=Role.FACE_EMBEDDER,
        name=NAME,
        input=Input(
            name="image", layout="NCHW", height=SIDE, width=SIDE, colour="RGB", dtype="float32",
            mean=(122.782, 117.001, 104.298), std=(256.0, 256.0, 256.0), resize="stretch",
        ),
        outputs=Embedding(embedding="embedding"),
        half=True,
        licence="MIT",
        data="three million photographs of 7,485 persons from the web: FaceScrub, VGG-Face and its author's own",
        alike=0.94,
        align=EYES,
        least_pixels=32,
    )  # fmt: skip


def weights() -> Weights:
    """Read the weights: bytes, of which the number is `byte * scale + min`, but for those that have no scale: float32.

    Raises:
        UnusableModel: they are not the pinned ones.
    """
    content = pinned(WEIGHTS / f"{NAME}.bin", WEIGHTS_SHA256, "Breakwater anew")
    read: Weights = {}
    start = 0
    for told in json.loads((WEIGHTS / f"{NAME}.json").read_bytes()):
        kept = np.dtype(np.uint8 if "scale" in told else "<f4")
        numbers = np.frombuffer(content, kept, math.prod(told["shape"]), start).reshape(told["shape"])
        start += numbers.nbytes
        read[told["name"]] = numbers * np.float32(told.get("scale", 1)) + np.float32(told.get("min", 0))
    return read


def network(weights: Weights) -> onnx.ModelProto:
    """Draw the graph: `image` [N, 3, 150, 150] to `embedding` [N, 128], of no unit length."""
    drawing = Drawing()
    flow = drawing.node("Relu", _convolution(drawing, weights, "image", "conv32_down", stride=2))
    flow = drawing.node("MaxPool", flow, kernel_shape=[3, 3], strides=[2, 2])
    side = 35
    for block in BLOCKS:
        flow, side = _residual(drawing, weights, flow, block, side)
    mean = drawing.node("ReduceMean", flow, axes=[2, 3], keepdims=0)
    drawing.node("MatMul", mean, drawing.constant(weights["fc"]), into="embedding")
    return drawing.finished(NAME, {"image": ["N", 3, SIDE, SIDE]}, {"embedding": ["N", WIDTH]})


def _residual(drawing: Drawing, weights: Weights, flow: str, block: str, side: int) -> tuple[str, int]:
    """Draw one block on a map of `side`; give its flow, and the side of its map."""
    down = "down" in block
    inside = drawing.node("Relu", _convolution(drawing, weights, flow, f"{block}/conv1", stride=2 if down else 1))
    inside = _convolution(drawing, weights, inside, f"{block}/conv2")
    if not down:
        return drawing.node("Relu", drawing.node("Add", inside, flow)), side
    around = drawing.node("AveragePool", flow, kernel_shape=[2, 2], strides=[2, 2])
    channels, wide = (
        weights[f"{block}/{each}/conv/filters"].shape[axis] for each, axis in (("conv1", 2), ("conv2", 3))
    )
    half, narrow = side // 2, (side - 3) // 2 + 1
    around = _grown(drawing, around, (0, wide - channels, 0, 0))
    inside = _grown(drawing, inside, (0, 0, half - narrow, half - narrow))
    return drawing.node("Relu", drawing.node("Add", inside, around)), half


def _grown(drawing: Drawing, flow: str, after: tuple[int, int, int, int]) -> str:
    """Add zeros at the end of each axis."""
    return drawing.node("Pad", flow, drawing.whole(0, 0, 0, 0, *after)) if any(after) else flow


def _convolution(drawing: Drawing, weights: Weights, flow: str, name: str, stride: int = 1) -> str:
    """Draw a convolution with its gain and bias; one that halves the picture sees no edge, the others add one."""
    gain = weights[f"{name}/scale/weights"]
    kernel = (weights[f"{name}/conv/filters"] * gain).transpose(3, 2, 0, 1)
    bias = weights[f"{name}/conv/bias"] * gain + weights[f"{name}/scale/biases"]
    edge = kernel.shape[2] // 2 if stride == 1 else 0
    return drawing.node(
        "Conv", flow, drawing.constant(kernel), drawing.constant(bias),
        kernel_shape=kernel.shape[2:], strides=[stride, stride], pads=[edge] * 4,
    )  # fmt: skip
