"""History: the archive's two datasets, made countable once for all measures."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.measuring.regions import countries

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

_OFFLINE = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
_REPORT = """
    CREATE VIEW report AS
    SELECT *, date_trunc('month', received_at)::DATE AS month, year(received_at) AS year FROM reports
"""
_SIGHTING = """
    CREATE TABLE sighting AS
    SELECT report_id, any_value(file) AS file, arg_min(kind, ordinal) AS kind, any_value(source) AS source,
        min(received_at) AS received_at, date_trunc('month', min(received_at))::DATE AS month
    FROM sightings GROUP BY report_id, file, CASE WHEN file IS NULL THEN ordinal END
"""


@dataclass(frozen=True, slots=True)
class History:
    """Tables that the measures query.

    `report` has a row per report: `report_id`, `received_at`, `month` (its first day), `year`, `source`,
    `incidents`, `vectors`, `countries`. `sighting` has a row per distinct (report, file): `report_id`,
    `file`, `kind`, `source`, `received_at`, `month`; a file that one report names several times is one
    sighting of it, and a file entry whose content nobody knows (no `file`) is a sighting of its own.
    `country` has a row per country: `country`, `region`, `name`. Times are UTC, without a zone.
    """

    connection: "duckdb.DuckDBPyConnection"

    def table(self, query: str, **parameters: object) -> "pd.DataFrame":
        """Answer `query`, which orders its rows; the columns are there even when no row is."""
        return self.connection.execute(query, parameters or None).df()


@contextmanager
def open_history(reports: "pa.Table", sightings: "pa.Table") -> Iterator[History]:
    """Open the datasets of `infra.archive` (one row per report, one per file entry) until the block ends."""
    import duckdb  # noqa: PLC0415 (a flow's start need not pay for it)
    import pyarrow as pa  # noqa: PLC0415 (as above)

    with duckdb.connect(config=dict(_OFFLINE)) as connection:
        connection.register("reports", _without_zone(reports))
        connection.register("sightings", _without_zone(sightings))
        rows = [{"country": each.code, "region": each.region, "name": each.name} for each in countries()]
        connection.register("country", pa.Table.from_pylist(rows))
        connection.execute(_REPORT)
        connection.execute(_SIGHTING)
        yield History(connection)


def _without_zone(table: "pa.Table") -> "pa.Table":
    """Drop the zone of `received_at`, which is UTC: the engine would turn times to this machine's zone."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    place = table.schema.get_field_index("received_at")
    return table.set_column(place, "received_at", table["received_at"].cast(pa.timestamp("us")))
