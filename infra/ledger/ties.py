"""What could tie members of one cluster, from the ledger."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from domain.cluster import ClusterKind
from domain.model import ModelVersion
from infra.index.nearest import Vectors
from infra.ledger import schema
from infra.ledger.said import said_by, stacked


def vectors(
    connection: Connection, members: Sequence[str], embedder: ModelVersion, upon: str = ""
) -> tuple[list[str], Vectors]:
    """Give the vectors of files, or of faces where `upon` names their detector, and whose they are.

    A thousand members at most; those that have none are left out.
    """
    table = schema.embedding.c
    blobs = {member.partition("/")[0] for member in members}
    query = select(table.blob_id, table.ordinal, table.vector).where(table.blob_id.in_(blobs))
    rows = connection.execute(query.where(said_by(schema.embedding, embedder, upon)))
    found = {f"{blob}/{ordinal}" if upon else blob: vector for blob, ordinal, vector in rows}
    names = [member for member in members if member in found]
    return names, stacked([found[name] for name in names])


def copies(connection: Connection, members: Sequence[str]) -> dict[str, str]:
    """Give the cluster of copies of each file that is in one; a thousand members at most."""
    table = schema.cluster_member.c
    query = select(table.member, table.cluster_id).where(table.kind == ClusterKind.COPIES, table.member.in_(members))
    return dict(connection.execute(query).tuples().all())
