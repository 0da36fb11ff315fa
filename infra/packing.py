"""Model folders as MLflow models: the three files byte for byte, and the signature that its pages show."""

import hashlib
import warnings
from pathlib import Path
from shutil import copyfile
from typing import Any

NETWORK = "model.onnx"
CONTRACT = "contract.json"
CARD = "card.md"


def copy_files(source: Path, target: Path) -> None:
    """Copy what a model is from one folder to another."""
    for name in (NETWORK, CONTRACT, CARD):
        copyfile(source / name, target / name)


def write_mlflow_model(folder: Path, draft: Path, model_id: str, location: str) -> None:
    """Write the folder as an MLflow model at `draft`, the network byte for byte as it is."""
    import mlflow.onnx  # noqa: PLC0415 (MLflow takes seconds to import)
    import numpy  # noqa: ICN001, PLC0415 (only its version is asked)
    import onnx  # noqa: PLC0415
    import onnxruntime  # noqa: PLC0415
    from mlflow.models import Model  # noqa: PLC0415

    network = onnx.load(folder / NETWORK)
    with warnings.catch_warnings():  # the first call warns of MLflow's own type hints
        warnings.filterwarnings("ignore", ".*Any type hint is inferred as AnyType", UserWarning)
        mlflow.onnx.save_model(
            network,
            draft,
            mlflow_model=Model(artifact_path=location, model_uuid=model_id, model_id=model_id),
            signature=_signature(network),
            pip_requirements=[f"{package.__name__}=={package.__version__}" for package in (numpy, onnx, onnxruntime)],
            save_as_external_data=False,
        )
    copy_files(folder, draft)


def _signature(network: Any) -> Any:  # noqa: ANN401 (onnx and MLflow are untyped here)
    """Tell MLflow the network's inputs and outputs: names, types and axes, -1 for an axis of any length."""
    import onnx  # noqa: PLC0415
    from mlflow.models import ModelSignature  # noqa: PLC0415
    from mlflow.types import Schema, TensorSpec  # noqa: PLC0415

    def schema(values: Any) -> Any:  # noqa: ANN401
        return Schema([spec(value.name, value.type.tensor_type) for value in values])

    def spec(name: str, tensor: Any) -> Any:  # noqa: ANN401
        axes = tuple(axis.dim_value or -1 for axis in tensor.shape.dim)
        return TensorSpec(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type), axes, name)

    return ModelSignature(inputs=schema(network.graph.input), outputs=schema(network.graph.output))


def sha256(file: Path) -> str:
    """Digest a file (hex)."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
