"""The adapters that the contract suites run against, on real servers."""

import secrets

import pytest
from servers.postgres import running_postgres
from servers.s3 import running_s3

from infra.blobs.directory import DirectoryObjects
from infra.blobs.naming import Naming
from infra.blobs.s3 import S3Objects, s3_client
from infra.blobs.sealed import SealedBlobs
from infra.ledger.engine import connect
from infra.stack.s3 import ACCESS_KEY, REGION
from infra.wrapping import LocalKeys


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
def objects(request, tmp_path):
    if request.param == "directory":
        return DirectoryObjects(tmp_path / "blobs")
    server = request.getfixturevalue(request.param)
    client = s3_client(server.endpoint, ACCESS_KEY, server.secret_key, REGION, secure=False)
    store = S3Objects(client, f"test-{secrets.token_hex(4)}")
    store.make_bucket()
    return store


class Book(dict):
    """Wrapped keys in memory, as the ledger keeps them: the first one recorded stays."""

    def find(self, key):
        return self.get(key)

    def record(self, stored):
        if stored.sealed:
            self.setdefault(stored.blob, stored.sealed)


@pytest.fixture
def book():
    return Book()


@pytest.fixture
def blobs(objects, book):
    return SealedBlobs(objects, Naming(secrets.token_bytes(32)), LocalKeys([secrets.token_bytes(32)]), book)


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
