"""How a network behaves when it is run: numbers, the same ones each time, whoever stands beside a picture."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from domain.errors import UnusableModel
from models.checking.findings import Finding, failed, passed, too_large
from models.contract import (
    AttributesContract,
    ClassifierContract,
    Contract,
    DetectorContract,
    TaggerContract,
    misshapen,
)
from models.inputs import Batch, normalised
from models.session import CANNOT, Session

NUMBERS = "numbers"
SHAPES = "shape of the answers"
SCORES = "scores within 0 and 1"
AGAIN = "same answer twice"
TOGETHER = "same answer alone and in company"
LIMIT = "largest batch"
SPEED = "speed"

RELATIVE, ABSOLUTE = 1e-3, 1e-4
"""By how much an answer may differ, alone and in company, where sums are added up in another order."""
_ROUNDING = 1e-3
_CPU = "CPUExecutionProvider"
_RUNS = 5
_COMPANY = 4
_OF_MEMORY = ("allocate memory", "bad_alloc", "bad allocation")
"""What onnxruntime says where memory was refused."""

Answers = dict[str, NDArray[np.float32]]


def examine_conduct(session: Session, network: Path) -> Iterator[Finding]:
    """Run the network on drawn pictures; what it cannot do ends the examination.

    `network` is the session's file; where the session runs on a GPU, it is timed on the CPU as well.
    """
    drawn = company(session.contract)
    try:
        alone = [session.run(one[np.newaxis]) for one in drawn]
        together, again = session.run(drawn), session.run(drawn)
    except UnusableModel as unusable:
        yield failed(NUMBERS, str(unusable), "check mean, std and range in contract.json, and the weights")
        return
    except CANNOT as error:
        yield _cannot(TOGETHER, len(drawn), error, _ONE_AT_A_TIME)
        return
    if wrong := misshapen(session.contract, together, len(drawn)) or misshapen(session.contract, alone[0], 1):
        yield failed(SHAPES, wrong, "give each output a row for each picture, and a detector's as many candidates")
        return
    yield passed(NUMBERS, "all finite, on black, white, noise and a pattern")
    yield from _scores(session.contract, together)
    yield _same(together, again)
    yield _alike(alone, together)
    yield from _limits(session, network)


_ONE_AT_A_TIME = "export with a dynamic batch axis, and no reshaping to a fixed number of pictures"


def company(contract: Contract) -> Batch:
    """Draw the pictures that stand together in a run, as the network takes them: four, or as many as it takes."""
    told, size = contract.input, min(_COMPANY, contract.batch)
    return normalised(pictures(told.height, told.width, max(2, size)), told)[:size]


def pictures(height: int, width: int, count: int) -> NDArray[np.uint8]:
    """Draw pictures (count × height × width × 3): black, white, noise, a pattern, then other noise; always the same."""
    rng = np.random.default_rng(1)
    shape = (height, width, 3)
    rows, columns = np.indices((height, width))
    pattern = np.repeat(((rows // 4 + columns // 4) % 2 * 255)[..., np.newaxis], 3, axis=2)
    drawn = [np.zeros(shape), np.full(shape, 255), rng.integers(0, 256, shape), pattern]
    drawn += [rng.integers(0, 256, shape) for _ in range(count - len(drawn))]
    return np.stack(drawn[:count]).astype(np.uint8)


def _scores(contract: Contract, answers: Answers) -> Iterator[Finding]:
    """Hold what the contract calls scores to 0-1."""
    for name in _names_of_scores(contract):
        low, high = float(answers[name].min(initial=1)), float(answers[name].max(initial=0))
        if low < -_ROUNDING or high > 1 + _ROUNDING:
            told = f"{name} runs from {low:.3g} to {high:.3g}"
            yield failed(SCORES, told, "put a softmax or a sigmoid at the graph's end: scores are no logits")
        else:
            yield passed(SCORES, f"{name}: {low:.3g} to {high:.3g}")


def _names_of_scores(contract: Contract) -> list[str]:
    match contract:
        case ClassifierContract() | TaggerContract() | DetectorContract():
            return [contract.outputs.scores]
        case AttributesContract():
            return [head.scores for head in contract.outputs.values()]
        case _:
            return []


def _same(once: Answers, again: Answers) -> Finding:
    apart = max(float(np.abs(once[name] - again[name]).max(initial=0)) for name in once)
    if all(np.allclose(once[name], again[name], 1e-5, 1e-6) for name in once):
        return passed(AGAIN, "equal" if apart == 0 else f"within {apart:.1g}")
    return failed(
        AGAIN, f"two runs on the same pictures differ by {apart:.3g}", "take dropout and random operators out"
    )


def _alike(alone: list[Answers], together: Answers) -> Finding:
    """Hold each picture's answer alone to the one in company."""
    for name, rows in together.items():
        for one, row in zip(alone, rows, strict=True):
            if one[name][0].shape != row.shape:
                told = f"{name} of a picture is {list(one[name][0].shape)} alone, and {list(row.shape)} with others"
                return failed(TOGETHER, told, "give as many candidates, or numbers, whatever a picture holds: pad them")
        apart = max(float(np.abs(one[name][0] - row).max(initial=0)) for one, row in zip(alone, rows, strict=True))
        if not all(np.allclose(one[name][0], row, RELATIVE, ABSOLUTE) for one, row in zip(alone, rows, strict=True)):
            told = f"{name} of a picture differs by {apart:.3g} when others run with it"
            return failed(TOGETHER, told, "export in evaluation mode: batch normalisation must use its stored numbers")
    return passed(TOGETHER, f"within {RELATIVE:g} relative")


def _limits(session: Session, network: Path) -> Iterator[Finding]:
    """Run the largest batch that the contract allows, and time one picture and that."""
    told, batch = session.contract.input, session.contract.batch
    largest = normalised(pictures(told.height, told.width, max(2, batch)), told)[:batch]
    try:
        session.run(largest)
    except CANNOT as error:
        yield _cannot(LIMIT, batch, error, "lower `batch`")
        return
    yield passed(LIMIT, f"{batch} pictures at once")
    yield passed(SPEED, _told_speed(session.provider, session.run, largest))
    if session.provider != _CPU:
        few = largest[:_COMPANY]  # what a GPU does in a second can take a thread of the CPU minutes
        yield passed(SPEED, _told_speed(_CPU, on_cpu(network, told.name), few))


def on_cpu(network: Path, name: str) -> Callable[[Batch], Any]:
    """Give what runs a network, whose input is `name`, on one thread of the CPU, whatever else is there."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(network), options, providers=[_CPU])
    return lambda batch: session.run(None, {name: batch})


def _told_speed(provider: str, run: Callable[[Batch], Any], largest: Batch) -> str:
    where = "CPU, one thread" if provider == _CPU else provider.removesuffix("ExecutionProvider")
    one, many = seconds(run, largest[:1]), seconds(run, largest)
    each = 1e3 * many / len(largest)
    return f"{where}: {1e3 * one:.1f} ms for one picture, {each:.1f} ms each in runs of {len(largest)}"


def seconds(run: Callable[[Batch], Any], batch: Batch, clock: Callable[[], float] = time.perf_counter) -> float:
    """Time a run: the median of five, after one that is not counted."""
    run(batch)
    taken = []
    for _ in range(_RUNS):
        start = clock()
        run(batch)
        taken.append(clock() - start)
    return median(taken)


def _cannot(what: str, count: int, error: Exception, mend: str) -> Finding:
    if any(words in str(error) for words in _OF_MEMORY):
        return too_large(f"to run {count} pictures at once")
    return failed(what, f"it cannot run {count} pictures at once: {_first_line(error)}", mend)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200]
