"""Weighing: what is known of a report and its files, in the numbers that a policy weighs, as of a day."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.evidence import FACES, TOLD_BY, Evidence, Open
from domain.novelty import Brought, Newness, Standing, tell
from domain.priority import NOTHING_OPEN, Policy
from domain.report import Identifier
from infra.ledger.facts import FileFacts, ReportFacts

RULES = 1
"""Raised when the same evidence gives another score under the same policy, so that it is another row of the ledger."""

_ACCOUNTS = frozenset({Identifier.ACCOUNT, Identifier.EMAIL, Identifier.PHONE})
_VIRAL = ("file.viral", "file.potentialMeme")

Usable = Sequence[tuple[datetime, str, FileFacts]]
"""Files without a fault: when their reports were received, these reports, and what is known of the files."""


@dataclass(frozen=True, slots=True)
class Common:
    """What reports have in common: for each file, or cluster of copies, who brought it.

    Attributes:
        newness: whether it is known, seen before or new, by report and cluster of copies.
        reporters: all reporters that brought it.
        categories: the categories that lists give it, or a copy of it.
        first: the report that was the first to bring a very file, a scene or a person, by its name.
        growth: of a scene or person first brought lately, how many different files came after the first.
    """

    newness: Mapping[tuple[str, str], Newness]
    reporters: Mapping[str, frozenset[str]]
    categories: Mapping[str, frozenset[str]]
    first: Mapping[str, str]
    growth: Mapping[str, int]


def common(
    reports: Sequence[ReportFacts], files: Mapping[str, Sequence[FileFacts]], policy: Policy, today: date
) -> Common:
    """Collect who brought what."""
    usable = [(one.received_at, one.id, file) for one in reports for file in files.get(one.id, ()) if not file.faulty]
    reporter_of = {report.id: report.reporter for report in reports}
    brought: list[Brought] = []
    reporters: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    categories: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for place, (received_at, report, file) in enumerate(usable):
        if file.looked_at:
            standing = Standing() if file.categories else None
            brought.append(Brought(report, place, received_at, file.group, standing, file.within))
            reporters[file.group] |= {reporter_of[report]}
            categories[file.group] |= frozenset(file.categories)
    newness = {(report, told.group): told.newness for (report, _), told in tell(brought).items()}
    first = _first(usable, lambda file: (f"file {file.name}", *_shown(file)))
    growth = _growth(_first(usable, _shown), usable, today - timedelta(days=policy.recent_days))
    return Common(newness, reporters, categories, {thing: report for thing, (_, report) in first.items()}, growth)


def _shown(file: FileFacts) -> tuple[str, ...]:
    """Name the scene and the persons that a file shows, as far as models tell."""
    scene = (_scene(file),) if file.scene else ()
    return (*scene, *map(_person, file.persons))


def _scene(file: FileFacts) -> str:
    return f"scene {file.scene}"


def _person(face: str) -> str:
    return f"person {face}"


def _first(usable: Usable, of: Callable[[FileFacts], Iterable[str]]) -> dict[str, tuple[datetime, str]]:
    """Say when what was brought first, and by which report; of two at one moment, the one of the smaller id."""
    first: dict[str, tuple[datetime, str]] = {}
    for received_at, report, file in usable:
        for thing in of(file):
            first[thing] = min(first.get(thing, (received_at, report)), (received_at, report))
    return first


def _growth(first: Mapping[str, tuple[datetime, str]], usable: Usable, since: date) -> dict[str, int]:
    """Count the different files, but one, of each scene and person that was first brought since a day."""
    showing: defaultdict[str, set[str]] = defaultdict(set)
    for _, _, file in usable:
        for thing in _shown(file):
            if first[thing][0].date() >= since:
                showing[thing].add(file.group)
    return {thing: len(groups) - 1 for thing, groups in showing.items()}


def weigh(
    report: ReportFacts, files: Sequence[FileFacts], shared: Common, policy: Policy, today: date
) -> tuple[Evidence, Open]:
    """Weigh up one report: named numbers, zeros left out, and what models left open of them.

    `domain.evidence.EVIDENCE` says what each is.
    """
    found: defaultdict[str, float] = defaultdict(float, _told(report, policy, today))
    usable = {file.group: file for file in files if file.looked_at and not file.faulty}
    others = frozenset[str]().union(*(shared.reporters[group] for group in usable))
    found["reporters"] = len(others - {report.reporter})
    for group in usable:
        known = shared.categories.get(group, frozenset())
        for name in (shared.newness[report.id, group], *(f"known.{category}" for category in known if category)):
            found[name] += 1
    for file in files:
        _add_file(found, file)
    unlisted = [file for file in files if not file.faulty and not shared.categories.get(file.group)]
    _add_novelty(found, report.id, unlisted, shared)
    sound = [file for file in files if not file.faulty]
    _add_said(found, sound, policy)
    found["viral"] = float(report.batched or any(found[name] for name in _VIRAL))
    evidence = {name: value for name, value in sorted(found.items()) if value}
    return evidence, _open(evidence, sound, unlisted, policy)


def _told(report: ReportFacts, policy: Policy, today: date) -> dict[str, float]:
    """Weigh what the report says of itself."""
    flags = {
        "escalated": report.escalated,
        "located": report.located,
        "account": not _ACCOUNTS.isdisjoint(report.identifiers),
        "expiring": 0 <= policy.kept_days - (today - report.received_at.date()).days <= policy.expiring_days,
        f"incident.{report.incident_type}": True,
        **{f"report.{flag}": True for flag in report.annotations},
    }
    return {name: 1.0 for name, there in flags.items() if there} | {
        "identifiers": len(report.identifiers),
        "victims": report.victims,
    }


def _add_file(found: defaultdict[str, float], file: FileFacts) -> None:
    """Add what its reporter says of one file."""
    for annotation in file.annotations:
        found[f"file.{annotation}"] += 1
    if file.classification:
        found[f"class.{file.classification}"] += 1
    found["unseen_fault"] += file.faulty


def _add_novelty(found: defaultdict[str, float], report: str, unlisted: Sequence[FileFacts], shared: Common) -> None:
    """Add what a report is the first to bring, of files on no list: very files, scenes and persons; and what grows."""
    things = {
        "new_file": {f"file {file.name}" for file in unlisted if file.looked_at},
        "new_scene": {_scene(file) for file in unlisted if file.scene},
        "new_face": {_person(face) for file in unlisted for face in file.persons},
    }
    for name, some in things.items():
        found[name] = sum(shared.first[thing] == report for thing in some)
    shown = things["new_scene"] | things["new_face"]
    found["growing"] = max((shared.growth.get(thing, 0) for thing in shown), default=0)


def _add_said(found: defaultdict[str, float], sound: Sequence[FileFacts], policy: Policy) -> None:
    """Add what models say of sound files."""
    found["clue"] = _highest((each for file in sound for each in file.said.labels), policy.clues)
    found["sought"] = _highest((each for file in sound for each in file.said.classified), policy.sought)
    found["minor"] = _highest((each for file in sound for each in file.said.ages), policy.minors)
    found["faces"] = min(max((file.said.most_faces for file in sound), default=0), FACES)


def _highest(labels: Iterable[tuple[str, float]], listed: frozenset[str]) -> float:
    """Give the highest probability of a label that is listed; 0 without one."""
    return max((probability for label, probability in labels if label in listed), default=0.0)


def _open(evidence: Evidence, sound: Sequence[FileFacts], unlisted: Sequence[FileFacts], policy: Policy) -> Open:
    """Say what models left open: files that those at work have not looked at, and labels of which they abstain."""
    listed = {"clue": policy.clues, "sought": policy.sought, "minor": policy.minors}
    left_open: dict[str, tuple[float, float]] = {}
    for name in TOLD_BY:
        files = unlisted if name in ("new_scene", "new_face") else sound
        unheard = sum(_unheard(file, name, policy) for file in files)
        if not unheard or not listed.get(name, True):
            continue
        told = evidence.get(name, 0.0)
        most = (
            1.0 if name in listed else FACES if name == "faces" else told + unheard * (FACES if "face" in name else 1)
        )
        left_open[name] = (told, most)
    unsure = any(policy.sought & file.said.unsure for file in sound)
    if unsure:
        sure = (one for file in sound for one in file.said.classified if one[0] not in file.said.unsure)
        left_open["sought"] = (_highest(sure, policy.sought), 1.0)
    return left_open


def _unheard(file: FileFacts, name: str, policy: Policy) -> bool:
    """Whether the model at work that tells this evidence is still to look at a file, or may not."""
    role = TOLD_BY[name]
    settled = bool(file.categories) and role in policy.skip_settled
    return role in file.said.unheard and file.seen_by_models and not settled


def digest_of(evidence: Evidence, left_open: Open = NOTHING_OPEN, ranker: str = "") -> str:
    """Digest the evidence, and which ranker counts if one does: the same under the same policy is the same row."""
    told = json.dumps([RULES, dict(evidence), dict(left_open), *([ranker] if ranker else [])], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()
