"""Weights are read without PyTorch, and a file that is more than tensors is not."""

import os
import pickle
import sys
from collections import OrderedDict
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pytest

from domain.errors import UnusableModel
from models.reference.torch_file import read_tensors

MAGIC = 0x1950A86A20F9469CFC6C


class FloatStorage:
    """Stands in PyTorch's place while a file is written: only its name gets there."""


class LongStorage:
    """As `FloatStorage`."""


def _rebuild_tensor_v2():
    """As `FloatStorage`."""


@pytest.fixture(autouse=True)
def torch(monkeypatch):
    """Have as much of PyTorch as its names."""
    names = {"torch": (FloatStorage, LongStorage), "torch._utils": (_rebuild_tensor_v2,)}
    for module, members in names.items():
        monkeypatch.setitem(sys.modules, module, ModuleType(module))
        for member in members:
            monkeypatch.setattr(member, "__module__", module)
            setattr(sys.modules[module], member.__name__, member)


@dataclass
class Tensor:
    key: str
    offset: int
    size: tuple
    strides: tuple

    def __reduce__(self):
        storage = Storage(self.key)
        return _rebuild_tensor_v2, (storage, self.offset, self.size, self.strides, False, OrderedDict())


@dataclass
class Storage:
    key: str


def written(path, storages, tensors):
    """Write a file of the old kind by its documented layout: an independent writer."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            if not isinstance(value, Storage):
                return None
            elements = storages[value.key]
            kind = FloatStorage if elements.dtype.kind == "f" else LongStorage
            return ("storage", kind, value.key, "cpu", elements.size, None)

    with path.open("wb") as file:
        for part in (MAGIC, 1001, {"little_endian": True}, tensors, list(storages)):
            Pickler(file, protocol=2).dump(part)
        for elements in storages.values():
            file.write(elements.size.to_bytes(8, "little") + elements.tobytes())
    return path


def test_tensors_come_back_as_they_were_written(tmp_path):
    numbers = np.arange(24, dtype="<f4")
    counts = np.array([5, -7], "<i8")
    tensors = OrderedDict(
        whole=Tensor("a", 0, (2, 3, 4), (12, 4, 1)),
        turned=Tensor("a", 0, (4, 6), (1, 4)),
        part=Tensor("a", 10, (2, 2), (4, 1)),
        scalar=Tensor("b", 1, (), ()),
    )
    read = read_tensors(written(tmp_path / "weights.pth", {"a": numbers, "b": counts}, tensors))
    assert np.array_equal(read["whole"], numbers.reshape(2, 3, 4))
    assert np.array_equal(read["turned"], numbers.reshape(6, 4).T)
    assert np.array_equal(read["part"], [[10, 11], [14, 15]])
    assert (read["scalar"].shape, read["scalar"].dtype, int(read["scalar"])) == ((), np.dtype("<i8"), -7)


@pytest.mark.parametrize("named", [os.system, eval, pickle.loads])
def test_a_file_that_names_anything_but_tensors_is_refused(tmp_path, named):
    path = written(tmp_path / "weights.pth", {}, {"it": named})
    with pytest.raises(UnusableModel, match="which no file of tensors needs"):
        read_tensors(path)


def test_nothing_in_a_refused_file_runs(tmp_path):
    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps(Payload()))
    with pytest.raises(UnusableModel):
        read_tensors(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", pickle.dumps(1) * 5])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(UnusableModel, match="is no PyTorch file of the old kind"):
        read_tensors(path)


def test_a_file_that_breaks_off_is_refused(tmp_path):
    numbers = np.arange(24, dtype="<f4")
    path = written(tmp_path / "weights.pth", {"a": numbers}, {"whole": Tensor("a", 0, (24,), (1,))})
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(UnusableModel, match="breaks off"):
        read_tensors(path)
