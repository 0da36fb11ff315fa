"""Answers: the protocol's response documents and codes.

Codes and shapes are those of the protocol's public documentation (https://report.cybertip.org/ispws/documentation).
"""

from collections.abc import Sequence
from enum import Enum
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.responses import Response

from domain.draft import Refusal
from domain.report import Rejection


class Code(Enum):
    """A response code, what it says, and the HTTP status it goes with."""

    SUCCESS = (0, "Success", 200)
    SERVER_ERROR = (1000, "Server error", 503)
    FAULT = (1000, "Server error: a fault here", 500)
    NOT_FOUND = (1210, "Resource not found", 404)
    AUTHENTICATION_REQUIRED = (2000, "Authentication required", 401)
    NOT_AUTHORISED = (3000, "Not authorised", 403)
    INVALID_REQUEST = (4000, "Invalid request", 400)
    KEY_REUSED = (4000, "Invalid request: this Idempotency-Key came before, with another document", 400)
    OTHER_METHOD = (4000, "Invalid request: another method is wanted", 405)
    TOO_LARGE = (4000, "Invalid request: too large", 413)
    TOO_MANY_REQUESTS = (4000, "Invalid request: too many, wait and try again", 429)
    VALIDATION_FAILED = (4100, "Validation failed", 400)
    MALFORMED_XML = (4110, "Malformed XML submittal", 400)
    MALFORMED_FILE = (4200, "Malformed file submittal", 400)
    NO_REPORT = (5001, "Report does not exist", 404)
    NO_FILE = (5002, "File does not exist", 404)
    RETRACTED = (5101, "Report already retracted", 409)
    FINISHED = (5102, "Report already finished", 409)

    @property
    def number(self) -> int:
        """The protocol's own number."""
        return self.value[0]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.value[2]


OF_REFUSALS = {
    Refusal.UNKNOWN: Code.NO_REPORT,
    Refusal.FINISHED: Code.FINISHED,
    Refusal.RETRACTED: Code.RETRACTED,
    Refusal.NO_FILE: Code.NO_FILE,
    Refusal.CHANGED: Code.SERVER_ERROR,
    Refusal.OTHER_DOCUMENT: Code.KEY_REUSED,
}
OF_REJECTIONS = {
    Rejection.NOT_WELL_FORMED: Code.MALFORMED_XML,
    Rejection.FORBIDDEN_XML: Code.MALFORMED_XML,
    Rejection.WRONG_ENCODING: Code.MALFORMED_XML,
    Rejection.SCHEMA: Code.VALIDATION_FAILED,
    Rejection.IMPOSSIBLE_DATE: Code.VALIDATION_FAILED,
    Rejection.TOO_LARGE: Code.TOO_LARGE,
    Rejection.TOO_MANY: Code.TOO_LARGE,
}


class Answer(Exception):
    """A call that ends here, with this code."""

    def __init__(self, code: Code, detail: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.headers = headers


def answer(code: Code, detail: str = "", headers: dict[str, str] | None = None, **said: str) -> Response:
    """Write a `reportResponse`; `said` are `reportId`, `fileId` and `hash`, as far as they are known."""
    root = Element("reportResponse")
    SubElement(root, "responseCode").text = str(code.number)
    SubElement(root, "responseDescription").text = f"{code.value[1]}: {detail}" if detail else code.value[1]
    for name, value in said.items():
        SubElement(root, name).text = value
    return _xml(root, code.status, headers)


def done(number: int, file_ids: Sequence[str]) -> Response:
    """Write the `reportDoneResponse` of a finished report."""
    root = Element("reportDoneResponse")
    SubElement(root, "responseCode").text = "0"
    SubElement(root, "reportId").text = str(number)
    files = SubElement(root, "files")
    for file_id in file_ids:
        SubElement(files, "fileId").text = file_id
    return _xml(root, 200, None)


def _xml(root: Element, status: int, headers: dict[str, str] | None) -> Response:
    content = tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(content, status, headers, media_type="text/xml; charset=utf-8")
