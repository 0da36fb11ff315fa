"""What models said of files, in the ledger; every row names the model and its version."""

from collections.abc import Sequence

from sqlalchemy import Connection, exists, select

from domain.counts import Counts
from domain.media import BlobKey, Kind
from domain.model import Classified, ModelVersion
from infra.ledger import schema
from infra.ledger.engine import upsert
from infra.ledger.media import ANY, Flags, Unreadable, record_faults, usable


def unclassified(
    connection: Connection, model: ModelVersion, *, settled: bool = False, flags: Flags = ANY
) -> list[tuple[BlobKey, Kind]]:
    """List the pictures and videos that this version has not seen yet.

    Files that a list settles are left out unless `settled`; `domain.match.settles` says which matches do. Only what
    `flags` of its viewing let a model look at is listed.
    """
    table = schema.blob.c
    seen = exists().where(
        schema.embedding.c.blob_id == table.id,
        schema.embedding.c.model == model.name,
        schema.embedding.c.version == model.version,
    )
    listed = exists().where(schema.match.c.blob_id == table.id, schema.match.c.settles)
    query = select(table.id, table.kind).where(usable(flags), ~seen).order_by(table.id)
    if not settled:
        query = query.where(~listed)
    return [(blob, Kind(kind)) for blob, kind in connection.execute(query)]


def record_inferences(
    connection: Connection, model: ModelVersion, outcomes: Sequence[Classified | Unreadable]
) -> Counts:
    """Write labels and embeddings, and the faults of what cannot be decoded; count what is new or changed."""
    whole = [each for each in outcomes if isinstance(each, Classified)]
    faults = [each for each in outcomes if not isinstance(each, Classified)]
    by = {"model": model.name, "version": model.version}
    labels = [
        {"blob_id": each.blob, **by, "label": score.label, "probability": score.probability}
        for each in whole
        for score in each.scores
    ]
    embeddings = [{"blob_id": each.blob, **by, "frames": each.frames, "vector": each.embedding} for each in whole]
    upsert(connection, schema.embedding, embeddings)
    changed = upsert(connection, schema.inference, labels)
    return Counts(files_classified=len(whole), labels_new=changed) + record_faults(connection, faults)
