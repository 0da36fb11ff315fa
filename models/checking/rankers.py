"""How a ranker behaves when it is run: numbers, the same ones each time, and moved by each factor one way."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from domain.errors import UnusableModel
from models.checking.findings import Finding, failed, passed
from models.rankers import RAISES, Scorer, Vectors
from models.session import CANNOT

OPENS = "opens as the contract says"
NUMBERS = "scores within 0 and 1"
AGAIN = "same answer twice"
TOGETHER = "same answer alone and in company"
DIRECTION = "each factor moves it one way"

SAMPLES = 256
STEPS = (0.1, 1.0, 20.0)
"""By how much more of a factor there is."""
_ROUNDING = 1e-6


def examine_ranker(folder: Path) -> Iterator[Finding]:
    """Run a ranker on drawn evidence; what it cannot do ends the examination."""
    try:
        scorer = Scorer(folder)
    except UnusableModel as unusable:
        yield failed(OPENS, str(unusable), "export the network again, or mend contract.json")
        return
    drawn = sampled(len(scorer.contract.factors))
    yield passed(OPENS, f"{scorer.contract.input} [N × {drawn.shape[1]}] float32 to {scorer.contract.outputs.scores}")
    try:
        together, again = scorer.scores(drawn), scorer.scores(drawn)
        alone = np.concatenate([scorer.scores(one[np.newaxis]) for one in drawn])
        yield passed(NUMBERS, f"{together.min():.3g} to {together.max():.3g} on {len(drawn)} drawn reports")
        yield _equal(AGAIN, together, again, "take dropout and random operators out")
        yield _equal(TOGETHER, together, alone, "give each report's score by its own row alone")
        yield _directed(scorer, drawn)
    except UnusableModel as unusable:
        yield failed(NUMBERS, str(unusable), "mend the network")
    except CANNOT as error:
        yield failed(NUMBERS, f"it cannot run: {str(error).splitlines()[0][:200]}", "export with a dynamic first axis")


def sampled(factors: int) -> Vectors:
    """Draw evidence, always the same: nothing, all of it, few of it, counts, probabilities, and large numbers."""
    rng = np.random.default_rng(1)
    kinds = [rng.integers(0, 2, (SAMPLES, factors)), rng.integers(0, 12, (SAMPLES, factors)),
             rng.random((SAMPLES, factors)), rng.integers(0, 1000, (SAMPLES, factors))]  # fmt: skip
    few = rng.random((SAMPLES, factors)) < 0.15
    which = rng.integers(0, len(kinds), (SAMPLES, 1))
    drawn = np.choose(which, kinds) * (few | (rng.random((SAMPLES, 1)) < 0.5))
    return np.vstack([np.zeros(factors), np.ones(factors), drawn]).astype(np.float32)


def _equal(what: str, one: np.ndarray, other: np.ndarray, mend: str) -> Finding:
    apart = float(np.abs(one - other).max())
    return passed(what, f"within {apart:.1g}") if apart <= 1e-5 else failed(what, f"they differ by {apart:.3g}", mend)


def _directed(scorer: Scorer, drawn: Vectors) -> Finding:
    """Hold the score to each factor's direction: more of it never moves a report the other way."""
    before = scorer.scores(drawn)
    for column, (name, direction) in enumerate(scorer.contract.factors.items()):
        for step in STEPS:
            more = drawn.copy()
            more[:, column] += np.float32(step)
            moved = scorer.scores(more) - before
            wrong = -moved if direction == RAISES else moved
            if wrong.max() > _ROUNDING:
                told = f"more of {name}, which {direction} it, moves {(wrong > _ROUNDING).sum()} of {len(drawn)} "
                mend = f"train it so that {name} {direction} the score whatever the others are, or leave it out"
                return failed(DIRECTION, f"{told}drawn reports the other way, by up to {wrong.max():.3g}", mend)
    return passed(DIRECTION, f"{len(scorer.contract.factors)} factors, on {len(drawn)} drawn reports each")
