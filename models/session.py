"""One onnxruntime session: a network held to its contract, on CUDA where a driver is, else on the CPU."""

import ctypes
import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from domain.errors import UnusableModel
from models.contract import NETWORK, Contract, load_contract
from models.graphs import PIXELS, halved, taking_pixels
from models.inputs import Batch, Input

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
    _ORT_ERRORS.RuntimeException,
)
CANNOT = (_ORT_ERRORS.Fail, _ORT_ERRORS.RuntimeException, _ORT_ERRORS.InvalidArgument, _ORT_ERRORS.EPFail)
"""What onnxruntime raises where it cannot run a batch."""


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

    On a GPU a network whose contract allows it runs in half precision. That of single precision does without TF32,
    which would leave the CPU's results at the third digit.

    Args:
        folder: the model's.
        threads: of the CPU, for one run: 1 where many workers share a machine.
        pixels: it takes fitted pictures, uint8 [N, height, width, 3], RGB, in place of the contract's input; for a
            folder that was held to its contract before.
        half: whether it runs in half precision; None as said above.

    Raises:
        UnusableModel: the folder or the graph does not keep the contract.
    """

    def __init__(self, folder: Path, threads: int = 1, *, pixels: bool = False, half: bool | None = None) -> None:
        self.contract: Contract = load_contract(folder)
        self._device = "cuda" if providers()[0] != _CPU else "cpu"
        halves = self.contract.half and self._device == "cuda" if half is None else half
        network = _half(folder) if halves else folder / NETWORK
        told = self.contract.input
        self._input = (PIXELS, (told.height, told.width, 3), "uint8") if pixels else (told.name, told.shape, told.dtype)
        self._session = opened(folder, _fed(network, told) if pixels else str(network), threads)
        if not pixels:
            _check_input(self.contract, self._session)
        _check_outputs(self.contract, self._session)

    @property
    def provider(self) -> str:
        """The execution provider in use: `CUDAExecutionProvider` or `CPUExecutionProvider`."""
        return str(self._session.get_providers()[0])

    @property
    def on_gpu(self) -> bool:
        """Whether it runs on a GPU."""
        return self.provider == _CUDA

    def run(self, batch: Batch, outputs: Sequence[str] = (), *, finite: bool = True) -> dict[str, NDArray[np.float32]]:
        """Run the network on `batch` [N, *contract.input.shape] of the input's type; give its outputs by their names.

        A session that takes pixels takes [N, height, width, 3], uint8. `outputs` are the graph's that are wanted; those
        of the contract where none is named. Unless they must be `finite`, what is no number is given as it is.

        Raises:
            ValueError: the batch is of another shape or type.
            UnusableModel: the network answers with something that is no number.
        """
        _, shape, kind = self._input
        if batch.shape[1:] != shape or batch.dtype != kind:
            raise ValueError(f"{batch.dtype} {batch.shape} is not {kind} (N, {shape})")
        names = list(outputs or self.contract.outputs_told())
        answers = self._bound(names, batch) if self.on_gpu else self._plain(names, batch)
        for name, answer in zip(names, answers, strict=True):
            if finite and not np.isfinite(answer).all():
                raise UnusableModel(f"{self.contract.name}: {name} is not finite; check mean, std and the weights")
        return {name: answer.astype(np.float32, copy=False) for name, answer in zip(names, answers, strict=True)}

    def _plain(self, names: list[str], batch: Batch) -> list[NDArray[Any]]:
        """Run on arrays of the host."""
        answers: list[NDArray[Any]] = self._session.run(names, {self._input[0]: batch})
        return answers

    def _bound(self, names: list[str], batch: Batch) -> list[NDArray[Any]]:
        """Run on arrays that are brought to the device before, and fetched from it after."""
        binding = self._session.io_binding()
        value = onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(batch), self._device, 0)
        binding.bind_ortvalue_input(self._input[0], value)
        for name in names:
            binding.bind_output(name, self._device, 0)
        self._session.run_with_iobinding(binding)
        answers: list[NDArray[Any]] = binding.copy_outputs_to_cpu()
        return answers


def providers() -> list[Any]:
    """Give the execution providers that sessions ask for, the best first."""
    if driver_present() and _CUDA in onnxruntime.get_available_providers():
        onnxruntime.preload_dlls()
        return [(_CUDA, {"use_tf32": "0"}), _CPU]
    return [_CPU]


def opened(folder: Path, network: str | bytes, threads: int) -> Any:  # noqa: ANN401 (onnxruntime is untyped)
    """Open a network, of a model folder, on so many threads.

    Raises:
        UnusableModel: onnxruntime cannot.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(network, options, providers=providers())
    except _BROKEN as error:
        raise UnusableModel(f"{folder.name}: {NETWORK} cannot be opened; export it again: {error}") from None


def _fed(network: Path, told: Input) -> bytes:
    """Give the network with what makes its input of pixels before it."""
    fed: bytes = taking_pixels(onnx.load(network), told).SerializeToString()
    return fed


def _half(folder: Path) -> Path:
    """Give the network in half precision: a file beside the folder, made once of what the network is, and named so."""
    with (folder / NETWORK).open("rb") as network:
        digest = hashlib.file_digest(network, "sha256").hexdigest()
    place = folder.parent / f"{digest}.half-{onnxruntime.__version__}.onnx"
    if not place.exists():
        draft = place.with_suffix(f".{os.getpid()}")
        draft.write_bytes(halved(onnx.load(folder / NETWORK)).SerializeToString())
        draft.replace(place)
    return place


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
