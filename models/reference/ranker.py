"""The reference ranker: a logistic regression that no factor moves the wrong way, taught by outcomes that are drawn.

`python -m models.reference.ranker FOLDER` writes the model folder. It says nothing of real reports: it shows how one is
trained, written and registered. Teach `taught` your own outcomes, and write what it gives by `written`.
"""

import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from scipy.optimize import minimize
from scipy.special import expit

from domain.model import Role
from models.contract import Scores
from models.rankers import LOWERS, RAISES, RankerContract
from models.reference.folder import make_folder

DRAWN: Mapping[str, float] = {
    "escalated": 1.6, "incident.enticement": 0.9, "report.sextortion": 0.8, "victims": 0.4, "new": 0.5, "located": 0.7,
    "account": 0.5, "identifiers": 0.4, "reporters": 0.3, "seen": -0.4, "report.spam": -1.2,
}  # fmt: skip
"""Log-odds of helping, for a unit of each evidence, by which the outcomes are drawn."""

REPORTS, SEED = 4000, 1
STRENGTH = 1e-3
"""Of the L2 penalty, for each report."""

Numbers = NDArray[np.float64]


def drawn(reports: int = REPORTS, seed: int = SEED) -> tuple[Numbers, NDArray[np.bool_]]:
    """Draw evidence [reports, factors] and whether each report helped [reports]."""
    rng = np.random.default_rng(seed)
    units = rng.poisson(0.4, (reports, len(DRAWN))).astype(np.float64)
    return units, rng.random(reports) < expit(units @ np.array(list(DRAWN.values())) - 1.2)


def taught(units: Numbers, helped: NDArray[np.bool_], directions: Mapping[str, str]) -> tuple[Numbers, float]:
    """Fit log-odds for a unit of each factor, in its direction or 0, and the intercept (SciPy's L-BFGS-B).

    Args:
        units: [reports, factors], the columns in the order of `directions`.
        helped: [reports].
        directions: `raises` or `lowers`, by evidence.
    """
    sign = np.where(helped, 1.0, -1.0)

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        margin = sign * (units @ weights[:-1] + weights[-1])
        pull = -sign * expit(-margin) / len(sign)
        slope = np.append(units.T @ pull + 2 * STRENGTH * weights[:-1], pull.sum())
        return float(np.logaddexp(0, -margin).mean() + STRENGTH * np.sum(weights[:-1] ** 2)), slope

    bounds = [(0, None) if each == RAISES else (None, 0) for each in directions.values()]
    found = minimize(loss, np.zeros(len(bounds) + 1), jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    return found.x[:-1], float(found.x[-1])


def written(weights: Numbers, intercept: float) -> onnx.ModelProto:
    """Write a logistic regression as a network: float32 [N, factors] to [N, 1]."""
    count = len(weights)
    kept = {"weights": weights.reshape(count, 1), "intercept": np.array([intercept])}
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["evidence", "weights", "intercept"], ["odds"]),
         helper.make_node("Sigmoid", ["odds"], ["scores"])],
        "ranker",
        [helper.make_tensor_value_info("evidence", TensorProto.FLOAT, ["N", count])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 1])],
        [numpy_helper.from_array(each.astype(np.float32), name) for name, each in kept.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def contract() -> RankerContract:
    """Give its contract."""
    return RankerContract(
        role=Role.RANKER,
        name="drawn_outcomes",
        input="evidence",
        outputs=Scores(scores="scores"),
        factors={name: RAISES if odds > 0 else LOWERS for name, odds in DRAWN.items()},
        until=date(1998, 1, 1),
        licence="Apache-2.0",
        data=f"{REPORTS:,} outcomes drawn by a seed; no real report",
    )


def build(folder: Path) -> Path:
    """Make the model folder, or leave the one that is there; give its path."""
    return make_folder(folder, contract(), lambda: written(*taught(*drawn(), contract().factors)))


if __name__ == "__main__":
    build(Path(sys.argv[1]))
