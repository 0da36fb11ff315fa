"""The adapters that the contract suites run against, on real servers."""

import secrets

import pytest
from servers.postgres import running_postgres
from servers.s3 import running_s3

from infra.blobs.directory import DirectoryBlobs
from infra.blobs.naming import Naming
from infra.blobs.s3 import S3Blobs, s3_client
from infra.ledger.engine import connect
from infra.stack.s3 import ACCESS_KEY, REGION


@pytest.fixture(scope="session")
def postgres():
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def seaweedfs():
    with running_s3("seaweedfs") as server:
        yield server


@pytest.fixture(scope="session")
def minio():
    with running_s3("minio") as server:
        yield server


@pytest.fixture(params=["directory", "seaweedfs", "minio"])
def blobs(request, tmp_path):
    naming = Naming(secrets.token_bytes(32))
    if request.param == "directory":
        return DirectoryBlobs(tmp_path / "blobs", naming)
    server = request.getfixturevalue(request.param)
    client = s3_client(server.endpoint, ACCESS_KEY, server.secret_key, REGION, secure=False)
    store = S3Blobs(client, f"test-{secrets.token_hex(4)}", naming)
    store.make_bucket()
    return store


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request, tmp_path):
    if request.param == "sqlite":
        engine = connect(f"sqlite:///{tmp_path / 'ledger.db'}")
    else:
        server = request.getfixturevalue("postgres")
        name = f"test_{secrets.token_hex(4)}"
        server.make_databases(name)
        engine = connect(server.url(name))
    yield engine
    engine.dispose()
