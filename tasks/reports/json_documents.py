"""JSON documents: read within bounds, and asked for what they hold without ever trusting their shape."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

import ijson

from domain.errors import Rejected
from domain.report import Rejection

MAX_DEPTH = 32
"""Brackets within brackets; honest documents have ten."""

MAX_PREFIX = 400
"""Characters of a place in a document that is streamed; honest ones have fifty."""

MAX_VALUES = 500_000
"""Values of one document, at most; honest ones have thousands, and each costs a hundred bytes once it is parsed."""

_BOM = b"\xef\xbb\xbf"
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
"""A text, closed or not, or what opens, closes or parts values."""

_STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_DOTNET = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")


def read(content: bytes) -> "Node":
    """Read a document.

    Raises:
        Rejected: with the `Rejection` to record; nothing else, whatever the bytes are.
    """
    _check_size(content)
    try:
        return Node(json.loads(content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise Rejected(Rejection.WRONG_ENCODING) from error
    except (ValueError, RecursionError) as error:
        raise Rejected(Rejection.NOT_WELL_FORMED) from error


def _check_size(content: bytes) -> None:
    """See that a document can be parsed in little memory, before it is."""
    depth = values = 0
    for found in _TOKENS.finditer(content):
        token = found[0]
        step = _STEPS.get(token, 0)
        depth += step
        values += step > 0 or token == b","
        if depth > MAX_DEPTH:
            raise Rejected(Rejection.TOO_DEEP)
        if values > MAX_VALUES:
            raise Rejected(Rejection.TOO_MANY)


def events(stream: BinaryIO) -> Iterator[tuple[str, str, Any]]:
    """Parse a document as it comes: the place of each value, what begins or ends there, and the value.

    Raises:
        Rejected: as `read` does.
    """
    stream.seek(0)
    stream.seek(len(_BOM) if stream.read(len(_BOM)) == _BOM else 0)
    try:
        for prefix, event, value in ijson.parse(stream, use_float=True):
            if len(prefix) > MAX_PREFIX:
                raise Rejected(Rejection.TOO_DEEP)
            yield prefix, event, value
    except UnicodeDecodeError as error:
        raise Rejected(Rejection.WRONG_ENCODING) from error
    except (ijson.JSONError, ValueError, OverflowError) as error:
        raise Rejected(Rejection.NOT_WELL_FORMED) from error


class Node:
    """A value of a document. What is absent or null is empty; what is of another type is refused."""

    def __init__(self, value: Any) -> None:  # noqa: ANN401 (anything may stand in a foreign document)
        self.value = value

    def __getitem__(self, name: str) -> "Node":
        """Give a member of an object; a member of nothing is nothing."""
        if self.value is None:
            return self
        if not isinstance(self.value, dict):
            raise Rejected(Rejection.SCHEMA)
        return Node(self.value.get(name))

    def __iter__(self) -> "Iterator[Node]":
        """Give the members of a list; nothing has none, and a single value is a list of itself."""
        if self.value is None:
            return iter(())
        return map(Node, self.value) if isinstance(self.value, list) else iter((self,))

    def __bool__(self) -> bool:
        return self.value is not None

    def names(self) -> list[str]:
        """Name an object's members."""
        if self.value is not None and not isinstance(self.value, dict):
            raise Rejected(Rejection.SCHEMA)
        return list(self.value or ())

    def text(self) -> str:
        """Read a text, or a number as one."""
        if self.value is None:
            return ""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int):
            raise Rejected(Rejection.SCHEMA)
        return str(self.value).strip()

    def required(self) -> str:
        """Read a text that must be there."""
        if not (text := self.text()):
            raise Rejected(Rejection.SCHEMA)
        return text

    def flag(self) -> bool | None:
        """Read a truth; some writers put it in quotes, and in many ways."""
        if self.value is None or isinstance(self.value, bool):
            return self.value
        known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": None}
        text = self.text().lower()
        if text not in known:
            raise Rejected(Rejection.SCHEMA)
        return known[text]

    def moment(self) -> datetime | None:
        """Read a time as UTC: ISO 8601, or .NET's milliseconds since 1970; one without a zone is UTC."""
        if not (text := self.text()):
            return None
        try:
            if found := _DOTNET.fullmatch(text):
                return datetime.fromtimestamp(int(found[1]) / 1000, UTC)
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            raise Rejected(Rejection.SCHEMA) from None
