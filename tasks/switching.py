"""Switching: a policy is proposed by one person, approved by another, and in force from then on."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from domain.audit import Act
from domain.errors import InvalidSettings
from domain.priority import Policy
from infra.ledger import policies
from infra.ledger.engine import Transaction, reading
from infra.ledger.policies import Switch
from infra.policy import load_policy, parse_policy
from infra.world import world

LEAST_REASON, LONGEST_REASON = 10, 512
"""Characters."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The policy in force, and every proposal, the newest first."""

    in_force: Policy
    switches: tuple[Switch, ...]


def standing() -> Standing:
    """Say which policy is in force, and what was proposed."""
    with reading(world().ledger) as connection:
        switches = tuple(policies.switches(connection))
    return Standing(world().policy, switches)


def named(name: str) -> Policy:
    """Give the policy of this name: a file, how a version in the ledger begins, or `in-force`.

    Raises:
        InvalidSettings: there is none, or it cannot be used.
    """
    if name == "in-force":
        return world().policy
    if Path(name).is_file():
        return load_policy(Path(name))
    with reading(world().ledger) as connection:
        found = policies.find(connection, name) if name else []
    if len(found) != 1:
        what = "several versions begin" if found else "no file and no version in the ledger begins"
        raise InvalidSettings(f"{what} with {name}; `breakwater policy list` has those that were proposed")
    return parse_policy(found[0][1])


def propose(file: Path, by: str, reason: str) -> Policy:
    """Propose to rank by the policy in a file, and keep its text.

    Raises:
        InvalidSettings: it cannot be used, or nobody says why.
    """
    policy = load_policy(file)
    if not LEAST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        raise InvalidSettings(f"say in words why, in {LEAST_REASON} to {LONGEST_REASON} characters")
    now, person = datetime.now(UTC), world().analyst(by)
    with world().ledger.begin() as connection:
        policies.keep(connection, policy.version, policy.name, policy.text, now)
        policies.propose(connection, policy.version, now, person, reason)
        world().audit.append(connection, Act.POLICY_PROPOSED, policy.version, by=person)
    return policy


def approve(start: str, by: str) -> Policy:
    """Have the policy whose version begins so in force, which somebody else proposed.

    Raises:
        InvalidSettings: nobody proposed it, it is in force already, or the same person did.
    """
    person = world().analyst(by)
    with world().ledger.begin() as connection:
        proposed = _open_proposal(connection, start)
        if person == proposed.proposed_by:
            raise InvalidSettings("who proposed a policy does not approve it: ask a second person")
        policies.approve(connection, proposed, datetime.now(UTC), person)
        world().audit.append(connection, Act.POLICY_APPROVED, proposed.version, by=person)
        ((_, content),) = policies.find(connection, proposed.version)
    return parse_policy(content)


def _open_proposal(connection: Transaction, start: str) -> Switch:
    """Give the newest proposal that waits for approval, of a version that begins so."""
    waiting = [
        each for each in policies.switches(connection) if not each.approved_at and each.version.startswith(start)
    ]
    if not start or len({each.version for each in waiting}) != 1:
        what = "several proposals begin" if waiting else "no proposal waits for approval that begins"
        raise InvalidSettings(f"{what} with {start}; `breakwater policy list` shows what was proposed")
    return waiting[0]
