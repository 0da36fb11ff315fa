"""Governing lists: entries of our own need reviewers who agree, withdrawal recalls, and votes go back to the owners."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from domain.audit import Act
from domain.counts import Counts
from domain.errors import InvalidSettings
from domain.lists import Entry, EntryState, Faulty, Terms, Vote, agreed
from infra.ledger import entries, lists, matches
from infra.ledger.audit import Detail
from infra.ledger.engine import Transaction
from infra.world import world
from tasks.lists.signals import CATEGORY_LENGTH, checked, told

REASON_LENGTH = 512
"""Characters of a reason that are kept."""


def propose(name: str, entry: str, hashes: Sequence[tuple[str, str]], category: str, reviewer: str) -> Counts:
    """Propose an entry of our own; the one who proposes is the first of the reviewers who must agree.

    Args:
        name: the list, which is made if it is not there.
        entry: the entry's name.
        hashes: a type and a hash each.
        category: the category that the reviewer gives it.
        reviewer: who proposes; kept as a surrogate.

    Raises:
        InvalidSettings: the list is another's, the entry stands there already, or a hash is none.
    """
    signals, faults = told(1, hashes)
    read = checked(Entry(entry, signals, category), 1, faults)
    wrong = [each.reason for each in read if isinstance(each, Faulty)]
    if wrong or not isinstance(read[-1], Entry):
        raise InvalidSettings(f"this is no entry ({', '.join(wrong)}); docs/reference/lists.md tells what one is")
    with world().ledger.begin() as connection:
        held = lists.terms(connection, name)
        if held is None:
            lists.agree(connection, name, Terms(own=True, owner="this installation"))
        elif not held.own:
            raise InvalidSettings(
                f"the list {name} is another's; vote on its entries, or propose to a list of your own"
            )
        if entries.state(connection, name, entry):
            raise InvalidSettings("the list has an entry of this name; vote on it, or withdraw it first")
        entries.propose(connection, name, read[-1])
        _recorded(connection, Act.ENTRY_PROPOSED, name, entry, by=world().analyst(reviewer))
    return vote(name, entry, Vote.UP, reviewer, category)


def vote(name: str, entry: str, said: Vote, reviewer: str, category: str = "", reason: str = "") -> Counts:
    """Vote on an entry. On our own, reviewers who agree make it count, and one who objects makes it wait again.

    A vote on another's entry waits until it is written back to its owner.

    Raises:
        InvalidSettings: there is no such entry, or the vote names no reviewer.
    """
    if not reviewer or len(category) > CATEGORY_LENGTH or len(reason) > REASON_LENGTH:
        raise InvalidSettings(f"say who votes; a category has {CATEGORY_LENGTH} characters at most, a reason 512")
    with world().ledger.begin() as connection:
        held = _terms(connection, name, entry)
        by = world().analyst(reviewer)
        cast = entries.vote(connection, name, entry, by, (said, category, reason))
        if not held.own:
            if cast:
                _recorded(connection, Act.ENTRY_VOTED, name, entry, by=by, vote=said)
            return Counts(votes_new=cast)
        on = agreed(entries.votes(connection, name, entry))
        now = entries.state(connection, name, entry)
        stays = now if now in {EntryState.QUARANTINED, EntryState.RELEASED} else EntryState.ACTIVE
        into = EntryState.PROPOSED if on is None else stays
        changed = entries.put(connection, name, entry, into, on)
        if cast or changed:
            _recorded(connection, Act.ENTRY_VOTED, name, entry, by=by, vote=said, state=into)
        recalled = matches.recall_withdrawn(connection)
    return Counts(votes_new=cast, entries_changed=changed, matches_recalled=recalled)


def withdraw(name: str, entry: str) -> Counts:
    """Withdraw an entry of our own: it matches nothing more, and what it matched is recalled.

    Raises:
        InvalidSettings: there is no such entry, or it is another's.
    """
    with world().ledger.begin() as connection:
        if not _terms(connection, name, entry).own:
            raise InvalidSettings(f"the list {name} is another's: vote the entry down, or quarantine it")
        _recorded(connection, Act.ENTRY_WITHDRAWN, name, entry)
        gone = entries.withdraw(connection, name, entry)
        return Counts(list_entries_withdrawn=gone, matches_recalled=matches.recall_withdrawn(connection))


def quarantine(name: str, entry: str) -> Counts:
    """Have an entry settle nothing from now on; its matches stay recorded.

    Raises:
        InvalidSettings: there is no such entry, or it counts for nothing yet.
    """
    with world().ledger.begin() as connection:
        _terms(connection, name, entry)
        if entries.state(connection, name, entry) is EntryState.PROPOSED:
            raise InvalidSettings("the entry waits for reviewers, and matches nothing yet")
        changed = entries.put(connection, name, entry, EntryState.QUARANTINED)
        entries.unsettle(connection)
        _recorded(connection, Act.ENTRY_QUARANTINED, name, entry)
    return Counts(entries_quarantined=changed)


def release(name: str, entry: str) -> Counts:
    """Let an entry out of quarantine, for good; the next `fingerprint` has its matches settle again.

    Raises:
        InvalidSettings: there is no such entry in quarantine.
    """
    with world().ledger.begin() as connection:
        _terms(connection, name, entry)
        if entries.state(connection, name, entry) is not EntryState.QUARANTINED:
            raise InvalidSettings("the entry is not in quarantine")
        _recorded(connection, Act.ENTRY_RELEASED, name, entry)
        return Counts(entries_released=entries.put(connection, name, entry, EntryState.RELEASED))


def write_back(name: str, out: Path) -> Counts:
    """Write the votes that the list's owner does not know yet into a CSV file, and note that they were handed over.

    Raises:
        InvalidSettings: there is no such list, or it is our own.
    """
    with world().ledger.begin() as connection:
        held = lists.terms(connection, name)
        if held is None or held.own:
            raise InvalidSettings(f"there is no list {name} of another's to write back to")
        waiting = entries.feedback(connection, name)
        with out.open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(["entry", "owner", "vote", "category", "reason", "voted_at"])
            for one in waiting:
                moment = one.voted_at.isoformat()
                rows.writerow([one.entry, one.owner, one.vote, one.category, one.reason, moment])
        entries.written_back(connection, waiting)
        world().audit.append(connection, Act.VOTES_HANDED_OVER, world().surrogate("list", name), votes=len(waiting))
    return Counts(votes_written_back=len(waiting))


def agree(name: str, said: Mapping[str, Any]) -> Terms:
    """Change how a list is used, and give how it is used now.

    Args:
        name: the list.
        said: values of fields of `Terms`, by name; None leaves one as it is.

    Raises:
        InvalidSettings: there is no such list, or a term is out of bounds.
    """
    with world().ledger.begin() as connection:
        held = lists.terms(connection, name)
        if held is None:
            raise InvalidSettings(f"there is no list {name}; `breakwater lists show` names them all")
        try:
            on = replace(held, **{term: value for term, value in said.items() if value is not None})
        except ValueError as error:
            raise InvalidSettings(f"{error}; docs/reference/lists.md tells the terms") from error
        lists.agree(connection, name, on)
        changed = sorted(term for term, value in asdict(on).items() if value != getattr(held, term))
        world().audit.append(connection, Act.LIST_TERMS_CHANGED, world().surrogate("list", name), terms=changed)
    return on


def _terms(connection: Transaction, name: str, entry: str) -> Terms:
    """Give the terms of the list of an entry that is there."""
    held = lists.terms(connection, name)
    if held is None or entries.state(connection, name, entry) is None:
        raise InvalidSettings(f"there is no such entry on the list {name}; `breakwater lists show` names the lists")
    return held


def _recorded(connection: Transaction, act: Act, name: str, entry: str, **details: Detail) -> None:
    """Record what is done to an entry."""
    world().audit.append(connection, act, world().surrogate("entry", name, entry), **details)
