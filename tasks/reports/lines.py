"""Lines of tables: CSV and JSON lines, each row read into values, or refused with itself kept."""

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from domain.errors import Rejected
from domain.report import Rejection
from tasks.reports import json_documents
from tasks.reports.json_documents import Node

LISTS = ("vectors", "countries", "files")
COLUMNS = ("external_id", "reporter", "source", "received_at", "incident_type", "incident_at", "escalated", "incidents",
           *LISTS)  # fmt: skip

LONGEST_VALUE = 128 * 2**10
"""Characters of a value of CSV, as the module `csv` bounds it: a quotation mark that nobody closes opens no more."""

Row = dict[str, Any]
"""Values by column, `raw` (the row as it came) and `fault` (why it cannot be read, or None)."""


def csv_rows(lines: Iterable[bytes], header: str) -> Iterator[Row]:
    """Read the rows of CSV (RFC 4180); a value in quotation marks may hold line breaks."""
    names = next(csv.reader([header]), [])
    taken: list[bytes] = []
    reader = csv.reader(_told(lines, taken), strict=True)
    while True:
        taken.clear()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a value that nobody closes, or text behind one that is closed
            yield _refused(taken, Rejection.SCHEMA)
            continue
        if values:
            yield _row(taken, lambda values=values: _csv_node(values, names))  # type: ignore[misc]  # bound at once


def json_rows(lines: Iterable[bytes]) -> Iterator[Row]:
    """Read the rows of JSON lines."""
    for line in lines:
        if line.strip():
            yield _row([line], lambda line=line: json_documents.read(line))  # type: ignore[misc]  # as above


def _told(lines: Iterable[bytes], taken: list[bytes]) -> Iterator[str]:
    """Decode lines for whoever reads them, and note which were read; bytes that are no text stay as surrogates."""
    for line in lines:
        taken.append(line)
        yield line.decode(errors="surrogateescape")


def _row(taken: list[bytes], read: Callable[[], Node]) -> Row:
    try:
        node = read()
        if not set(node.names()) <= set(COLUMNS):
            raise Rejected(Rejection.SCHEMA)  # noqa: TRY301 (as what the parsers raise)
        return {**_values(node), "raw": _text(taken), "fault": None}
    except UnicodeEncodeError:
        return _refused(taken, Rejection.WRONG_ENCODING)
    except Rejected as rejected:
        return _refused(taken, rejected.args[0])


def _refused(taken: list[bytes], reason: Rejection) -> Row:
    return {"raw": _text(taken), "fault": str(reason)}


def _text(taken: list[bytes]) -> str:
    return b"".join(taken).decode(errors="replace").rstrip("\r\n")


def _csv_node(values: list[str], names: list[str]) -> Node:
    if len(values) != len(names):
        raise Rejected(Rejection.SCHEMA)
    given = {name: value for name, value in zip(names, values, strict=True) if value}
    return Node({name: value.split() if name in LISTS else value for name, value in given.items()})


def _values(node: Node) -> Row:
    incidents = node["incidents"].text()
    if incidents and not (incidents.isascii() and incidents.isdigit() and len(incidents) < 9):
        raise Rejected(Rejection.SCHEMA)
    texts = {name: node[name].text() or None for name in ("external_id", "reporter", "source", "incident_type")}
    lists = {name: [each.required() for each in node[name]] for name in LISTS}
    for text in (*texts.values(), *(each for values in lists.values() for each in values)):
        (text or "").encode()  # half a character, which JSON can spell, is none
    return {
        **texts,
        **{name: node[name].moment() for name in ("received_at", "incident_at")},
        "escalated": node["escalated"].flag(),
        "incidents": int(incidents) if incidents else None,
        **lists,
    }
