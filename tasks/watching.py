"""Watching: whether what champions said yesterday is spread as what they said first; from the ledger alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray
from prefect.events import emit_event

from domain.media import BlobKey
from domain.model import OF_FILES, ModelVersion, Role
from infra.ledger import opinions
from infra.ledger.engine import reading
from infra.ledger.opinions import Opinion
from infra.ledger.said import stacked
from infra.world import world
from models.drift import Drift, State, drift_of_embeddings, drift_of_scores
from tasks.staging import step, under_prefect

REFERENCE = 1000
"""Files of a version's first days, by which the days after these are judged."""

FIRST_DAYS = timedelta(days=7)
"""How long files are seen, at least, of which the reference is drawn: of a week, and of the urgent and of the rest."""

OF_A_DAY = 10_000
"""Files of a day that are looked at, at most."""

EVENT = "breakwater.model.drifted"
"""The event in Prefect when answers have moved that had not the time before."""

VECTORS = "vectors"


@dataclass(frozen=True, slots=True)
class Watched:
    """What was found of one number of a champion's on one day."""

    day: date
    model: ModelVersion
    what: str
    drift: Drift
    news: bool = False

    def __str__(self) -> str:
        shift = "" if self.drift.norm is None else f", shift of the mean {self.drift.norm:.2f}"
        return (
            f"{self.what} of {self.model}: {self.drift.state} on {self.day} ({self.drift.day:,} values, "
            f"index {self.drift.psi:.2f}, distance {self.drift.ks:.2f}{shift})"
        )


def series(found: Sequence[Opinion], *, finds: bool = False) -> dict[str, NDArray[np.float32]]:
    """Give the numbers that are watched, by what they are of.

    Labels with thresholds, each; where a model has none, the probability of each file's best label. Faces in a file,
    of a model that `finds` them, though it found none. Attributes by name. Vectors [n, width].
    """
    told: dict[str, NDArray[np.float32]] = {}
    labels = sorted({label for each in found for label in each.says})
    for label in labels:
        told[label] = _numbers([each.probabilities.get(label, 0.0) for each in found])
    if not labels and any(each.probabilities for each in found):
        told["best"] = _numbers([max(each.probabilities.values(), default=0.0) for each in found])
    if finds and found:
        told["faces"] = _numbers([each.faces for each in found])
    attributes = [each for one in found for each in one.attributes]
    for name in sorted({each.name for each in attributes}):
        told[name] = _numbers([each.probability for each in attributes if each.name == name])
    vectors = [vector for each in found for vector in each.vectors]
    return told | ({VECTORS: stacked(vectors)} if vectors else {})


def _numbers(values: Sequence[float]) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def compared(reference: Mapping[str, NDArray[np.float32]], day: Mapping[str, NDArray[np.float32]]) -> dict[str, Drift]:
    """Compare a day's numbers with the reference's, of whatever both have; what is too little is left out."""
    found = {
        what: (drift_of_embeddings if what == VECTORS else drift_of_scores)(reference[what], day[what])
        for what in reference
        if what in day
    }
    return {what: each for what, each in found.items() if each.state is not State.TOO_FEW}


def watch(model: ModelVersion, day: date, upon: str = "") -> list[Watched]:
    """Compare what a version said on a day (UTC) with what it said in its first days, once these are over.

    Of a model of faces it is what it said of those that the detector `upon` had found.
    """
    begin = datetime.combine(day, time(), UTC)
    with reading(world().ledger) as connection:
        first, last = (opinions.moment_of(connection, model, ordinal, upon) for ordinal in (1, REFERENCE))
        if first is None or last is None or begin < (until := first_days_until(first, last)):
            return []
        drawn = opinions.files_seen(connection, model, REFERENCE, upon, until=until)
        files = opinions.files_seen(connection, model, OF_A_DAY, upon, since=begin, until=begin + timedelta(days=1))
        told = (opinions.of_files(connection, model, some, upon) for some in (drawn, files))
        finds = model.role is Role.FACE_DETECTOR
        reference, of_day = (series(_in_order(each), finds=finds) for each in told)
        before = opinions.moved_before(connection, model, day)
    return [
        Watched(day, model, what, drift, news=drift.state is State.MOVED and what not in before)
        for what, drift in compared(reference, of_day).items()
    ]


def first_days_until(first: datetime, last: datetime) -> datetime:
    """Tell when the days end of whose files the reference is drawn, by the moments of the first and the thousandth.

    They are seven days (UTC), and as many more as it takes to see so many files. A new champion looks at the most
    urgent ones first, and its first thousand are like no others: so they are drawn from all of these days.
    """
    return max(_midnight(first) + FIRST_DAYS, _midnight(last) + timedelta(days=1))


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _in_order(told: Mapping[BlobKey, Opinion]) -> list[Opinion]:
    return [told[blob] for blob in sorted(told)]


def watch_all(models: Sequence[ModelVersion], day: date) -> list[Watched]:
    """Watch versions, record what was found, and tell Prefect of what has moved since it was looked at last."""
    detector = world().registry.find(Role.FACE_DETECTOR) if any(model.role.of_faces for model in models) else None
    found = [each for model in models for each in watch(model, day, str(detector or "") if model.role.of_faces else "")]
    with world().ledger.begin() as connection:
        opinions.record_drift(connection, [_row(each) for each in found])
    for each in found:
        if each.news and under_prefect():
            _tell(each)
    return found


def _row(one: Watched) -> dict[str, object]:
    return {
        "day": one.day, "model": one.model.name, "version": one.model.version, "what": one.what,
        "files": one.drift.day, "psi": one.drift.psi, "ks": one.drift.ks, "norm": one.drift.norm,
        "moved": one.drift.state is State.MOVED,
    }  # fmt: skip


def _tell(one: Watched) -> None:
    """Have an event in Prefect, on which an automation may act."""
    resource = {"prefect.resource.id": f"breakwater.model.{one.model.role}", "prefect.resource.name": str(one.model)}
    numbers = {"psi": one.drift.psi, "ks": one.drift.ks, "files": one.drift.day, "day": f"{one.day}"}
    shift = {} if one.drift.norm is None else {"norm": one.drift.norm}
    emit_event(EVENT, resource, payload={"what": one.what, **numbers, **shift})


@step
def check_drift() -> list[Watched]:
    """Watch every champion's answers of yesterday, and give those that are not steady."""
    champions = [model for role in OF_FILES if (model := world().registry.find(role))]
    found = watch_all(champions, datetime.now(UTC).date() - timedelta(days=1))
    return [each for each in found if each.drift.state is not State.STEADY]
