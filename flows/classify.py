"""Classify: what models say of pictures and films that no list settles."""

from prefect import flow

from domain.counts import Counts
from infra.cluster import running
from tasks.inference import classify_files
from tasks.staging import stage


@flow
def classify(most: int = 0) -> Counts:
    """Have the models at work look at pictures and videos that they have not seen.

    Args:
        most: Files to look at, at most: those that no model of a role ever saw first, the most urgent before others. 0
            for all. What is left waits for the next run.
    """
    with running(), stage("classify") as publish:
        return publish(classify_files(most))
