"""Read the tensors of a PyTorch file of the old kind (before 1.6, no zip) without PyTorch.

The layout, as `_legacy_save` in `torch/serialization.py` writes it: a magic number, a protocol version, facts of
the machine, the object, and the keys of its storages, each a pickle; then every storage: its number of elements
as a little-endian 64-bit integer, and the elements.
"""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from domain.errors import UnusableModel

_MAGIC = 0x1950A86A20F9469CFC6C
_ELEMENTS = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Storage:
    """Elements that come later in the file than the tensors that view them."""

    def __init__(self, dtype: np.dtype[Any], length: int) -> None:
        self.dtype = dtype
        self.elements = np.empty(length, dtype)

    def fill(self, file: BinaryIO) -> None:
        length = int.from_bytes(file.read(8), "little")
        content = file.read(length * self.dtype.itemsize)
        if length != self.elements.size or len(content) != self.elements.nbytes:
            raise UnusableModel("the weights file breaks off, or is not what it says; fetch it again")
        self.elements[:] = np.frombuffer(content, self.dtype)


def _viewed(
    storage: _Storage, offset: int, size: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> NDArray[Any]:
    """View a storage as a tensor: PyTorch's `_rebuild_tensor_v2`; strides are in elements."""
    steps = [stride * storage.dtype.itemsize for stride in strides]
    return np.ndarray(size, storage.dtype, storage.elements, offset * storage.dtype.itemsize, steps)


class _Unpickler(pickle.Unpickler):
    """Admits what a file of tensors needs, and no other name."""

    def __init__(self, file: BinaryIO, storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (pickle's own signature)
        admitted = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _viewed,
        }
        if module == "torch" and name in _ELEMENTS:
            return _ELEMENTS[name]
        if (module, name) not in admitted:
            raise UnusableModel(
                f"the weights file names {module}.{name}, which no file of tensors needs; do not use it"
            )
        return admitted[module, name]

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401
        _, dtype, key, _, length, *_ = pid
        return self._storages.setdefault(key, _Storage(dtype, length))


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Read a state dictionary: arrays (float32, int64) by their names.

    Raises:
        UnusableModel: it is no such file, or names anything but tensors.
    """
    storages: dict[str, _Storage] = {}
    with path.open("rb") as file:
        try:
            magic, _protocol, _machine, tensors, keys = (_Unpickler(file, storages).load() for _ in range(5))
        except (pickle.UnpicklingError, EOFError) as error:
            raise UnusableModel(f"{path.name} is no PyTorch file of the old kind: {error}") from None
        if magic != _MAGIC:
            raise UnusableModel(f"{path.name} is no PyTorch file of the old kind: it begins otherwise")
        for key in keys:
            storages[key].fill(file)
    return dict(tensors)
