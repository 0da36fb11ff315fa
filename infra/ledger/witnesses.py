"""Witnesses in the ledger: what the models at work say of each file, as far as ranking weighs it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from domain.model import AGE_GROUP, ModelVersion, Role, Says
from infra.ledger import schema
from infra.ledger.clusters import face_name
from infra.ledger.said import said_by

Champions = Mapping[Role, ModelVersion]
"""The models at work, one a role."""

Labels = list[tuple[str, float]]
"""Labels, each with its probability."""


@dataclass(slots=True)
class Witness:
    """What the models at work say of one file.

    Attributes:
        labels: of the model that tags scenes.
        classified: of the classifier, but for those to which it says no; `unsure` are those of which it abstains.
        ages: the age groups of its faces.
        most_faces: in the frame with the most of them.
        faces: those that are sharp enough to be told from others, by name.
        scene: its scene was told from others.
        unheard: roles whose models at work have not looked at it.
    """

    labels: Labels = field(default_factory=list)
    classified: Labels = field(default_factory=list)
    unsure: set[str] = field(default_factory=set)
    ages: Labels = field(default_factory=list)
    most_faces: int = 0
    faces: list[str] = field(default_factory=list)
    scene: bool = False
    unheard: set[Role] = field(default_factory=set)


Heard = defaultdict[str | None, Witness]


def witnesses(connection: Connection, champions: Champions, quality: int) -> Heard:
    """Give what champions say, by file; faces count as sharp from this quality on, 0-100."""
    detector = champions.get(Role.FACE_DETECTOR)
    at_work = {role: model for role, model in champions.items() if detector or not role.of_faces}
    told: Heard = defaultdict(lambda: Witness(unheard=set(at_work)))
    for role, model in at_work.items():
        upon = str(detector) if role.of_faces else ""
        for blob in connection.scalars(_by(schema.inference.c.blob_id, model, upon)):
            told[blob].unheard.discard(role)
        match role:
            case Role.TAGGER | Role.CLASSIFIER:
                _verdicts(connection, told, role, model)
            case Role.FACE_ATTRIBUTES:
                _ages(connection, told, model)
            case Role.FACE_DETECTOR:
                _faces(connection, told, model)
            case Role.SCENE_EMBEDDER:
                for blob in connection.scalars(_by(schema.embedding.c.blob_id, model, upon)):
                    told[blob].scene = True
            case Role.FACE_EMBEDDER if detector:
                _sharp(connection, told, model, detector, quality)
    return told


def _by(column: Any, model: ModelVersion, upon: str) -> Select[Any]:  # noqa: ANN401 (a column of any table)
    return select(column).where(said_by(column.table, model, upon)).distinct()


def _verdicts(connection: Connection, told: Heard, role: Role, model: ModelVersion) -> None:
    table = schema.score.c
    not_said = table.says.is_distinct_from(Says.NO)
    query = select(table.blob_id, table.label, table.probability, table.says).order_by(table.blob_id, table.label)
    for blob, label, probability, says in connection.execute(query.where(said_by(schema.score, model), not_said)):
        labels = told[blob].labels if role is Role.TAGGER else told[blob].classified
        labels.append((label, probability))
        if role is Role.CLASSIFIER and says == Says.UNSURE:
            told[blob].unsure.add(label)


def _ages(connection: Connection, told: Heard, model: ModelVersion) -> None:
    """Collect the age groups of faces, whoever found the faces."""
    table = schema.attribute.c
    query = select(table.blob_id, table.label, table.probability).order_by(table.blob_id, table.upon, table.face)
    for blob, label, probability in connection.execute(
        query.where(said_by(schema.attribute, model), table.name == AGE_GROUP)
    ):
        told[blob].ages.append((label, probability))


def _faces(connection: Connection, told: Heard, detector: ModelVersion) -> None:
    table = schema.face.c
    in_frame = select(table.blob_id, func.count().label("faces")).where(said_by(schema.face, detector))
    frames = in_frame.group_by(table.blob_id, table.seconds).subquery().c
    rows: list[Row[Any]] = list(
        connection.execute(select(frames.blob_id, func.max(frames.faces)).group_by(frames.blob_id))
    )
    for blob, most in rows:
        told[blob].most_faces = most


def _sharp(connection: Connection, told: Heard, embedder: ModelVersion, detector: ModelVersion, quality: int) -> None:
    table, face = schema.embedding.c, schema.face.c
    found = (face.blob_id == table.blob_id) & (face.ordinal == table.ordinal) & said_by(schema.face, detector)
    query = (
        select(table.blob_id, table.ordinal)
        .join_from(schema.embedding, schema.face, found)
        .where(said_by(schema.embedding, embedder, str(detector)), face.quality >= quality, face.blurred.is_(False))
        .order_by(table.blob_id, table.ordinal)
    )
    for blob, ordinal in connection.execute(query):
        told[blob].faces.append(face_name(blob, ordinal))
