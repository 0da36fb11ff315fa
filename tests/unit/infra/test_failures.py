"""Failures: what waiting may mend is told from bad data and from bugs."""

import pytest
from minio.error import ServerError
from mlflow.exceptions import MlflowException, RestException
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from urllib3.exceptions import MaxRetryError, ProtocolError

from domain.errors import BlobCorrupt, BlobMissing, BreakwaterError, InvalidSettings, Rejected, Unreadable
from infra.failures import of_the_world


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "refused"),
        TimeoutError("too long"),
        OSError(28, "no space"),
        OperationalError("select", {}, Exception("server closed")),
        InterfaceError("select", {}, Exception("closed")),
        ProtocolError("broken off"),
        MaxRetryError(None, "http://127.0.0.1"),
        ServerError("busy", 503),
        RestException({"error_code": "TEMPORARILY_UNAVAILABLE", "message": "busy"}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_server_or_a_worker_that_is_away_is_the_world(error):
    assert of_the_world(error)


@pytest.mark.parametrize(
    "error",
    [
        KeyError("name"),
        ValueError("wrong"),
        TypeError("wrong"),
        IntegrityError("insert", {}, Exception("twice")),
        BlobCorrupt("changed"),
        BlobMissing("absent"),
        Rejected("schema"),
        Unreadable("undecodable"),
        InvalidSettings("wrong"),
        BreakwaterError("any"),
        MlflowException("wrong"),
        KeyboardInterrupt(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_bad_data_and_bugs_are_not_the_world(error):
    assert not of_the_world(error)
