"""Corrections: what revisions and analysts said later, in place of what the archive holds.

The archive itself stays as it is: what changes an old month is a dated row of the ledger.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.archive import COLUMNS, ID_BYTES, Dataset, key_of, schema
from infra.ledger.history import Corrections

if TYPE_CHECKING:
    import pyarrow as pa

_CORRECTED = {
    Dataset.REPORTS: """
        SELECT {columns} FROM (
            SELECT rows.* REPLACE (
                coalesce(said_vectors.codes, vectors) AS vectors, coalesce(said_countries.codes, countries) AS countries
            )
            FROM rows LEFT JOIN said_vectors USING (report_id) LEFT JOIN said_countries USING (report_id)
        ) ANTI JOIN superseded USING (report_id)
    """,
    Dataset.SIGHTINGS: """
        SELECT {columns} FROM (
            SELECT rows.* REPLACE (coalesce(said_kinds.code, kind) AS kind)
            FROM rows LEFT JOIN said_kinds USING (report_id, ordinal)
        ) ANTI JOIN superseded USING (report_id)
    """,
}


def corrected(dataset: Dataset, rows: "pa.Table", corrections: Corrections) -> "pa.Table":
    """Give `rows` of the archive's `dataset` as they hold today; revised reports' older versions are left out."""
    import duckdb  # noqa: PLC0415 (a flow's start need not pay for it)
    import pyarrow as pa  # noqa: PLC0415 (as above)

    if not corrections:
        return rows
    key = pa.binary(ID_BYTES)
    codes = pa.schema([("report_id", key), ("codes", pa.list_(pa.string()))])
    tables = {
        "rows": rows,
        "superseded": pa.table({"report_id": pa.array(map(key_of, sorted(corrections.superseded)), key)}),
        "said_vectors": pa.Table.from_pylist(_rows(corrections.vectors), codes),
        "said_countries": pa.Table.from_pylist(_rows(corrections.countries), codes),
        "said_kinds": pa.table({
            "report_id": pa.array([key_of(report) for report, _ in corrections.kinds], key),
            "ordinal": pa.array([ordinal for _, ordinal in corrections.kinds], pa.int32()),
            "code": pa.array(corrections.kinds.values(), pa.string()),
        }),
    }  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, table in tables.items():
            connection.register(name, table)
        query = _CORRECTED[dataset].format(columns=", ".join(COLUMNS[dataset]))
        return connection.sql(query).to_arrow_table().cast(schema(dataset))


def _rows(said: Mapping[str, tuple[str, ...]]) -> list[dict[str, object]]:
    return [{"report_id": key_of(report), "codes": list(codes)} for report, codes in said.items()]
