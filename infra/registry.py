"""The model registry: MLflow, one registered model a role, whose versions serve by alias.

The registered model is named by its role (`classifier`), so that an alias says which version serves the role.
A version's own name and its digests are tags. `domain.model.ModelVersion.name` joins role and own name
(`classifier/efficientnet_lite0`): with the version number it is unique, it reads, and the registry finds it by
the role. Aliases are read each time: one that was moved in MLflow's pages holds at once.
"""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.errors import UnusableModel
from domain.model import Alias, ModelVersion, Registered, Role
from infra.packing import CARD, CONTRACT, NETWORK, copy_files, sha256, write_mlflow_model
from infra.tracking import Tracking, Written

EXPERIMENT = "models"
"""The MLflow experiment that holds the files of every version."""

EVALUATIONS = "evaluations"
"""The MLflow experiment of what was measured of versions."""

COMPARISONS = "comparisons"
"""The MLflow experiment of where challengers and champions differ."""

LONGEST_DESCRIPTION = 5000
"""Characters that MLflow's table of versions keeps as a description; PostgreSQL refuses more."""

_LOGGED = "models:/"
"""What stands before the id of a logged model where a version names its source."""

_STRANGE = "{} was not registered by Breakwater; register its folder"

_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # no such role; no such alias


class Registry:
    """The registered models at `url` (`sqlite:////FILE` or a server's `http://HOST:PORT`).

    `root` takes what is kept here: the copies that sessions are opened from and, for a registry in SQLite, the
    artifacts.
    """

    def __init__(self, url: str, root: Path) -> None:
        self._root = root
        self._tracking = Tracking(url, root)

    def register(
        self, folder: Path, name: str, role: Role, *, licence: str = "", alias: Alias | None = None
    ) -> ModelVersion:
        """Make the model folder `folder` the next version of `role`, and let it serve as `alias`.

        A folder whose network and contract are registered already gets no new version: the one it has is given.
        """
        client = self._tracking.client()
        tags = {"name": name, "role": role.value, "licence": licence, "digest": sha256(folder / NETWORK),
                "contract": sha256(folder / CONTRACT)}  # fmt: skip
        _make_role(client, role)
        same = f"name = '{role}' and tags.digest = '{tags['digest']}' and tags.contract = '{tags['contract']}'"
        versions = client.search_model_versions(same) or [self._create(client, folder, tags)]
        model = _model(min(versions, key=lambda version: int(version.version)))
        return self.promote(role, model.version, alias) if alias else model

    def versions(self, role: Role) -> list[Registered]:
        """List the versions of `role` that were registered here, the newest first."""
        client = self._tracking.client()
        known = client.search_registered_models(f"name = '{role}'")
        aliases = known[0].aliases if known else {}
        found = client.search_model_versions(f"name = '{role}'") if known else []
        every = [_registered(each, aliases) for each in found if _ours(each)]
        return sorted(every, key=lambda each: -each.model.version)

    def version(self, role: Role, number: int) -> ModelVersion:
        """Give one version of `role`.

        Raises:
            UnusableModel: there is none of this number, or it was not registered by `register`.
        """
        return _model(_version(self._tracking.client(), role, number))

    def find(self, role: Role, alias: Alias = Alias.CHAMPION) -> ModelVersion | None:
        """Give the version of `role` that serves as `alias`, if one does.

        Raises:
            UnusableModel: the alias was moved, in MLflow's pages, to one that was not registered by `register`.
        """
        found = self.named(role, alias)
        if found and not found.digest:
            mend = "move the alias to a version that `breakwater model list` names, in MLflow's pages"
            raise UnusableModel(f"{found} is {alias}, and was not registered by Breakwater; {mend}")
        return found

    def named(self, role: Role, alias: Alias) -> ModelVersion | None:
        """Give the version of `role` that an alias names, if any: without a digest where others registered it."""
        found = _asked(self._tracking.client().get_model_version_by_alias, role.value, alias.value)
        if found is None or _ours(found):
            return found and _model(found)
        return ModelVersion(role.value, int(found.version), "")

    def resolve(self, role: Role, alias: Alias = Alias.CHAMPION) -> ModelVersion:
        """Give the version of `role` that serves as `alias`.

        Raises:
            UnusableModel: none does.
        """
        found = self.find(role, alias)
        if found is None:
            raise UnusableModel(f"no {role} is {alias}; register a model folder and promote it")
        return found

    def promote(self, role: Role, version: int, alias: Alias, reason: str = "") -> ModelVersion:
        """Let a version of `role` serve as `alias`; whichever did before no longer does.

        A new champion is no challenger any more, and the champion that it replaces is the previous one. The `reason`
        is kept with the version, in place of an older one; promoting what serves already, without one, leaves it.

        Raises:
            UnusableModel: there is no such version, it was not registered by `register`, or the champion is to be its
                own challenger.
        """
        client = self._tracking.client()
        model = _model(_version(client, role, version))
        champion, challenger = self.find(role), self.named(role, Alias.CHALLENGER)
        if alias is Alias.CHALLENGER and champion == model:
            raise UnusableModel(f"{model} is the champion; a challenger is another version")
        serves_already = model == (champion if alias is Alias.CHAMPION else challenger)
        if reason or not serves_already:
            client.set_model_version_tag(role.value, str(version), "reason", reason)
        if alias is Alias.CHAMPION and champion and champion != model:
            client.set_registered_model_alias(role.value, Alias.PREVIOUS.value, str(champion.version))
        client.set_registered_model_alias(role.value, alias.value, str(version))
        if alias is Alias.CHAMPION and challenger == model:
            client.delete_registered_model_alias(role.value, Alias.CHALLENGER.value)
        return model

    def previous(self, role: Role) -> ModelVersion:
        """Give the champion of `role` before this one.

        Raises:
            UnusableModel: none served before.
        """
        previous = self.find(role, Alias.PREVIOUS)
        if previous is None or previous == self.find(role):
            raise UnusableModel(f"no other {role} served before; promote a version instead")
        return previous

    def evaluated(self, model: ModelVersion, headline: str, written: Written) -> str:
        """Keep what was measured of a version, as a run of MLflow, and its main number with it; give the run's id."""
        client, run = self._tracking.client(), self._written(EVALUATIONS, model, written)
        for key, value in (("headline", headline), ("evaluation", run)):
            client.set_model_version_tag(model.role.value, str(model.version), key, value)
        return run

    def compared(self, model: ModelVersion, written: Written) -> str:
        """Keep how a challenger differs from its champion, as a run of MLflow; give the run's id."""
        return self._written(COMPARISONS, model, written)

    def _written(self, experiment: str, model: ModelVersion, written: Written) -> str:
        """Write a run that MLflow shows with a version."""
        logged = _version(self._tracking.client(), model.role, model.version).source.removeprefix(_LOGGED)
        return self._tracking.write(experiment, written, logged)

    def folder(self, model: ModelVersion) -> Path:
        """Give a local folder with the version's `model.onnx`, `contract.json` and `card.md`.

        It is fetched once; a copy that is here is verified, without MLflow. Any number of processes may ask.

        Raises:
            UnusableModel: the network is not the one that was registered, or none was by `register`.
        """
        if not model.digest:
            raise UnusableModel(_STRANGE.format(model))
        place = self._root / "models" / model.digest / f"{model.role}-{model.version}"
        if not place.exists():
            self._fetch(model, place)
        if sha256(place / NETWORK) != model.digest:
            raise UnusableModel(f"{model}: {NETWORK} is not the one registered; remove {place} and fetch it again")
        return place

    def _fetch(self, model: ModelVersion, place: Path) -> None:
        """Copy a version's files to `place`, whole or not at all; another process may have been first."""
        self._tracking.client()
        from mlflow.artifacts import download_artifacts  # noqa: PLC0415 (MLflow takes seconds to import)

        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as beside:
            fetched = Path(download_artifacts(f"models:/{model.role}/{model.version}", dst_path=f"{beside}/all"))
            draft = Path(beside) / "draft"
            draft.mkdir()
            copy_files(fetched, draft)
            try:
                draft.replace(place)
            except OSError:
                if not place.exists():
                    raise

    def _create(self, client: Any, folder: Path, tags: dict[str, str]) -> Any:  # noqa: ANN401 (MLflow is untyped here)
        """Log the folder as an MLflow model with its signature, and make it a version."""
        experiment = self._tracking.experiment(client, EXPERIMENT)
        logged = client.create_logged_model(experiment, tags["name"], tags=tags, model_type=tags["role"])
        with tempfile.TemporaryDirectory() as place:
            draft = Path(place) / "model"
            write_mlflow_model(folder, draft, logged.model_id, logged.artifact_location)
            client.log_model_artifacts(logged.model_id, str(draft))
        client.finalize_logged_model(logged.model_id, "READY")
        card = (folder / CARD).read_text(encoding="utf-8")[:LONGEST_DESCRIPTION]  # the files have the whole of it
        source = f"{_LOGGED}{logged.model_id}"
        return client.create_model_version(tags["role"], source, model_id=logged.model_id, tags=tags, description=card)


def _asked(ask: Callable[..., Any], *words: str) -> Any:  # noqa: ANN401 (MLflow is untyped here)
    """Ask MLflow for something; None where there is no such thing."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    try:
        return ask(*words)
    except MlflowException as error:
        if error.error_code in _ABSENT:
            return None
        raise


def _make_role(client: Any, role: Role) -> None:  # noqa: ANN401
    """Have a registered model of this name."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    try:
        client.create_registered_model(role.value)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _version(client: Any, role: Role, number: int) -> Any:  # noqa: ANN401
    """Find one of MLflow's model versions."""
    found = _asked(client.get_model_version, role.value, str(number))
    if found is None:
        raise UnusableModel(f"there is no {role} v{number}; `breakwater model list` names them all")
    return found


def _ours(version: Any) -> bool:  # noqa: ANN401
    return {"name", "digest"} <= set(version.tags)


def _model(version: Any) -> ModelVersion:  # noqa: ANN401
    """Read one of MLflow's model versions."""
    number = int(version.version)
    if not _ours(version):
        raise UnusableModel(_STRANGE.format(f"{version.name} v{number}"))
    return ModelVersion(f"{version.name}/{version.tags['name']}", number, version.tags["digest"])


def _registered(version: Any, aliases: dict[str, str]) -> Registered:  # noqa: ANN401
    """Read one of MLflow's model versions with all that is told of it; `aliases` name versions of its role."""
    model, tags = _model(version), version.tags
    return Registered(
        model,
        aliases=tuple(alias for alias in Alias if str(aliases.get(alias.value)) == str(model.version)),
        licence=tags.get("licence", ""),
        registered_at=datetime.fromtimestamp(version.creation_timestamp / 1000, UTC),
        headline=tags.get("headline", ""),
        reason=tags.get("reason", ""),
    )
