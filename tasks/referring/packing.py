"""Packing: the files of a package behind their signed manifest, as a tar that is made while it is sealed.

The manifest comes first, so that a recipient verifies each file as it comes. A package is a function of the decision
and of what is held: made again, it is the same, and has the same number.
"""

import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from domain.intake import HeldFile
from infra.world import world
from tasks.referring import case_uco, police_json, summary, vics
from tasks.referring.contents import Opened, enclosed

FORMAT = "breakwater package 1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
_DOCUMENTS = (
    ("report.json", "application/json", police_json.write),
    ("media.vics.json", "application/json", vics.write),
    ("case.jsonld", "application/ld+json", case_uco.write),
    ("summary.html", "text/html", summary.write),
)


@dataclass(frozen=True, slots=True)
class Package:
    """A package that can be sealed.

    Attributes:
        number: keyed digest (32 hex digits) of all that is in it.
        documents: what was written for it, by path: the manifest and its signature first.
        stored: files that the store holds, by path.
        moment: when the case was decided, in seconds since 1970.
    """

    number: str
    documents: Mapping[str, bytes]
    stored: Mapping[str, HeldFile]
    moment: int

    def pieces(self) -> Iterator[bytes]:
        """Give the package piece by piece, in the clear; media is opened as it comes."""
        for path, content in self.documents.items():
            yield from _member(path, len(content), self.moment, [content])
        for path, held in self.stored.items():
            yield from _member(path, held.digests.size, self.moment, world().blobs.pieces(held.blob))
        yield bytes(2 * tarfile.BLOCKSIZE)


def pack(opened: Opened) -> Package:
    """Write the documents of a package, and sign its manifest. No file is opened yet."""
    written = {path: (kind, write(opened)) for path, kind, write in _DOCUMENTS}
    stored = dict(enclosed(opened))
    files = [
        _listed(path, len(content), sha256(content).hexdigest(), kind) for path, (kind, content) in written.items()
    ]
    files += [_listed(path, held.digests.size, held.digests.sha256, held.media_type) for path, held in stored.items()]
    case = opened.dossier.case
    told: dict[str, Any] = {
        "format": FORMAT,
        "simulated": opened.simulated,
        "desk": opened.desk.code,
        "case": str(opened.case_id),
        "detail": case.detail,
        "decided_at": case.at.isoformat(),
        "sender": world().signer.public,
        "sealed_to": opened.sealed_to,
        "files": files,
        "withheld": [{"file": each.ordinal, "why": each.withheld} for each in opened.entries if each.withheld],
    }
    number = world().surrogate("package", case.report, json.dumps(told, sort_keys=True))
    manifest = json.dumps({"package": number} | told, indent=1).encode()
    front = {MANIFEST: manifest, SIGNATURE: world().signer.sign(manifest)}
    documents = front | {path: content for path, (_, content) in written.items()}
    return Package(number, documents, stored, int(case.at.timestamp()))


def _listed(path: str, size: int, digest: str, media_type: str) -> dict[str, Any]:
    return {"path": path, "size": size, "sha256": digest, "type": media_type}


def _member(path: str, size: int, moment: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Give a member of a tar (pax; ustar below 8 GiB): its header, its bytes, and zeros up to a whole block."""
    header = tarfile.TarInfo(path)
    header.size, header.mtime, header.mode = size, moment, 0o600
    yield header.tobuf(tarfile.PAX_FORMAT)
    yield from pieces
    yield bytes(-size % tarfile.BLOCKSIZE)
