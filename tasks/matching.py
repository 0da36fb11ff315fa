"""Match: stored fingerprints, digests and reporters' claims against lists of known hashes, each pair once.

What is new is compared with everything, and everything with what is new: files that came since the last time with
every entry, and entries that came or changed with every file. The rows are those of comparing all with all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby, islice

from domain.audit import Act
from domain.counts import Counts
from domain.match import DIGESTS, KnownHash, Match, SignalType, settles
from domain.media import BlobKey
from infra.ledger import claims, entries, matches
from infra.ledger.claims import Claim, Claimed
from infra.ledger.engine import Transaction, reading
from infra.ledger.hashes import STORED, starts
from infra.ledger.matches import Agreement
from infra.world import world
from tasks.indexes import listed_index, near_by, stored_index
from tasks.lists.signals import canonical, spellings, type_named
from tasks.staging import step
from tasks.voting import good, match_pictures

REPORTS_AT_ONCE = 2000
"""Reports whose claims are compared in one transaction."""

HASHES_AT_ONCE = 10_000
"""Hashes of new entries that are compared at once."""

_PREFERRED = {signal_type: place for place, signal_type in enumerate((SignalType.PDQ, *DIGESTS))}
_MD5S = (SignalType.MD5, SignalType.VIDEO_MD5)


def whole_entries(known: Iterable[KnownHash], most: int = HASHES_AT_ONCE) -> Iterator[list[KnownHash]]:
    """Give the hashes that may be matched in pieces of about so many; those of one entry, in a row, stay together."""
    piece: list[KnownHash] = []
    for _, of_entry in groupby(known, key=lambda one: (one.of.list_name, one.of.entry)):
        piece += [one for one in of_entry if good(one)]
        if len(piece) >= most:
            yield piece
            piece = []
    if piece:
        yield piece


def match_digests(agreements: Iterable[Agreement]) -> list[Match]:
    """Match by digest. What can be forged settles nothing, unless the list states the file's size as well."""
    return [
        Match(
            one.blob, one.of.list_name, one.of.entry, one.of.category, one.signal_type, 0, 1.0,
            one.of.settling and settles(one.signal_type, same_size=one.same_size),
        )
        for one in agreements
    ]  # fmt: skip


def joined(found: Iterable[Match]) -> list[Match]:
    """Let a file's match with one entry stand once: by picture where that found it, else by the strongest digest.

    Of two by picture, with borders and without, the one that settles stands. It settles where any of them does.
    """
    best: dict[tuple[BlobKey, str, str], Match] = {}
    settled: set[tuple[BlobKey, str, str]] = set()
    for one in found:
        key = (one.blob, one.list_name, one.entry)
        if one.settles:
            settled.add(key)
        if key not in best or _place(one) < _place(best[key]):
            best[key] = one
    return [replace(one, settles=key in settled) for key, one in sorted(best.items())]


def _place(one: Match) -> tuple[int, bool]:
    return _PREFERRED[one.signal_type], not one.settles


def match_claims(said: Iterable[Claim], known: dict[tuple[SignalType, str], list[Claimed]]) -> list[Claimed]:
    """Match hashes that reporters claim, exactly; one that nobody here can read stands on its own spelling alone."""
    return [
        each._replace(report=claim.report, ordinal=claim.ordinal)
        for claim in said
        for signal_type, value in _readings(claim)
        for each in known.get((signal_type, value), ())
    ]


def _readings(claim: Claim) -> list[tuple[SignalType, str]]:
    """Read a claim as the types that it may be of: an MD5 may be a picture's or a film's."""
    named = type_named(claim.kind)
    if named is None:
        return []
    types = _MD5S if named in _MD5S else (named,)
    read = [(each, canonical(each, claim.value)) for each in types]
    return [(each, str(value)) for each, value in read if claim.value in spellings_of(each, str(value))]


def spellings_of(signal_type: SignalType, value: str) -> set[str]:
    """Give the spellings under which a claim is found; none for what is no hash of this type."""
    return spellings(signal_type, value) if canonical(signal_type, value) == value else set()


@step
def match_files() -> Counts:
    """Match every file that is new with every list, and the claims of every report that is new."""
    _follow()
    with world().ledger.begin() as connection:
        dropped = matches.forget_unusable(connection)
        counts = _compared(connection, tested=False) + Counts(matches_new=dropped)
        matches.mark_files(connection)
        flooding = _quarantine_floods(connection)
    counts += Counts(entries_quarantined=flooding)
    while reports := _claims_of_some():
        counts += reports
    return counts


@step
def match_entries() -> Counts:
    """Match every stored file and claim with the entries that are new or changed (retro-match), from metadata alone.

    No file is opened: fingerprints and digests stand in the ledger. Run before `match_files`, it leaves that one the
    files that are new, so that nothing is compared twice.
    """
    _follow()
    with world().ledger.begin() as connection:
        recalled = matches.recall_withdrawn(connection)
        counts = _compared(connection, tested=True) + _claims_of_entries(connection)
        marked = matches.mark_entries(connection)
        flooding = _quarantine_floods(connection)
    return counts + Counts(entries_tested=marked, matches_recalled=recalled, entries_quarantined=flooding)


def _quarantine_floods(connection: Transaction) -> int:
    """Quarantine the entries that match more files than an entry may, and count them."""
    flooding = entries.quarantine(connection, world().settings.flood_files)
    if flooding:
        world().audit.append(connection, Act.ENTRY_QUARANTINED, entries=flooding)
    return flooding


def _follow() -> None:
    """Bring the indexes to where the ledger is while others may write; what comes meanwhile is little."""
    with reading(world().ledger) as connection:
        if matches.waiting(connection, tested=True) or matches.waiting(connection, tested=False):
            stored_index(connection)
            listed_index(connection)


def _compared(connection: Transaction, *, tested: bool) -> Counts:
    """Compare untested files with all entries, or tested files with untested entries, and write what stands."""
    if not matches.waiting(connection, tested=tested):
        return Counts(files_matched=0, matches_new=0, matches_recalled=0)
    found = match_digests(matches.agreements(connection, tested=tested))
    found += _pictures_of_entries(connection) if tested else _pictures_of_files(connection)
    standing = joined(found)
    new, gone = matches.record(connection, standing, tested=tested)
    return Counts(files_matched=len({one.blob for one in standing}), matches_new=new, matches_recalled=gone)


def _pictures_of_files(connection: Transaction) -> list[Match]:
    """Match files that are new by picture: the index of what is listed says which entries are read."""
    index, least = listed_index(connection), matches.least_quality(connection)
    found: list[Match] = []
    for algorithm in STORED if len(index) else ():
        for frames in matches.frames(connection, algorithm, tested=False, least=least):
            near, ids = near_by(index, [frame.bits for frame in frames])
            files = {frames[place].blob for place in near}
            known = matches.known_as(connection, [one.tobytes().hex() for one in index.under(ids)])
            lengths = matches.lengths(connection, {(one.of.list_name, one.of.entry) for one in known})
            found += match_pictures([frame for frame in frames if frame.blob in files], known, lengths)
    return found


def _pictures_of_entries(connection: Transaction) -> list[Match]:
    """Match entries that are new by picture: the index of what is stored says which files are read."""
    index, least = stored_index(connection), matches.least_quality(connection)
    found: list[Match] = []
    untested = matches.known(connection, [SignalType.PDQ], untested=True) if len(index) else ()
    for known in whole_entries(untested):
        lengths = Counter((one.of.list_name, one.of.entry) for one in known)
        near, ids = near_by(index, [bytes.fromhex(one.signal) for one in known])
        those = [known[place] for place in near]
        for algorithm in STORED:
            for frames in matches.frames(connection, algorithm, tested=True, least=least, starts=starts(ids)):
                found += match_pictures(frames, those, lengths)
    return found


def _claims_of_some() -> Counts | None:
    """Compare the claims of some reports that are new with every entry; None where there are none left."""
    with world().ledger.begin() as connection:
        reports = claims.untested(connection, REPORTS_AT_ONCE)
        if not reports:
            return None
        said = claims.of_reports(connection, reports)
        signals = {value for claim in said for _, value in _readings(claim)}
        found = match_claims(said, claims.standing_on(connection, signals))
        new, _ = claims.record(connection, found, untested_entries=False)
        claims.mark(connection, reports)
    return Counts(claims_matched=len(found), claims_new=new)


def _claims_of_entries(connection: Transaction) -> Counts:
    """Compare the claims of reports that were tested with the entries that are new or changed."""
    hashes = matches.known(connection, list(SignalType), untested=True)
    found: list[Claimed] = []
    while some := list(islice(hashes, HASHES_AT_ONCE)):
        known: defaultdict[tuple[SignalType, str], list[Claimed]] = defaultdict(list)
        for one in some:
            of = Claimed("", -1, one.of.list_name, one.of.entry, one.of.category, one.signal_type)
            known[one.signal_type, one.signal].append(of)
        values = {spelling for signal_type, value in known for spelling in spellings_of(signal_type, value)}
        found += match_claims(claims.with_values(connection, values), known)
    new, gone = claims.record(connection, found, untested_entries=True)
    return Counts(claims_matched=len(found), claims_new=new, matches_recalled=gone)
