"""Classify: what no list settles, by the champion classifier."""

from prefect import flow

from domain.counts import Counts
from infra.cluster import running
from tasks.inference import classify_files
from tasks.staging import stage


@flow
def classify() -> Counts:
    """Label and embed every picture and video that no list settles and the champion has not seen."""
    with running(), stage("classify") as publish:
        return publish(classify_files())
