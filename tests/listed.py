"""Lists of known hashes and stored files for the tests, and what all of them match, found by comparing all with all."""

from collections import Counter

from sqlalchemy import select
from taken_in import key, record, sighted, taken

from domain.lists import MATCHING, SETTLING, Entry, ListFormat, Signal
from domain.match import SignalType
from domain.media import Algorithm, Fingerprint, Fingerprints, Kind, hamming
from infra.ledger import media, schema
from infra.world import world
from tasks.lists.formats import WRITERS
from tasks.lists.importing import import_list

PDQ, MD5, SHA1, SHA256 = SignalType.PDQ, SignalType.MD5, SignalType.SHA1, SignalType.SHA256


def entry(name, *signals, category="A1", **said):
    """Give an entry; a signal is a hash of 32 bytes (PDQ), or a type, a value, and a frame's time and quality."""
    told = (Signal(PDQ, each.hex()) if isinstance(each, bytes) else Signal(*each) for each in signals)
    return Entry(name, tuple(told), category, **said)


def write(path, *entries, form=ListFormat.CSV):
    """Write a file with a list."""
    with path.open("w", encoding="utf-8", newline="") as out:
        WRITERS[form](entries, out)
    return path


def import_entries(folder, name, *entries, form=ListFormat.CSV, terms=None):
    """Import a list of these entries."""
    return import_list(name, [write(folder / f"{name}.{form}", *entries, form=form)], terms=terms)


def store(name, *hashes, kind=Kind.IMAGE, quality=80, trimmed=()):
    """Store a file with these fingerprints (each 256 bytes, one a second), brought by a report of its own.

    `quality` is that of every frame, or of each; `trimmed` are those of what is inside its borders.
    """
    qualities = [quality] * len(hashes) if isinstance(quality, int) else quality
    with world().ledger.begin() as connection:
        record(connection, taken(f"report of {name}", sighted(name, kind)))
        if hashes:
            prints = tuple(Fingerprint(bits, qualities[at], float(at)) for at, bits in enumerate(hashes))
            prints += tuple(
                Fingerprint(bits, qualities[0], float(at), Algorithm.PDQ_TRIMMED) for at, bits in enumerate(trimmed)
            )
            media.record_fingerprints(connection, [Fingerprints(key(name), prints, 1, 1)])


def rows(table):
    """Read a table."""
    with world().ledger.connect() as connection:
        return sorted(map(tuple, connection.execute(select(table))), key=repr)


def matched():
    """Read which file stands on which entry: file, list, entry."""
    return {(row[0].rstrip("."), row[1], row[2]) for row in rows(schema.match)}


def all_with_all():
    """Compare every usable file with every entry, one by one: the rows of `match` as they must be, without borders."""
    with world().ledger.connect() as connection:
        blobs = connection.execute(select(schema.blob).where(media.usable())).all()
        prints = connection.execute(select(schema.fingerprint).order_by(schema.fingerprint.c.ordinal)).all()
        hashes = connection.execute(select(schema.known_hash)).all()
        entries = connection.execute(select(schema.list_entry)).all()
        terms = {one.name: one for one in connection.execute(select(schema.hash_list))}
    found = []
    for one in entries:
        if one.withdrawn_at or one.state not in MATCHING:
            continue
        of = terms[one.list_name]
        signals = [each for each in hashes if (each.list_name, each.entry) == (one.list_name, one.entry)]
        for blob in blobs:
            frames = [each for each in prints if (each.blob_id, each.algorithm) == (blob.id, PDQ)]
            found += _compared(one, of, signals, blob, frames)
    return sorted(found, key=repr)


def _compared(one, of, signals, blob, frames):
    """Compare a file with an entry: every frame with every hash, in every orientation, and every digest."""
    best = {}
    for frame in frames:  # identical ones once, the first of the best quality
        if frame.bits[:32] not in best or frame.quality > best[frame.bits[:32]].quality:
            best[frame.bits[:32]] = frame
    frames = [frame for frame in best.values() if frame.quality >= of.quality]
    listed = [each for each in signals if each.signal_type == PDQ and (each.quality or 100) >= of.quality]
    near = [
        (frame, each, distance)
        for frame in frames for each in listed
        for distance in [min(hamming(frame.bits[at : at + 32], bytes.fromhex(each.signal)) for at in range(0, 256, 32))]
        if distance <= of.radius
    ]  # fmt: skip
    settling, film = one.state in SETTLING, blob.kind == Kind.VIDEO
    digests = [
        (name, value in {each.signal for each in signals if each.signal_type == name})
        for name, value in (("sha256", blob.sha256), ("sha1", blob.sha1), ("md5", blob.md5), ("video_md5", blob.md5))
    ]
    agreeing = [name for name, agrees in digests if agrees]
    strong = bool("sha256" in agreeing or (agreeing and one.size == blob.size))
    share = len({frame.ordinal for frame, _, _ in near}) / max(1, len(frames))
    entry_share = len({each.signal for _, each, _ in near}) / max(1, len(listed))
    holds = len(listed) > 1 and one.kind != Kind.IMAGE and entry_share >= of.entry_share
    if near and (not film or share >= of.file_share or holds):
        whole = not film or (share >= of.file_share and share >= 0.5)
        row = (blob.id, one.list_name, one.entry, one.category, "pdq", min(distance for *_, distance in near), share)
        return [(*row, settling and (whole or strong), entry_share, _offset(near) if film else None)]
    if agreeing:
        row = (blob.id, one.list_name, one.entry, one.category, agreeing[0], 0, 1.0)
        return [(*row, settling and strong, 1.0, None)]
    return []


def _offset(near):
    votes = Counter(round(frame.seconds - each.seconds) for frame, each, _ in near if each.seconds is not None)
    return min(votes, key=lambda offset: (-votes[offset], abs(offset), offset), default=None)
