"""Half precision is looked at where it would be used, leaves nothing behind, and is refused where it says otherwise."""

import model_folders
import numpy as np
import pytest
from onnx import helper, numpy_helper

from models.checking.folder import check
from models.checking.halves import HALF, _agreeing, examine_half
from models.session import Session


@pytest.fixture
def on_gpu(monkeypatch):
    """Have sessions say that they are on a GPU; what is bound is bound on the CPU."""
    monkeypatch.setattr(Session, "on_gpu", property(lambda _: True))


@pytest.mark.parametrize(("half", "looked_at"), [(True, [True]), (False, [])])
def test_it_is_looked_at_on_a_gpu_where_the_contract_allows_it(tmp_path, on_gpu, half, looked_at):
    folder = model_folders.write(tmp_path / "model", half=half)
    assert [finding.ok for finding in check(folder) if finding.what == HALF] == looked_at
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_without_a_gpu_nobody_would_use_it(tmp_path):
    folder = model_folders.write(tmp_path / "model", half=True)
    assert HALF not in {finding.what for finding in check(folder)} or Session(folder).on_gpu


def test_a_network_whose_numbers_are_too_large_for_it_is_refused(tmp_path):
    graph = model_folders.network()
    nodes = graph.graph.node
    next(node for node in nodes if node.op_type == "ReduceMean").output[0] = "mean"
    nodes.insert(2, helper.make_node("Mul", ["mean", "million"], ["embedding"]))
    graph.graph.initializer.append(numpy_helper.from_array(np.array(1e6, np.float32), "million"))
    folder = model_folders.write(tmp_path / "model", graph=graph, base=model_folders.EMBEDDER)
    session = Session(folder, half=False)
    finding = examine_half(tmp_path / "model", session)
    assert not finding.ok
    assert "contract.json" in finding.mend


@pytest.mark.parametrize(("apart", "good"), [(0.005, True), (0.015, True), (0.05, False)])
def test_a_number_may_differ_by_a_hundredth_of_itself_and_of_the_largest(apart, good):
    whole = {"scores": np.array([[1.0, 0.0]], np.float32)}
    half = {"scores": np.array([[1.0 + apart, 0.0]], np.float32)}
    assert _agreeing(whole, half).ok is good
    near_0 = {"scores": np.array([[1.0, 0.6 * apart]], np.float32)}
    assert _agreeing(whole, near_0).ok is (0.6 * apart <= 0.01)
