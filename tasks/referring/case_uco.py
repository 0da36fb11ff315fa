"""CASE/UCO (JSON-LD), written: the report as an investigation, its files with digests, and the countries named.

The classes and properties are those of CASE 1.5 and the UCO under it (https://caseontology.org). Who is involved stands
in `report.json` alone: the ontology's identities would claim that an account is a person.
"""

import json
from typing import Any

from tasks.referring.contents import Entry, Opened, identifier

CONTEXT = {
    "kb": "http://example.org/kb/",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-location": "https://ontology.unifiedcyberontology.org/uco/location/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

Thing = dict[str, Any]


def write(opened: Opened) -> bytes:
    """Write the graph of a package."""
    things = [*_files(opened), *_places(opened)]
    references = [{"@id": each["@id"]} for each in things]
    report = opened.dossier.report
    investigation: Thing = {
        "@id": f"kb:investigation-{opened.case_id}",
        "@type": "case-investigation:Investigation",
        "uco-core:name": report.receipt.external_id,
        "uco-core:description": str(report.incident_type or "a report without a type"),
        "uco-core:objectCreatedTime": _moment(report.receipt.received_at.isoformat()),
    }
    bundle: Thing = {
        "@id": f"kb:bundle-{identifier('bundle', opened.dossier.case.report)}",
        "@type": "uco-core:Bundle",
        "uco-core:name": "simulated: nothing here is real" if opened.simulated else "referral",
        "uco-core:object": [{"@id": investigation["@id"]}, *references],
    }
    if references:
        investigation["uco-core:object"] = references
    graph = {"@context": CONTEXT, "@graph": [bundle, investigation, *things]}
    return json.dumps(graph, ensure_ascii=False, indent=1).encode()


def _files(opened: Opened) -> list[Thing]:
    return [_file(opened, entry) for entry in opened.entries]


def _file(opened: Opened, entry: Entry) -> Thing:
    named, content = entry.file.named, entry.file.content

    def of(kind: str) -> str:
        return f"kb:{kind}-{identifier(kind, opened.dossier.case.report, str(entry.ordinal))}"

    digests = content.digests if content else None
    told = (
        [("MD5", digests.md5), ("SHA1", digests.sha1), ("SHA256", digests.sha256)]
        if digests
        else [("MD5", named.claimed_md5)] if named.claimed_md5 else []
    )  # fmt: skip
    facet: Thing = {"@id": of("content-facet"), "@type": "uco-observable:ContentDataFacet"}
    if told:
        facet["uco-observable:hash"] = [_hash(of(f"hash-{method.lower()}"), method, value) for method, value in told]
    if content:
        facet["uco-observable:mimeType"] = content.media_type
        facet["uco-observable:sizeInBytes"] = {"@type": "xsd:integer", "@value": str(content.digests.size)}
    name: Thing = {
        "@id": of("file-facet"),
        "@type": "uco-observable:FileFacet",
        "uco-observable:fileName": entry.path or named.file_id,
    }
    return {"@id": of("file"), "@type": "uco-observable:File", "uco-core:hasFacet": [name, facet]}


def _hash(name: str, method: str, value: str) -> Thing:
    return {
        "@id": name,
        "@type": "uco-types:Hash",
        "uco-types:hashMethod": method,
        "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": value},
    }


def _places(opened: Opened) -> list[Thing]:
    """Give each country that is named, with whose it is."""
    found = sorted(opened.dossier.report.locations, key=lambda one: (one.country, one.role))
    return [
        {
            "@id": f"kb:location-{identifier('location', opened.dossier.case.report, one.country, one.role)}",
            "@type": "uco-location:Location",
            "uco-core:description": f"country of: {one.role}",
            "uco-core:hasFacet": [
                {
                    "@id": f"kb:address-{identifier('address', opened.dossier.case.report, one.country, one.role)}",
                    "@type": "uco-location:SimpleAddressFacet",
                    "uco-location:country": one.country,
                }
            ],
        }
        for one in found
    ]


def _moment(text: str) -> Thing:
    return {"@type": "xsd:dateTime", "@value": text}
