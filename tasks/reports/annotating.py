"""Annotating: what an analyst says of a report otherwise than its reporter, as dated revisions, never overwrites."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from domain.audit import Act
from domain.errors import InvalidSettings
from domain.media import Kind
from domain.report import NO_COUNTRY, LocationRole, Vector
from infra.ledger import history
from infra.world import world

OF_THE_REPORT = -1
"""The ordinal of what is said of a whole report."""

_ACCEPTED: Mapping[str, str] = MappingProxyType({
    "vector": ", ".join(Vector),
    "country": f"ISO 3166 alpha-2, with a role if one is known: IN or IN:{LocationRole.SUSPECT}",
    "kind": f"one of {', '.join(Kind)}, with the file's ordinal",
})  # fmt: skip


def annotate(report_id: str, field: str, codes: Collection[str], analyst: str, ordinal: int = OF_THE_REPORT) -> int:
    """Add what `analyst` says of a report's vectors or countries, or of a file's kind; count what is new.

    Args:
        report_id: the report's surrogate key.
        field: `vector`, `country` or `kind`.
        codes: the whole value from now on; none says that nothing is known.
        analyst: who says so; kept as a surrogate.
        ordinal: the file entry whose kind it is.

    Raises:
        InvalidSettings: the ledger has no such report or file, or the codes are none.
    """
    if not _valid(field, codes, ordinal):
        raise InvalidSettings(f"{field}: {_ACCEPTED.get(field, 'say vector, country or kind')}")
    by, said = world().analyst(analyst), sorted(set(codes))
    row = {
        "report_id": report_id, "field": field, "ordinal": ordinal, "revised_at": datetime.now(UTC), "analyst": by,
        "codes": said,
    }  # fmt: skip
    with world().ledger.begin() as connection:
        if not history.has(connection, report_id, ordinal):
            what = "report" if ordinal == OF_THE_REPORT else "file of a report"
            raise InvalidSettings(f"the ledger has no such {what}; name the report by its surrogate key")
        world().audit.append(connection, Act.ANNOTATED, report_id, by=by, field=field, ordinal=ordinal, codes=said)
        return history.revise(connection, row)


def _valid(field: str, codes: Collection[str], ordinal: int) -> bool:
    if field == "vector":
        return ordinal == OF_THE_REPORT and set(codes) <= set(Vector)
    if field == "country":
        return ordinal == OF_THE_REPORT and all(map(_is_country, codes))
    return field == "kind" and ordinal >= 0 and len(codes) == 1 and set(codes) <= set(Kind)


def _is_country(code: str) -> bool:
    country, _, role = code.partition(":")
    return bool(re.fullmatch("[A-Z]{2}", country)) and country not in NO_COUNTRY and role in {"", *LocationRole}
