"""MLflow: its client, its experiments, and runs of ours in them: numbers and reports of models, never a file's name."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra import telemetry


@dataclass(frozen=True, slots=True)
class Written:
    """What a run holds that compares or evaluates versions.

    Attributes:
        name: the run's, for people.
        tags: what it was about.
        metrics: numbers by name; MLflow shows them beside each other, run by run.
        files: text by file name: a page, a table.
    """

    name: str
    tags: Mapping[str, str]
    metrics: Mapping[str, float] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


class Tracking:
    """MLflow at `url` (`sqlite:////FILE` or a server's `http://HOST:PORT`); with SQLite, artifacts lie in `root`."""

    def __init__(self, url: str, root: Path) -> None:
        self._url = url
        self._root = root

    def client(self) -> Any:  # noqa: ANN401 (MLflow is untyped here)
        """Give MLflow's client. Its stores look the address up in the process, so it is set there."""
        telemetry.switch_off()
        import mlflow  # noqa: PLC0415 (MLflow takes seconds to import)

        logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells of every table that it makes
        self._root.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(self._url)
        mlflow.set_registry_uri(self._url)
        return mlflow.MlflowClient()

    def experiment(self, client: Any, name: str) -> str:  # noqa: ANN401
        """Give an experiment's id; a server knows where its artifacts go, SQLite is told."""
        found = client.get_experiment_by_name(name)
        if found:
            return str(found.experiment_id)
        place = (self._root / "mlflow-artifacts").as_uri() if self._url.startswith("sqlite:") else None
        return str(client.create_experiment(name, artifact_location=place))

    def write(self, experiment: str, written: Written, model_id: str = "") -> str:
        """Write a run into an experiment, and give its id; MLflow shows it with the logged model `model_id`, if any."""
        from mlflow.entities import LoggedModelInput  # noqa: PLC0415

        client = self.client()
        run = client.create_run(
            self.experiment(client, experiment), run_name=written.name, tags=dict(written.tags)
        ).info.run_id
        if model_id:
            client.log_inputs(run, models=[LoggedModelInput(model_id)])
        for name, value in written.metrics.items():
            client.log_metric(run, name, value, model_id=model_id or None)
        for name, text in written.files.items():
            client.log_text(run, text, name)
        client.set_terminated(run)
        return str(run)
