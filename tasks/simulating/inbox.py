"""Inbox: simulate what a small clearinghouse receives, with the truth, a known list and outcomes beside it."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from domain.errors import InvalidSettings
from domain.report import FileFault, Rejection
from tasks.reports.drops import SIMULATED
from tasks.simulating.aftermath import write_outcomes
from tasks.simulating.cases import offender
from tasks.simulating.chance import chance
from tasks.simulating.cybertip import Letterhead, file_xml, report_xml, timestamp
from tasks.simulating.faults import spoil
from tasks.simulating.incidents import Incident, plan_incidents
from tasks.simulating.knownlist import strangers, write_list
from tasks.simulating.particulars import draw_file_particulars, draw_parties
from tasks.simulating.population import PlannedFile, Population, plan_population
from tasks.simulating.sharing import moment
from tasks.simulating.studio import Encoded, bears_mark, families
from tasks.simulating.truth import FileTruth, Manifest, ReportTruth, write_rows

Progress = Callable[[int, int], None]

_FIRST_ID = 3_000_001
_CLAIMING = (FileFault.DIGEST_MISMATCH, FileFault.MISSING)
"""These files are named with an MD5 that no bytes have."""


def simulate_inbox(root: Path, reports: int = 300, seed: int = 1, on_progress: Progress | None = None) -> bool:
    """Write an inbox of `reports` reports (≥ 1), a known list, what became of them, and the truth under `root`.

    The same `reports` and `seed` (≥ 0) give the same bytes. A simulation that was cut off is completed;
    `on_progress` hears how many distinct files are written, and of how many. False: it was there already.

    Raises:
        InvalidSettings: `root` holds another simulation, a photograph is not the one that was looked at,
            or the numbers are out of range.
    """
    if reports < 1 or seed < 0:
        raise InvalidSettings("Simulate at least one report, with a seed of 0 or more.")
    manifest = Manifest(reports, seed)
    if not manifest.begin(root):
        return False
    _Simulation(root, seed, reports).write(on_progress)
    manifest.finish(root)
    return True


class _Simulation:
    """One simulation being written."""

    def __init__(self, root: Path, seed: int, reports: int) -> None:
        self._root = root
        self._seed = seed
        self._population: Population = plan_population(seed, reports)
        self._incidents = plan_incidents(seed, self._population.received, self._population.rejections)
        self._cases = {report: case for case, reports in enumerate(self._population.cases, 1) for report in reports}

    def write(self, on_progress: Progress | None) -> None:
        """Write everything but the manifest."""
        for folder in ("inbox", "lists", "truth"):
            (self._root / folder).mkdir(parents=True, exist_ok=True)
        verdicts = [self._write_report(number) for number in range(len(self._incidents))]
        write_rows(self._root / "truth" / "reports.csv", ReportTruth, verdicts)
        accepted = (number for number in range(len(self._incidents)) if number not in self._population.rejections)
        told = ((number, self._letterhead(number), self._incidents[number]) for number in accepted)
        write_outcomes(self._root / "outcomes.csv", self._seed, told)
        rows, sightings, written = list[str](), list[FileTruth](), 0
        for family in families(self._seed, self._population.files):
            rows += family.rows
            for file, encoded in family.files.items():
                sightings += self._write_file(file, encoded)
            written += len(family.files)
            if on_progress:
                on_progress(written, len(self._population.files))
        write_rows(self._root / "truth" / "files.csv", FileTruth, sightings)
        rows += strangers(self._seed, max(2, len(self._incidents) // 25))
        write_list(self._root / "lists" / "simulated.csv", rows)
        (self._root / "inbox" / SIMULATED).touch()

    def _letterhead(self, number: int) -> Letterhead:
        return Letterhead(str(_FIRST_ID + number), moment(self._population.received[number]))

    def _folder(self, number: int) -> Path:
        return self._root / "inbox" / self._letterhead(number).external_id

    def _write_report(self, number: int) -> ReportTruth:
        """Write a report's receipt and XML, or what is left of them where it is malformed."""
        letterhead, incident = self._letterhead(number), self._incidents[number]
        rejection = self._population.rejections.get(number)
        self._folder(number).mkdir(exist_ok=True)
        if rejection is not Rejection.NO_RECEIPT:
            (self._folder(number) / "receipt.json").write_text(_receipt(letterhead, incident), encoding="utf-8")
        case = self._cases.get(number)
        sought = offender(self._seed, case) if case else None
        parties = draw_parties(chance(self._seed, "parties", number), incident, sought)
        report = spoil(report_xml(letterhead, incident, parties), rejection, number)
        if report is not None:
            (self._folder(number) / "report.xml").write_bytes(report)
        urgent = str(incident.urgent and not rejection).lower()
        return ReportTruth(letterhead.external_id, rejection or "", urgent, f"case-{case:04d}" if case else "")

    def _write_file(self, file: PlannedFile, encoded: Encoded) -> Iterator[FileTruth]:
        """Write a file into every report that names it."""
        content, suffix = encoded
        sha256 = "" if content is None else hashlib.sha256(content).hexdigest()
        for number in file.reports:
            file_id = self._write_details(number, file, content, suffix)
            if content is not None:
                (self._folder(number) / f"{file_id}.bin").write_bytes(content)
            yield FileTruth(
                external_id=self._letterhead(number).external_id,
                file_id=file_id,
                sha256=sha256,
                kind=file.kind,
                origin=file.origin.name,
                edit=file.edit,
                entry=file.origin.entry,
                fault=file.fault or "",
                marked="true" if bears_mark(self._seed, file.origin) else "",
            )

    def _write_details(self, number: int, file: PlannedFile, content: bytes | None, suffix: str) -> str:
        """Write what the reporter says of a file, and give the file's id."""
        letterhead, incident = self._letterhead(number), self._incidents[number]
        path = ("sighting", number, file.origin.name, file.edit)
        file_id = hashlib.blake2b("/".join(map(str, (self._seed, *path))).encode(), digest_size=8).hexdigest()
        said = draw_file_particulars(chance(self._seed, *path), file, suffix, incident, letterhead.received_at)
        if file.fault in _CLAIMING:
            said = replace(said, claims=("MD5",))
        if incident.at_risk_file:
            said = replace(said, annotations=(incident.at_risk_file, *said.annotations))
        claimed = b"something else" if content is None or file.fault in _CLAIMING else content
        xml = file_xml(letterhead, file_id, said, _digests(claimed))
        (self._folder(number) / f"{file_id}.xml").write_bytes(xml)
        return file_id


def _receipt(letterhead: Letterhead, incident: Incident) -> str:
    note = {
        "external_id": letterhead.external_id,
        "reporter": incident.reporter,
        "source": incident.source,
        "received_at": timestamp(letterhead.received_at),
    }
    return json.dumps(note, indent=2) + "\n"


def _digests(content: bytes) -> dict[str, str]:
    """Digest a file by the algorithms that reporters name."""
    return {
        "MD5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "SHA1": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
    }
