"""Pipeline: the way of a report, every stage as a subflow."""

from pathlib import Path

from prefect import flow

from domain.counts import Counts
from flows.classify import classify
from flows.cluster import cluster
from flows.fingerprint import fingerprint
from flows.intake import intake
from flows.measure import measure
from flows.prioritize import prioritize
from infra.cluster import running
from tasks.staging import stage
from tasks.summarizing import publish_summary


@flow
def pipeline(inbox: str | None = None, lists: Path | None = None) -> Counts:
    """Take reports in and bring them all the way to a ranked queue and the measures.

    Args:
        inbox: Folder, or prefix of a bucket (s3+http://HOST:PORT/BUCKET/PREFIX), with reports; or one file. Empty:
            `inbox` in the data folder.
        lists: Folder with lists of known hashes, a file or a folder of pages each. Empty: `lists` in the data folder.
    """
    with running(), stage("pipeline") as publish:
        counts = intake(inbox, lists)
        for next_stage in (fingerprint, classify, cluster, prioritize, measure):
            counts += next_stage()
        publish_summary()
        return publish(counts)
