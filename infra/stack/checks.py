"""Checks: one real operation on each part, and what mends it where that fails."""

import operator
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, select
from sqlalchemy.exc import SQLAlchemyError
from urllib3.exceptions import HTTPError

from domain.errors import BlobCorrupt, BreakwaterError, InvalidSettings, ServiceFailed
from domain.media import BlobKey, Sealed
from domain.model import Role
from infra import keys
from infra.blobs.naming import Naming
from infra.blobs.opening import open_objects
from infra.blobs.sealed import SealedBlobs
from infra.ledger.engine import connect
from infra.ledger.schema import hash_list
from infra.registry import Registry
from infra.settings import Settings
from infra.stack.prefect import POOLS, online
from infra.wrapping import open_wrapping

MIGRATIONS = Path(__file__).parents[1] / "migrations"

ROOM = 2**30
"""Bytes that must be free in the data folder."""

FAILURES = (OSError, RuntimeError, BreakwaterError, SQLAlchemyError, HTTPError)
"""What a part that does not work raises; anything else is a bug of ours."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found of one part: what was seen if it works, what mends it if not."""

    part: str
    works: bool
    told: str


@dataclass(frozen=True, slots=True)
class Check:
    """A question to one part: gives what it saw, or raises one of `FAILURES`."""

    part: str
    ask: Callable[[Settings], str]
    mend: str

    def find(self, settings: Settings) -> Finding:
        """Ask."""
        try:
            return Finding(self.part, works=True, told=self.ask(settings))
        except FAILURES as failure:
            reason = (str(failure).splitlines() or [""])[0]
            return Finding(self.part, works=False, told=f"{type(failure).__name__}: {reason}. {self.mend}")


def data_folder(settings: Settings) -> str:
    """Write into the data folder, and look how much room is left."""
    settings.root.mkdir(parents=True, exist_ok=True)
    probe = settings.root / f".probe-{secrets.token_hex(4)}"
    probe.write_bytes(b"breakwater")
    probe.unlink()
    free = shutil.disk_usage(settings.root).free
    if free < ROOM:
        raise OSError(f"{free / 2**20:.0f} MiB are free in {settings.root}, fewer than {ROOM / 2**20:.0f}")
    return f"{settings.root}, {free / 2**30:.0f} GiB free"


def blob_store(settings: Settings) -> str:
    """Write, read and remove a small file, sealed."""
    objects, wrapping = open_objects(settings), open_wrapping(settings)
    naming = Naming(keys.load_or_make(settings.name_key_file))
    blobs = SealedBlobs(objects, naming, wrapping, _EmptyBook())
    content = f"breakwater probe {secrets.token_hex(8)}".encode()
    stored = blobs.store(BytesIO(content))
    blobs.flush()
    assert stored.sealed is not None
    if blobs.unseal(stored.blob, stored.sealed) != content:
        raise BlobCorrupt("what was written is not what is read back; look at the disk or the S3 server")
    blobs.discard(stored.sealed.object)
    return settings.blobs_url


class _EmptyBook:
    """No file is held already: the probe is always new."""

    def find(self, _key: BlobKey) -> Sealed | None:
        """Find nothing."""
        return None


def ledger(settings: Settings) -> str:
    """Compare the schema with the newest, write a row, and take it back."""
    engine = connect(settings.ledger_url)
    try:
        with engine.connect() as connection:
            stands = MigrationContext.configure(connection).get_current_revision()
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            newest = ScriptDirectory.from_config(config).get_current_head()
            if stands != newest:
                raise InvalidSettings(f"the ledger's schema is {stands or 'not there'}, the newest is {newest}")
            name = f"probe {secrets.token_hex(8)}"
            connection.execute(hash_list.insert().values(name=name))
            connection.execute(select(hash_list.c.name).where(hash_list.c.name == name)).one()
            connection.rollback()
    finally:
        engine.dispose()
    return f"{make_url(settings.ledger_url).render_as_string(hide_password=True)}, schema {stands}"


def registry(settings: Settings) -> str:
    """Name the champion classifier."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 (slow to import)

    try:
        return str(Registry(settings.mlflow_url, settings.root).resolve(Role.CLASSIFIER))
    except MlflowException as failure:
        raise ServiceFailed(f"the registry at BREAKWATER_MLFLOW fails: {failure.error_code}") from failure


def inference(_settings: Settings) -> str:
    """Run a model of one node."""
    import numpy as np  # noqa: PLC0415 (`breakwater up` imports this module and runs no model)
    import onnx  # noqa: PLC0415
    import onnxruntime  # noqa: PLC0415

    value = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Neg", ["x"], ["y"])], "probe", value[:1], value[1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (negated,) = session.run(None, {"x": np.ones(1, np.float32)})
    if negated.tolist() != [-1]:
        raise RuntimeError("a model of one node gives wrong numbers")
    return f"onnxruntime {onnxruntime.__version__}"


def prefect(_settings: Settings) -> str:
    """Ask Prefect, where one is named, for a worker that is online."""
    from prefect.settings import get_current_settings  # noqa: PLC0415 (slow to import)

    api = get_current_settings().api.url
    if not api:
        return "PREFECT_API_URL is not set: each command starts a server of its own"
    for pool in POOLS:
        if not online(api, pool):
            raise ServiceFailed(f"{api} does not answer, or its pool {pool} has no worker online")
    return f"{api}, a worker of each pool is online"


def dask(settings: Settings) -> str:
    """Have a worker add one and one, where a scheduler is named."""
    if not settings.dask:
        return f"BREAKWATER_DASK is not set: each run starts {settings.workers} workers of its own"
    from distributed import Client  # noqa: PLC0415 (slow to import)

    with Client(settings.dask, timeout=10, set_as_default=False) as client:
        if client.submit(operator.add, 1, 1, pure=False).result(timeout=30) != 2:
            raise RuntimeError("a worker gives wrong numbers")
        return f"{settings.dask}, {len(client.scheduler_info(n_workers=-1)['workers'])} workers"


CHECKS = (
    Check("data folder", data_folder, "Set BREAKWATER_DATA to a folder with room that you may write to"),
    Check("blob store", blob_store, "See BREAKWATER_BLOBS and its keys, and whether the server runs"),
    Check("ledger", ledger, "See BREAKWATER_LEDGER; `breakwater up` starts and migrates one"),
    Check("registry", registry, "Start it with `breakwater up`, which registers the reference model; or run the demo"),
    Check("inference", inference, "Install what uv.lock names again"),
    Check("Prefect", prefect, "Start it with `breakwater up`, or unset PREFECT_API_URL"),
    Check("Dask", dask, "Start it with `breakwater up`, or unset BREAKWATER_DASK"),
)
