"""An ONNX graph being drawn: constants and nodes by name, then the checked model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import DTypeLike, NDArray
from onnx import TensorProto, helper, numpy_helper

_OPSET = 17
_IR_VERSION = 8

Shape = Sequence[int | str]
"""Lengths of the axes; a name stands for one of any length."""


class Drawing:
    """A graph that grows from its inputs to its outputs. The same steps give the same bytes."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, value: NDArray[Any], dtype: DTypeLike = np.float32) -> str:
        """Put a constant in the graph, of one axis at least, and give its name."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype), name))
        return name

    def number(self, value: float) -> str:
        """Put one number in the graph, for arithmetic with flows of any axes."""
        return self.constant(np.array(value))

    def whole(self, *values: int) -> str:
        """Put a row of whole numbers in the graph, for shapes and indices."""
        return self.constant(np.array(values), np.int64)

    def node(self, operator: str, *flows: str, into: str = "", **attributes: Any) -> str:  # noqa: ANN401 (ONNX's own)
        """Put a node of one output in the graph and give the output's name."""
        return self.nodes(operator, *flows, into=[into or f"{operator.lower()}_{len(self._nodes)}"], **attributes)[0]

    def nodes(self, operator: str, *flows: str, into: Sequence[str], **attributes: Any) -> Sequence[str]:  # noqa: ANN401
        """Put a node of several outputs in the graph and give their names."""
        self._nodes.append(helper.make_node(operator, flows, into, **attributes))
        return into

    def graft(self, graph: onnx.GraphProto, renamed: Mapping[str, str]) -> None:
        """Take over the nodes of `graph` and the constants that they use, with flows renamed."""
        used = {flow for node in graph.node for flow in node.input}
        for node in graph.node:
            taken = onnx.NodeProto()
            taken.CopyFrom(node)
            taken.input[:] = [renamed.get(flow, flow) for flow in node.input]
            taken.output[:] = [renamed.get(flow, flow) for flow in node.output]
            self._nodes.append(taken)
        self._constants.extend(constant for constant in graph.initializer if constant.name in used)

    def finished(self, name: str, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> onnx.ModelProto:
        """Check the graph and close it; what goes in and comes out is float32."""
        graph = helper.make_graph(self._nodes, name, _floats(inputs), _floats(outputs), self._constants)
        opsets = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="breakwater")
        onnx.checker.check_model(model, full_check=True)
        return model


def _floats(shapes: Mapping[str, Shape]) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in shapes.items()]
