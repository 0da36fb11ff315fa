"""Open the store of objects that the settings name."""

from pathlib import Path
from urllib.parse import urlsplit

from domain.errors import InvalidSettings
from infra.blobs.directory import DirectoryObjects
from infra.blobs.objects import ObjectStore
from infra.settings import Settings

_ACCEPTED = "file:///DIR, s3+http://HOST:PORT/BUCKET or s3+https://HOST[:PORT]/BUCKET"


def open_objects(settings: Settings) -> ObjectStore:
    """Open the store at `settings.blobs_url`; nothing is contacted yet.

    Raises:
        InvalidSettings: it is no URL of a store, or keys of the S3 server are missing.
    """
    url = settings.blobs_url
    if url.startswith("file:///"):
        return DirectoryObjects(Path(url.removeprefix("file://")))
    parts = urlsplit(url)
    bucket = parts.path.strip("/")
    if (
        parts.scheme not in {"s3+http", "s3+https"}
        or not parts.hostname
        or not bucket
        or "/" in bucket
        or "@" in parts.netloc
    ):
        raise InvalidSettings(f"BREAKWATER_BLOBS accepts {_ACCEPTED}, without keys in it")
    if not (settings.blobs_access_key and settings.blobs_secret_key):
        raise InvalidSettings("set BREAKWATER_BLOBS_ACCESS_KEY and BREAKWATER_BLOBS_SECRET_KEY for an S3 server")
    from infra.blobs.s3 import S3Objects, s3_client  # noqa: PLC0415 (workers of an embedded store need no S3 client)

    client = s3_client(
        parts.netloc,
        settings.blobs_access_key,
        settings.blobs_secret_key,
        settings.blobs_region,
        secure=parts.scheme == "s3+https",
    )
    return S3Objects(client, bucket)
