"""What tests of looking share: inputs of networks, and files that are stored to be looked at."""

import io

from domain.media import Kind
from infra.ledger import reports, schema, sealed
from infra.ledger.engine import upsert
from infra.world import world
from models.inputs import Input
from tasks.looking import Look, View
from tasks.reports.taking import hold


def told(side, resize="stretch"):
    return Input(name="image", layout="NCHW", height=side, width=side, colour="RGB", dtype="float32",
                 mean=(0, 0, 0), std=(1, 1, 1), resize=resize)  # fmt: skip


VIEW = View((told(32), told(24, "crop")), (told(48, "letterbox"),))


def stored(content, kind=Kind.IMAGE):
    """Store a file, its row in the ledger too, and give what is to be looked at."""
    one = hold(world().blobs.store(io.BytesIO(content)))
    world().blobs.flush()
    with world().ledger.begin() as connection:
        upsert(connection, schema.blob, [reports._blob(one)])
        sealed.record(connection, {one.blob: one.sealed} if one.sealed else {})
    return Look(one.blob, kind, VIEW)
