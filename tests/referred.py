"""A world with a report to refer: drawn pictures, made-up people of reserved ranges, and desks with keys."""

import io
import json
import secrets

from cybertips import details_xml, report_xml, write_drop
from PIL import Image
from sqlalchemy import select

from infra.envelopes import public_of
from infra.ledger import schema
from infra.ledger.engine import reading
from infra.world import world
from tasks.reports.drops import drops_in
from tasks.reports.intake import _record, take_batch

VIEWED = "<fileViewedByEsp>true</fileViewedByEsp>"
UNSEEN = "<fileViewedByEsp>false</fileViewedByEsp>"
CLASSED = (
    "<fileAnnotations><possibleSelfProduction>true</possibleSelfProduction></fileAnnotations>"
    "<industryClassification>B1</industryClassification>"
)
PEOPLE = """
  <personOrUserReported>
    <personOrUserReportedPerson>
      <firstName>Otto</firstName><lastName>Example</lastName>
      <email>otto@example.org</email>
      <address><address>1 Example Street</address><city>Sampletown</city><zipCode>00000</zipCode><state>CA</state>
        <country>US</country></address>
    </personOrUserReportedPerson>
    <espIdentifier>otto-17</espIdentifier>
    <ipCaptureEvent><ipAddress>192.0.2.17</ipAddress></ipCaptureEvent>
  </personOrUserReported>
  <victim><victimPerson><address><country>DE</country></address></victimPerson></victim>
"""
CANARIES = ("otto@example.org", "Example Street", "192.0.2.17", "otto-17")
"""What stands in the report and nowhere in the open."""

MEDIA = {"media": True}


def picture(scene, number):
    """Draw a picture as PNG."""
    content = io.BytesIO()
    Image.fromarray(scene(number, 48, 64)).save(content, "PNG")
    return content.getvalue()


def take_report(data, scene, name="tip-1", people=PEOPLE, stray=None, **said):
    """Take in a report of four files: viewed, not viewed, broken, and one whose bytes never came. Gives its id.

    `stray` are files that lie in its drop as well, by name.
    """
    files = [
        (details_xml(f"{0:016x}", name="a.png", more=VIEWED + CLASSED), picture(scene, 1)),
        (details_xml(f"{1:016x}", name="b.png", more=UNSEEN), picture(scene, 2)),
        (details_xml(f"{2:016x}", name="c.png", more=VIEWED, md5="0" * 32), picture(scene, 3)),
        (details_xml(f"{3:016x}", name="d.jpg", md5="ab" * 16), None),
    ]
    drop = write_drop(data / "inbox", name, files, report=report_xml(people=people, **said))
    for stray_name, content in (stray or {}).items():
        (drop / stray_name).write_bytes(content)
    _record(take_batch(drops_in(data / "inbox", "test")))
    with reading(world().ledger) as connection:
        return connection.scalar(select(schema.report.c.id).where(schema.report.c.external_id == name))


def write_desks(data, monkeypatch, **desks):
    """Give desks an outbox and a key each; returns the private keys by desk. Codes have _ for -."""
    keys, lines = {}, []
    for name, said in desks.items():
        code = name.replace("_", "-")
        keys[code] = secrets.token_bytes(32)
        outbox = f"file://{data / 'out' / code}"
        told = {"outbox": outbox, "key": public_of(keys[code]), **said}
        lines += [f"[{code}]", *(f"{key} = {toml(value)}" for key, value in told.items()), ""]
    (data / "desks.toml").write_text("\n".join(lines))
    monkeypatch.setenv("BREAKWATER_DESKS", str(data / "desks.toml"))
    forget()
    return keys


def toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)


def forget():
    """Have the next call read the settings anew."""
    world().ledger.dispose()
    world.cache_clear()


def rows(table):
    """Read a table."""
    with reading(world().ledger) as connection:
        return connection.execute(select(table)).mappings().all()


def packages(data, code):
    """Name what lies in a desk's outbox."""
    return sorted((data / "out" / code).glob("*")) if (data / "out" / code).exists() else []
