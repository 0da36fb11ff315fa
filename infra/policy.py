"""The priority policy: a TOML file, checked before anything is ranked by it."""

import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.errors import InvalidSettings
from domain.model import Role
from domain.priority import EVIDENCE, HIGHEST, NEVER_LOWERS, Band, Bound, Factor, Policy

SHIPPED = Path(__file__).parent / "policies" / "default.toml"


def _known(name: str) -> str:
    """Accept the names of evidence alone."""
    if name not in EVIDENCE:
        raise ValueError(f"no evidence is named “{name}”; docs/reference/policy.md lists all of it")
    return name


EvidenceName = Annotated[str, AfterValidator(_known)]
Points = Annotated[float, Field(ge=-HIGHEST, le=HIGHEST)]
ScoreOf = Annotated[float, Field(ge=0, le=HIGHEST)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=3)


class _Factor(_Strict):
    evidence: EvidenceName
    points: Points
    at_most: float = Field(default=1.0, gt=0)


class _Bound(_Strict):
    evidence: EvidenceName
    score: ScoreOf
    unless: tuple[EvidenceName, ...] = ()


class _Band(_Strict):
    least: ScoreOf
    respond_within_hours: float = Field(gt=0)


class _File(_Strict):
    factor: tuple[_Factor, ...] = Field(min_length=1)
    floor: tuple[_Bound, ...] = ()
    cap: tuple[_Bound, ...] = ()
    band: tuple[_Band, ...] = Field(min_length=1)
    clues: frozenset[str] = frozenset()
    minors: frozenset[str] = frozenset()
    sought: frozenset[str] = frozenset()
    skip_settled: frozenset[Role] = frozenset(Role)

    @model_validator(mode="after")
    def _lowers_by_nothing_that_may_not(self) -> Self:
        lowering = [each.evidence for each in self.factor if each.points < 0]
        lowering += [each.evidence for each in self.cap] + [name for each in self.floor for name in each.unless]
        for name in sorted(NEVER_LOWERS & set(lowering)):
            raise ValueError(f"“{name}” may lift a score and never lower one: no points below 0, no cap, no `unless`")
        return self


def load_policy(file: Path | None) -> Policy:
    """Read a policy; the shipped one if `file` is None.

    Raises:
        InvalidSettings: the file is not there, is no TOML, or says something that no policy can say.
    """
    path = file or SHIPPED
    try:
        content = path.read_bytes()
        parsed = _File.model_validate(tomllib.loads(content.decode()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise InvalidSettings(f"the policy {path} cannot be used: {error}") from error
    bands = tuple(Band(band.name, band.least, band.respond_within_hours) for band in parsed.band)
    leasts = [band.least for band in bands]
    if leasts != sorted(set(leasts), reverse=True) or leasts[-1] != 0:
        raise InvalidSettings(f"the policy {path} cannot be used: bands run from the highest `least` down to 0")
    return Policy(
        name=parsed.name,
        version=hashlib.sha256(content).hexdigest(),
        factors=tuple(Factor(each.name, each.evidence, each.points, each.at_most) for each in parsed.factor),
        floors=tuple(Bound(each.name, each.evidence, each.score, each.unless) for each in parsed.floor),
        caps=tuple(Bound(each.name, each.evidence, each.score, each.unless) for each in parsed.cap),
        bands=bands,
        clues=parsed.clues,
        minors=parsed.minors,
        sought=parsed.sought,
        skip_settled=parsed.skip_settled,
    )
