"""VICS (JSON 2.0), written: one case with the media of a report; the shape that `tasks.reports.vics` reads.

A category's number means something else in each country, so none is written unless the desk's own numbers are
configured (`categories` in the file of desks); then it is the desk's number for the class that the reporter gave.
"""

import json
from typing import Any

from domain.media import Kind
from domain.report import FileAnnotation
from tasks.referring.contents import Entry, Opened, identifier

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/CUSTOM/$metadata#Cases"
_NAMED = {"sha1": "SHA1", "photodna": "PhotoDNA"}
"""Kinds of claimed hashes that have a field of their own, as their reporters write them in small letters."""


def write(opened: Opened) -> bytes:
    """Write the case of a package: what is a picture or a film, or is claimed to be."""
    report = opened.dossier.report
    media = [_medium(opened, entry) for entry in opened.entries if entry.file.named.claimed_kind is not Kind.OTHER]
    case = {
        "CaseID": str(opened.case_id),
        "CaseNumber": report.receipt.external_id,
        "SourceApplicationName": "Breakwater",
        "TotalMediaFiles": len(media),
        "TotalPrecategorized": sum("Category" in one for one in media),
        "Media": media,
    }
    return json.dumps({"@odata.context": CONTEXT, "value": [case]}, ensure_ascii=False, indent=1).encode()


def _medium(opened: Opened, entry: Entry) -> dict[str, Any]:
    named, content = entry.file.named, entry.file.content
    path = entry.path.replace("/", "\\")
    md5 = (content.digests.md5 if content else named.claimed_md5 or "").upper()
    fields, others = _claimed(entry)
    medium: dict[str, Any] = {"MediaID": named.file_id, "MD5": md5} | fields
    if content:
        others.append({"HashName": "SHA256", "HashValue": content.digests.sha256})
        medium |= {"SHA1": content.digests.sha1, "MimeType": content.media_type, "MediaSize": content.digests.size}
    number = opened.categories.get(named.classification or "")
    said = {
        "AlternativeHashes": others,
        "RelativeFilePath": path,
        "Category": number,
        "SelfGenerated": FileAnnotation.SELF_PRODUCTION in named.annotations or None,
        "IsPrecategorized": True if number is not None else None,
        "PrecategorizationSource": opened.dossier.report.receipt.reporter if number is not None else None,
        "MediaFiles": [_placed(opened, entry, md5, path)] if path else [],
    }
    return {key: value for key, value in (medium | said).items() if value not in ("", None, [])}


def _claimed(entry: Entry) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Give claimed hashes: those with a field of their own, and the others; SHA1 is ours where we hold the bytes."""
    fields: dict[str, str] = {}
    others: list[dict[str, str]] = []
    for each in sorted(entry.file.named.hashes, key=lambda one: (one.kind, one.value)):
        field = _NAMED.get(each.kind.lower().replace("-", "").replace("_", ""))
        if field and field not in fields and not (field == "SHA1" and entry.file.content):
            fields[field] = each.value
        else:
            others.append({"HashName": each.kind, "HashValue": each.value})
    return fields, others


def _placed(opened: Opened, entry: Entry, md5: str, path: str) -> dict[str, str]:
    folder, _, name = path.rpartition("\\")
    source = str(identifier("file", opened.dossier.case.report, str(entry.ordinal)))
    return {"MD5": md5, "FileName": name, "FilePath": folder, "SourceID": source}
