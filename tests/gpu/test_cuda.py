"""On a GPU a network says what it says on the CPU: to a thousandth in single precision, to a hundredth in half."""

import numpy as np
import onnxruntime
import pytest

from domain.model import Role
from models import session as sessions
from models.reference import efficientnet_lite0
from models.session import Session, driver_present

pytestmark = pytest.mark.skipif(not driver_present(), reason="there is no NVIDIA driver here")

FLOOR = 1e-3
"""What a number may be off by, however small it is, as a share of the largest of its output."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return efficientnet_lite0.build(tmp_path_factory.mktemp("gpu") / "model", Role.TAGGER)


@pytest.fixture(scope="module")
def on_cpu(folder):
    """Open the network on the CPU, whatever is there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "providers", lambda: ["CPUExecutionProvider"])
        return Session(folder, pixels=True, half=False)


@pytest.fixture
def pixels(scene):
    return np.stack([scene(number, 224, 224) for number in range(8)])


OUTPUTS = ["probabilities", "embedding"]


def test_the_gpu_is_used_where_one_is(folder):
    assert "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    assert Session(folder, pixels=True).on_gpu


@pytest.mark.parametrize(("half", "tolerance"), [(False, 1e-3), (True, 1e-2)])
def test_it_agrees_with_the_cpu(folder, on_cpu, pixels, half, tolerance):
    told = Session(folder, pixels=True, half=half).run(pixels, OUTPUTS)
    for name, right in on_cpu.run(pixels, OUTPUTS).items():
        allowed = tolerance * np.abs(right) + (10 if half else 1) * FLOOR * np.abs(right).max()
        assert (np.abs(told[name] - right) <= allowed).all(), name


def test_bound_and_plain_agree(folder, pixels):
    session = Session(folder, pixels=True)
    for plain, bound in zip(session._plain(OUTPUTS, pixels), session._bound(OUTPUTS, pixels), strict=True):
        assert np.allclose(plain, bound, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("length", [1, 3, 8])
def test_a_run_of_any_length_says_the_same(folder, pixels, length):
    session = Session(folder, pixels=True)
    whole, part = (session.run(some, OUTPUTS) for some in (pixels, pixels[:length]))
    for name in OUTPUTS:
        assert np.allclose(whole[name][:length], part[name], rtol=1e-3, atol=1e-3 * np.abs(whole[name]).max())
