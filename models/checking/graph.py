"""What can be told of a network without running it: nothing of it is trusted yet."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import onnx
from google.protobuf.message import DecodeError

from models.checking.findings import Finding, failed, passed
from models.contract import NETWORK

NETWORK_READ = "network"
WEIGHTS = "weights"
OPERATORS = "operators"

PLAIN = {"", "ai.onnx", "ai.onnx.ml", "ai.onnx.preview.training", "com.microsoft"}
"""Domains of operators that every build of onnxruntime has; others need a library that is not here."""
_MEBIBYTE = 1 << 20


def examine_graph(folder: Path) -> list[Finding]:
    """Read the graph, and tell its size, where its weights are, and whether it asks for operators of its own."""
    file = folder / NETWORK
    try:
        network = onnx.load(file, load_external_data=False)
    except DecodeError:
        return [failed(NETWORK_READ, f"{NETWORK} is no ONNX file", "export the network again, as ONNX")]
    if not network.graph.node:
        return [failed(NETWORK_READ, f"{NETWORK} has no operators", "export the network again, as ONNX")]
    size = f"{file.stat().st_size / _MEBIBYTE:,.1f} MiB, {len(network.graph.node):,} operators"
    return [passed(NETWORK_READ, size), _weights(folder, network), _operators(network)]


def _weights(folder: Path, network: onnx.ModelProto) -> Finding:
    """A model is three files: weights lie in the network; where they are elsewhere, say what is wrong with that."""
    places = sorted({_location(tensor) for tensor in tensors(network) if is_outside(tensor)})
    if not places:
        return passed(WEIGHTS, f"all within {NETWORK}")
    for place in places:
        if not stays_inside(folder, place):
            told = f"{NETWORK} asks for {place!r}, which lies outside the folder"
            return failed(WEIGHTS, told, "do not use this file as it is; export again with the weights inside it")
    missing = [place for place in places if not (folder / place).is_file()]
    if missing:
        told = f"{missing[0]!r}, which {NETWORK} keeps weights in, is missing"
        return failed(WEIGHTS, told, f"export again with all weights inside {NETWORK}, which holds up to 2 GB")
    told = f"weights lie in {places[0]!r}; a model is {NETWORK}, contract.json and card.md"
    mend = f"save it as one file, which holds up to 2 GB: onnx.save(onnx.load(FILE), {NETWORK!r})"
    return failed(WEIGHTS, told, mend)


def stays_inside(folder: Path, place: str) -> bool:
    """Tell whether a path that a network names leads to a place in the folder, whatever links lie there."""
    for path in (PurePosixPath(place), PureWindowsPath(place)):
        if not place or path.is_absolute() or path.drive or path.root or ".." in path.parts:
            return False
    return (folder / place).resolve().is_relative_to(folder.resolve())


def is_outside(tensor: onnx.TensorProto) -> bool:
    """Tell whether a tensor's numbers lie in another file."""
    return bool(tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data)


def _location(tensor: onnx.TensorProto) -> str:
    return next((entry.value for entry in tensor.external_data if entry.key == "location"), "")


def _operators(network: onnx.ModelProto) -> Finding:
    ours = {function.domain for function in network.functions}
    strange = sorted({node.domain for node in nodes(network)} - PLAIN - ours)
    if not strange:
        return passed(OPERATORS, "onnxruntime has them all")
    kinds = sorted({node.op_type for node in nodes(network) if node.domain == strange[0]})
    told = f"{', '.join(kinds)} of the domain {strange[0]!r} need a library of their own"
    return failed(OPERATORS, told, "export with operators of the ONNX standard alone; no library is loaded here")


def tensors(network: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Give every tensor of a network, those of its branches, loops and functions too."""
    for graph in _graphs(network):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
    for node in nodes(network):
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)


def nodes(network: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """Give every operator of a network, those of its branches, loops and functions too."""
    for graph in _graphs(network):
        yield from graph.node
    for function in network.functions:
        yield from function.node


def _graphs(network: onnx.ModelProto) -> Iterator[Any]:
    waiting: list[Any] = [network.graph, *network.functions]
    for training in network.training_info:
        waiting += [training.initialization, training.algorithm]
    while waiting:
        graph = waiting.pop()
        if isinstance(graph, onnx.GraphProto):
            yield graph
        for node in graph.node:
            for attribute in node.attribute:
                waiting += [attribute.g] if attribute.HasField("g") else []
                waiting += attribute.graphs
