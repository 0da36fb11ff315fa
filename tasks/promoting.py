"""Promoting: model folders become versions, versions serve under an alias, and the one before comes back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from prefect.artifacts import create_markdown_artifact

from domain.audit import Act
from domain.errors import InvalidSettings, PromotionRefused, UnusableModel
from domain.model import Alias, ModelVersion, Registered, Role
from infra.ledger import audit
from infra.ledger.engine import reading
from infra.world import world
from models.rankers import load_any
from tasks import inference
from tasks.checking import check
from tasks.gating import Evaluated, admit
from tasks.staging import under_prefect

LONGEST_REASON = 512

_CONTENT = {
    "digest": re.compile(r"[0-9a-f]{32}", re.IGNORECASE),
    "web address": re.compile(r"\b[a-z][a-z0-9+.-]*://|\bwww\.", re.IGNORECASE),
    "e-mail address": re.compile(r"\S@[^\s@]+\.[^\s@]"),
}
"""What a reason may not hold, and how it is told."""

PROMOTED_TO = (Alias.CHAMPION, Alias.CHALLENGER)
"""Aliases that are given; who was champion before is `previous` by itself."""


@dataclass(frozen=True, slots=True)
class Promoted:
    """A version as it stands from now on, and why.

    Attributes:
        model: which.
        alias: under which it serves; None where it is only registered.
        reason: kept with it.
        evaluated: what the gate measured; None where it was not asked, or the role has no set.
        waiting: files that it has to look at still.
    """

    model: ModelVersion
    alias: Alias | None = None
    reason: str = ""
    evaluated: Evaluated | None = None
    waiting: int = 0


def register(folder: Path, alias: Alias | None = None, reason: str = "") -> Promoted:
    """Make a model folder a version, examined first, and let it serve as `alias` if one is named.

    Raises:
        UnusableModel: the folder does not keep its contract; the message says what to mend.
        PromotionRefused: it is to be champion, and the gate refuses.
    """
    if not folder.is_dir():
        raise UnusableModel(f"there is no folder {folder}; a model is a folder")
    bad = [each for each in check(folder) if not each.ok]
    if bad:
        told = "; ".join(f"{each.what}: {each.detail}: {each.mend}" for each in bad)
        raise UnusableModel(f"{folder.name} is not registered: {told}")
    contract = load_any(folder)
    model = world().registry.register(folder, contract.name, contract.role, licence=contract.licence)
    with world().ledger.begin() as connection:
        world().audit.append(connection, Act.MODEL_REGISTERED, role=model.role, version=model.version)
    return promote(model.role, model.version, alias, reason) if alias else Promoted(model)


def promote(role: Role, version: int, alias: Alias, reason: str = "") -> Promoted:
    """Let a version serve as `alias`; a champion passes the gate first.

    Raises:
        UnusableModel: there is no such version, or the champion is to be its own challenger.
        PromotionRefused: the gate lets it not become champion, or another did meanwhile.
        InvalidSettings: the reason is too long or tells what it may not, or the alias is not given.
    """
    if alias not in PROMOTED_TO:
        raise InvalidSettings(f"a version is promoted to {' or '.join(PROMOTED_TO)}; rolling back has a way of its own")
    _sayable(reason)
    registry = world().registry
    model, champion, evaluated = registry.version(role, version), registry.find(role), None
    if alias is Alias.CHALLENGER and champion == model:
        raise UnusableModel(f"{model} is the champion; a challenger is another version")
    if alias is Alias.CHAMPION and champion != model:
        reason, evaluated = admit(model, reason)
    _serve(model, alias, reason[:LONGEST_REASON], champion)
    return Promoted(model, alias, reason, evaluated, _waiting(model))


def _serve(
    model: ModelVersion, alias: Alias, reason: str, champion: ModelVersion | None, *, back: bool = False
) -> None:
    """Let a version serve, if `champion` is champion still.

    That it is to serve is on record before it does, and that it serves once it does. Writing transactions of the ledger
    follow one another, so that no other promotion comes between what is looked up in MLflow and what is done there.

    Raises:
        PromotionRefused: another version has become champion.
    """
    append = partial(world().audit.append, role=model.role, version=model.version, alias=alias, back=back)
    with world().ledger.begin() as connection:
        _unmoved(model, alias, champion)
        append(connection, Act.MODEL_PROMOTION_BEGUN)
    with world().ledger.begin() as connection:
        _unmoved(model, alias, champion)
        world().registry.promote(model.role, model.version, alias, reason)
        append(connection, Act.MODEL_PROMOTED)


def _unmoved(model: ModelVersion, alias: Alias, champion: ModelVersion | None) -> None:
    now = world().registry.find(model.role)
    if alias is Alias.CHAMPION and now != champion:
        were = f"{now or 'no version'} is champion by now, and {champion or 'no version'} was when this began"
        raise PromotionRefused(f"{model} is not champion: {were}; begin again, and it is held against the one that is")


def _begun() -> dict[tuple[str, str], dict[str, Any]]:
    """Give the promotions that were begun and not ended, as when the process was killed, by role and alias."""
    last: dict[tuple[str, str], tuple[Act, dict[str, Any]]] = {}
    with reading(world().ledger) as connection:
        for act, told in audit.newest(connection, (Act.MODEL_PROMOTION_BEGUN, Act.MODEL_PROMOTED)):
            last.setdefault((told["role"], told["alias"]), (act, told))
    return {key: told for key, (act, told) in sorted(last.items()) if act is Act.MODEL_PROMOTION_BEGUN}


def unfinished() -> list[str]:
    """Say which promotions were begun and not ended, and what to do."""
    return [
        f"{role} v{told['version']} was to be {alias}, and it is not on record that it is: "
        + ("roll back again" if told["back"] else "promote it again, or another")
        for (role, alias), told in _begun().items()
    ]


def _waiting(model: ModelVersion) -> int:
    """Let what a model said on trial count, if it serves now; show what is to be looked at again, and count it."""
    serving = inference.at_work(world().registry)
    inference.take_over(serving)
    return sum(each.files for each in inference.show_plan(serving) if each.serving.model == model)


def rollback(role: Role, reason: str) -> Promoted:
    """Put the champion before this one back at once, without a gate; the one that it replaces is the previous one then.

    Where that was begun before and not ended, it is ended.

    Raises:
        UnusableModel: no other served before.
        PromotionRefused: another version has become champion meanwhile.
        InvalidSettings: nobody says why, or the reason is too long or tells what it may not.
    """
    _sayable(reason)
    if not reason.strip():
        raise InvalidSettings("say in words why the one before serves again")
    registry, begun = world().registry, _begun().get((role, Alias.CHAMPION))
    champion = registry.find(role)
    model = registry.version(role, begun["version"]) if begun and begun["back"] else registry.previous(role)
    _serve(model, Alias.CHAMPION, reason, champion, back=True)
    return Promoted(model, Alias.CHAMPION, reason, waiting=_waiting(model))


def _sayable(reason: str) -> None:
    """Hold the words of a reason, which go to MLflow's pages, to what may stand there."""
    if len(reason) > LONGEST_REASON:
        raise InvalidSettings(f"a reason has at most {LONGEST_REASON} characters")
    for what, looks in _CONTENT.items():
        if looks.search(reason):
            raise InvalidSettings(f"a reason is shown to all who see models, and may hold no {what}: say it without")


def listed() -> list[Registered]:
    """List every version of every role, role by role, the newest first."""
    return [each for role in Role for each in world().registry.versions(role)]


COLUMNS = ("model", "serves as", "licence", "registered", "evaluated", "reason", "digest")
"""What is told of a version."""


def row(one: Registered) -> tuple[str, ...]:
    """Tell of a version by `COLUMNS`."""
    return (
        str(one.model), ", ".join(one.aliases), one.licence, f"{one.registered_at:%Y-%m-%d}", one.headline, one.reason,
        one.model.digest[:8],
    )  # fmt: skip


def markdown(versions: Sequence[Registered]) -> str:
    """Write versions as a table for Prefect's pages."""
    if not versions:
        return "No version is registered."
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *(row(each) for each in versions)]
    return "\n".join(f"| {' | '.join(cell.replace('|', '¦') for cell in line)} |" for line in lines)


def publish_models(said: str = "") -> None:
    """Publish what is registered, and what was done, as an artifact in Prefect's pages."""
    if under_prefect():
        text = "\n\n".join(part for part in (said, *unfinished(), markdown(listed())) if part)
        create_markdown_artifact(text, key="models", description="The registered models, and what was done to them")


def told(promoted: Promoted) -> str:
    """Say in a sentence what serves now, and why."""
    why = f": {promoted.reason}" if promoted.reason else ""
    next_up = f"; {promoted.waiting:,} files wait for it, which `classify` goes through" if promoted.waiting else ""
    return f"{promoted.model} is {promoted.alias or 'registered'}{why}{next_up}"
