"""The HTTP service: routes of the protocol, each answered once what it says is durable."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from apps.gateway import desk
from apps.gateway.access import Access
from apps.gateway.answers import OF_REFUSALS, Answer, Code, answer, done
from apps.gateway.uploads import read_form, store_upload
from apps.gateway.writer import Writer
from domain.draft import Refusal
from domain.errors import BlobMissing, DraftRefused, Rejected
from infra.failures import AWAY
from infra.ledger.reporters import Account
from infra.world import world

EXPIRY_SECONDS = 300.0
"""How often drafts that were left open are looked for."""

Result = TypeVar("Result")


class Gateway:
    """The service's own state: its writer, and who may call."""

    def __init__(self) -> None:
        settings = world().settings
        self.writer = Writer()
        self.access = Access(settings.gateway_rate)
        self.max_document = settings.max_xml_bytes
        self.max_upload = settings.max_upload_bytes

    async def written(self, future: "Future[Result]") -> Result:
        """Wait until something is durable."""
        return await asyncio.wrap_future(future)

    def account(self, request: Request) -> Account:
        """Tell who calls."""
        return self.access.account(request.headers.get("authorization", ""))

    async def status(self, request: Request) -> Response:
        """GET /ispws/status: whether the gateway is there, and knows the caller."""
        self.account(request)
        return answer(Code.SUCCESS)

    async def submit(self, request: Request) -> Response:
        """POST /ispws/submit: open a report with its `<report>`."""
        account, document = self.account(request), await _document(request, self.max_document)
        key = request.headers.get("idempotency-key", "")
        try:
            operation = await run_in_threadpool(desk.submission, account, document, key)
        except Rejected as error:
            await self._refuse(account, document, error)
        return answer(Code.SUCCESS, reportId=str(await self.written(self.writer.submit(operation))))

    async def upload(self, request: Request) -> Response:
        """POST /ispws/upload: add a file, streamed; its MD5 comes back."""
        account, kind = self.account(request), request.headers.get("content-type", "")

        async def coming(number: str) -> None:
            await self.written(self.writer.submit(desk.coming(account, desk.numbered(number))))

        with world().blobs.draft() as draft:
            fields, stored = await store_upload(request.stream(), kind, draft, self.max_upload, coming)
        try:
            number = desk.numbered(fields.get("id", ""))
            file_id = await self.written(self.writer.submit(desk.upload(account, number, stored)))
        except (Answer, DraftRefused):
            await run_in_threadpool(desk.discard, stored)
            raise
        return answer(Code.SUCCESS, reportId=str(number), fileId=file_id, hash=stored.digests.md5)

    async def fileinfo(self, request: Request) -> Response:
        """POST /ispws/fileinfo: add what the reporter says of a file."""
        account, document = self.account(request), await _document(request, self.max_document)
        try:
            number, operation = await run_in_threadpool(desk.details, account, document)
        except Rejected as error:
            await self._refuse(account, document, error)
        await self.written(self.writer.submit(operation))
        return answer(Code.SUCCESS, reportId=str(number))

    async def finish(self, request: Request) -> Response:
        """POST /ispws/finish: the report is whole, and goes into the ledger."""
        account = self.account(request)
        number = desk.numbered((await _form(request)).get("id", ""))
        for last in (False, False, True):
            try:
                operation = await run_in_threadpool(desk.completion, account, number)
                return done(
                    number,
                    operation if isinstance(operation, list) else await self.written(self.writer.submit(operation)),
                )
            except DraftRefused as refused:
                if last or refused.args[0] is not Refusal.CHANGED:
                    raise
        raise AssertionError

    async def retract(self, request: Request) -> Response:
        """POST /ispws/retract: the report was a mistake; nothing of it is kept."""
        account = self.account(request)
        number = desk.numbered((await _form(request)).get("id", ""))
        await self.written(self.writer.submit(desk.retraction(account, number)))
        return answer(Code.SUCCESS, reportId=str(number))

    async def xsd(self, request: Request) -> Response:
        """GET /ispws/xsd: there is none; the protocol's owner publishes it."""
        self.account(request)
        return answer(Code.NOT_FOUND, "ask the protocol's owner for its schema")

    async def expire(self) -> None:
        """Remove drafts that were left open, now and then."""
        while True:
            with suppress(*AWAY):  # the next time will do
                await self.written(self.writer.submit(desk.expiry))
            await asyncio.sleep(EXPIRY_SECONDS)

    async def _refuse(self, account: Account, document: bytes, error: Rejected) -> None:
        """Keep what does not validate, and answer why."""
        operation, told = await run_in_threadpool(desk.rejection, account, document, error)
        await self.written(self.writer.submit(operation))
        raise told


def make_app() -> Starlette:
    """Make the service over this process's world."""
    gateway = Gateway()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        logging.getLogger("uvicorn.error").addFilter(without_content)  # where the server tells of faults
        expiring = asyncio.create_task(gateway.expire())
        yield
        expiring.cancel()
        await run_in_threadpool(gateway.writer.close)

    calls = {"GET": ("status", "xsd"), "POST": ("submit", "upload", "fileinfo", "finish", "retract")}
    routes = [
        Route(f"/ispws/{name}", getattr(gateway, name), methods=[method])
        for method, names in calls.items()
        for name in names
    ]
    return Starlette(routes=routes, exception_handlers=_TOLD, lifespan=lifespan)


def _ended(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Answer)
    return answer(error.code, error.detail, error.headers)


def _refused(_request: Request, error: Exception) -> Response:
    return answer(OF_REFUSALS[error.args[0]])


def _away(_request: Request, _error: Exception) -> Response:
    return answer(Code.SERVER_ERROR, "try again", {"Retry-After": "5"})


def _no_such_call(_request: Request, error: Exception) -> Response:
    """Answer a path or a method that the protocol does not have."""
    assert isinstance(error, HTTPException)
    return answer(Code.OTHER_METHOD if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else Code.NOT_FOUND)


def _fault(_request: Request, _error: Exception) -> Response:
    return answer(Code.FAULT)


def without_content(record: logging.LogRecord) -> bool:
    """Leave of an exception where it was raised and its name: its own words may repeat what a reporter sent."""
    if record.exc_info and record.exc_info[0]:
        kind, _, trace = record.exc_info
        record.msg += f"{''.join(traceback.format_tb(trace))}{kind.__name__}"
        record.exc_info = None
    return True


Told = Callable[[Request, Exception], Response | Awaitable[Response]]
_TOLD: dict[type[Exception], Told] = {
    Answer: _ended,
    DraftRefused: _refused,
    **dict.fromkeys((*AWAY, BlobMissing, ClientDisconnect), _away),
    HTTPException: _no_such_call,
    Exception: _fault,
}


async def _document(request: Request, most: int) -> bytes:
    """Read a document, bounded."""
    if request.headers.get("content-type", "").split(";")[0].strip() not in {"text/xml", "application/xml"}:
        raise Answer(Code.INVALID_REQUEST, "Content-Type text/xml is wanted")
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            raise Answer(Code.TOO_LARGE)
    return bytes(content)


async def _form(request: Request) -> dict[str, str]:
    """Read a small form, of either of the two kinds that clients send."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        return await read_form(request.stream(), kind)
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > 4096:
            raise Answer(Code.TOO_LARGE)
    return {name: values[0] for name, values in parse_qs(content.decode(errors="replace")).items()}
