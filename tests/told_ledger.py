"""A small ledger in which everything happens that the measures of the ledger tell apart, drawn by a seed."""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from sqlalchemy import select
from taken_in import MOMENT, held, key, record, sighted, taken

from domain.cluster import ClusterKind
from domain.media import Kind
from domain.priority import Priority
from domain.referral import CaseStatus, Detail, Feedback, Look, Recipient, Referral, Usefulness
from domain.report import FileFault, Rejection
from infra.ledger import clusters, desk, films, hashes, priorities, schema
from infra.ledger.engine import upsert
from infra.ledger.films import Pair
from infra.ledger.moments import utc

KINDS = {f"f{number:02}": Kind.VIDEO if number > 8 else Kind.IMAGE for number in range(14)} | {"note": Kind.OTHER}
STRANGE = {"12" * 16: Kind.IMAGE, "34" * 16: Kind.VIDEO, "56" * 16: Kind.OTHER}
"""Files that never come."""
BANDS = ("immediate", "urgent", "routine")


def fill(connection, seed, reports=60):
    """Take reports in, some of them rejected or revised, with files that repeat, fail or never come."""
    rng = random.Random(seed)
    for number in range(reports):
        files = [_file(rng) for _ in range(rng.randrange(5))]
        moment = MOMENT + timedelta(days=rng.randrange(0, 1200, 7), seconds=rng.choice((0, 0, 43_201)))
        rejection = rng.choice((None,) * 9 + (Rejection.SCHEMA,))
        one = taken(f"r{number:03}", *files, received_at=moment, rejection=rejection)
        record(connection, one)
        if rng.random() < 0.1:
            again = replace(one, report_id=key(f"r{number:03} again"), files=one.files[:1], drop=key(f"d{number:03}"))
            record(connection, again)
    archive(connection)


def archive(connection):
    """Have a batch hold every accepted report, as intake ends with."""
    accepted = schema.report.c.rejection.is_(None)
    connection.execute(schema.report.update().where(accepted).values(archived=True))


def _file(rng):
    name = rng.choice(list(KINDS))
    fate = rng.random()
    if fate < 0.65:
        return sighted(name, KINDS[name])
    if fate < 0.75:
        return sighted(name, KINDS[name], fault=FileFault.DIGEST_MISMATCH)
    if fate < 0.8:
        return sighted(None, fault=FileFault.MISSING, claimed_md5=rng.choice(list(STRANGE)), claimed_kind=Kind.IMAGE)
    md5 = rng.choice([held(name).digests.md5, *STRANGE, None])
    kind = KINDS[name] if md5 == held(name).digests.md5 else STRANGE.get(md5)
    return sighted(None, fault=FileFault.NOT_SENT, claimed_md5=md5, claimed_kind=kind)


def know(connection, seed, *, claims=True):
    """Have some files broken, in clusters of copies, clips of others, and on lists; and some claims."""
    rng = random.Random(seed)
    there = {row.id: row.kind for row in rows(connection, schema.blob) if row.id.startswith("f")}
    names = sorted(there)
    broken = rng.choice(names)
    connection.execute(schema.blob.update().where(schema.blob.c.id == broken).values(fault="undecodable"))
    copies = {name: rng.choice("xyz") for name in names if rng.random() < 0.8}
    clusters.record(connection, ClusterKind.COPIES, copies, MOMENT)
    number = hashes.begin_writing(connection)
    videos = [name for name in names if there[name] == Kind.VIDEO]
    for one, other in pairwise(videos):
        films.record(connection, other, number, [Pair(one, other, rng.choice((0.9, 0.9, 0.2)), 0.1, 0, 0)])
    upsert(connection, schema.hash_list, [{"name": "list"}])
    states = ("active", "active", "quarantined", "released", "active")
    entries = [
        {"list_name": "list", "entry": str(place), "state": state, "added_at": MOMENT,
         "withdrawn_at": MOMENT if place == 4 else None}
        for place, state in enumerate(states)
    ]  # fmt: skip
    upsert(connection, schema.list_entry, entries)
    told = {"list_name": "list", "category": "A1", "signal_type": "pdq"}
    matches = [
        {**told, "blob_id": name, "entry": str(place % 5), "distance": 0, "share": 1.0, "entry_share": 1.0,
         "settles": rng.random() < 0.6}
        for place, name in enumerate(names[::2])
    ]  # fmt: skip
    upsert(connection, schema.match, matches)
    claimed = [
        {**told, "report_id": row.report_id, "ordinal": row.ordinal, "entry": str(rng.randrange(5))}
        for row in rows(connection, schema.sighting)
        if claims and rng.random() < 0.2 and (row.blob_id or row.claimed_md5 in STRANGE)
    ]
    upsert(connection, schema.claim_match, claimed)


def become(connection, seed):
    """Rank reports, look at them, refer them and hear of them."""
    rng = random.Random(seed)
    reports = [(row.id, utc(row.received_at)) for row in rows(connection, schema.report) if not row.rejection]
    ranked = [(name, "e", Priority(1.0, rng.choice(BANDS), ())) for name, _ in reports if rng.random() < 0.8]
    priorities.record(connection, "old", ranked, MOMENT)
    priorities.record(connection, "new", ranked[::2], MOMENT)
    for name, received in reports:
        later = [received + timedelta(seconds=rng.choice((0, 1, 360, 361, rng.randrange(10**6)))) for _ in range(4)]
        happened = [Look(at) for at in later[: rng.randrange(4)]]
        made = [Referral(at, rng.choice(list(Recipient)), rng.choice(list(Detail))) for at in later[: rng.randrange(4)]]
        happened += made
        if rng.random() < 0.3:
            happened += [
                Feedback(
                    later[0], rng.choice(list(Recipient)), rng.choice(list(CaseStatus)), rng.choice(list(Usefulness))
                )
                for _ in range(rng.randrange(3))
            ]
        desk.record(connection, [(name, event) for event in happened])


def rows(connection, table):
    """Read a table."""
    return connection.execute(select(table)).all()


def in_force(connection):
    """Give the accepted reports that no revision took the place of, by id, with their moment of receipt."""
    return {
        row.id: utc(row.received_at)
        for row in rows(connection, schema.report)
        if not row.rejection and not row.superseded_by
    }
