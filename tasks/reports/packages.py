"""Packages: files of one report or many in other formats, with the media that lie beside them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.errors import Rejected
from domain.intake import HeldFile, SightedFile, Taken
from domain.ports import BlobStore
from domain.report import FileFault, NamedFile, Rejection, Report
from infra.inboxes import Place, mark, within
from infra.world import world
from tasks.reports import police, tips, vics
from tasks.reports.drops import fault_of, hold_file
from tasks.reports.formats import Format, detect
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


def package_key(file: Place) -> str:
    """Name a file by its name, size and time, to tell without reading if it was taken."""
    return world().surrogate("package", file.name, *mark(file))


def take_package(file: Place, blobs: BlobStore, max_json_bytes: int, form: Format = Format.AUTO) -> Taken:
    """Take in a file of one report, with the media that lie beside it under the names that it gives.

    One that does not validate, or whose format nobody knows, is an outcome too, with its bytes kept.
    """
    key = package_key(file)
    document = hold_file(file, blobs)
    named: tuple[NamedFile, ...] = ()
    names: dict[str, str] = {}
    report: Report | Rejection
    try:
        reader = _READERS.get(detect(file) if form is Format.AUTO else form)
        if reader is None:
            raise Rejected(Rejection.UNKNOWN_FORMAT)  # noqa: TRY301 (as what `detect` raises)
        if file.stat().st_size > max_json_bytes:
            raise Rejected(Rejection.TOO_LARGE)  # noqa: TRY301 (as above)
        content = file.read_bytes()
        report, names = reader.parse(content), reader.file_names(content)
        named = report.files
    except Rejected as rejected:
        report = Rejection(rejected.args[0])
    files = [beside(file.parent, each, names.get(each.file_id, ""), blobs) for each in named]
    return _assembled(key, file, report, document, files)


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


def beside(folder: Place, named: NamedFile, name: str, blobs: BlobStore) -> SightedFile:
    """Take in the bytes of a file, if they lie beside the document; a name never leads out of its folder."""
    if not name:
        return SightedFile(named, None, None, FileFault.NOT_SENT)
    place = within(folder, name)
    if place is None:
        return SightedFile(named, None, None, FileFault.UNSAFE_NAME)
    if not place.is_file() or place.is_symlink():
        return SightedFile(named, None, None, FileFault.NOT_SENT)
    content = hold_file(place, blobs)
    return SightedFile(named, content, None, fault_of(named, content))


def take_cases(file: Place, blobs: BlobStore) -> tuple[list[Taken], Iterator[list[tuple[str, SightedFile]]]]:
    """Take in a VICS file: its cases without media, and then the media, some at a time, by their report's id.

    A file that does not validate is one rejected report. What is wrong with media further on is raised while they come.
    """
    document, key = hold_file(file, blobs), package_key(file)
    received_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    try:
        with file.open("rb") as stream:
            reports: list[Report | Rejection] = list(vics.cases(stream, received_at))
    except Rejected as rejected:
        reports = [Rejection(rejected.args[0])]
    taken = [
        _assembled(key if number == 0 else f"{key[:56]}{number:08d}", file, each, document, [], str(number))
        for number, each in enumerate(reports)
    ]
    return taken, _media(file, [one.report_id for one in taken], blobs) if taken[0].report else iter(())


def refused_cases(file: Place, rejection: Rejection, blobs: BlobStore) -> Taken:
    """Make the outcome of a VICS file whose media do not validate: the whole of it is rejected, its bytes kept."""
    return _assembled(package_key(file), file, rejection, hold_file(file, blobs), [])


def _media(file: Place, ids: list[str], blobs: BlobStore) -> Iterator[list[tuple[str, SightedFile]]]:
    with file.open("rb") as stream:
        some: list[tuple[str, SightedFile]] = []
        for each in vics.media(stream):
            some.append((ids[each.case], beside(file.parent, each.named, each.path, blobs)))
            if len(some) == CASES_TOGETHER:
                blobs.flush()
                yield some
                some = []
        blobs.flush()
        yield some
