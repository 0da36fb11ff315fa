"""Words for the numbers of an evaluation: what each is called, and what it counts."""

import math
from dataclasses import dataclass

from models.evaluation.resampling import ALL, MACRO, Estimate, Name


@dataclass(frozen=True, slots=True)
class Metric:
    """How a number is told: its title, whether it is a share, whether more of it is better, and what it is."""

    title: str
    meaning: str
    share: bool = True
    more: bool = True


METRICS = {
    "average_precision": Metric(
        "Average precision",
        "the share of true items among those ranked as high or higher, averaged over the true items",
    ),
    "auc": Metric("AUC", "how often a true item ranks above a false one; 50 % is chance"),
    "accuracy": Metric("Accuracy", "the share of right answers, of those that were given"),
    "brier": Metric("Brier score", "the mean squared distance of the probability from 0 or 1", share=False, more=False),
    "calibration_error": Metric(
        "Calibration error",
        "how far the share of true items is from the probability, over ten bins, by their items",
        more=False,
    ),
    "abstained": Metric("Abstained", "the share of items of which neither yes nor no is said", more=False),
    "count_right": Metric("Right count", "the share of pictures with as many faces found as there are"),
    "count_error": Metric(
        "Error of the count", "by how many faces a picture is wrong, on average", share=False, more=False
    ),
    "precision": Metric("Precision", "the share of found boxes that half cover a true one"),
    "recall": Metric("Recall", "the share of true boxes that a found one half covers"),
    "verification_auc": Metric("Verification AUC", "how often two items of one group are nearer than two of different"),
    "true_accepted": Metric("Accepted at 1 % false", "pairs of one group nearer than all but 1 % of different ones"),
}


def title(name: Name) -> str:
    """Name a number for people."""
    metric = METRICS[name.metric].title
    return metric if name.label == MACRO else f"{metric}: {name.label}"


def share(value: float) -> str:
    """Write a share in per cent; a dash where it is not defined."""
    return "–" if math.isnan(value) else f"{value:.1%}"


def cell(value: float) -> str:
    """Write a number for a file of rows; nothing where it is not defined."""
    return "" if math.isnan(value) else f"{value:.6g}"


def number(value: float, metric: str, *, signed: bool = False) -> str:
    """Write a number: shares in per cent; differences with their sign; a dash where it is not defined."""
    if math.isnan(value):
        return "–"
    sign = "+" if signed else ""
    if METRICS[metric].share:
        return f"{value:{sign}.1%}"
    return f"{value:{sign}.3f}"


def interval(one: Estimate, *, signed: bool = False) -> str:
    """Write an interval."""
    low, high = (number(end, one.name.metric, signed=signed) for end in (one.low, one.high))
    return "–" if low == "–" else f"{low.removesuffix('%')} to {high}"


def place(one: Estimate) -> str:
    """Name a slice with the number of its items."""
    return f"{'Whole set' if one.slice == ALL else one.slice.capitalize()} ({one.n:,})"
