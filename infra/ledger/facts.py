"""Facts in the ledger: what is known of reports and their files, for a policy to weigh."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, Connection, Select, Table, func, select

from domain.cluster import ClusterKind
from domain.completeness import Leads
from domain.media import Kind
from domain.report import FileFault, LocationRole
from infra.ledger import clusters, films, schema
from infra.ledger.reports import MANY
from infra.ledger.witnesses import Champions, Witness, witnesses


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
    victims: int = 0


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of one file of a report.

    Attributes:
        group: its cluster of copies, or the file itself; of one that was never sent, what its reporter claims.
        faulty: nobody can look at it, and nothing tells what it is.
        looked_at: it was looked at, or is known by what its reporter claims.
        said: what the models at work say of it.
        seen_by_models: it is a sound picture or video, at which models look once it is their turn.
        name: the very file.
        within: what it is a clip of.
        scene: the cluster of its scene, or `group` where it is in none; empty where no model told its scene.
        persons: the clusters of its faces, or faces that are in none.
    """

    group: str
    faulty: bool
    looked_at: bool
    classification: str | None
    annotations: tuple[str, ...]
    categories: tuple[str, ...]
    said: Witness = field(default_factory=Witness)
    seen_by_models: bool = True
    name: str = ""
    within: tuple[str, ...] = ()
    scene: str = ""
    persons: tuple[str, ...] = ()


def report_facts(connection: Connection) -> list[ReportFacts]:
    """Give the facts of every accepted report."""
    annotations = _several(connection, schema.report_annotation, schema.report_annotation.c.annotation)
    identifiers = _several(connection, schema.report_identifier, schema.report_identifier.c.identifier)
    place = schema.report_location.c
    located = set(connection.scalars(select(place.report_id).where(place.role != LocationRole.RECIPIENT)))
    table = schema.report.c
    query = select(
        table.id, table.reporter, table.received_at, table.incident_type, table.escalated, table.batched, table.victims
    )
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
            victims=victims,
        )
        for report, reporter, received_at, incident_type, escalated, batched, victims in connection.execute(
            query.where(table.rejection.is_(None), table.superseded_by.is_(None)).order_by(table.id)
        )
    ]


def leads_of(connection: Connection, reports: Sequence[str]) -> dict[str, Leads]:
    """Give what there is of reports to locate someone by."""
    identifier, place, report = schema.report_identifier.c, schema.report_location.c, schema.report.c
    identifiers: defaultdict[str, set[str]] = defaultdict(set)
    located: set[str] = set()
    timed: set[str] = set()
    for some in (reports[start : start + MANY] for start in range(0, len(reports), MANY)):
        query = select(identifier.report_id, identifier.identifier).where(identifier.report_id.in_(some))
        for name, kind in connection.execute(query):
            identifiers[name].add(kind)
        suspects = (place.role == LocationRole.SUSPECT) & place.report_id.in_(some)
        located.update(connection.scalars(select(place.report_id).where(suspects)))
        timed.update(connection.scalars(select(report.id).where(report.incident_at.is_not(None), report.id.in_(some))))
    return {name: Leads(frozenset(identifiers[name]), name in located, name in timed) for name in reports}


def _several(connection: Connection, table: Table, column: Column[str]) -> defaultdict[str, tuple[str, ...]]:
    """Collect the values of a side table by report."""
    values: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for report, value in connection.execute(select(table.c.report_id, column).order_by(table.c.report_id, column)):
        values[report] += (value,)
    return values


def file_facts(connection: Connection, champions: Champions, quality: int) -> dict[str, list[FileFacts]]:
    """Give the facts of every file entry of an accepted report, by report, in order, as these models tell them.

    Faces of this quality or more, 0-100, are told from others.
    """
    copies, scenes, persons = (
        clusters.members(connection, kind) for kind in (ClusterKind.COPIES, ClusterKind.SCENES, ClusterKind.FACES)
    )
    annotations: defaultdict[tuple[str, int], tuple[str, ...]] = defaultdict(tuple)
    noted = schema.sighting_annotation.c
    for report, ordinal, annotation in connection.execute(select(noted.report_id, noted.ordinal, noted.annotation)):
        annotations[report, ordinal] += (annotation,)
    categories, told = _categories(connection), witnesses(connection, champions, quality)
    claimed, clips = _claimed(connection), films.clips(films.pairs(connection))
    looked_at = set(connection.scalars(select(schema.fingerprint.c.blob_id)))
    facts: defaultdict[str, list[FileFacts]] = defaultdict(list)
    for report, ordinal, blob, fault, kind, classification, md5 in connection.execute(_sightings()):
        claims = claimed[report, ordinal] if fault == FileFault.NOT_SENT else set()
        name = (md5 or f"{report} {ordinal}") if claims else blob or ""
        group = copies.get(name, name)
        said = told[blob]
        facts[report].append(
            FileFacts(
                group=group,
                faulty=fault is not None and not claims,
                looked_at=blob in looked_at or bool(claims),
                classification=classification,
                annotations=tuple(sorted(annotations[report, ordinal])),
                categories=tuple(sorted(categories[blob] | claims)),
                said=said,
                seen_by_models=fault is None and kind in (Kind.IMAGE, Kind.VIDEO),
                name=name,
                within=tuple(copies.get(whole, whole) for whole in sorted(clips.get(blob, ()))),
                scene=scenes.get(name, group) if said.scene else "",
                persons=tuple(sorted({persons.get(face, face) for face in said.faces})),
            )
        )
    return facts


def _sightings() -> Select[tuple[str, int, str | None, str | None, str | None, str | None, str | None]]:
    """Select every file entry of the accepted reports, with whatever fault it or its bytes have, and its claim."""
    sighting = schema.sighting.c
    fault = func.coalesce(sighting.fault, schema.blob.c.fault)
    return (
        select(
            sighting.report_id, sighting.ordinal, sighting.blob_id, fault, schema.blob.c.kind, sighting.classification,
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
