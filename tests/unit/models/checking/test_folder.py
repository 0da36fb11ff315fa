"""A good model folder passes; a broken one is refused with the reason and with what to do."""

import base64
import io
import json

import model_folders
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from models.checking.folder import check

EXAMPLE = '{"picture": {"flat": [255, 0, 0]}, "expect": {"red": [0.99, 1], "blue": [0, 0.01]}}'


def write(tmp_path, *, graph=None, examples=(EXAMPLE,), **changes):
    folder = model_folders.write(tmp_path / "model", graph=graph, **changes)
    block = "\n".join(("```examples", *examples, "```"))
    (folder / "card.md").write_text(f"# Strongest colour\n\nWritten by hand.\n\n{block}\n")
    return folder


def failures(folder):
    return {finding.what: finding for finding in check(folder) if not finding.ok}


def only(folder):
    """Give the one thing that is to be mended."""
    (finding,) = failures(folder).values()
    assert finding.mend
    return finding


def drawn(*nodes, constants=(), imports=()):
    """Draw a network of the strongest colour's contract from `nodes`, given as (operator, inputs, outputs, more)."""
    graph = helper.make_graph(
        [helper.make_node(kind, list(ins), list(outs), **more) for kind, ins, outs, more in nodes],
        "drawn",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 3])],
        list(constants),
    )
    opsets = [helper.make_opsetid("", 17), *(helper.make_opsetid(domain, 1) for domain in imports)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


MEAN = ("ReduceMean", ["image"], ["means"], {"axes": [2, 3], "keepdims": 0})


def constant(name, value):
    return numpy_helper.from_array(np.array(value), name)


def test_a_good_folder_passes_and_tells_what_was_looked_at(tmp_path):
    findings = check(write(tmp_path))
    assert [finding for finding in findings if not finding.ok] == []
    assert [finding.what for finding in findings] == [
        "contract", "licence", "data statement", "network", "weights", "operators", "opens as the contract says",
        "numbers", "scores within 0 and 1", "same answer twice", "same answer alone and in company", "largest batch",
        "speed", "examples of the card",
    ]  # fmt: skip
    assert all(finding.detail and not finding.mend for finding in findings)


def test_an_embedder_passes_by_its_first_numbers(tmp_path):
    third = 3**-0.5
    example = json.dumps(
        {"picture": {"flat": [90, 90, 90]}, "expect": {"first": [third, third], "within": 1e-3}},
    )
    assert failures(write(tmp_path, base=model_folders.EMBEDDER, examples=[example])) == {}


@pytest.mark.parametrize("name", ["model.onnx", "contract.json", "card.md"])
def test_a_missing_file_is_named(tmp_path, name):
    folder = write(tmp_path)
    (folder / name).unlink()
    assert f"{name} is missing" in only(folder).detail


def test_a_wrong_contract_is_told_field_by_field(tmp_path):
    assert "input.std" in only(write(tmp_path, input={"std": [0, 1, 1]})).detail


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (model_folders.network(shape=("N", 3, 9, 8)), r"[3, 9, 8] in the graph"),
        (model_folders.network(shape=(1, 3, 8, 8)), "export a dynamic batch axis"),
        (model_folders.network(element=TensorProto.UINT8), "takes tensor(uint8)"),
        (model_folders.network(shape=("N", 3, 8)), "has 3 axes"),
    ],
)
def test_a_network_of_another_shape_is_refused(tmp_path, graph, reason):
    assert reason in only(write(tmp_path, graph=graph)).detail


def test_a_wrong_output_type_is_refused(tmp_path):
    graph = drawn(MEAN, ("Cast", ["means"], ["probabilities"], {"to": TensorProto.INT64}))
    graph.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
    assert "int64" in only(write(tmp_path, graph=graph)).detail


def test_answers_that_are_no_numbers_are_refused(tmp_path):
    graph = drawn(MEAN, ("Log", ["means"], ["logs"], {}), ("Sub", ["logs", "logs"], ["probabilities"], {}))
    finding = only(write(tmp_path, graph=graph))
    assert finding.what == "numbers"
    assert "not finite" in finding.detail


def test_logits_are_no_scores(tmp_path):
    graph = drawn(MEAN, ("Mul", ["means", "ten"], ["probabilities"], {}), constants=[constant("ten", np.float32(10))])
    finding = only(write(tmp_path, graph=graph))
    assert finding.what == "scores within 0 and 1"
    assert "0 to 10" in finding.detail
    assert "softmax" in finding.mend


def test_a_network_that_answers_at_random_is_refused(tmp_path):
    noise = ("RandomUniformLike", ["means"], ["noise"], {"dtype": TensorProto.FLOAT})
    found = failures(write(tmp_path, graph=drawn(MEAN, noise, ("Softmax", ["noise"], ["probabilities"], {"axis": -1}))))
    assert "same answer twice" in found
    assert "dropout" in found["same answer twice"].mend


def test_a_network_whose_answer_depends_on_the_neighbours_is_refused(tmp_path):
    graph = drawn(
        MEAN,
        ("ReduceMean", ["means"], ["centre"], {"axes": [0], "keepdims": 1}),
        ("Sub", ["means", "centre"], ["apart"], {}),
        ("Softmax", ["apart"], ["probabilities"], {"axis": -1}),
    )
    finding = only(write(tmp_path, graph=graph))
    assert finding.what == "same answer alone and in company"
    assert "evaluation mode" in finding.mend


def test_a_network_that_runs_only_one_at_a_time_is_refused(tmp_path):
    flat = ("Reshape", ["means", "one"], ["flat"], {})
    soft = ("Softmax", ["flat"], ["probabilities"], {"axis": -1})
    graph = drawn(MEAN, flat, soft, constants=[constant("one", np.array([1, 3], np.int64))])
    finding = only(write(tmp_path, graph=graph))
    assert "cannot run 4 pictures at once" in finding.detail
    assert "dynamic batch axis" in finding.mend


def test_a_network_that_cannot_run_its_largest_batch_is_refused(tmp_path):
    graph = drawn(
        MEAN,
        ("Shape", ["means"], ["shape"], {}),
        ("Gather", ["shape", "zero"], ["rows"], {"axis": 0}),
        ("Sub", ["rows", "one"], ["last"], {}),
        ("Gather", ["table", "last"], ["nothing"], {"axis": 0}),  # there are eight rows
        ("Add", ["means", "nothing"], ["probabilities"], {}),
        constants=[
            constant("zero", np.array([0], np.int64)), constant("one", np.array([1], np.int64)),
            constant("table", np.zeros((8, 3), np.float32)),
        ],
    )  # fmt: skip
    finding = only(write(tmp_path, graph=graph, batch=16))
    assert finding.what == "largest batch"
    assert "cannot run 16 pictures" in finding.detail
    assert failures(write(tmp_path, graph=graph, batch=8)) == {}


DETECTOR = {name: value for name, value in model_folders.CONTRACT.items() if name != "labels"} | {
    "role": "detector-face",
    "outputs": {"boxes": "boxes", "scores": "scores"},
    "threshold": 0.5,
}
ROWS = (("Shape", ["image"], ["shape"], {}), ("Gather", ["shape", "zero"], ["rows"], {"axis": 0}))


def finding(boxes, scores, *before):
    """Draw a detector that finds so many candidates: a constant by its name, or what the nodes `before` make."""
    graph = drawn(
        *ROWS, *before,
        ("Concat", ["rows", scores], ["of scores"], {"axis": 0}), ("ConstantOfShape", ["of scores"], ["scores"], {}),
        ("Concat", ["rows", boxes, "four"], ["of boxes"], {"axis": 0}),
        ("ConstantOfShape", ["of boxes"], ["boxes"], {}),
        constants=[constant(name, np.array([n], np.int64)) for name, n in (("zero", 0), ("one", 1), ("four", 4))]
        + [constant("half", np.float32(0.5))],
    )  # fmt: skip
    del graph.graph.output[:]
    axes = {"boxes": ["N", "K", 4], "scores": ["N", "L"]}
    graph.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, each) for name, each in axes.items()
    )
    return graph


BRIGHT = (
    ("Greater", ["image", "half"], ["bright"], {}), ("NonZero", ["bright"], ["places"], {}),
    ("Shape", ["places"], ["of places"], {}), ("Gather", ["of places", "one"], ["many"], {"axis": 0}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("graph", "what", "reason"),
    [
        (finding("many", "many", *BRIGHT), "same answer alone and in company", "boxes of a picture is [0, 4] alone"),
        (finding("four", "one"), "shape of the answers", "boxes has 4 and scores has 1 candidates"),
    ],
)
def test_a_detector_gives_as_many_candidates_in_each_output_and_of_each_picture(tmp_path, graph, what, reason):
    found = only(write(tmp_path, graph=graph, base=DETECTOR, examples=()))
    assert (found.what, reason in found.detail) == (what, True)


def test_a_detector_may_find_nothing(tmp_path):
    assert failures(write(tmp_path, graph=finding("zero", "zero"), base=DETECTOR, examples=())) == {}


def test_a_network_that_leaves_pictures_out_is_refused(tmp_path):
    graph = drawn(
        MEAN, ("Slice", ["means", "zero", "one"], ["probabilities"], {}),
        constants=[constant("zero", np.array([0], np.int64)), constant("one", np.array([1], np.int64))],
    )  # fmt: skip
    graph.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "M"
    found = only(write(tmp_path, graph=graph))
    assert (found.what, found.detail) == ("shape of the answers", "probabilities is [1, 3], not [4, 3], for 4 pictures")


def test_a_network_that_cannot_answer_an_example_is_refused(tmp_path):
    graph = drawn(
        MEAN, ("Sub", ["means", "shade"], ["apart"], {}), ("Div", ["apart", "apart"], ["one"], {}),
        ("Mul", ["one", "third"], ["probabilities"], {}),
        constants=[constant("shade", np.float32(51)), constant("third", np.float32(1 / 3))],
    )  # fmt: skip
    example = '{"picture": {"flat": [51, 51, 51]}, "expect": {"red": [0, 1]}}'
    found = only(write(tmp_path, graph=graph, examples=[example], input={"std": [1, 1, 1]}))
    assert found.detail.startswith("example 1 gets no answer: strongest_colour: probabilities is not finite")


def bomb():
    content = io.BytesIO()
    Image.new("1", (14_000, 14_000)).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


def test_operators_of_another_library_are_refused_before_anything_is_opened(tmp_path):
    graph = drawn(("Magic", ["image"], ["probabilities"], {"domain": "com.example"}), imports=["com.example"])
    finding = only(write(tmp_path, graph=graph))
    assert finding.what == "operators"
    assert "Magic" in finding.detail
    assert "com.example" in finding.detail


def test_an_operator_hidden_in_a_branch_is_found(tmp_path):
    inside = helper.make_graph(
        [helper.make_node("Magic", ["means"], ["branch"], domain="com.example")],
        "inside", [], [helper.make_tensor_value_info("branch", TensorProto.FLOAT, ["N", 3])],
    )  # fmt: skip
    choice = ("If", ["yes"], ["probabilities"], {"then_branch": inside, "else_branch": inside})
    graph = drawn(MEAN, choice, constants=[constant("yes", np.array(True))], imports=["com.example"])  # noqa: FBT003
    assert "Magic" in only(write(tmp_path, graph=graph)).detail


def apart(folder, place):
    """Have the network keep its constant in another file."""
    network = onnx.load(folder / "model.onnx")
    tensor = network.graph.initializer[0]
    content = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", place), ("offset", "0"), ("length", str(len(content)))):
        tensor.external_data.add(key=key, value=value)
    (folder / "model.onnx").write_bytes(network.SerializeToString())
    return content


def test_weights_that_are_missing_are_named(tmp_path):
    folder = write(tmp_path)
    apart(folder, "weights.bin")
    finding = only(folder)
    assert finding.what == "weights"
    assert "'weights.bin'" in finding.detail
    assert "is missing" in finding.detail


def test_weights_beside_the_network_are_no_part_of_a_model(tmp_path):
    folder = write(tmp_path)
    (folder / "weights.bin").write_bytes(apart(folder, "weights.bin"))
    assert "save it as one file" in only(folder).mend


@pytest.mark.parametrize(
    "place", ["../weights.bin", "/etc/passwd", "a/../../weights.bin", "C:\\weights.bin", "..\\weights.bin", "\\w", ""]
)
def test_weights_outside_the_folder_are_refused_though_they_are_there(tmp_path, place):
    folder = write(tmp_path)
    (tmp_path / "weights.bin").write_bytes(apart(folder, place))
    assert "outside the folder" in only(folder).detail


def test_a_link_leads_nowhere_else(tmp_path):
    folder = write(tmp_path)
    (tmp_path / "weights.bin").write_bytes(apart(folder, "weights.bin"))
    (folder / "weights.bin").symlink_to(tmp_path / "weights.bin")
    assert "outside the folder" in only(folder).detail


def test_weights_in_a_constant_of_a_branch_are_found_too(tmp_path):
    tensor = TensorProto(name="c", data_type=TensorProto.FLOAT, dims=[3], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../elsewhere")
    inside = helper.make_graph(
        [helper.make_node("Constant", [], ["branch"], value=tensor)],
        "inside", [], [helper.make_tensor_value_info("branch", TensorProto.FLOAT, ["N", 3])],
    )  # fmt: skip
    choice = ("If", ["yes"], ["probabilities"], {"then_branch": inside, "else_branch": inside})
    graph = drawn(choice, constants=[constant("yes", np.array(True))])  # noqa: FBT003
    assert "outside the folder" in only(write(tmp_path, graph=graph)).detail


@pytest.mark.parametrize("content", [b"", b"no network at all", b"\x08\x08" * 40])
def test_a_file_that_is_no_network_is_refused(tmp_path, content):
    folder = write(tmp_path)
    (folder / "model.onnx").write_bytes(content)
    assert "export the network again" in only(folder).mend


@pytest.mark.parametrize(
    ("licence", "good"),
    [
        ("Apache-2.0", True), ("MIT AND CC-BY-4.0", True), ("(MIT OR GPL-2.0+) AND BSD-3-Clause", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True), ("LicenseRef-ours", True), ("see the readme", False),
        ("unknown", False), ("MIT AND", False), ("(MIT", False), ("proprietary", False), ("MIT/Apache-2.0", False),
    ],
)  # fmt: skip
def test_a_licence_is_an_expression(tmp_path, licence, good):
    assert ("licence" in failures(write(tmp_path, licence=licence))) is not good


def test_an_empty_statement_on_the_data_says_nothing(tmp_path):
    assert only(write(tmp_path, data="TODO")).what == "data statement"


@pytest.mark.parametrize(
    ("example", "reason"),
    [
        ('{"picture": {"flat": [0, 0, 255]}, "expect": {"red": [0.5, 1]}}', "red is 0.000, not 0.5 to 1"),
        ('{"picture": {"flat": [0, 0, 255]}, "expect": {"purple": [0, 1]}}', "purple is none of the labels"),
        ('{"picture": {"flat": [0, 0, 255]}, "expect": {}}', "expect"),
        ('{"picture": {}, "expect": {"red": [0, 1]}}', "one of flat, checker, noise and png"),
        ('{"picture": {"flat": [0, 0, 300]}, "expect": {"red": [0, 1]}}', "picture.flat"),
        ('{"picture": {"png": "no"}, "expect": {"red": [0, 1]}}', "the PNG cannot be read"),
        (json.dumps({"picture": {"png": bomb()}, "expect": {"red": [0, 1]}}), "the PNG"),
        ('{"picture": {"checker": 99999999999999999999}, "expect": {"red": [0, 1]}}', "picture.checker"),
        ('{"picture": {"noise": 1}, "expect": {"red": "high"}}', "red"),
        ("{", "cannot be read"),
    ],
)
def test_an_example_that_does_not_hold_is_told(tmp_path, example, reason):
    finding = only(write(tmp_path, examples=[EXAMPLE, example]))
    assert finding.detail.startswith("example 2")
    assert reason in finding.detail


def test_a_card_may_have_no_example(tmp_path):
    finding = check(model_folders.write(tmp_path / "model"))[-1]
    assert finding.ok
    assert finding.detail.startswith("none")


def test_a_network_of_an_opset_that_cannot_be_fed_with_pixels_is_refused(tmp_path):
    graph = drawn(MEAN, ("Softmax", ["means"], ["probabilities"], {"axis": 1}))
    graph.opset_import[0].version = 6
    assert "opens" in " ".join(failures(write(tmp_path, graph=graph, examples=()))).lower()
