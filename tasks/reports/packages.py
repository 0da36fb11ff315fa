"""Packages: files of one report or many in other formats, with the media that lie beside them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from domain.counts import Counts
from domain.errors import Rejected
from domain.intake import HeldFile, SightedFile, Taken
from domain.ports import BlobStore
from domain.report import FileFault, NamedFile, Rejection, Report
from infra.inboxes import Place, mark, within
from infra.world import world
from tasks.reports import police, tips, vics
from tasks.reports.drops import RECEIPT, REPORT, fault_of, hold_file
from tasks.reports.formats import Format, detect
from tasks.reports.moments import received_at
from tasks.reports.names import plain
from tasks.reports.taking import assemble

CASES_TOGETHER = 1000
"""Media entries that are written together."""


@dataclass(frozen=True, slots=True)
class _Reader:
    parse: Callable[[bytes], Report]
    file_names: Callable[[bytes], dict[str, str]]


_READERS = {
    Format.POLICE: _Reader(police.parse, police.file_names),
    Format.TIP: _Reader(tips.parse, tips.file_names),
}


def package_key(file: Place, *others: str) -> str:
    """Name a file by its place, size and time, to tell without reading if it was taken.

    One that may still get media is named by `others` too: the marks of those that lie beside it.
    """
    return world().surrogate("package", str(file.resolve()), *mark(file), *others)


def take_package(
    file: Place,
    blobs: BlobStore,
    max_json_bytes: int,
    form: Format = Format.AUTO,
    known: Callable[[str], bool] = lambda _key: False,
) -> Taken | None:
    """Take in a file of one report, with the media that lie beside it under the names that it gives.

    One that does not validate, or whose format nobody knows, is an outcome too, with its bytes kept. None: `known` says
    of its key that it was taken in with just these media.
    """
    key = package_key(file)
    report: Report | Rejection
    beside: list[_Beside] = []
    try:
        report, beside = _read(file, max_json_bytes, form)
    except Rejected as rejected:
        report = Rejection(rejected.args[0])
    marks = [part for each in beside if each.place for part in (each.named.file_id, *mark(each.place))]
    waiting = package_key(file, "waits", *marks)
    if any(each.may_come for each in beside) and known(waiting):
        return None
    document, files = hold_file(file, blobs), [each.sighted(blobs) for each in beside]
    waits = any(each.may_come and not _proven(one) for each, one in zip(beside, files, strict=True))
    return _assembled(waiting if waits else key, file, report, document, files)


def crashed_package(file: Place, blobs: BlobStore) -> Taken:
    """Make the outcome of a file that killed the worker that read it: its bytes are kept, and nothing is read."""
    return _assembled(package_key(file), file, Rejection.READER_CRASHED, hold_file(file, blobs), [])


def _proven(one: SightedFile) -> bool:
    """Whether a file has come whole: its bytes have the digest that its reporter claims."""
    return one.fault is None and one.named.claimed_md5 is not None


def _read(file: Place, max_json_bytes: int, form: Format) -> tuple[Report, list["_Beside"]]:
    reader = _READERS.get(detect(file) if form is Format.AUTO else form)
    if reader is None:
        raise Rejected(Rejection.UNKNOWN_FORMAT)
    if file.stat().st_size > max_json_bytes:
        raise Rejected(Rejection.TOO_LARGE)
    content = file.read_bytes()
    report, names = reader.parse(content), reader.file_names(content)
    return report, [beside(file.parent, each, names.get(each.file_id, "")) for each in report.files]


def _assembled(
    key: str, file: Place, report: Report | Rejection, document: HeldFile, files: Sequence[SightedFile], *place: str
) -> Taken:
    """Make the outcome of a package; `place` tells the reports of one document apart."""
    brought = [part for each in files if each.content for part in (each.named.file_id, each.content.digests.sha256)]
    receipt = report.receipt if isinstance(report, Report) else None
    return assemble(
        key,
        receipt.external_id if receipt else plain(file.name),
        receipt,
        report,
        documents=[document],
        files=files,
        content=["document", document.digests.sha256, *place, *brought],
    )


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is named in a document: where it lies, if it does; else why not, and whether it may come yet."""

    named: NamedFile
    place: Place | None
    fault: FileFault = FileFault.NOT_SENT
    may_come: bool = True

    def sighted(self, blobs: BlobStore) -> SightedFile:
        """Take its bytes in."""
        if self.place is None:
            return SightedFile(self.named, None, None, self.fault)
        content = hold_file(self.place, blobs)
        return SightedFile(self.named, content, None, fault_of(self.named, content))


def beside(folder: Place, named: NamedFile, name: str) -> _Beside:
    """Find a file beside the document that names it; a name never leads out of its folder, nor into a drop in it."""
    if not name:
        return _Beside(named, None, may_come=False)
    place = within(folder, name)
    if place is None or _in_a_drop(folder, place):
        return _Beside(named, None, FileFault.UNSAFE_NAME, may_come=False)
    return _Beside(named, place if place.is_file() and not place.is_symlink() else None)


def _in_a_drop(folder: Place, place: Place) -> bool:
    """Whether a place in a folder belongs to a drop there, which is another report."""
    top, real = str(folder.resolve()), place.resolve()
    while str(real := real.parent) != top:
        if len(str(real)) <= len(top):
            return False
        if any((real / name).exists() for name in (RECEIPT, REPORT)):
            return True
    return False


def take_cases(file: Place, blobs: BlobStore) -> list[Taken]:
    """Take in a VICS file without its media: its cases; or one rejected report, if it does not validate."""
    document, key = hold_file(file, blobs), package_key(file)
    try:
        with file.open("rb") as stream:
            in_cases = vics.holds_cases(stream)
            moment = received_at(file.stat().st_mtime)
            unnamed = f"media {document.blob[:32]}"
            reports: list[Report | Rejection] = list(vics.cases(stream, moment, unnamed, in_cases=in_cases))
    except Rejected as rejected:
        reports = [Rejection(rejected.args[0])]
    return [
        _assembled(key if number == 0 else f"{key[:56]}{number:08d}", file, each, document, [], str(number))
        for number, each in enumerate(reports)
    ]


def media_of(
    file: Place, cases: Sequence[Taken], blobs: BlobStore
) -> Iterator[tuple[list[tuple[str, int, SightedFile]], Counts]]:
    """Take in the media of a VICS file some at a time, durable: each with its report and place; and counts."""
    with file.open("rb") as stream:
        in_cases = vics.holds_cases(stream)
        following = vics.media(stream, in_cases=in_cases)
        ordinals: Counter[str] = Counter()
        while some := list(islice(following, CASES_TOGETHER)):
            files = []
            for each in some:
                report_id = cases[each.case].report_id
                one = beside(file.parent, each.named, each.path).sighted(blobs)
                files.append((report_id, ordinals[report_id], one))
                ordinals[report_id] += 1
            blobs.flush()
            yield files, Counts(fields_unread=sum(each.unread for each in some))
