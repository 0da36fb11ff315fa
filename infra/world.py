"""The one composition root: settings in, adapters out, made on first use and kept for the process."""

from functools import cache, cached_property

from sqlalchemy import Engine

from domain.ports import BlobStore
from domain.priority import Policy
from infra import keys
from infra.archive import Archive, open_archive
from infra.blobs.naming import Naming
from infra.blobs.opening import open_blobs
from infra.ledger.engine import connect
from infra.policy import load_policy
from infra.registry import Registry
from infra.settings import Settings, read_settings


class World:
    """Everything outside, behind its ports."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def name_key(self) -> bytes:
        """The secret under which surrogate keys are made."""
        return keys.load_or_make(self.settings.name_key_file)

    @cached_property
    def blobs(self) -> BlobStore:
        """The bytes."""
        return open_blobs(self.settings, Naming(self.name_key))

    @cached_property
    def ledger(self) -> Engine:
        """The truth."""
        return connect(self.settings.ledger_url)

    @cached_property
    def archive(self) -> Archive:
        """The history."""
        return open_archive(self.settings.archive_url)

    @cached_property
    def registry(self) -> Registry:
        """The registered models."""
        return Registry(self.settings.mlflow_url, self.settings.root)

    @cached_property
    def policy(self) -> Policy:
        """The priority policy in force."""
        return load_policy(self.settings.policy)

    def surrogate(self, *parts: str) -> str:
        """Make the surrogate key of something named by `parts` (64 hex digits)."""
        return keys.keyed_digest(self.name_key, *parts)


@cache
def world() -> World:
    """Give the world of this process, by its environment."""
    return World(read_settings())
