"""Rankers at work: the champion as far as the policy lets it count, and those in shadow, who are only written down."""

from functools import lru_cache

from domain.errors import InvalidSettings, UnusableModel
from domain.model import Alias, ModelVersion, Role
from domain.priority import Policy
from infra.world import world
from models.rankers import LOWERS, RAISES, RankerContract, Scorer


def at_work(policy: Policy) -> tuple[ModelVersion, Scorer] | None:
    """Give the champion among the rankers if the policy lets it count; None where it does not, or there is none.

    Raises:
        InvalidSettings: the two have it that one evidence moves a score in different ways.
    """
    champion = world().registry.find(Role.RANKER) if policy.ranker else None
    if champion is None:
        return None
    scorer = open_ranker(champion)
    agree(scorer.contract, policy)
    return champion, scorer


def in_shadow(policy: Policy) -> list[tuple[ModelVersion, Scorer | None]]:
    """Give the rankers that count for nothing: the challenger, and the champion where the policy leaves it out.

    One that cannot be opened, or was not registered by Breakwater, is None.
    """
    aliases = (Alias.CHALLENGER,) if policy.ranker else (Alias.CHALLENGER, Alias.CHAMPION)
    found = [world().registry.named(Role.RANKER, alias) for alias in aliases]
    return [(model, _if_usable(model)) for model in found if model]


def _if_usable(model: ModelVersion) -> Scorer | None:
    try:
        return open_ranker(model)
    except UnusableModel:
        return None


def open_ranker(model: ModelVersion) -> Scorer:
    """Open a registered ranker, once a process."""
    return _opened(world().registry.folder(model).as_posix(), model)


@lru_cache(maxsize=4)
def _opened(_folder: str, model: ModelVersion) -> Scorer:
    return Scorer(world().registry.folder(model))


def agree(contract: RankerContract, policy: Policy) -> None:
    """Hold a ranker to the directions of a policy.

    Raises:
        InvalidSettings: one evidence raises a score by one of them, and lowers it by the other.
    """
    for factor in policy.factors:
        here = RAISES if factor.points > 0 else LOWERS
        there = contract.factors.get(factor.evidence, here)
        if there != here:
            raise InvalidSettings(
                f"“{factor.evidence}” {here} a score by the policy {policy.name}, and {there} it by the ranker "
                f"{contract.name}: more of one evidence moves a score one way"
            )
