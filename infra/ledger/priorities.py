"""Priorities in the ledger: the facts that a rank rests on, and the ranks with their reasons."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Select, Table, func, select, update

from domain.cluster import ClusterKind
from domain.model import AGE_GROUP, ModelVersion, Says
from domain.priority import Priority, Reason
from domain.report import FileFault, LocationRole
from infra.ledger import clusters, films, schema
from infra.ledger.engine import upsert
from infra.ledger.said import said_by


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What an accepted report says of itself."""

    id: str
    reporter: str
    received_at: datetime
    incident_type: str
    escalated: bool
    batched: bool
    located: bool
    annotations: tuple[str, ...]
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of one file of a report.

    Attributes:
        group: its cluster of copies, or the file itself; of one that was never sent, what its reporter claims.
        faulty: nobody can look at it, and nothing tells what it is.
        looked_at: it was looked at, or is known by what its reporter claims.
        labels: of the model that tags scenes, each with its probability.
        classified: labels of the classifier to which it does not say no, each with its probability.
        ages: the age groups of its faces, where a registered model gives any.
        within: what it is a clip of.
    """

    group: str
    faulty: bool
    looked_at: bool
    classification: str | None
    annotations: tuple[str, ...]
    categories: tuple[str, ...]
    labels: tuple[tuple[str, float], ...]
    ages: tuple[tuple[str, float], ...] = ()
    classified: tuple[tuple[str, float], ...] = ()
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A report's place in the queue."""

    report_id: str
    score: float
    band: str
    reasons: tuple[Reason, ...]


def report_facts(connection: Connection) -> list[ReportFacts]:
    """Give the facts of every accepted report."""
    annotations = _several(connection, schema.report_annotation, schema.report_annotation.c.annotation)
    identifiers = _several(connection, schema.report_identifier, schema.report_identifier.c.identifier)
    place = schema.report_location.c
    located = set(connection.scalars(select(place.report_id).where(place.role != LocationRole.RECIPIENT)))
    table = schema.report.c
    query = select(table.id, table.reporter, table.received_at, table.incident_type, table.escalated, table.batched)
    return [
        ReportFacts(
            id=report,
            reporter=reporter,
            received_at=received_at,
            incident_type=incident_type,
            escalated=escalated,
            batched=batched,
            located=report in located,
            annotations=annotations[report],
            identifiers=identifiers[report],
        )
        for report, reporter, received_at, incident_type, escalated, batched in connection.execute(
            query.where(table.rejection.is_(None), table.superseded_by.is_(None)).order_by(table.id)
        )
    ]


def _several(connection: Connection, table: Table, column: Column[str]) -> defaultdict[str, tuple[str, ...]]:
    """Collect the values of a side table by report."""
    values: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for report, value in connection.execute(select(table.c.report_id, column).order_by(table.c.report_id, column)):
        values[report] += (value,)
    return values


def file_facts(
    connection: Connection,
    tagger: ModelVersion | None,
    ages: ModelVersion | None = None,
    classifier: ModelVersion | None = None,
) -> dict[str, list[FileFacts]]:
    """Give the facts of every file entry of an accepted report, by report, in order, as these models tell them."""
    copies = clusters.members(connection, ClusterKind.COPIES)
    annotations: defaultdict[tuple[str, int], tuple[str, ...]] = defaultdict(tuple)
    noted = schema.sighting_annotation.c
    for report, ordinal, annotation in connection.execute(select(noted.report_id, noted.ordinal, noted.annotation)):
        annotations[report, ordinal] += (annotation,)
    categories, labels = _categories(connection), _labels(connection, tagger)
    age_groups, classified = _age_groups(connection, ages), _labels(connection, classifier)
    claimed, clips = _claimed(connection), films.clips(films.pairs(connection))
    looked_at = set(connection.scalars(select(schema.fingerprint.c.blob_id)))
    facts: defaultdict[str, list[FileFacts]] = defaultdict(list)
    for report, ordinal, blob, fault, classification, md5 in connection.execute(_sightings()):
        told = claimed[report, ordinal] if fault == FileFault.NOT_SENT else set()
        facts[report].append(
            FileFacts(
                group=(md5 or f"{report} {ordinal}") if told else copies.get(blob, blob or ""),
                faulty=fault is not None and not told,
                looked_at=blob in looked_at or bool(told),
                classification=classification,
                annotations=tuple(sorted(annotations[report, ordinal])),
                categories=tuple(sorted(categories[blob] | told)),
                labels=tuple(labels[blob]),
                ages=tuple(age_groups[blob]),
                classified=tuple(classified[blob]),
                within=tuple(copies.get(whole, whole) for whole in sorted(clips.get(blob, ()))),
            )
        )
    return facts


def _sightings() -> Select[tuple[str, int, str | None, str | None, str | None, str | None]]:
    """Select every file entry of the accepted reports, with whatever fault it or its bytes have, and its claim."""
    sighting = schema.sighting.c
    fault = func.coalesce(sighting.fault, schema.blob.c.fault)
    return (
        select(
            sighting.report_id, sighting.ordinal, sighting.blob_id, fault, sighting.classification,
            sighting.claimed_md5,
        )
        .join_from(schema.sighting, schema.report, schema.report.c.id == sighting.report_id)
        .join(schema.blob, schema.blob.c.id == sighting.blob_id, isouter=True)
        .where(schema.report.c.rejection.is_(None), schema.report.c.superseded_by.is_(None))
        .order_by(sighting.report_id, sighting.ordinal)
    )  # fmt: skip


def _claimed(connection: Connection) -> defaultdict[tuple[str, int], set[str]]:
    """Collect the categories of the entries on which file entries' claims stand."""
    found: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    table = schema.claim_match.c
    for report, ordinal, category in connection.execute(select(table.report_id, table.ordinal, table.category)):
        found[report, ordinal].add(category)
    return found


def _categories(connection: Connection) -> defaultdict[str | None, set[str]]:
    """Collect the categories that lists give a file, by matches that settle it."""
    categories: defaultdict[str | None, set[str]] = defaultdict(set)
    table = schema.match.c
    query = select(table.blob_id, table.category).where(table.settles)
    for blob, category in connection.execute(query):
        categories[blob].add(category)
    return categories


def _labels(connection: Connection, model: ModelVersion | None) -> defaultdict[str | None, list[tuple[str, float]]]:
    """Collect the labels that one version of a model gave a file, but for those to which it says no."""
    labels: defaultdict[str | None, list[tuple[str, float]]] = defaultdict(list)
    if model:
        table = schema.score.c
        not_said = table.says.is_distinct_from(Says.NO)
        query = select(table.blob_id, table.label, table.probability).order_by(table.blob_id, table.label)
        for blob, label, probability in connection.execute(query.where(said_by(schema.score, model), not_said)):
            labels[blob].append((label, probability))
    return labels


def _age_groups(connection: Connection, model: ModelVersion | None) -> defaultdict[str | None, list[tuple[str, float]]]:
    """Collect the age groups that one version of a model gave the faces of a file, whoever found the faces."""
    ages: defaultdict[str | None, list[tuple[str, float]]] = defaultdict(list)
    if model:
        table = schema.attribute.c
        query = select(table.blob_id, table.label, table.probability).order_by(table.blob_id, table.upon, table.face)
        query = query.where(said_by(schema.attribute, model), table.name == AGE_GROUP)
        for blob, label, probability in connection.execute(query):
            ages[blob].append((label, probability))
    return ages


def record(connection: Connection, policy: str, ranked: Sequence[tuple[str, str, Priority]]) -> int:
    """Append priorities, and make them those by which the reports stand in the queue; count the new ones."""
    table = schema.priority
    rows = [
        {
            "report_id": report,
            "policy": policy,
            "evidence": evidence,
            "score": priority.score,
            "band": priority.band,
            "reasons": [[reason.name, reason.points] for reason in priority.reasons],
            "current": True,
        }
        for report, evidence, priority in ranked
    ]
    now = {(row["report_id"], row["evidence"]) for row in rows}
    query = select(table.c.report_id, table.c.policy, table.c.evidence).where(table.c.current)
    for report, old_policy, evidence in list(connection.execute(query)):
        if old_policy != policy or (report, evidence) not in now:
            superseded = (table.c.report_id == report) & (table.c.policy == old_policy) & (table.c.evidence == evidence)
            connection.execute(update(table).where(superseded).values(current=False))
    return upsert(connection, table, rows)


def queue(connection: Connection, most: int | None = None) -> list[Ranked]:
    """Give the head of the queue, or all of it: the most urgent first, the longer waiting first among equals."""
    table, report = schema.priority.c, schema.report.c
    query = (
        select(table.report_id, table.score, table.band, table.reasons)
        .join_from(schema.priority, schema.report, report.id == table.report_id)
        .where(table.current)
        .order_by(table.score.desc(), report.received_at, report.id)
        .limit(most)
    )
    return [
        Ranked(report_id, score, band, tuple(Reason(name, points) for name, points in reasons))
        for report_id, score, band, reasons in connection.execute(query)
    ]
