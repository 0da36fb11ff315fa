"""The one composition root: settings in, adapters out, made on first use and kept for the process."""

import resource
from collections.abc import Mapping
from functools import cache, cached_property

from sqlalchemy import Engine

from domain.media import BlobKey, Sealed
from domain.ports import BlobStore, KeyWrapping
from domain.priority import Policy
from domain.retention import Clocks
from domain.routing import Table
from domain.viewing import Gate
from infra import keys
from infra.addresses import AddressCountries, load_address_countries
from infra.archive import Archive, open_archive
from infra.blobs.naming import Naming
from infra.blobs.opening import open_objects
from infra.blobs.sealed import SealedBlobs
from infra.desks import Address, load_desks
from infra.ledger import policies, sealed
from infra.ledger.audit import Chain, account
from infra.ledger.engine import connect, reading
from infra.policy import load_policy, parse_policy
from infra.registry import Registry
from infra.retention import load_retention
from infra.routing.tables import load_routing
from infra.settings import Settings, read_settings
from infra.signing import Signer
from infra.viewing import load_gate
from infra.wrapping import open_wrapping


class LedgerBook:
    """The ledger as the book of wrapped keys."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, key: BlobKey) -> Sealed | None:
        """Give where a file lies and its wrapped key."""
        with reading(self._engine) as connection:
            return sealed.find(connection, key)


class World:
    """Everything outside, behind its ports."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold files and keys in the clear

    @cached_property
    def name_key(self) -> bytes:
        """The secret under which surrogate keys are made."""
        return keys.load_or_make(self.settings.name_key_file)

    @cached_property
    def blobs(self) -> BlobStore:
        """The bytes."""
        book = LedgerBook(self.ledger)
        return SealedBlobs(open_objects(self.settings), Naming(self.name_key), self.wrapping, book)

    @cached_property
    def wrapping(self) -> KeyWrapping:
        """The key-encryption keys, as far as this process holds any."""
        return open_wrapping(self.settings)

    @cached_property
    def ledger(self) -> Engine:
        """The truth."""
        return connect(self.settings.ledger_url)

    @cached_property
    def audit(self) -> Chain:
        """The record of who did what, for those who add to it or verify it."""
        return Chain(bytes.fromhex(self.surrogate("audit chain")), account())

    @cached_property
    def archive(self) -> Archive:
        """The history."""
        return open_archive(self.settings.archive_url)

    @cached_property
    def registry(self) -> Registry:
        """The registered models."""
        return Registry(self.settings.mlflow_url, self.settings.root)

    @property
    def policy(self) -> Policy:
        """The priority policy in force: the one that was approved last, or that of the settings where none ever was."""
        with reading(self.ledger) as connection:
            content = policies.in_force(connection)
        return load_policy(self.settings.policy) if content is None else parse_policy(content)

    @cached_property
    def routing(self) -> Table:
        """Who receives what."""
        return load_routing(self.settings.routing)

    @cached_property
    def desks(self) -> Mapping[str, Address]:
        """The desks that reports can be sent to."""
        return load_desks(self.settings.desks)

    @cached_property
    def signer(self) -> Signer:
        """Who signs packages."""
        return Signer(keys.load_or_make(self.settings.signing_key_file))

    @cached_property
    def retention(self) -> Clocks:
        """How long what is held is kept."""
        return load_retention(self.settings.retention)

    @cached_property
    def gate(self) -> Gate:
        """What may be opened, classified and referred unasked."""
        return load_gate(self.settings.jurisdiction, self.settings.viewing_rules)

    @cached_property
    def address_countries(self) -> AddressCountries:
        """The countries of IP addresses, as far as the operator's table knows."""
        return load_address_countries(self.settings.address_countries)

    def surrogate(self, *parts: str) -> str:
        """Make the surrogate key of something named by `parts` (32 hex digits)."""
        return keys.keyed_digest(self.name_key, *parts)

    def analyst(self, person: str) -> str:
        """Make the pseudonym of somebody who decides: the same however it is written, so that a second is another."""
        return self.surrogate("analyst", person.strip().casefold())


@cache
def world() -> World:
    """Give the world of this process, by its environment."""
    return World(read_settings())
