"""What models said, in the ledger: whose rows are whose, and vectors as they are stored."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import ColumnElement, Table

from domain.model import ModelVersion
from infra.index.nearest import Vectors


def said_by(table: Table, model: ModelVersion, upon: str | None = None) -> ColumnElement[bool]:
    """Say of a row that this version wrote it; with `upon`, on the faces of that detector, or on whole pictures."""
    mine = (table.c.model == model.name) & (table.c.version == model.version)
    return mine if upon is None else mine & (table.c.upon == upon)


def stacked(vectors: Sequence[bytes]) -> Vectors:
    """Read vectors as they are stored, float16 of unit length: [N, width]; of none, [0, 1]."""
    rows = [np.frombuffer(each, "<f2") for each in vectors]
    return np.stack(rows).astype(np.float32) if rows else np.empty((0, 1), np.float32)
