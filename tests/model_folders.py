"""Model folders small enough to make in a test: the strongest of a picture's three colours, by its mean."""

import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from models.inputs import fitted, normalised

SIDE = 8
CONTRACT = {
    "role": "classifier",
    "name": "strongest_colour",
    "input": {
        "name": "image", "layout": "NCHW", "height": SIDE, "width": SIDE, "colour": "RGB", "dtype": "float32",
        "mean": [0, 0, 0], "std": [255, 255, 255], "resize": "stretch",
    },
    "outputs": {"scores": "probabilities"},
    "labels": ["red", "green", "blue"],
    "licence": "CC0-1.0",
    "data": "none: the network is written by hand",
}  # fmt: skip


EMBEDDER = {name: value for name, value in CONTRACT.items() if name != "labels"} | {
    "role": "embedder-scene",
    "outputs": {"embedding": "embedding"},
}


def network(name="image", shape=("N", 3, SIDE, SIDE), element=TensorProto.FLOAT, sharpness=20.0):
    """Draw the network: each colour's mean is the embedding; its softmax, sharpened, the probabilities."""
    nodes = [
        helper.make_node("Cast", [name], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["embedding"], axes=list(range(2, len(shape))), keepdims=0),
        helper.make_node("Mul", ["embedding", "sharpness"], ["sharp"]),
        helper.make_node("Softmax", ["sharp"], ["probabilities"], axis=-1),
    ]
    outputs = [
        helper.make_tensor_value_info(each, TensorProto.FLOAT, [shape[0], 3]) for each in ("probabilities", "embedding")
    ]
    constants = [numpy_helper.from_array(np.array(sharpness, np.float32), "sharpness")]
    graph = helper.make_graph(
        nodes, "strongest_colour", [helper.make_tensor_value_info(name, element, shape)], outputs, constants
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def of_old_operators():
    """Draw a network that can be opened as it is, but not where pixels are made its input: no operator does that."""
    graph = network()
    nodes = {node.op_type: node for node in graph.graph.node}
    nodes["Softmax"].input[0] = "embedding"
    nodes["Softmax"].attribute[0].i = 1
    graph.graph.node.remove(nodes["Mul"])
    del graph.graph.initializer[:]
    graph.opset_import[0].version = 6
    return graph


def failing_in_the_dark():
    """Draw a network that gives no numbers for pictures darker than half."""
    graph = network()
    nodes = graph.graph.node
    mean = next(node for node in nodes if node.op_type == "ReduceMean")
    mean.output[0] = "mean"
    nodes.insert(2, helper.make_node("Sub", ["mean", "half"], ["above"]))
    nodes.insert(3, helper.make_node("Sqrt", ["above"], ["embedding"]))
    graph.graph.initializer.append(numpy_helper.from_array(np.array(0.5, np.float32), "half"))
    return graph


def _before_the_embedding(*steps, **constants):
    """Draw the network with steps between the mean of each colour, `mean`, and the embedding."""
    graph = network()
    nodes = graph.graph.node
    next(node for node in nodes if node.op_type == "ReduceMean").output[0] = "mean"
    for place, step in enumerate(steps, 2):
        nodes.insert(place, step)
    graph.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    return graph


def endless(above=-1.0):
    """Draw a network that goes round in a loop of 2^62 trips for pictures brighter than `above`, 0-1."""
    whole = helper.make_tensor_value_info("held", TensorProto.FLOAT, ["N", 3])
    body = helper.make_graph(
        [helper.make_node("Identity", ["going"], ["on"]), helper.make_node("Identity", ["held"], ["given"])],
        "round",
        [helper.make_tensor_value_info("trip", TensorProto.INT64, []),
         helper.make_tensor_value_info("going", TensorProto.BOOL, []), whole],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, []),
         helper.make_tensor_value_info("given", TensorProto.FLOAT, ["N", 3])],
    )  # fmt: skip
    return _before_the_embedding(
        helper.make_node("ReduceMax", ["mean"], ["brightest"], keepdims=0),
        helper.make_node("Greater", ["brightest", "above"], ["bright"]),
        helper.make_node("Loop", ["trips", "bright", "mean"], ["embedding"], body=body),
        trips=np.array(2**62, np.int64),
        above=np.array(above, np.float32),
    )


def insatiable(above=-1.0):
    """Draw a network that asks for 64 GiB at once for pictures brighter than `above`, 0-1."""
    return _before_the_embedding(
        helper.make_node("ReduceMax", ["mean"], ["brightest"], keepdims=0),
        helper.make_node("Greater", ["brightest", "above"], ["bright"]),
        helper.make_node("Cast", ["bright"], ["one"], to=TensorProto.INT64),
        helper.make_node("Mul", ["one", "much"], ["times"]),
        helper.make_node("Max", ["times", "once"], ["shape"]),
        helper.make_node("Expand", ["brightest", "shape"], ["many"]),
        helper.make_node("ReduceMin", ["many"], ["any"], keepdims=0),
        helper.make_node("Mul", ["any", "nothing"], ["none"]),
        helper.make_node("Add", ["mean", "none"], ["embedding"]),
        much=np.array([2**34], np.int64),
        once=np.array([1], np.int64),
        above=np.array(above, np.float32),
        nothing=np.array(0, np.float32),
    )


def misshapen(above=0.5):
    """Draw a network that cannot be run on pictures brighter than `above`, 0-1: three columns are to be four then."""
    return _before_the_embedding(
        helper.make_node("ReduceMax", ["mean"], ["brightest"], keepdims=0),
        helper.make_node("Greater", ["brightest", "above"], ["bright"]),
        helper.make_node("Cast", ["bright"], ["one"], to=TensorProto.INT64),
        helper.make_node("Add", ["three", "one"], ["wide"]),
        helper.make_node("Concat", ["row", "wide"], ["shape"], axis=0),
        helper.make_node("Expand", ["mean", "shape"], ["embedding"]),
        above=np.array([above], np.float32),
        three=np.array([3], np.int64),
        row=np.array([1], np.int64),
    )


def prepared(rgb, told):
    """Make one input of a network, without the batch's axis, from a picture of any size."""
    return normalised(fitted(rgb, told)[np.newaxis], told)[0]


def write(folder: Path, *, graph=None, base=CONTRACT, **changes) -> Path:
    """Write a model folder; `changes` replace fields of its contract, and `input` single fields of that."""
    folder.mkdir(parents=True, exist_ok=True)
    contract = {**base, **changes, "input": {**base["input"], **changes.get("input", {})}}
    (folder / "model.onnx").write_bytes((graph or network()).SerializeToString())
    (folder / "contract.json").write_text(json.dumps(contract))
    (folder / "card.md").write_text("# Strongest colour\n\nWritten by hand, for tests.\n")
    return folder


def register_by_hand(role, folder, alias=""):
    """Make a folder a version as others do, with no tag of ours, and let it serve as `alias`; give its number."""
    import mlflow

    client = mlflow.MlflowClient()
    logged = client.create_logged_model(client.get_experiment_by_name("models").experiment_id, "by_hand")
    client.log_model_artifacts(logged.model_id, str(folder))
    client.finalize_logged_model(logged.model_id, "READY")
    version = client.create_model_version(role, f"models:/{logged.model_id}", model_id=logged.model_id)
    if alias:
        client.set_registered_model_alias(role, alias, version.version)
    return int(version.version)
