"""Open the store of objects that the settings name."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from domain.errors import InvalidSettings
from infra.blobs.directory import DirectoryObjects
from infra.blobs.objects import ObjectStore
from infra.settings import Settings

_ACCEPTED = "file:///DIR, s3+http://HOST:PORT/BUCKET or s3+https://HOST[:PORT]/BUCKET"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of an S3 server at `endpoint` (`HOST:PORT`)."""

    endpoint: str
    name: str
    secure: bool

    @property
    def url(self) -> str:
        """Its URL, as the settings write it."""
        return f"s3+http{'s' if self.secure else ''}://{self.endpoint}/{self.name}"


def open_objects(settings: Settings) -> ObjectStore:
    """Open the store at `settings.blobs_url`; nothing is contacted yet.

    Raises:
        InvalidSettings: it is no URL of a store, or `none`, or keys of the S3 server are missing.
    """
    url = settings.blobs_url
    if url == "none":
        raise InvalidSettings("this process works on metadata alone (BREAKWATER_BLOBS=none), and was asked for a file")
    if url.startswith("file:///"):
        return DirectoryObjects(Path(url.removeprefix("file://")))
    parsed = parse_s3(url)
    if parsed is None or parsed[1]:
        raise InvalidSettings(f"BREAKWATER_BLOBS accepts {_ACCEPTED}, without keys in it")
    if not (settings.blobs_access_key and settings.blobs_secret_key):
        raise InvalidSettings("set BREAKWATER_BLOBS_ACCESS_KEY and BREAKWATER_BLOBS_SECRET_KEY for an S3 server")
    from infra.blobs.s3 import S3Objects, s3_client  # noqa: PLC0415 (workers of an embedded store need no S3 client)

    bucket = parsed[0]
    client = s3_client(
        bucket.endpoint,
        settings.blobs_access_key,
        settings.blobs_secret_key,
        settings.blobs_region,
        secure=bucket.secure,
    )
    return S3Objects(client, bucket.name)


def parse_s3(url: str) -> tuple[Bucket, str] | None:
    """Read `s3+http://HOST:PORT/BUCKET/PREFIX` as its bucket and prefix; None where it is no such URL."""
    parts = urlsplit(url)
    name, _, prefix = parts.path.strip("/").partition("/")
    if parts.scheme not in {"s3+http", "s3+https"} or not parts.hostname or not name or "@" in parts.netloc:
        return None
    return Bucket(parts.netloc, name, parts.scheme == "s3+https"), unquote(prefix)
