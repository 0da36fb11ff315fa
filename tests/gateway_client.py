"""A small client of the CyberTipline reporting protocol, written from its published format."""

from dataclasses import dataclass, field
from xml.etree.ElementTree import fromstring

import httpx


@dataclass
class Answered:
    """What the receiving side answered."""

    status: int
    code: int
    said: dict[str, str]
    files: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


class Client:
    """Speaks for one reporter."""

    def __init__(self, base: str, name: str, password: str) -> None:
        self.http = httpx.Client(base_url=base, auth=(name, password), timeout=60)

    def status(self) -> Answered:
        return self.answered(self.http.get("/ispws/status"))

    def submit(self, report: bytes, key: str = "") -> Answered:
        headers = {"Content-Type": "text/xml; charset=UTF-8", **({"Idempotency-Key": key} if key else {})}
        return self.answered(self.http.post("/ispws/submit", content=report, headers=headers))

    def upload(self, number: str, content: bytes, name: str = "a.jpg") -> Answered:
        files = {"file": (name, content, "application/octet-stream")}
        return self.answered(self.http.post("/ispws/upload", data={"id": number}, files=files))

    def fileinfo(self, details: bytes) -> Answered:
        headers = {"Content-Type": "text/xml; charset=UTF-8"}
        return self.answered(self.http.post("/ispws/fileinfo", content=details, headers=headers))

    def finish(self, number: str) -> Answered:
        return self.answered(self.http.post("/ispws/finish", data={"id": number}))

    def retract(self, number: str) -> Answered:
        return self.answered(self.http.post("/ispws/retract", files={"id": (None, number)}))

    @staticmethod
    def answered(response: httpx.Response) -> Answered:
        assert response.headers["content-type"].startswith("text/xml"), response.text
        root = fromstring(response.content)
        assert root.tag in {"reportResponse", "reportDoneResponse"}
        said = {child.tag: child.text or "" for child in root}
        files = [each.text or "" for each in root.findall("files/fileId")]
        return Answered(response.status_code, int(said.pop("responseCode")), said, files, dict(response.headers))
