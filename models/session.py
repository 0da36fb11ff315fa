"""One onnxruntime session: a network held to its contract, on CUDA where a driver is, else on the CPU."""

import ctypes
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from domain.errors import UnusableModel
from models.contract import NETWORK, Contract, load_contract
from models.inputs import Batch

onnxruntime.disable_telemetry_events()  # what is scored here, and by which model, is nobody else's business

_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"
_ERRORS_ONLY = 3
_TYPES = {"float32": "tensor(float)", "float16": "tensor(float16)", "uint8": "tensor(uint8)"}
_ORT_ERRORS = onnxruntime.capi.onnxruntime_pybind11_state
_BROKEN = (
    _ORT_ERRORS.Fail,
    _ORT_ERRORS.InvalidArgument,
    _ORT_ERRORS.InvalidGraph,
    _ORT_ERRORS.InvalidProtobuf,
    _ORT_ERRORS.NotImplemented,
)


@cache
def driver_present() -> bool:
    """Whether an NVIDIA driver is installed; onnxruntime lists CUDA whether or not there is one."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


class Session:
    """The network in a model folder, ready to run.

    `threads` is the number of CPU threads of one run: 1 where many workers share a machine.

    Raises:
        UnusableModel: the folder or the graph does not keep the contract.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.contract: Contract = load_contract(folder)
        self._session = _opened(folder / NETWORK, threads)
        _check_input(self.contract, self._session)
        _check_outputs(self.contract, self._session)

    @property
    def provider(self) -> str:
        """The execution provider in use: `CUDAExecutionProvider` or `CPUExecutionProvider`."""
        return str(self._session.get_providers()[0])

    def run(self, batch: Batch, outputs: Sequence[str] = ()) -> dict[str, NDArray[np.float32]]:
        """Run the network on `batch` [N, *contract.input.shape] of the input's type; give its outputs by their names.

        `outputs` are the graph's that are wanted; those of the contract where none is named.

        Raises:
            ValueError: the batch is of another shape or type.
            UnusableModel: the network answers with something that is no number.
        """
        told = self.contract.input
        if batch.shape[1:] != told.shape or batch.dtype != told.dtype:
            raise ValueError(f"{batch.dtype} {batch.shape} is not {told.dtype} (N, {told.shape})")
        names = list(outputs or self.contract.outputs_told())
        answers = self._session.run(names, {told.name: batch})
        for name, answer in zip(names, answers, strict=True):
            if not np.isfinite(answer).all():
                raise UnusableModel(f"{self.contract.name}: {name} is not finite; check mean, std and the weights")
        return {name: answer.astype(np.float32, copy=False) for name, answer in zip(names, answers, strict=True)}


def _opened(network: Path, threads: int) -> Any:  # noqa: ANN401 (onnxruntime is untyped)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    providers: list[Any] = [_CPU]
    if driver_present() and _CUDA in onnxruntime.get_available_providers():
        onnxruntime.preload_dlls()
        providers = [
            (_CUDA, {"use_tf32": "0"}),
            _CPU,
        ]  # TF32 would leave the CPU's results at the third digit
    try:
        return onnxruntime.InferenceSession(str(network), options, providers=providers)
    except _BROKEN as error:
        raise UnusableModel(
            f"{network.parent.name}: {network.name} cannot be opened; export it again: {error}"
        ) from None


def _check_input(contract: Contract, session: Any) -> None:  # noqa: ANN401
    """Hold the graph's inputs to the contract."""
    inputs = session.get_inputs()
    told = contract.input
    if [each.name for each in inputs] != [told.name]:
        found = ", ".join(each.name for each in inputs)
        raise UnusableModel(f"{contract.name}: the graph's input is {found}, the contract's is {told.name}")
    graph = inputs[0]
    if graph.type != _TYPES[told.dtype]:
        raise UnusableModel(f"{contract.name}: {told.name} takes {graph.type}; the contract says {told.dtype}")
    if len(graph.shape) != 4:
        raise UnusableModel(f"{contract.name}: {told.name} has {len(graph.shape)} axes; {told.layout} has 4")
    if isinstance(graph.shape[0], int):
        raise UnusableModel(
            f"{contract.name}: {told.name} takes {graph.shape[0]} at a time; export a dynamic batch axis"
        )
    if any(isinstance(axis, int) and axis != size for axis, size in zip(graph.shape[1:], told.shape, strict=True)):
        raise UnusableModel(
            f"{contract.name}: {told.name} is {graph.shape[1:]} in the graph, {told.shape} in the contract"
        )


def _check_outputs(contract: Contract, session: Any) -> None:  # noqa: ANN401
    """Hold the graph's outputs to the contract: there, of floats, and as many along each axis as it says."""
    outputs = {each.name: each for each in session.get_outputs()}
    for name, axes in contract.outputs_told().items():
        if name not in outputs:
            raise UnusableModel(f"{contract.name}: the graph has no output {name}, but {', '.join(outputs)}")
        found, wanted = outputs[name], ["N", *("any" if axis is None else axis for axis in axes)]
        told = f"{name} is {found.type} {found.shape} in the graph, float {wanted} in the contract"
        if found.type not in (_TYPES["float32"], _TYPES["float16"]) or len(found.shape) != len(wanted):
            raise UnusableModel(f"{contract.name}: {told}")
        pairs = zip(found.shape[1:], axes, strict=True)
        if any(isinstance(axis, int) and want is not None and axis != want for axis, want in pairs):
            raise UnusableModel(f"{contract.name}: {told}; make labels and columns as many")
