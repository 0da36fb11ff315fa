"""Graphs: a network made to take pixels as they are decoded, and to run in half precision."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from domain.errors import UnusableModel
from models.inputs import Input, scaling

_OURS = "breakwater."
PIXELS = f"{_OURS}pixels"
"""The input of a graph that takes pixels: [N, height, width, 3], uint8, RGB."""


def taking_pixels(network: ModelProto, told: Input) -> ModelProto:
    """Put before a network what makes its input of fitted pictures, as `models.inputs.normalised` does.

    So a quarter of the bytes goes to a GPU, and what is done to each pixel is done there. The network is changed.

    Raises:
        UnusableModel: it has no input of the contract's name.
    """
    graph = network.graph
    at = next((place for place, each in enumerate(graph.input) if each.name == told.name), None)
    if at is None:
        raise UnusableModel(f"the graph has no input {told.name}")
    gain, offset = scaling(told)
    along = (3, 1, 1) if told.layout == "NCHW" else (3,)
    constants: dict[str, NDArray[Any]] = {
        "gain": gain.reshape(along), "offset": offset.reshape(along), "order": np.array([2, 1, 0], np.int64),
    }  # fmt: skip
    before, network_itself = _before(told), list(graph.node)
    used = {name for node in before for name in node.input}
    kept = [numpy_helper.from_array(value, _OURS + name) for name, value in constants.items()]
    graph.initializer.extend(each for each in kept if each.name in used)
    shape: list[str | int | None] = ["N", told.height, told.width, 3]
    graph.input[at].CopyFrom(helper.make_tensor_value_info(PIXELS, TensorProto.UINT8, shape))
    del graph.node[:]
    graph.node.extend([*before, *network_itself])
    return network


def _before(told: Input) -> list[NodeProto]:
    """Give the steps from pixels to the network's input, one after the other."""
    steps: list[tuple[str, list[str], dict[str, int | list[int]]]] = []
    if told.layout == "NCHW":  # first of all, while a value is a byte; along whole planes the rest is fast
        steps.append(("Transpose", [], {"perm": [0, 3, 1, 2]}))
    if told.colour == "BGR":
        steps.append(("Gather", ["order"], {"axis": 1 if told.layout == "NCHW" else 3}))
    if told.dtype != "uint8":
        steps += [("Cast", [], {"to": TensorProto.FLOAT}), ("Mul", ["gain"], {}), ("Add", ["offset"], {})]
    steps.append(("Cast", [], {"to": helper.np_dtype_to_tensor_dtype(np.dtype(told.dtype))}))
    flows = [PIXELS, *(f"{_OURS}{place}" for place in range(1, len(steps))), told.name]
    nodes = []
    for (kind, more, options), taken, given in zip(steps, flows, flows[1:], strict=False):
        node = helper.make_node(kind, [taken, *(_OURS + name for name in more)], [given])
        node.attribute.extend(helper.make_attribute(name, value) for name, value in options.items())
        nodes.append(node)
    return nodes


def halved(network: ModelProto) -> ModelProto:
    """Make a network of single precision one of half precision, whose inputs and outputs stay as they are."""
    from onnxruntime.transformers.float16 import convert_float_to_float16  # noqa: PLC0415 (on a GPU alone)

    made: ModelProto = convert_float_to_float16(network, keep_io_types=True)
    return made
