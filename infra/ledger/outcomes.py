"""What the ledger says of each report and file, by the names that their drop gave them: for evaluation alone."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from domain.cluster import ClusterKind
from domain.model import Says
from infra.ledger import clusters, priorities, schema

STAND_IN, MARK = "classifier/marked", "marked"
"""The reference classifier, as the ledger names it, and its one label that matters."""

FileName = tuple[str, str]
"""A report's external id and a file's id in it."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of everything.

    Attributes:
        rejections: each report's rejection, empty for an accepted one, by external id.
        scores: each ranked report's score, in the queue's order, by external id.
        received: accepted reports' external ids, in the order in which they came.
        faults: each file's fault, empty for a stored one.
        blobs: each stored file's surrogate key.
        entries: the entries on which a stored file stands, by picture, by surrogate key.
        clusters: the cluster of copies of a stored file, by surrogate key.
        scenes: its cluster of one scene.
        cases: the cluster of a report, by external id.
        marked: whether the stand-in classifier's newest version says yes to its mark, by surrogate key.
    """

    rejections: dict[str, str]
    scores: dict[str, float]
    received: list[str]
    faults: dict[FileName, str]
    blobs: dict[FileName, str]
    entries: dict[str, set[str]]
    clusters: dict[str, str]
    scenes: dict[str, str]
    cases: dict[str, str]
    marked: dict[str, bool]


def read(connection: Connection) -> Outcomes:
    """Read everything that an evaluation compares with the truth."""
    report, sighting = schema.report.c, schema.sighting.c
    reports = {row.id: row for row in connection.execute(select(schema.report).order_by(report.received_at, report.id))}
    scores = {one.report_id: one.score for one in priorities.queue(connection, len(reports))}
    fault = func.coalesce(sighting.fault, schema.blob.c.fault, "")
    files = connection.execute(
        select(sighting.report_id, sighting.file_id, sighting.blob_id, fault).select_from(
            schema.sighting.outerjoin(schema.blob, schema.blob.c.id == sighting.blob_id)
        )
    ).all()
    names = [((reports[row[0]].external_id, row[1]), row[2], row[3]) for row in files]
    entries: dict[str, set[str]] = {}
    matched = select(schema.match.c.blob_id, schema.match.c.entry).where(schema.match.c.settles)
    for blob, entry in connection.execute(matched):
        entries.setdefault(blob, set()).add(entry)
    cases = clusters.members(connection, ClusterKind.REPORTS)
    score = schema.score.c
    stand_in = select(score.blob_id, score.says).where(score.model == STAND_IN, score.label == MARK)
    marked = {blob: says == Says.YES for blob, says in connection.execute(stand_in.order_by(score.version))}
    return Outcomes(
        rejections={row.external_id: row.rejection or "" for row in reports.values()},
        scores={reports[report_id].external_id: score for report_id, score in scores.items()},
        received=[row.external_id for row in reports.values() if not row.rejection],
        faults={name: why for name, _, why in names},
        blobs={name: blob for name, blob, why in names if blob and not why},
        entries=entries,
        clusters=clusters.members(connection, ClusterKind.COPIES),
        scenes=clusters.members(connection, ClusterKind.SCENES),
        cases={reports[one].external_id: name for one, name in cases.items() if one in reports},
        marked=marked,
    )
