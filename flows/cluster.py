"""Cluster: files that are copies of one another or of one scene, faces, then reports that share what is rare."""

from prefect import flow

from domain.counts import Counts
from tasks.clustering.alike import cluster_faces, cluster_scenes
from tasks.clustering.copies import cluster_copies
from tasks.clustering.sharing import cluster_reports
from tasks.clustering.telling import publish_clusters
from tasks.pairing import pair_films
from tasks.staging import stage


@flow
def cluster(*, anew: bool = False) -> Counts:
    """Group copies of files, files of one scene, faces of one person perhaps, and reports that share what is rare.

    Args:
        anew: Whether scenes and faces are compared all with all again, however many there are, as each night.
    """
    with stage("cluster") as publish:
        files = pair_films() + cluster_copies() + cluster_scenes(anew=anew) + cluster_faces(anew=anew)
        counts = files + cluster_reports()
        publish_clusters()
        return publish(counts)
