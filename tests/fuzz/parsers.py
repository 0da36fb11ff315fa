"""Fuzz the parsers: `python tests/fuzz/parsers.py NAME SECONDS`. What is raised and is no `Rejected` is a finding.

The corpus beside this file begins with the samples of the documentation; what a run finds new stays in a folder of its
own. A finding is written to `crash-…` in the working folder: make it a file of the corpus when it is mended.
"""

import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tasks.reports", "tasks.lists", "apps.gateway.uploads"]):
    from apps.gateway.answers import Answer
    from apps.gateway.uploads import Form
    from tasks.lists.formats import READERS, detect
    from tasks.reports import cybertip, drops, police, tips, vics

from domain.errors import Rejected
from domain.lists import ListFormat
from domain.report import Receipt, Rejection, Source

HERE = Path(__file__).parent
NOW = datetime(2020, 1, 1, tzinfo=UTC)
RECEIPT = Receipt("1", "fuzz", Source.ESP, NOW)


class Sink:
    """Takes a file's pieces, and lets go of them."""

    def write(self, piece: bytes) -> None:
        """Take one."""


def cases(content: bytes) -> None:
    """Read cases and media."""
    stream = BytesIO(content)
    in_cases = vics.holds_cases(stream)
    found = vics.cases(stream, NOW, "unnamed", in_cases=in_cases)
    for each in vics.media(stream, in_cases=in_cases):
        assert each.case < len(found)


def listed(*forms: ListFormat) -> Callable[[bytes], None]:
    """Read a list as each of these formats."""

    def read(content: bytes) -> None:
        with suppress(Rejected):
            detect(content)
        refused = []
        for form in forms:
            try:
                for _ in READERS[form](BytesIO(content), "x"):
                    pass
            except Rejected as rejected:
                refused.append(rejected)
        if refused:
            raise refused[0]

    return read


def form(content: bytes) -> None:
    """Read an upload, cut in two."""
    upload = Form("multipart/form-data; boundary=x", Sink(), 10_000)
    upload.feed(content[: len(content) // 2])
    upload.feed(content[len(content) // 2 :])


PARSERS = {
    "report": lambda content: cybertip.parse_report(content, RECEIPT, ()),
    "details": lambda content: (cybertip.parse_file_ids(content), cybertip.parse_file_details(content, "f")),
    "receipt": drops.parse_receipt,
    "police": police.parse,
    "tip": tips.parse,
    "vics": cases,
    "form": form,
    "list-ncmec": listed(ListFormat.NCMEC),
    "list-json": listed(ListFormat.THREATEXCHANGE, ListFormat.STOPNCII, ListFormat.VICS),
    "list-lines": listed(ListFormat.CSV, ListFormat.TEXT, ListFormat.VPDQ),
}


def main(name: str, seconds: int, found: str) -> None:
    """Fuzz one parser for so long; what covers new code is kept in the folder `found`."""

    def parse(content: bytes) -> None:
        try:
            PARSERS[name](content)
        except Rejected as refused:
            if not isinstance(refused.args[0], Rejection):
                raise
        except Answer:
            pass

    # not by -rss_limit_mb: the highest RSS that the kernel tells of a process is that of its parent at first
    resource.setrlimit(resource.RLIMIT_DATA, (2 * 2**30, resource.RLIM_INFINITY))
    corpus = HERE / "corpus" / name
    options = [
        f"-max_total_time={seconds}",
        "-rss_limit_mb=0",
        "-timeout=10",
        "-max_len=20000",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, found, str(corpus)], parse)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
