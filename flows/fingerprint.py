"""Fingerprint: stored files to perceptual hashes, and to matches with known lists."""

from prefect import flow

from domain.counts import Counts
from infra.cluster import running
from tasks.hashing.files import fingerprint_files
from tasks.matching import match_entries, match_files
from tasks.staging import stage


@flow
def fingerprint() -> Counts:
    """Fingerprint every file that is new, match every other file with what lists added, and it with every list."""
    with running(), stage("fingerprint") as publish:
        return publish(fingerprint_files() + match_entries() + match_files())
