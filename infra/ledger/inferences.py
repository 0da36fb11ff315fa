"""What models said of files, in the ledger; every row names the model and its version."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from heapq import nsmallest
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, exists, func, or_, select

from domain.counts import Counts
from domain.media import BlobKey, Kind
from domain.model import Answer, Answered, Role, Serving
from domain.priority import HIGHEST
from infra.ledger import schema, shadows
from infra.ledger.engine import upsert
from infra.ledger.media import ANY, Flags, Unreadable, record_faults, usable
from infra.ledger.said import said_by

EVERY = frozenset(Role)

TAKEN_OVER = 1000
"""Answers that are taken over in one transaction."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that models have not looked at: which of those at work, by their places."""

    blob: BlobKey
    kind: Kind
    wanted: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """Files that a model at work has to look at still: how many of those that version `last` of its role saw last.

    `last` is None for files that no version of the role ever saw.
    """

    serving: Serving
    last: int | None
    files: int


def waiting(
    connection: Connection,
    serving: Sequence[Serving],
    *,
    skip_settled: Collection[Role] = EVERY,
    flags: Flags = ANY,
    most: int = 0,
) -> list[Waiting]:
    """List the pictures and videos that some of the models at work have not seen yet, at most `most` (0: all).

    First come files that no version of a role ever saw; then those whose last version is the oldest; then those that
    challengers alone have not seen. Among equals the most urgent report that names the file decides; one that was never
    ranked may be the most urgent of all.

    Files that a list settles are left out for the roles in `skip_settled`; `domain.match.settles` says which matches
    do. Only what `flags` of its viewing let a model look at is listed.
    """
    if not serving:
        return []
    roles = sorted({each.model.role for each in serving})
    files = _files(flags).add_columns(
        _urgency(schema.blob.c.id), *(_last(schema.blob.c.id, role) for role in roles),
        *(_unseen(each, skip_settled).label(f"unseen_{place}") for place, each in enumerate(serving)),
    ).subquery()  # fmt: skip
    unseen = [files.c[f"unseen_{place}"] for place in range(len(serving))]
    found = []
    for blob, kind, urgency, *told in connection.execute(select(files).where(or_(*unseen))):
        last = dict(zip(roles, told, strict=False))
        wanted = tuple(place for place, wants in enumerate(told[len(roles) :]) if wants)
        versions = [last[serving[place].model.role] for place in wanted if not serving[place].shadow]
        found.append((_turn(versions), -urgency, blob, Waiting(blob, Kind(kind), wanted)))
    return [each[-1] for each in (nsmallest(most, found) if most else sorted(found))]


def _turn(versions: Sequence[int | None]) -> tuple[int, int]:
    """Say when it is a file's turn, by the versions that saw it last, of the roles whose champions have not."""
    seen = [version for version in versions if version is not None]
    if len(seen) < len(versions):
        return 0, 0
    return (1, min(seen)) if seen else (2, 0)


def plan(
    connection: Connection,
    serving: Sequence[Serving],
    *,
    skip_settled: Collection[Role] = EVERY,
    flags: Flags = ANY,
) -> list[Planned]:
    """Count what the models at work have to look at still, by who looked last: never first, then the oldest version."""
    planned = []
    for each in serving:
        last = _last(schema.blob.c.id, each.model.role).label("last")
        files = _files(flags).add_columns(last).where(_unseen(each, skip_settled)).subquery()
        query = select(files.c.last, func.count()).group_by(files.c.last)
        planned += [Planned(each, version, files) for version, files in connection.execute(query)]
    return sorted(planned, key=lambda one: (serving.index(one.serving), one.last is not None, one.last))


def _files(flags: Flags) -> Select[Any]:
    return select(schema.blob.c.id, schema.blob.c.kind).where(usable(flags))


def _unseen(serving: Serving, skip_settled: Collection[Role]) -> ColumnElement[bool]:
    """Say of a file that a model at work is to look at it still. A challenger need not say again what it said."""
    tables = (schema.inference, schema.shadow) if serving.shadow else (schema.inference,)
    seen = [
        exists().where(table.c.blob_id == schema.blob.c.id, said_by(table, serving.model, serving.upon))
        for table in tables
    ]
    if serving.model.role in skip_settled:
        seen.append(exists().where(schema.match.c.blob_id == schema.blob.c.id, schema.match.c.settles))
    return ~or_(*seen)


def _last(blob: ColumnElement[str], role: Role) -> ScalarSelect[int | None]:
    """Give the newest version of a role that looked at a file."""
    table = schema.inference.c
    of_role = table.model.startswith(f"{role}/", autoescape=True)
    return select(func.max(table.version)).where(table.blob_id == blob, of_role).scalar_subquery()


def _urgency(blob: ColumnElement[str]) -> ScalarSelect[float]:
    """Give the highest rank of the reports that stand and name a file; one without a rank is above all others."""
    sighting, report, rank = schema.sighting.c, schema.report.c, schema.priority.c
    highest = func.max(func.coalesce(rank.score, HIGHEST + 1))
    return (
        select(func.coalesce(highest, 0.0))
        .select_from(schema.sighting)
        .join(schema.report, report.id == sighting.report_id)
        .join(schema.priority, (rank.report_id == report.id) & rank.current, isouter=True)
        .where(sighting.blob_id == blob, report.rejection.is_(None), report.superseded_by.is_(None))
        .scalar_subquery()
    )


def take_over(connection: Connection, serving: Serving) -> int:
    """Make what a model said on trial the word of a champion, a thousand files at most; give how many."""
    told = list(shadows.answers(connection, serving, TAKEN_OVER))
    for said_at, some in groupby(told, key=lambda one: one[0]):
        record_answers(connection, [answered for _, answered in some], said_at)
    shadows.forget(connection, serving, [answered.blob for _, answered in told])
    return len(told)


def record_answers(connection: Connection, outcomes: Sequence[Answered | Unreadable], said_at: dt.datetime) -> Counts:
    """Write what models said, and the faults of what cannot be decoded; count files, verdicts and faces.

    What challengers said stands apart, and is counted with nothing; answers that were not given are counted by why,
    whoever did not give them.
    """
    whole = [each for each in outcomes if isinstance(each, Answered)]
    faults = [each for each in outcomes if not isinstance(each, Answered)]
    every = [(each.blob, answer) for each in whole for answer in each.answers]
    shadows.record(connection, [(blob, answer) for blob, answer in every if answer.serving.shadow], said_at)
    told = [(blob, answer) for blob, answer in every if not answer.serving.shadow]
    upsert(connection, schema.inference, [
        {
            **_by(blob, answer), "upon": answer.serving.upon, "frames": answer.frames, "said_at": said_at,
            "fault": answer.fault,
        }
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
    for _, answer in every:
        counts += Counts(**{f"answers_{answer.fault}": 1}) if answer.fault else Counts()
    return counts + record_faults(connection, faults)


def _by(blob: BlobKey, answer: Answer) -> dict[str, object]:
    """Name the file and who speaks of it."""
    return {"blob_id": blob, "model": answer.serving.model.name, "version": answer.serving.model.version}
