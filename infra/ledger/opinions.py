"""What a model version said of files, read back: for those who compare versions, and days."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from domain.media import BlobKey
from domain.model import Answer, Attribute, ModelVersion, Says
from infra.ledger import schema
from infra.ledger.engine import upsert
from infra.ledger.moments import utc
from infra.ledger.reports import MANY
from infra.ledger.said import said_by

ANSWERED = schema.inference.c.fault.is_(None)
"""Says of a row that the model answered, when it was asked of the file."""


@dataclass(slots=True)
class Opinion:
    """What one version says of one file.

    Attributes:
        probabilities: of the labels that were kept; `says` of those that have thresholds.
        faces: how many a detector found.
        attributes: of faces, each with the label that is most probable.
        vectors: float16 of unit length, in the order of their ordinals.
    """

    probabilities: dict[str, float] = field(default_factory=dict)
    says: dict[str, Says] = field(default_factory=dict)
    faces: int = 0
    attributes: list[Attribute] = field(default_factory=list)
    vectors: list[bytes] = field(default_factory=list)


def opinion(answer: Answer) -> Opinion:
    """Take an answer as an opinion."""
    return Opinion(
        {each.label: each.probability for each in answer.verdicts},
        {each.label: each.says for each in answer.verdicts if each.says},
        len(answer.faces),
        list(answer.attributes),
        [vector for _, vector in answer.vectors],
    )


def of_files(
    connection: Connection, model: ModelVersion, blobs: Sequence[BlobKey], upon: str = ""
) -> dict[BlobKey, Opinion]:
    """Give what a version said of these files, as far as it looked at them; while it was no challenger.

    A model of faces looked at those that the detector `upon` had found.
    """
    found: dict[BlobKey, Opinion] = defaultdict(Opinion)
    for row in _rows(connection, schema.inference, model, blobs, upon):
        found[row.blob_id] = Opinion()
    for row in _rows(connection, schema.score, model, blobs):
        found[row.blob_id].probabilities[row.label] = row.probability
        if row.says:
            found[row.blob_id].says[row.label] = Says(row.says)
    for row in _rows(connection, schema.face, model, blobs):
        found[row.blob_id].faces += 1
    for row in _rows(connection, schema.attribute, model, blobs, upon):
        found[row.blob_id].attributes.append(Attribute(row.face, row.name, row.label, row.probability))
    for row in _rows(connection, schema.embedding, model, blobs, upon):
        found[row.blob_id].vectors.append(bytes(row.vector))
    return dict(found)


def _rows(
    connection: Connection, table: Table, model: ModelVersion, blobs: Sequence[BlobKey], upon: str = ""
) -> Iterator[Row[Any]]:
    """Give a table's rows of these files by this version, in the order of its key."""
    query = select(table).where(said_by(table, model, upon if "upon" in table.c else None))
    query = query.where(ANSWERED) if table is schema.inference else query
    query = query.order_by(*table.primary_key.columns)
    for start in range(0, len(blobs), MANY):
        yield from connection.execute(query.where(table.c.blob_id.in_(blobs[start : start + MANY])))


def moment_of(connection: Connection, model: ModelVersion, ordinal: int, upon: str = "") -> datetime | None:
    """Tell when a version looked at its first file, its second, and so on; None where it has not seen so many."""
    said_at = schema.inference.c.said_at
    query = select(said_at).where(said_by(schema.inference, model, upon), ANSWERED)
    moment = connection.scalar(query.order_by(said_at).offset(ordinal - 1).limit(1))
    return utc(moment) if moment else None


def files_seen(
    connection: Connection,
    model: ModelVersion,
    most: int,
    upon: str = "",
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[BlobKey]:
    """Give files that a version looked at in this time, at most so many, as good as drawn by lot.

    They are those of the smallest keys. Keys are keyed digests, so that each file has the same chance, whatever was
    looked at first.
    """
    table = schema.inference.c
    query = select(table.blob_id).where(said_by(schema.inference, model, upon), ANSWERED)
    query = query.where(table.said_at >= since) if since else query
    query = query.where(table.said_at < until) if until else query
    return list(connection.scalars(query.order_by(table.blob_id).limit(most)))


def record_drift(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Write how far a day's answers have moved."""
    upsert(connection, schema.drift, rows)


def moved_before(connection: Connection, model: ModelVersion, day: object) -> set[str]:
    """Name what of a version's answers had moved already when it was looked at last, before a day or on it."""
    table = schema.drift.c
    query = select(table.what, table.moved).where(said_by(schema.drift, model))
    earlier = dict(connection.execute(query.where(table.day < day).order_by(table.day)).tuples().all())
    told = connection.execute(query.where(table.day == day)).tuples().all()
    return {what for what, moved in (*earlier.items(), *told) if moved}
