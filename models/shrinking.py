"""Shrinking: pictures made smaller by whole pixels where they lie, on a GPU or on the host."""

import ctypes
from functools import cache
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.inputs import RGB
from models.session import providers

PIXELS, PADS, SMALLER = "pixels", "pads", "smaller"
_OPSET = 17


def shrinking(scale: int) -> bytes:
    """Give the graph that makes of `pixels` [H, W, 3] the means of blocks of `scale` × `scale`, `smaller`, as bytes.

    A last block that is short is filled up with the picture's edge, by `pads`, as a JPEG's own blocks are.
    """
    constants: dict[str, NDArray[Any]] = {"half": np.array(0.5, np.float32), "first": np.array([0], np.int64)}
    steps: list[tuple[str, list[str], dict[str, Any]]] = [
        ("Cast", [PIXELS], {"to": TensorProto.FLOAT}),
        ("Transpose", [], {"perm": [2, 0, 1]}),
        ("Unsqueeze", ["first"], {}),
        ("Pad", [PADS], {"mode": "edge"}),
        ("AveragePool", [], {"kernel_shape": [scale, scale], "strides": [scale, scale]}),
        ("Squeeze", ["first"], {}),
        ("Transpose", [], {"perm": [1, 2, 0]}),
        ("Add", ["half"], {}),
        ("Floor", [], {}),
        ("Cast", [], {"to": TensorProto.UINT8}),
    ]
    nodes, last = [], ""
    for place, (kind, more, options) in enumerate(steps):
        given = SMALLER if place == len(steps) - 1 else f"step {place}"
        nodes.append(helper.make_node(kind, [last, *more] if last else more, [given], **options))
        last = given
    graph = helper.make_graph(
        nodes,
        "shrinking",
        [
            helper.make_tensor_value_info(PIXELS, TensorProto.UINT8, ["H", "W", 3]),
            helper.make_tensor_value_info(PADS, TensorProto.INT64, [8]),
        ],
        [helper.make_tensor_value_info(SMALLER, TensorProto.UINT8, ["h", "w", 3])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=8)
    content: bytes = made.SerializeToString()
    return content


class Shrinker:
    """Makes pictures smaller, on a GPU where one is, else on the CPU."""

    def __init__(self) -> None:
        self._session = cache(_session)

    def shrunk(self, pointer: int, size: tuple[int, int], scale: int, device: str) -> RGB:
        """Make a picture smaller that lies at an address of a device (`cuda` or `cpu`), row by row without gaps.

        Args:
            pointer: where its first byte is.
            size: height and width.
            scale: pixels along each side that become one.
            device: where that is.
        """
        session, (height, width) = self._session(scale), size
        pads = np.array([0, 0, 0, 0, 0, 0, -height % scale, -width % scale], np.int64)
        binding = session.io_binding()
        binding.bind_input(PIXELS, device, 0, np.uint8, [height, width, 3], pointer)
        binding.bind_cpu_input(PADS, pads)
        binding.bind_output(SMALLER)
        session.run_with_iobinding(binding)
        (smaller,) = binding.copy_outputs_to_cpu()
        found: NDArray[np.uint8] = smaller
        return found


def _session(scale: int) -> Any:  # noqa: ANN401 (onnxruntime is untyped)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(shrinking(scale), options, providers=providers())


def wait_for_gpu() -> None:
    """Wait until the GPU has done what this thread's context asked of it: sessions of onnxruntime do not by themselves.

    Raises:
        RuntimeError: it failed.
    """
    code = ctypes.CDLL("libcuda.so.1").cuCtxSynchronize()
    if code:
        raise RuntimeError(f"the GPU failed at what it did last (CUDA error {code})")
