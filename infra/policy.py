"""The priority policy: a TOML file, checked before anything is ranked by it; a slip is told with its line."""

import hashlib
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.errors import InvalidSettings
from domain.evidence import EVIDENCE, NEVER_LOWERS, VIRAL
from domain.model import OF_FILES, Role
from domain.priority import HIGHEST, Band, Bound, Factor, Lean, Policy
from infra import lines

SHIPPED = Path(__file__).parent / "policies" / "default.toml"

MOST_DAYS = 36525
"""A hundred years."""

RAISES, LOWERS = "raises", "lowers"


def _known(name: str) -> str:
    """Accept the names of evidence alone."""
    if name not in EVIDENCE:
        near = get_close_matches(name, EVIDENCE, 1)
        hint = f"did you mean “{near[0]}”?" if near else "docs/reference/policy.md lists all of it"
        raise ValueError(f"no evidence is named “{name}”; {hint}")
    return name


def _tenths(score: float) -> float:
    """Accept what a score can be; a band that begins in between would be missed by what is lifted to it."""
    if round(score, 1) != score:
        raise ValueError("scores have tenths, and nothing finer")
    return score


EvidenceName = Annotated[str, AfterValidator(_known)]
Points = Annotated[float, Field(gt=0, le=HIGHEST)]
ScoreOf = Annotated[float, Field(ge=0, le=HIGHEST), AfterValidator(_tenths)]
Days = Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=3)


class _Factor(_Strict):
    evidence: EvidenceName
    raises: Points | None = None
    lowers: Points | None = None
    at_most: float = Field(default=1.0, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _has_one_direction(self) -> Self:
        if (self.raises is None) == (self.lowers is None):
            raise ValueError("a factor says its direction: `raises` or `lowers`, one of them")
        return self

    @property
    def points(self) -> float:
        """Signed points for each unit."""
        return self.raises if self.raises is not None else -(self.lowers or 0)


class _Bound(_Strict):
    evidence: EvidenceName
    score: ScoreOf
    unless: tuple[EvidenceName, ...] = ()


class _Band(_Strict):
    least: ScoreOf
    respond_within_hours: float = Field(gt=0, le=24 * MOST_DAYS)


class _Ranker(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    weight: Points
    most: Points = 10.0


class _File(_Strict):
    urgent: str
    factor: tuple[_Factor, ...] = Field(min_length=1)
    floor: tuple[_Bound, ...] = ()
    cap: tuple[_Bound, ...] = ()
    band: tuple[_Band, ...] = Field(min_length=1)
    clues: frozenset[str] = frozenset()
    minors: frozenset[str] = frozenset()
    sought: frozenset[str] = frozenset()
    skip_settled: frozenset[Role] = frozenset(OF_FILES)
    recent_days: Days = 30
    kept_days: Days = 365
    expiring_days: Days = 14
    ranker: _Ranker | None = None


Fault = tuple[lines.Path, str]


def load_policy(file: Path | None) -> Policy:
    """Read a policy; the shipped one if `file` is None.

    Raises:
        InvalidSettings: the file is not there, is no TOML, or says something that no policy can say; with the line.
    """
    path = file or SHIPPED
    try:
        return parse_policy(path.read_bytes())
    except (OSError, InvalidSettings) as error:
        raise InvalidSettings(f"the policy {path} cannot be used: {error}") from None


def parse_policy(content: bytes) -> Policy:
    """Read the bytes of a policy.

    Raises:
        InvalidSettings: they are no TOML, or say something that no policy can say; with the line.
    """
    try:
        text = content.decode()
        parsed = _File.model_validate(tomllib.loads(text))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettings(str(error)) from None
    except ValidationError as error:
        told = error.errors(include_input=False, include_url=False)
        raise _refused(text, [(each["loc"], each["msg"].removeprefix("Value error, ")) for each in told]) from None
    faults = [*_bands(parsed), *_directions(parsed)]
    if faults:
        raise _refused(text, faults)
    return _policy(parsed, content)


def _refused(text: str, faults: list[Fault]) -> InvalidSettings:
    return InvalidSettings("; ".join(f"{lines.where(text, path)}: {message}" for path, message in faults))


def _bands(parsed: _File) -> Iterator[Fault]:
    leasts = [band.least for band in parsed.band]
    if leasts != sorted(set(leasts), reverse=True) or leasts[-1] != 0:
        yield ("band",), "bands run from the highest `least` down to 0"
    names = [band.name for band in parsed.band]
    if len(set(names)) < len(names):
        yield ("band",), "two bands have one name"
    if parsed.urgent not in names:
        yield ("urgent",), f"no band is named “{parsed.urgent}”"


def _directions(parsed: _File) -> Iterator[Fault]:
    """Hold all that moves a score by one evidence to one direction, and to the one that it may have."""
    first: dict[str, tuple[str, lines.Path]] = {}
    for path, evidence, direction in _moves(parsed):
        before, _ = first.setdefault(evidence, (direction, path))
        if direction == LOWERS and evidence in NEVER_LOWERS:
            yield path, f"“{evidence}” may lift a score and never lower one"
        elif evidence in VIRAL and (direction == RAISES or path[0] == "floor"):
            yield path, f"“{evidence}” may lower a score by a factor or a cap; it lifts none, and takes no floor away"
        elif direction != before:
            other = ".".join(map(str, first[evidence][1]))
            yield (
                path,
                f"“{evidence}” {direction} a score here, and in {other} it {before} one: more is one or the other",
            )


def _moves(parsed: _File) -> Iterator[tuple[lines.Path, str, str]]:
    """Say which evidence moves a score where, and how: what a floor asks for raises, what keeps it away lowers."""
    for place, factor in enumerate(parsed.factor):
        yield ("factor", place, "evidence"), factor.evidence, RAISES if factor.points > 0 else LOWERS
    for kind, bounds, way, back in (("floor", parsed.floor, RAISES, LOWERS), ("cap", parsed.cap, LOWERS, RAISES)):
        for place, bound in enumerate(bounds):
            yield (kind, place, "evidence"), bound.evidence, way
            for name in bound.unless:
                yield (kind, place, "unless"), name, back


def _policy(parsed: _File, content: bytes) -> Policy:
    return Policy(
        name=parsed.name,
        version=hashlib.sha256(content).hexdigest(),
        text=content,
        factors=tuple(Factor(each.name, each.evidence, each.points, each.at_most) for each in parsed.factor),
        floors=tuple(Bound(each.name, each.evidence, each.score, each.unless) for each in parsed.floor),
        caps=tuple(Bound(each.name, each.evidence, each.score, each.unless) for each in parsed.cap),
        bands=tuple(Band(band.name, band.least, band.respond_within_hours) for band in parsed.band),
        urgent=next(band.least for band in parsed.band if band.name == parsed.urgent),
        clues=parsed.clues,
        minors=parsed.minors,
        sought=parsed.sought,
        skip_settled=parsed.skip_settled,
        recent_days=parsed.recent_days,
        kept_days=parsed.kept_days,
        expiring_days=parsed.expiring_days,
        ranker=Lean(parsed.ranker.weight, parsed.ranker.most) if parsed.ranker else None,
    )
