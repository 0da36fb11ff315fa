"""Sending: each decided case becomes a package for each of its desks, and is delivered once.

First the package's number is recorded, then it is delivered under that number, then that is recorded. Whoever is killed
in between leaves the number behind: the next run finds the package in the outbox and records it, or delivers it.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NoReturn

from domain.audit import Act
from domain.case import Acknowledged, Recalled, Referred
from domain.counts import Counts
from domain.errors import BlobCorrupt, BlobMissing, CaseRefused, InvalidSettings
from domain.referral import Referral
from domain.routing import Desk
from infra.desks import Address
from infra.envelopes import seal
from infra.ledger import cases, desk, dossiers
from infra.ledger.cases import Outgoing
from infra.ledger.engine import reading
from infra.outboxes import Outbox, open_outbox
from infra.world import world
from tasks.referring.contents import open_for
from tasks.referring.deciding import desk_of
from tasks.referring.packing import Package, pack
from tasks.staging import step


def package_name(number: str) -> str:
    """Name the file of a package."""
    return f"{number}.bwp"


def notice_name(number: str) -> str:
    """Name the notice that a package was recalled."""
    return f"{number}.recalled"


@step
def send_referrals() -> Counts:
    """Deliver every package that was not delivered yet and has an address; the oldest decision first.

    Raises:
        ConnectionError: an outbox was away. All others have theirs by then, and a retry finds what is left.
        InvalidSettings: the same of one that cannot be used as it is set up.
        BlobMissing: the same where the store lost what belongs to a report.
        BlobCorrupt: the same where it was changed there.
    """
    addresses = _known_desks()
    with reading(world().ledger) as connection:
        waiting = cases.unsent(connection)
    counts = Counts(packages_sent=0, packages_without_address=0, packages_superseded=0)
    away, damaged = dict[str, OSError | InvalidSettings](), list[BlobMissing | BlobCorrupt]()
    for one in waiting:
        address = addresses.get(one.desk)
        if one.superseded and not one.number:
            counts += Counts(packages_superseded=1)
        elif address is None:
            counts += Counts(packages_without_address=1)
        elif one.desk not in away:
            try:
                counts += _send(one, desk_of(one.desk), address)
            except (OSError, InvalidSettings) as error:
                away[one.desk] = error
            except (BlobMissing, BlobCorrupt) as error:
                damaged.append(error)
    if damaged:
        others = f"; nothing could be delivered to {', '.join(sorted(away))} either" if away else ""
        raise type(damaged[0])(f"{len(damaged)} packages cannot be made: {damaged[0]}{others}")
    if away:
        _tell_away(away)
    return counts


def _tell_away(away: Mapping[str, OSError | InvalidSettings]) -> NoReturn:
    """Say to whom nothing could be delivered: first what waiting does not mend."""
    for code, error in away.items():
        if isinstance(error, InvalidSettings):
            raise InvalidSettings(f"nothing could be delivered to {code}: {error}") from error
    desks, why = ", ".join(sorted(away)), next(iter(away.values()))
    raise ConnectionError(f"nothing could be delivered to {desks}; see that its outbox can be written") from why


def _known_desks() -> dict[str, Address]:
    """Give the addresses of desks; one that no table knows is a typo."""
    known = {each.code for each in world().routing.desks}
    if strange := sorted(set(world().desks) - known):
        raise InvalidSettings(f"BREAKWATER_DESKS: the routing tables have no desk {', '.join(strange)}")
    return dict(world().desks)


def _send(one: Outgoing, to: Desk, address: Address) -> Counts:
    """Deliver one package, unless it lies there already, and record it."""
    outbox, number, files = open_outbox(address.outbox, world().settings), one.number, 0
    if not (number and outbox.holds(package_name(number))):
        package = _made(one, to, address)
        if package is None:
            return Counts()
        number, files = package.number, len(package.stored)
        if not outbox.holds(package_name(number)):
            outbox.deliver(package_name(number), seal(address.key, package.pieces()))
    return _record(one.case.refer(to, number, datetime.now(UTC)), files)


def _made(one: Outgoing, to: Desk, address: Address) -> Package | None:
    """Make a package, which is on record before anything of the report is opened; then its number is.

    None where it is not to go there any more: somebody addressed the case anew, or sent it, meanwhile.
    """
    with world().ledger.begin() as connection:
        dossier = dossiers.read(connection, one.case)
        world().audit.append(connection, Act.PACKAGE_MADE, one.case.report, desk=to.code)
    package = pack(open_for(dossier, to, address))
    with world().ledger.begin() as connection:
        return package if cases.number(connection, one, package.number) else None


def _record(referred: Referred, files: int) -> Counts:
    """Record a delivery, once."""
    happened = Referral(referred.at, referred.recipient, referred.case.detail)
    with world().ledger.begin() as connection:
        if not cases.send(connection, referred):
            return Counts()
        desk.record(connection, [(referred.case.report, happened)])
        world().audit.append(connection, Act.PACKAGE_SENT, referred.number, desk=referred.desk, files=files)
    return Counts(packages_sent=1, files_enclosed=files)


def acknowledge(number: str) -> None:
    """Note that a desk has its package.

    Raises:
        CaseRefused: no such package was delivered, or it was acknowledged or recalled before.
    """
    with world().ledger.begin() as connection:
        found = cases.find(connection, number)
        if not isinstance(found, Referred):
            raise CaseRefused(_why_not(found))
        cases.acknowledge(connection, found.acknowledge(datetime.now(UTC)))
        world().audit.append(connection, Act.PACKAGE_ACKNOWLEDGED, number, desk=found.desk)


def recall(number: str) -> None:
    """Take a package back: it is removed where it still lies, and a signed notice lies in its place.

    Raises:
        CaseRefused: no such package was delivered, or it was recalled before.
        InvalidSettings: its desk has no address any more.
    """
    with reading(world().ledger) as connection:
        found = cases.find(connection, number)
    if found is None or isinstance(found, Recalled):
        raise CaseRefused(_why_not(found))
    sent = found.referred if isinstance(found, Acknowledged) else found
    address = world().desks.get(sent.desk)
    if address is None:
        raise InvalidSettings(f"BREAKWATER_DESKS has no address of {sent.desk} any more, so the desk cannot be told")
    _withdraw(open_outbox(address.outbox, world().settings), number)
    with world().ledger.begin() as connection:
        cases.recall(connection, found.recall(datetime.now(UTC)))
        world().audit.append(connection, Act.PACKAGE_RECALLED, number, desk=sent.desk)


def _withdraw(outbox: Outbox, number: str) -> None:
    """Put a notice there first: who fetches the package meanwhile finds both."""
    told = json.dumps({"recalled": number}).encode()
    signed = json.dumps({"notice": told.decode(), "signature": world().signer.sign(told).hex()})
    outbox.deliver(notice_name(number), [signed.encode()])
    outbox.remove(package_name(number))


def _why_not(found: Acknowledged | Recalled | None) -> str:
    if found is None:
        return "no package of this number was delivered; `breakwater refer` lists them"
    return "the package was recalled" if isinstance(found, Recalled) else "the package was acknowledged before"
