"""The retention policy: a TOML file of clocks, one for each class of what is held, checked before any is read."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.errors import InvalidSettings
from domain.retention import EVENTS, Clock, Clocks, Event, Held
from infra.lines import where

SHIPPED = Path(__file__).parent / "policies" / "retention.toml"

_MOST_DAYS = 36525


class _Clock(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    days: int = Field(strict=True, ge=1, le=_MOST_DAYS)
    event: Event = Field(alias="from")
    basis: str = Field(min_length=3)


def load_retention(file: Path | None) -> Clocks:
    """Read the clocks; the shipped ones if `file` is None.

    Raises:
        InvalidSettings: the file is not there, is no TOML, or says something that no policy can say; with the line.
    """
    place = file or SHIPPED
    try:
        text = place.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettings(f"the retention policy {place} cannot be used: {error}") from None
    faults = [f"{where(text, [name])}: nothing of this name is held" for name in tables if name not in set(Held)]
    clocks = {}
    for held in Held:
        try:
            one = _Clock.model_validate(tables.get(held, {}))
        except ValidationError as error:
            told = error.errors(include_input=False, include_url=False)
            faults += [f"{where(text, [held, *map(str, fault['loc'])])}: {fault['msg']}" for fault in told]
            continue
        if one.event not in EVENTS[held]:
            faults.append(f"{where(text, [held, 'from'])}: its clock runs from {' or '.join(EVENTS[held])}")
        clocks[held] = Clock(one.days, one.event, one.basis)
    if faults:
        raise InvalidSettings(f"the retention policy {place} cannot be used: {'; '.join(faults)}")
    return clocks
