"""What models said of files, in the ledger; every row names the model and its version."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, exists, select

from domain.counts import Counts
from domain.media import BlobKey, Kind
from domain.model import Answer, Answered, Serving
from infra.ledger import schema
from infra.ledger.engine import upsert
from infra.ledger.media import ANY, Flags, Unreadable, record_faults, usable


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that models have not looked at: which of those at work, by their places."""

    blob: BlobKey
    kind: Kind
    wanted: tuple[int, ...]


def waiting(
    connection: Connection, serving: Sequence[Serving], *, settled: bool = False, flags: Flags = ANY
) -> list[Waiting]:
    """List the pictures and videos that some of the models at work have not seen yet.

    Files that a list settles are left out unless `settled`; `domain.match.settles` says which matches do. Only what
    `flags` of its viewing let a model look at is listed.
    """
    if not serving:
        return []
    table = schema.blob.c
    listed = exists().where(schema.match.c.blob_id == table.id, schema.match.c.settles)
    unseen = [~_seen(table.id, each) for each in serving]
    query = select(table.id, table.kind, *unseen).where(usable(flags)).order_by(table.id)
    if not settled:
        query = query.where(~listed)
    rows = ((blob, Kind(kind), tuple(n for n, wants in enumerate(wanted) if wants))
            for blob, kind, *wanted in connection.execute(query))  # fmt: skip
    return [Waiting(blob, kind, wanted) for blob, kind, wanted in rows if wanted]


def _seen(blob: ColumnElement[str], serving: Serving) -> ColumnElement[bool]:
    """Say of a file that a model at work has looked at it."""
    table = (schema.shadow if serving.shadow else schema.inference).c
    return exists().where(
        table.blob_id == blob,
        table.model == serving.model.name,
        table.version == serving.model.version,
        table.upon == serving.upon,
    )


def record_answers(connection: Connection, outcomes: Sequence[Answered | Unreadable], said_at: dt.datetime) -> Counts:
    """Write what models said, and the faults of what cannot be decoded; count files, verdicts and faces."""
    whole = [each for each in outcomes if isinstance(each, Answered)]
    faults = [each for each in outcomes if not isinstance(each, Answered)]
    told = [(each.blob, answer) for each in whole for answer in each.answers]
    upsert(connection, schema.inference, [
        {**_by(blob, answer), "upon": answer.serving.upon, "frames": answer.frames, "said_at": said_at}
        for blob, answer in told
    ])  # fmt: skip
    scores = upsert(connection, schema.score, [
        {**_by(blob, answer), **asdict(verdict), "seconds": list(verdict.seconds)}
        for blob, answer in told for verdict in answer.verdicts
    ])  # fmt: skip
    faces = upsert(connection, schema.face, [
        {**_by(blob, answer), "ordinal": ordinal, **asdict(face)}
        for blob, answer in told for ordinal, face in enumerate(answer.faces)
    ])  # fmt: skip
    upsert(connection, schema.attribute, [
        {**_by(blob, answer), "upon": answer.serving.upon, **asdict(each)}
        for blob, answer in told for each in answer.attributes
    ])  # fmt: skip
    upsert(connection, schema.embedding, [
        {**_by(blob, answer), "upon": answer.serving.upon, "ordinal": ordinal, "vector": vector}
        for blob, answer in told for ordinal, vector in answer.vectors
    ])  # fmt: skip
    counts = Counts(files_classified=len(whole), labels_new=scores, faces_new=faces)
    return counts + record_faults(connection, faults)


def _by(blob: BlobKey, answer: Answer) -> dict[str, object]:
    """Name the file and who speaks of it."""
    return {"blob_id": blob, "model": answer.serving.model.name, "version": answer.serving.model.version}
