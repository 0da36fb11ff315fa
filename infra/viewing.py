"""The viewing gate: a table of rules by jurisdiction (TOML), checked before anything is opened by it."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.errors import InvalidSettings
from domain.viewing import Action, Gate, Viewed

SHIPPED = Path(__file__).parent / "policies" / "viewing.toml"


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    why: str = Field(min_length=3)
    open: frozenset[Viewed]
    classify: frozenset[Viewed]
    refer: frozenset[Viewed]


def load_gate(jurisdiction: str, file: Path | None = None) -> Gate:
    """Read the rules of `jurisdiction` from the shipped table, or from the operator's own.

    Raises:
        InvalidSettings: the file is no such table, or has no rules for the jurisdiction.
    """
    place = file or SHIPPED
    try:
        tables = tomllib.loads(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettings(f"the table of viewing rules {place} cannot be read: {error}") from None
    if jurisdiction not in tables:
        raise InvalidSettings(f"BREAKWATER_JURISDICTION: {place} has rules for {', '.join(sorted(tables))} alone")
    try:
        rules = _Rules.model_validate(tables[jurisdiction])
    except ValidationError as error:
        faults = "; ".join(f"{fault['loc']}: {fault['msg']}" for fault in error.errors(include_input=False))
        raise InvalidSettings(f"{place}, [{jurisdiction}]: {faults}") from None
    return Gate(jurisdiction, {Action.OPEN: rules.open, Action.CLASSIFY: rules.classify, Action.REFER: rules.refer})
