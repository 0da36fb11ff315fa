"""The model registry: MLflow, one registered model a role, whose versions serve by alias.

The registered model is named by its role (`classifier`), so that an alias says which version serves the role.
A version's own name and its digests are tags. `domain.model.ModelVersion.name` joins role and own name
(`classifier/efficientnet_lite0`): with the version number it is unique, it reads, and the registry finds it by
the role.
"""

import hashlib
import logging
import tempfile
import warnings
from pathlib import Path
from shutil import copyfile
from typing import Any

from domain.errors import UnusableModel
from domain.model import Alias, ModelVersion, Role
from infra import telemetry

EXPERIMENT = "models"
"""The MLflow experiment that holds the files of every version."""

_NETWORK = "model.onnx"
_CONTRACT = "contract.json"
_CARD = "card.md"
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # no such role; no such alias


class Registry:
    """The registered models at `url` (`sqlite:////FILE` or a server's `http://HOST:PORT`).

    `root` takes what is kept here: the copies that sessions are opened from and, for a registry in SQLite, the
    artifacts.
    """

    def __init__(self, url: str, root: Path) -> None:
        self._url = url
        self._root = root

    def register(
        self, folder: Path, name: str, role: Role, *, licence: str = "", alias: Alias | None = None
    ) -> ModelVersion:
        """Make the model folder `folder` the next version of `role`, and let it serve as `alias`.

        A folder whose network and contract are registered already gets no new version: the one it has is given.
        """
        client = self._client()
        tags = {"name": name, "role": role.value, "licence": licence, "digest": _sha256(folder / _NETWORK),
                "contract": _sha256(folder / _CONTRACT)}  # fmt: skip
        _make_role(client, role)
        same = f"name = '{role}' and tags.digest = '{tags['digest']}' and tags.contract = '{tags['contract']}'"
        versions = client.search_model_versions(same) or [self._create(client, folder, tags)]
        model = _model(min(versions, key=lambda version: int(version.version)))
        return self.promote(role, model.version, alias) if alias else model

    def find(self, role: Role, alias: Alias = Alias.CHAMPION) -> ModelVersion | None:
        """Give the version of `role` that serves as `alias`, if one does."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 (MLflow takes seconds to import)

        try:
            return _model(self._client().get_model_version_by_alias(role.value, alias.value))
        except MlflowException as error:
            if error.error_code in _ABSENT:
                return None
            raise

    def resolve(self, role: Role, alias: Alias = Alias.CHAMPION) -> ModelVersion:
        """Give the version of `role` that serves as `alias`.

        Raises:
            UnusableModel: none does.
        """
        found = self.find(role, alias)
        if found is None:
            raise UnusableModel(f"no {role} is {alias}; register a model folder and promote it")
        return found

    def promote(self, role: Role, version: int, alias: Alias) -> ModelVersion:
        """Let a version of `role` serve as `alias`; whichever did before no longer does.

        Raises:
            UnusableModel: it was not registered by `register`.
        """
        client = self._client()
        model = _model(client.get_model_version(role.value, str(version)))
        client.set_registered_model_alias(role.value, alias.value, str(version))
        return model

    def folder(self, model: ModelVersion) -> Path:
        """Give a local folder with the version's `model.onnx`, `contract.json` and `card.md`.

        It is fetched once; a copy that is here is verified, without MLflow. Any number of processes may ask.

        Raises:
            UnusableModel: the network is not the one that was registered.
        """
        role = model.name.partition("/")[0]
        place = self._root / "models" / model.digest / f"{role}-{model.version}"
        if not place.exists():
            self._fetch(role, model.version, place)
        if _sha256(place / _NETWORK) != model.digest:
            raise UnusableModel(f"{model}: {_NETWORK} is not the one registered; remove {place} and fetch it again")
        return place

    def _fetch(self, role: str, version: int, place: Path) -> None:
        """Copy a version's files to `place`, whole or not at all; another process may have been first."""
        self._client()
        from mlflow.artifacts import download_artifacts  # noqa: PLC0415

        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as beside:
            fetched = Path(download_artifacts(f"models:/{role}/{version}", dst_path=f"{beside}/all"))
            draft = Path(beside) / "draft"
            draft.mkdir()
            for name in (_NETWORK, _CONTRACT, _CARD):
                copyfile(fetched / name, draft / name)
            try:
                draft.replace(place)
            except OSError:
                if not place.exists():
                    raise

    def _create(self, client: Any, folder: Path, tags: dict[str, str]) -> Any:  # noqa: ANN401 (MLflow is untyped here)
        """Log the folder as an MLflow model with its signature, and make it a version."""
        logged = client.create_logged_model(self._experiment(client), tags["name"], tags=tags, model_type=tags["role"])
        with tempfile.TemporaryDirectory() as place:
            draft = Path(place) / "model"
            _write_mlflow_model(folder, draft, logged.model_id, logged.artifact_location)
            client.log_model_artifacts(logged.model_id, str(draft))
        client.finalize_logged_model(logged.model_id, "READY")
        card = (folder / _CARD).read_text()
        source = f"models:/{logged.model_id}"
        return client.create_model_version(tags["role"], source, model_id=logged.model_id, tags=tags, description=card)

    def _experiment(self, client: Any) -> str:  # noqa: ANN401
        """Give the id of the experiment of models; a server knows where its artifacts go, SQLite is told."""
        found = client.get_experiment_by_name(EXPERIMENT)
        if found:
            return str(found.experiment_id)
        place = (self._root / "mlflow-artifacts").as_uri() if self._url.startswith("sqlite:") else None
        return str(client.create_experiment(EXPERIMENT, artifact_location=place))

    def _client(self) -> Any:  # noqa: ANN401
        """Give MLflow's client. Its stores look the address up in the process, so it is set there."""
        telemetry.switch_off()
        import mlflow  # noqa: PLC0415

        logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells of every table that it makes
        self._root.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(self._url)
        mlflow.set_registry_uri(self._url)
        return mlflow.MlflowClient()


def _make_role(client: Any, role: Role) -> None:  # noqa: ANN401
    """Have a registered model of this name."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    try:
        client.create_registered_model(role.value)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _model(version: Any) -> ModelVersion:  # noqa: ANN401
    """Read one of MLflow's model versions."""
    number = int(version.version)
    if not {"name", "digest"} <= set(version.tags):
        raise UnusableModel(f"{version.name} v{number} was not registered by Breakwater; register its folder")
    return ModelVersion(f"{version.name}/{version.tags['name']}", number, version.tags["digest"])


def _write_mlflow_model(folder: Path, draft: Path, model_id: str, location: str) -> None:
    """Write the folder as an MLflow model at `draft`, the network byte for byte as it is."""
    import mlflow.onnx  # noqa: PLC0415
    import numpy  # noqa: ICN001, PLC0415 (only its version is asked)
    import onnx  # noqa: PLC0415
    import onnxruntime  # noqa: PLC0415
    from mlflow.models import Model  # noqa: PLC0415

    network = onnx.load(folder / _NETWORK)
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
    for name in (_NETWORK, _CONTRACT, _CARD):
        copyfile(folder / name, draft / name)


def _signature(network: Any) -> Any:  # noqa: ANN401
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


def _sha256(file: Path) -> str:
    """Digest a file (hex)."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
