"""Models: a folder becomes a version, is measured, serves, and the one before comes back; for data scientists."""

from pathlib import Path

from prefect import flow

from domain.counts import Counts
from domain.model import Alias, Role
from infra.cluster import running
from tasks import gating, promoting
from tasks.staging import stage, step


@flow
def register_model(folder: Path, alias: Alias | None = None, reason: str = "") -> Counts:
    """Hold a model folder to its contract and make it a version of its role.

    Args:
        folder: Folder with model.onnx, contract.json and card.md, on the worker's machine.
        alias: `challenger` to have it run in shadow, `champion` to have it serve after the gate; empty for neither.
        reason: Why it may serve although the gate would refuse, in words of 10 characters or more.
    """
    with running(), stage("register-model") as publish:
        promoting.publish_models(promoting.told(step(promoting.register)(folder, alias, reason)))
        return publish(Counts(models_registered=1))


@flow
def promote_model(role: Role, version: int, alias: Alias = Alias.CHAMPION, reason: str = "") -> Counts:
    """Let a version serve; one that is to be champion is measured beside the champion first.

    Args:
        role: What the model is for.
        version: Its number in the registry.
        alias: `champion` to serve, `challenger` to run in shadow.
        reason: Why it may serve although it is worse, or was not evaluated, in words of 10 characters or more.
    """
    with running(), stage("promote-model") as publish:
        promoting.publish_models(promoting.told(step(promoting.promote)(role, version, alias, reason)))
        return publish(Counts(models_promoted=1))


@flow
def rollback_model(role: Role, reason: str) -> Counts:
    """Put the champion before this one back, at once.

    Args:
        role: What the model is for.
        reason: Why, in words; kept with the version.
    """
    with stage("rollback-model") as publish:
        promoting.publish_models(promoting.told(step(promoting.rollback)(role, reason)))
        return publish(Counts(models_promoted=1))


@flow
def evaluate_model(role: Role, version: int) -> Counts:
    """Measure a version on the newest evaluation set of its role, beside the champion; the report is a run in MLflow.

    Args:
        role: What the model is for.
        version: Its number in the registry.
    """
    with running(), stage("evaluate-model") as publish:
        found = step(gating.evaluate_version)(role, version)
        promoting.publish_models(f"{found.model}: {found.told}")
        return publish(Counts(models_evaluated=1, files_evaluated=found.report.items))


@flow
def list_models() -> Counts:
    """List every registered version, with what is told of it, as the artifact `models`."""
    with stage("list-models") as publish:
        versions = step(promoting.listed)()
        promoting.publish_models()
        return publish(Counts(models=len(versions)))
