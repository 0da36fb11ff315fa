"""Fingerprint: stored files to perceptual hashes, and to matches with known lists."""

from prefect import flow

from domain.counts import Counts
from infra.cluster import running
from tasks.hashing import fingerprint_files
from tasks.matching import match_files
from tasks.staging import stage


@flow
def fingerprint() -> Counts:
    """Fingerprint every file that is new, then match every file with every list."""
    with running(), stage("fingerprint") as publish:
        return publish(fingerprint_files() + match_files())
