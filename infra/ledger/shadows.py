"""What challengers say, in the ledger: whole answers, apart from those that anybody is shown."""

import base64
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, select

from domain.media import BlobKey
from domain.model import Answer, Answered, Serving
from infra.ledger import schema
from infra.ledger.engine import upsert
from infra.ledger.said import said_by

_READER: TypeAdapter[Answer] = TypeAdapter(Answer)


def encode(answer: Answer) -> bytes:
    """Write an answer, but for who says it, as JSON; vectors in base 64."""
    told = asdict(answer) | {"vectors": [(at, base64.b64encode(each).decode()) for at, each in answer.vectors]}
    del told["serving"]
    return json.dumps(told, separators=(",", ":")).encode()


def decode(content: bytes, serving: Serving) -> Answer:
    """Read what `encode` wrote of an answer that `serving` gave."""
    told = json.loads(content)
    vectors = tuple((at, base64.b64decode(each)) for at, each in told.pop("vectors"))
    return replace(_READER.validate_python(told | {"serving": serving}), vectors=vectors)


def record(connection: Connection, told: Sequence[tuple[BlobKey, Answer]], said_at: dt.datetime) -> None:
    """Write what challengers said of files."""
    upsert(connection, schema.shadow, [
        {
            "blob_id": blob, "model": answer.serving.model.name, "version": answer.serving.model.version,
            "upon": answer.serving.upon, "said_at": said_at, "answer": encode(answer),
        }
        for blob, answer in told
    ])  # fmt: skip


def answers(
    connection: Connection, serving: Serving, most: int | None = None
) -> Iterator[tuple[dt.datetime, Answered]]:
    """Give what a model at work said while it was on trial, by file, and when."""
    table = schema.shadow.c
    query = (
        select(table.blob_id, table.said_at, table.answer)
        .where(said_by(schema.shadow, serving.model, serving.upon))
        .order_by(table.blob_id)
        .limit(most)
    )
    for blob, said_at, answer in connection.execute(query):
        yield said_at, Answered(blob, (decode(answer, serving),))


def forget(connection: Connection, serving: Serving, blobs: Sequence[BlobKey]) -> None:
    """Remove what a model said of files while it was on trial."""
    mine = said_by(schema.shadow, serving.model, serving.upon)
    connection.execute(delete(schema.shadow).where(mine, schema.shadow.c.blob_id.in_(blobs)))
