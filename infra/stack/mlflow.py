"""MLflow: the server where data scientists see and promote models."""

import sys
from pathlib import Path

from infra.stack.ports import HOST
from infra.stack.service import Service, answers


def mlflow_server(folder: Path, port: int, database: str) -> Service:
    """Describe the server with its pages on `port`; models' files lie in `folder` and pass through it.

    The `database` is `postgresql+psycopg://…` or `sqlite:///…`.
    """
    url = f"http://{HOST}:{port}"
    return Service(
        name="mlflow",
        command=(
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--host",
            HOST,
            "--port",
            str(port),
            "--workers",
            "1",
        ),
        ready=lambda: answers(f"{url}/api/2.0/mlflow/experiments/search", {"max_results": 1}) is not None,
        folder=folder,
        environment={
            "MLFLOW_BACKEND_STORE_URI": database,
            "MLFLOW_ARTIFACTS_DESTINATION": str(folder / "artifacts"),
        },
    )
