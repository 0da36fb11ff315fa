"""Uploads: multipart bodies parsed as they come, each file sealed on its way into the store.

Nothing is spooled: a web framework's own form parser writes large files to disk in the clear.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from apps.gateway.answers import Answer, Code
from domain.media import Stored
from domain.ports import Draft

FIELD_BYTES = 256
"""Bytes of a plain field, at most; a report's number has ten."""

HEADER_BYTES = 4096

PARTS = 16
"""Parts of a form, at most; an upload has two."""

FORM_BYTES = 2**16
"""Bytes of a body beside those of its file, at most."""

AT_ONCE = 2**20
"""Bytes that are digested and sealed together, away from the loop that serves everyone."""

HEARD_AGAIN = 300.0
"""Seconds of an upload after which its draft is told again that it comes; a draft waits for an hour."""

Coming = Callable[[str], Awaitable[None]]
"""Told to which report a file is coming, while it comes; raises where that report takes none."""


@dataclass(slots=True)
class _Part:
    """The part that is being read."""

    name: str = ""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    header: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)


class Form:
    """A form with plain fields and one file, which goes to `draft` piece by piece."""

    def __init__(self, content_type: str, draft: Draft | None, max_bytes: int) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary or len(boundary) > 200:
            raise Answer(Code.MALFORMED_FILE, "multipart/form-data with a boundary is wanted")
        self.fields: dict[str, str] = {}
        self.files = 0
        self.whole = False
        self._draft = draft
        self._left = max_bytes
        self._body_left = max_bytes + FORM_BYTES
        self._parts = 0
        self._part = _Part()
        self._parser = MultipartParser(boundary, {
            "on_part_begin": self._begin, "on_header_field": self._header_field, "on_header_value": self._header_value,
            "on_header_end": self._header_end, "on_headers_finished": self._headers_finished,
            "on_part_data": self._data, "on_part_end": self._end, "on_end": self._finish,
        })  # fmt: skip

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            Answer: it is no such form, or too large.
        """
        self._body_left -= len(piece)
        if self._body_left < 0:
            raise Answer(Code.TOO_LARGE)
        try:
            self._parser.write(piece)
        except FormParserError:
            raise Answer(Code.MALFORMED_FILE, "the body is no multipart form") from None

    def _begin(self) -> None:
        self._part = _Part()
        self._parts += 1
        self._bound(self._parts, PARTS)

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]
        self._bound(len(self._part.header), HEADER_BYTES)

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]
        self._bound(len(self._part.value), HEADER_BYTES)

    def _header_end(self) -> None:
        part = self._part
        part.headers[bytes(part.header).lower()] = bytes(part.value)
        part.header.clear()
        part.value.clear()
        self._bound(len(part.headers), 16)

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._part.headers.get(b"content-disposition", b""))
        self._part.name = options.get(b"name", b"").decode(errors="replace")
        self.files += self._part.name == "file"
        if self.files > 1:
            raise Answer(Code.MALFORMED_FILE, "one file at a time")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name == "file" and self._draft is not None:
            self._left -= end - start
            if self._left < 0:
                raise Answer(Code.TOO_LARGE)
            self._draft.write(data[start:end])
            return
        self._part.value += data[start:end]
        self._bound(len(self._part.value), FIELD_BYTES)

    def _end(self) -> None:
        if self._part.name != "file":
            self.fields[self._part.name] = self._part.value.decode(errors="replace")

    def _finish(self) -> None:
        self.whole = True

    def _bound(self, size: int, most: int) -> None:
        if size > most:
            raise Answer(Code.MALFORMED_FILE, "a field or a header is too long")


async def read_form(body: AsyncIterator[bytes], content_type: str) -> dict[str, str]:
    """Read a small form of plain fields."""
    form = Form(content_type, None, 0)
    async for piece in body:
        form.feed(piece)
    return form.fields


async def store_upload(
    body: AsyncIterator[bytes], content_type: str, draft: Draft, max_bytes: int, coming: Coming
) -> tuple[dict[str, str], Stored]:
    """Read a form with one file, and store it as it comes.

    What comes in more than one piece is told to `coming` once its `id` has come, and now and then while it lasts.

    Raises:
        Answer: it is no such form, too large, or cut off.
    """
    form, waiting = Form(content_type, draft, max_bytes), bytearray()
    told, due = False, time.monotonic() + HEARD_AGAIN
    async for piece in body:
        waiting += piece
        if len(waiting) < AT_ONCE and time.monotonic() < due:
            continue
        await run_in_threadpool(form.feed, bytes(waiting))
        waiting.clear()
        if "id" in form.fields and not (told and time.monotonic() < due):
            await coming(form.fields["id"])
            told, due = True, time.monotonic() + HEARD_AGAIN
    return await run_in_threadpool(_stored, form, bytes(waiting), draft)


def _stored(form: Form, rest: bytes, draft: Draft) -> tuple[dict[str, str], Stored]:
    form.feed(rest)
    if not form.whole or form.files != 1:
        raise Answer(Code.MALFORMED_FILE, "the body ends too early, or holds no file")
    return form.fields, draft.store()
