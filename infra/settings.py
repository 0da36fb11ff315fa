"""Settings: read once from the environment (`BREAKWATER_*`); nothing else reads it."""

import os
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import InvalidSettings


class Settings(BaseSettings):
    """Where things are, and how much of the machine to use. The defaults are all inside `data`."""

    model_config = SettingsConfigDict(env_prefix="BREAKWATER_", frozen=True, extra="forbid")

    data: Path = Field(default=Path("breakwater-data"), description="Folder of everything embedded.")
    blobs: str = Field(
        default="",
        description="Blob store: `file:///DIR`, `s3+http://HOST:PORT/BUCKET` or `s3+https://…`; `none` for a process "
        "that works on metadata alone.",
    )
    blobs_access_key: str = Field(default="", description="Access key of the S3 server.")
    blobs_secret_key: str = Field(default="", repr=False, description="Secret key of the S3 server.")
    blobs_region: str = Field(default="us-east-1", description="Region of the bucket.")
    inbox_access_key: str = Field(default="", description="Access key for inboxes in a bucket; empty: the blobs'.")
    inbox_secret_key: str = Field(
        default="", repr=False, description="Secret key for inboxes in a bucket; empty: the blobs'."
    )
    ledger: str = Field(
        default="", repr=False, description="Ledger: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`."
    )
    archive: str = Field(default="", description="Folder of the archive's Parquet files, as `file:///DIR`.")
    mlflow: str = Field(
        default="", repr=False, description="MLflow registry: `sqlite:///FILE` or a server's `http://HOST:PORT`."
    )
    name_key: Path | None = Field(default=None, description="File with the key of object names; made on first use.")
    sealing: str = Field(
        default="",
        description="Where the keys that seal files are: `file:///PATH`, made on first use (the default, in `data`), "
        "`environment`, `none` for a process without them, or `python:MODULE:FACTORY` for a key service of yours.",
    )
    sealing_key: str = Field(
        default="", repr=False, description="The sealing key as 64 hex digits, where `sealing` is `environment`."
    )
    authority: str = Field(
        default="",
        description="Who authorises this installation to receive real reports; empty: simulated inboxes alone.",
    )
    jurisdiction: str = Field(
        default="open", description="Whose rules say what may be opened, classified and referred unasked."
    )
    viewing_rules: Path | None = Field(
        default=None, description="Table of those rules by jurisdiction (TOML); the shipped one if unset."
    )
    address_countries: Path | None = Field(
        default=None, description="Dated table of the countries of IP addresses (CSV); none is shipped."
    )
    bundle_reports: int = Field(
        default=20, ge=2, description="Reports of the same files from which on they are bundled into one."
    )
    flood_files: int = Field(
        default=1000, ge=1, description="Distinct files that an entry of a list may match before it is quarantined."
    )
    public_threshold: int = Field(
        default=10, ge=3, description="Counts from 1 up to this one, exclusive, are withheld from the public edition."
    )
    policy: Path | None = Field(
        default=None, description="Priority policy (TOML) until one is approved; the shipped one if unset."
    )
    routing: Path | None = Field(
        default=None, description="Folder of the routing tables (CSV); the shipped ones, which are examples, if unset."
    )
    desks: Path | None = Field(
        default=None,
        description="Keys and outboxes of the desks that reports are sent to (TOML); nothing is sent without.",
    )
    signing_key: Path | None = Field(
        default=None, description="File with the key that signs packages; made on first use."
    )
    outbox_access_key: str = Field(default="", description="Access key for outboxes in a bucket; empty: the blobs'.")
    outbox_secret_key: str = Field(
        default="", repr=False, description="Secret key for outboxes in a bucket; empty: the blobs'."
    )
    sftp_key: Path | None = Field(
        default=None, description="File of the private key (OpenSSH, no passphrase) for outboxes on SFTP servers."
    )
    sftp_hosts: Path | None = Field(
        default=None, description="File of those servers' keys, in the form of known_hosts; no other is spoken to."
    )
    retention: Path | None = Field(
        default=None, description="How long what is held is kept (TOML); the shipped policy if unset."
    )
    dask: str = Field(
        default="", description="Dask scheduler, as `tcp://HOST:PORT`; empty: a cluster of its own for each run."
    )
    workers: int = Field(default=2, ge=1, le=256, description="Worker processes of a cluster of its own.")
    worker_memory: int = Field(
        default=2 * 2**30,
        ge=2**29,
        description="Bytes of memory beyond which a worker process is ended; the file that it decodes is quarantined.",
    )
    max_pixels: int = Field(
        default=100_000_000, ge=1, description="Pixels of one picture or frame beyond which it is not decoded."
    )
    max_frames: int = Field(
        default=1_000_000, ge=1, description="Frames of one film that are decoded; what comes later is not looked at."
    )
    max_media_bytes: int = Field(
        default=2**30, ge=1024, description="Bytes of one picture or film beyond which it is not decoded."
    )
    max_decode_seconds: float = Field(
        default=900, gt=0, description="Seconds after which a worker is ended that still decodes the same file."
    )
    max_model_seconds: float = Field(
        default=300,
        gt=0,
        description="Seconds after which a process is ended in which a network has not answered: a run on a worker, or "
        "the whole examination of a folder.",
    )
    decoders: int | None = Field(
        default=None,
        ge=0,
        le=256,
        description="Processes that decode for one worker while it runs models; 0: it decodes itself. If unset, 0 "
        "without a GPU, and one a core but one with it.",
    )
    gpu_decoding: bool = Field(
        default=True, description="Whether JPEGs are decoded on a GPU, where one is and the extra gpu-decoding."
    )
    film_every: float = Field(
        default=2.0, gt=0, description="Seconds of a shot after which models look at another frame of it."
    )
    film_frames: int = Field(default=64, ge=1, le=4096, description="Frames of one film that models look at, at most.")
    max_xml_bytes: int = Field(
        default=4 * 2**20, ge=1024, description="Bytes of one XML document beyond which a report is rejected."
    )
    max_json_bytes: int = Field(
        default=64 * 2**20,
        ge=1024,
        description="Bytes of one JSON report beyond which it is rejected; VICS is streamed.",
    )
    max_upload_bytes: int = Field(
        default=4 * 2**30, ge=1024, description="Bytes of one file beyond which the gateway refuses it."
    )
    gateway_rate: float = Field(
        default=400, gt=0, description="Calls a second that the gateway takes from one reporter; twice as many at once."
    )
    max_video_seconds: float = Field(
        default=3600, gt=0, description="Seconds of a video that are decoded; what comes later is not looked at."
    )

    @property
    def root(self) -> Path:
        """The data folder, absolute."""
        return self.data.expanduser().resolve()

    @property
    def blobs_url(self) -> str:
        """The blob store in use."""
        return self.blobs or f"file://{self.root / 'blobs'}"

    @property
    def inbox_keys(self) -> tuple[str, str]:
        """The keys for inboxes in a bucket."""
        return self.inbox_access_key or self.blobs_access_key, self.inbox_secret_key or self.blobs_secret_key

    @property
    def outbox_keys(self) -> tuple[str, str]:
        """The keys for outboxes in a bucket."""
        return self.outbox_access_key or self.blobs_access_key, self.outbox_secret_key or self.blobs_secret_key

    @property
    def signing_key_file(self) -> Path:
        """The file of the signing key in use."""
        return self.signing_key or self.root / "keys" / "signing.key"

    @property
    def ledger_url(self) -> str:
        """The ledger in use."""
        return self.ledger or f"sqlite:///{self.root / 'ledger.db'}"

    @property
    def archive_url(self) -> str:
        """The archive in use."""
        return self.archive or f"file://{self.root / 'archive'}"

    @property
    def mlflow_url(self) -> str:
        """The model registry in use."""
        return self.mlflow or f"sqlite:///{self.root / 'mlflow.db'}"

    @property
    def name_key_file(self) -> Path:
        """The file of the name key in use."""
        return self.name_key or self.root / "keys" / "names.key"


def read_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        InvalidSettings: a value cannot be used, or a variable is none of ours; values are not repeated.
    """
    prefix = "BREAKWATER_"
    known = {f"{prefix}{name.upper()}" for name in Settings.model_fields}
    strange = sorted(name for name in os.environ if name.upper().startswith(prefix) and name.upper() not in known)
    if strange:
        raise InvalidSettings(f"{', '.join(strange)}: no such setting; docs/reference/settings.md lists all")
    try:
        return Settings()
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        wrong = (f"{prefix}{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}" for fault in faults)
        raise InvalidSettings(f"{'; '.join(wrong)}. Correct it and try again") from None


def use_data(folder: Path | None) -> None:
    """Have this process and its children keep everything embedded in `folder`; None leaves the choice as it is."""
    if folder is not None:
        os.environ["BREAKWATER_DATA"] = str(folder.expanduser().resolve())


WITHOUT_FILES = {"BREAKWATER_BLOBS": "none", "BREAKWATER_SEALING": "none"}
"""The environment of a process that can open no file."""


def use_no_files() -> None:
    """Take the store and its keys from this process and its children; call it before their world is made."""
    for name in ("BREAKWATER_BLOBS_ACCESS_KEY", "BREAKWATER_BLOBS_SECRET_KEY", "BREAKWATER_SEALING_KEY"):
        os.environ.pop(name, None)
    os.environ.update(WITHOUT_FILES)
