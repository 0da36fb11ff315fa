"""Models of faces small enough to make in a test: two places of a picture are faces, as sure as they are red."""

import numpy as np
from model_folders import CONTRACT, SIDE, network, write
from onnx import TensorProto, helper, numpy_helper

INPUT = 16
BOXES = np.array([[2, 2, 8, 8], [8, 8, 16, 16]], np.float32)
MARKS = np.stack([[(b[0] + dx * (b[2] - b[0]), b[1] + dy * (b[3] - b[1]))
                   for dx, dy in ((0.3, 0.3), (0.7, 0.3), (0.5, 0.5), (0.3, 0.8), (0.7, 0.8))] for b in BOXES]).astype(
    np.float32
)  # fmt: skip
DETECTOR = {name: value for name, value in CONTRACT.items() if name != "labels"} | {
    "role": "detector-face",
    "name": "two_places",
    "input": CONTRACT["input"] | {"height": INPUT, "width": INPUT, "resize": "letterbox"},
    "outputs": {"boxes": "boxes", "scores": "scores", "landmarks": "landmarks"},
    "threshold": 0.5,
}
EMBEDDER = {name: value for name, value in CONTRACT.items() if name != "labels"} | {
    "role": "embedder-face",
    "outputs": {"embedding": "embedding"},
    "align": [[2, 2], [6, 2]],
    "least_pixels": 4,
}
ATTRIBUTES = {name: value for name, value in CONTRACT.items() if name != "labels"} | {
    "role": "attributes-face",
    "outputs": {"colour": {"scores": "probabilities", "labels": ["red", "green", "blue"]}},
}


def finder():
    """Draw the detector: the mean red of each place is its score."""
    rows = [
        helper.make_node("Slice", ["image", f"start{n}", f"end{n}", "axes"], [f"place{n}"]) for n in range(len(BOXES))
    ]
    rows += [
        helper.make_node("ReduceMean", [f"place{n}"], [f"score{n}"], axes=[2, 3], keepdims=0) for n in range(len(BOXES))
    ]
    rows += [
        helper.make_node("Concat", [f"score{n}" for n in range(len(BOXES))], ["scores"], axis=1),
        helper.make_node("Unsqueeze", ["scores", "one"], ["column"]),
        helper.make_node("Mul", ["column", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "places"], ["boxes"]),
        helper.make_node("Unsqueeze", ["nothing", "last"], ["deeper"]),
        helper.make_node("Add", ["deeper", "marks"], ["landmarks"]),
    ]
    constants = {
        "axes": [1, 2, 3], "one": [2], "last": [3], "zero": np.float32(0), "places": BOXES, "marks": MARKS,
        **{f"start{n}": [0, int(b[1]), int(b[0])] for n, b in enumerate(BOXES)},
        **{f"end{n}": [1, int(b[3]), int(b[2])] for n, b in enumerate(BOXES)},
    }  # fmt: skip
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])
              for name, shape in (("boxes", (2, 4)), ("scores", (2,)), ("landmarks", (2, 5, 2)))]  # fmt: skip
    taken = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, INPUT, INPUT])
    kept = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(rows, "two_places", [taken], values, kept)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def write_all(folder):
    """Write a folder of each role that has to do with faces; give them by role."""
    assert SIDE == 8
    return {
        base["role"]: write(folder / base["role"], base=base, graph=finder() if base is DETECTOR else network())
        for base in (DETECTOR, EMBEDDER, ATTRIBUTES)
    }
