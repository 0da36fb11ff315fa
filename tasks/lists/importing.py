"""Importing: files with lists of known hashes into the ledger, streamed, each list whole or not at all."""

import hashlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from domain.audit import Act
from domain.counts import Counts
from domain.errors import InvalidSettings, Rejected
from domain.lists import WHOLE, Faulty, ListFormat, Terms, Window
from domain.report import Rejection
from infra.ledger import listing, lists
from infra.ledger.engine import Transaction
from infra.world import world
from tasks.lists.formats import ENDINGS, HEAD, READERS, detect
from tasks.lists.signals import CATEGORY_LENGTH
from tasks.staging import step

TOGETHER = 2000
"""Entries that are staged at once: databases bound how many values a statement may name."""


def import_list(
    name: str, files: Sequence[Path], form: ListFormat = ListFormat.AUTO, terms: Terms | None = None
) -> Counts:
    """Import one list from a file, or from the pages of an exchange; what it said last time is not read again.

    Where a file cannot be read to its end, nothing of the list is changed, and the reason is recorded.

    Raises:
        InvalidSettings: it is a list of our own, which is proposed to and never imported, or has no name or no file.
    """
    if not name or len(name) > CATEGORY_LENGTH or not name.isprintable():
        raise InvalidSettings(f"a list's name has 1 to {CATEGORY_LENGTH} printable characters; give another --name")
    if not files:
        raise InvalidSettings(f"there are no files of a list there; they end in {', '.join(sorted(ENDINGS))}")
    digests = [_digest(file) for file in files]
    source = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    try:
        with world().ledger.begin() as connection:
            held = lists.terms(connection, name)
            if held and held.own:
                raise InvalidSettings(f"the list {name} is your own: propose its entries, or import under another name")
            if held is None or terms:
                lists.agree(connection, name, terms or Terms())
            if lists.digest(connection, name) == source:
                return Counts(lists_unchanged=1)
            counts = _imported(connection, name, list(zip(files, digests, strict=True)), form, source)
            world().audit.append(connection, Act.LIST_IMPORTED, world().surrogate("list", name), **counts)
            return counts
    except Rejected as rejected:
        fault = Faulty(0, rejected.args[0], "")
        with world().ledger.begin() as connection:
            if lists.terms(connection, name) is None:
                lists.agree(connection, name, terms or Terms())
            lists.record_faults(connection, name, source, [fault])
        return Counts(lists_rejected=1)


def _imported(
    connection: Transaction, name: str, files: Sequence[tuple[Path, str]], form: ListFormat, source: str
) -> Counts:
    """Stage every file, and merge what they say."""
    windows: list[Window] = []
    forms: set[ListFormat] = set()
    read = malformed = 0
    with listing.staging(connection):
        for file, digest in files:
            with file.open("rb") as stream:
                told = _told(stream, form)
                forms.add(told)
                items = READERS[told](stream, file.stem)
                while some := list(islice(items, TOGETHER)):
                    entries = [each for each in some if not isinstance(each, Faulty | Window)]
                    faults = [each for each in some if isinstance(each, Faulty)]
                    windows += [each for each in some if isinstance(each, Window)]
                    malformed += lists.record_faults(connection, name, digest, faults)
                    read += len(entries)
                    if entries:
                        listing.stage(connection, entries)
        whole = bool(forms & WHOLE)
        if whole and malformed and not read:
            raise Rejected(Rejection.SCHEMA)  # it would withdraw everything
        counts = listing.merge(connection, name, whole=whole)
    lists.imported(connection, name, min(forms), source, windows)
    return counts + Counts(list_lines_malformed=malformed)


def _told(stream: BinaryIO, form: ListFormat) -> ListFormat:
    head = stream.read(HEAD)
    stream.seek(0)
    return detect(head) if form is ListFormat.AUTO else form


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def lists_in(folder: Path) -> dict[str, list[Path]]:
    """Name the lists of a folder: a file is one, and a folder in it is one, whose files are pages in their order."""
    found: dict[str, list[Path]] = {}
    for each in sorted(folder.iterdir()) if folder.is_dir() else ():
        if each.is_symlink():
            continue
        files = pages(each) if each.is_dir() or each.suffix in ENDINGS else []
        if files:
            name = each.name if each.is_dir() else each.stem
            found.setdefault(name[:CATEGORY_LENGTH], []).extend(files)
    return found


def pages(path: Path) -> list[Path]:
    """List the files of a list: the one at `path`, or those in the folder there that end as lists do, in order."""
    if not path.is_dir():
        return [path]
    return [one for one in sorted(path.iterdir()) if one.is_file() and not one.is_symlink() and one.suffix in ENDINGS]


@step
def intake_lists(folder: Path) -> Counts:
    """Import every list of a folder, whatever its format."""
    return sum((import_list(name, files) for name, files in lists_in(folder).items()), Counts())
