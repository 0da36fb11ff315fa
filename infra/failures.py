"""Failures of the world: what a stage tries again, since waiting may mend it. Everything else is a bug, or bad data."""

from sqlalchemy.exc import InterfaceError, OperationalError
from urllib3.exceptions import HTTPError

AWAY = (OSError, InterfaceError, OperationalError, HTTPError)
"""What is raised where the ledger or the store does not answer."""

_OF_OURS = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
"""Errors of the operating system that no waiting mends."""


def of_the_world(error: BaseException) -> bool:
    """Whether a server or a worker was away: worth another try."""
    from minio.error import MinioException  # noqa: PLC0415 (a process that fails has time to import it)
    from mlflow.exceptions import RestException  # noqa: PLC0415 (as above)

    return isinstance(error, (*AWAY, MinioException, RestException)) and not isinstance(error, _OF_OURS)
