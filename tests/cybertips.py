"""CyberTips for the tests: small documents in the protocol's shape, and drops on disk."""

import hashlib
import json

REPORT = """<report>
  <incidentSummary>
    <incidentType>{incident_type}</incidentType>
    {summary}
    <incidentDateTime>2016-05-03T10:00:00Z</incidentDateTime>
  </incidentSummary>
  {internet}
  <reporter><reportingPerson><email>abuse@example.org</email></reportingPerson></reporter>
  {people}
</report>"""

POSSESSION = "Child Pornography (possession, manufacture, and distribution)"


def report_xml(
    incident_type=POSSESSION,
    summary="",
    internet="<internetDetails><webPageIncident><url>http://example.org/a</url></webPageIncident></internetDetails>",
    people="",
) -> bytes:
    """Write a `<report>`; what is not said is as plain as can be."""
    return REPORT.format(incident_type=incident_type, summary=summary, internet=internet, people=people).encode()


def details_xml(file_id: str, *, name: str = "a.jpg", md5: str = "", more: str = "") -> bytes:
    """Write the `<fileDetails>` of a file."""
    hash_ = f'<originalFileHash hashType="MD5">{md5}</originalFileHash>' if md5 else ""
    return (
        f"<fileDetails><reportId>1</reportId><fileId>{file_id}</fileId><fileName>{name}</fileName>"
        f"{more}{hash_}</fileDetails>"
    ).encode()


def write_drop(
    inbox, external_id: str, files=(), *, report=None, received_at="2016-05-03T10:05:00Z", reporter="esp-01"
):
    """Write a drop with the given contents of files; each is a content, or a pair of details and content."""
    drop = inbox / external_id
    drop.mkdir(parents=True)
    receipt = {"external_id": external_id, "reporter": reporter, "source": "esp", "received_at": received_at}
    (drop / "receipt.json").write_text(json.dumps(receipt))
    (drop / "report.xml").write_bytes(report_xml() if report is None else report)
    for number, file in enumerate(files):
        file_id = f"{number:016x}"
        plain = isinstance(file, bytes)
        content = file if plain else file[1]
        details = details_xml(file_id, md5=hashlib.md5(content).hexdigest()) if plain else file[0]
        (drop / f"{file_id}.xml").write_bytes(details)
        if content is not None:
            (drop / f"{file_id}.bin").write_bytes(content)
    return drop
