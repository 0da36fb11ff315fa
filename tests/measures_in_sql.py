"""The measures once more, as SQL over all rows in DuckDB: slow, in memory, and written apart from the product's."""

import duckdb
import pyarrow as pa

from domain.media import Kind
from domain.report import Source
from infra.archive import COLUMNS, ID_BYTES, Dataset, key_of, schema
from tasks.measuring.regions import UNASSIGNED, countries

KINDS, SOURCES = (f"list_position({list(map(str, each))}, {{}})" for each in (Kind, Source))
FIRST = f"row(received_at, {SOURCES.format('source')}, {KINDS.format('kind')})"

REPORT = """
    CREATE VIEW report AS
    SELECT *, date_trunc('month', received_at)::DATE AS month, year(received_at) AS year FROM reports
"""
SIGHTING = """
    CREATE TABLE sighting AS
    SELECT report_id, any_value(file) AS file, arg_min(kind, ordinal) AS kind, any_value(source) AS source,
        min(received_at) AS received_at, date_trunc('month', min(received_at))::DATE AS month
    FROM sightings GROUP BY report_id, file, CASE WHEN file IS NULL THEN ordinal END
"""
FILES = f"""
    CREATE TABLE known AS
    SELECT file, arg_min(kind, {FIRST}) AS kind, arg_min(source, {FIRST}) AS source, count(*) AS reports,
        min(month) AS month, ceil(epoch_us(max(received_at) - min(received_at)) / 86400000000)::BIGINT AS days
    FROM sighting WHERE file IS NOT NULL GROUP BY file
"""
QUERIES = {
    "monthly": """
        WITH span AS (
            SELECT unnest(generate_series(min(month), max(month), INTERVAL 1 MONTH))::DATE AS month FROM report
        ), told AS (SELECT month, count(*) AS reports, sum(incidents) AS incidents FROM report GROUP BY ALL),
        seen AS (SELECT month, count(*) AS sightings FROM sighting GROUP BY ALL),
        new AS (SELECT month, count(*) AS new_files FROM known GROUP BY ALL)
        SELECT month::TIMESTAMP AS month, coalesce(reports, 0) AS reports, coalesce(incidents, 0)::BIGINT AS incidents,
            coalesce(sightings, 0) AS sightings, coalesce(new_files, 0) AS new_files
        FROM span LEFT JOIN told USING (month) LEFT JOIN seen USING (month) LEFT JOIN new USING (month) ORDER BY month
    """,
    "sources": """
        WITH span AS (
            SELECT unnest(generate_series(min(month), max(month), INTERVAL 1 MONTH))::DATE AS month FROM report
        ), told AS (SELECT month, source, count(*) AS reports, sum(incidents) AS incidents FROM report GROUP BY ALL),
        seen AS (SELECT month, source, count(*) AS sightings FROM sighting GROUP BY ALL),
        new AS (SELECT month, source, count(*) AS new_files FROM known GROUP BY ALL)
        SELECT month::TIMESTAMP AS month, source, coalesce(reports, 0) AS reports,
            coalesce(incidents, 0)::BIGINT AS incidents, coalesce(sightings, 0) AS sightings,
            coalesce(new_files, 0) AS new_files
        FROM span CROSS JOIN (SELECT DISTINCT source FROM report) LEFT JOIN told USING (month, source)
        LEFT JOIN seen USING (month, source) LEFT JOIN new USING (month, source) ORDER BY month, source
    """,
    "kinds": """
        WITH span AS (
            SELECT unnest(generate_series(min(month), max(month), INTERVAL 1 MONTH))::DATE AS month FROM sighting
        ), seen AS (SELECT month, kind, count(*) AS sightings FROM sighting GROUP BY ALL),
        new AS (SELECT month, kind, count(*) AS new_files FROM known GROUP BY ALL)
        SELECT month::TIMESTAMP AS month, kind, coalesce(sightings, 0) AS sightings, coalesce(new_files, 0) AS new_files
        FROM span CROSS JOIN (SELECT DISTINCT kind FROM sighting) LEFT JOIN seen USING (month, kind)
        LEFT JOIN new USING (month, kind) ORDER BY month, kind
    """,
    "countries": """
        WITH named AS (SELECT DISTINCT report_id, unnest(countries) AS country FROM report),
        located AS (SELECT count(DISTINCT report_id) AS located FROM named),
        tally AS (SELECT country, count(*) AS reports FROM named GROUP BY country)
        SELECT country, coalesce(name, country) AS name, coalesce(region, $unassigned) AS region,
            reports, located, reports / located AS share
        FROM tally CROSS JOIN located LEFT JOIN country USING (country) ORDER BY reports DESC, country
    """,
    "regions": """
        WITH named AS (
            SELECT DISTINCT report_id, year, coalesce(region, $unassigned) AS region
            FROM (SELECT report_id, year, unnest(countries) AS country FROM report)
            LEFT JOIN country USING (country)
        ), located AS (SELECT year, count(DISTINCT report_id) AS located FROM named GROUP BY year),
        tally AS (SELECT year, region, count(*) AS reports FROM named GROUP BY ALL)
        SELECT year, region, coalesce(reports, 0) AS reports, located, coalesce(reports, 0) / located AS share
        FROM located CROSS JOIN (SELECT DISTINCT region FROM named) LEFT JOIN tally USING (year, region)
        ORDER BY year, region
    """,
    "vectors": """
        WITH span AS (SELECT unnest(generate_series(min(year), max(year))) AS year FROM report),
        used AS (SELECT DISTINCT report_id, year, unnest(vectors) AS vector FROM report),
        total AS (SELECT vector, count(*) AS total FROM used GROUP BY vector),
        tally AS (SELECT vector, year, count(*) AS reports FROM used GROUP BY ALL)
        SELECT vector, year, coalesce(reports, 0) AS reports, total, coalesce(reports, 0) / total AS share
        FROM total CROSS JOIN span LEFT JOIN tally USING (vector, year) ORDER BY vector, year
    """,
    "uniqueness": """
        SELECT kind, count(*) AS files, count(*) FILTER (reports = 1) AS seen_once,
            seen_once / files AS share_of_files, sum(reports)::BIGINT AS sightings,
            seen_once / sightings AS share_of_sightings, max(reports) AS most_reports
        FROM known GROUP BY kind ORDER BY kind
    """,
    "lifetimes": """
        SELECT kind, count(*) AS files, quantile_disc(days, 0.5) AS median_days, quantile_disc(days, 0.9) AS p90_days
        FROM known WHERE reports > 1 GROUP BY kind ORDER BY kind
    """,
    "lifetime_distribution": """
        WITH tally AS (SELECT kind, days, count(*) AS ended FROM known WHERE reports > 1 GROUP BY ALL)
        SELECT kind, days, (sum(ended) OVER (PARTITION BY kind ORDER BY days))::BIGINT AS files,
            files / sum(ended) OVER (PARTITION BY kind) AS share
        FROM tally ORDER BY kind, days
    """,
}
"""A query for each measure, by its name in `Series`."""

CORRECTED = {
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


def measured(reports, sightings):
    """Give every measure that has a query, from the archive's two datasets."""
    with duckdb.connect(
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    ) as connection:
        connection.register("reports", without_zone(reports))
        connection.register("sightings", without_zone(sightings))
        rows = [{"country": each.code, "region": each.region, "name": each.name} for each in countries()]
        connection.register("country", pa.Table.from_pylist(rows))
        for query in (REPORT, SIGHTING, FILES):
            connection.execute(query)
        named = {"unassigned": UNASSIGNED}
        return {
            name: connection.execute(query, named if "$unassigned" in query else None).df()
            for name, query in QUERIES.items()
        }


def without_zone(table):
    """Drop the zone of `received_at`, which is UTC: the engine would turn times to this machine's zone."""
    place = table.schema.get_field_index("received_at")
    return table.set_column(place, "received_at", table["received_at"].cast(pa.timestamp("us")))


def corrected(dataset, rows, corrections):
    """Give `rows` of `dataset` as they hold after corrections."""
    key = pa.binary(ID_BYTES)
    codes = pa.schema([("report_id", key), ("codes", pa.list_(pa.string()))])

    def of_reports(said):
        return pa.Table.from_pylist(
            [{"report_id": key_of(each), "codes": list(value)} for each, value in said.items()], codes
        )

    tables = {
        "rows": rows,
        "superseded": pa.table({"report_id": pa.array(map(key_of, sorted(corrections.superseded)), key)}),
        "said_vectors": of_reports(corrections.vectors),
        "said_countries": of_reports(corrections.countries),
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
        query = CORRECTED[dataset].format(columns=", ".join(COLUMNS[dataset]))
        return connection.sql(query).to_arrow_table().cast(schema(dataset))
