"""The measures as Dask, pandas, Polars and DuckDB compute them, each on the archive's own files and in its own way.

Every function gives the same numbers: by kind the files, those seen once, the most reports of one, and the median
lifetime in whole days; the whole job counts volumes before. They need not look for files that one report names twice,
which ours does: the simulated history has none.
"""

from pathlib import Path
from typing import Any

MICROS = 86_400_000_000


def duckdb_uniqueness(_reports: str, sightings: str) -> list[tuple[Any, ...]]:
    """One query over all sightings."""
    import duckdb  # noqa: PLC0415 (each peer pays for itself)

    return duckdb.sql(f"""
        WITH known AS (
            SELECT arg_min(kind, received_at) AS kind, count(*) AS reports,
                ceil(epoch_us(max(received_at) - min(received_at)) / {MICROS})::BIGINT AS days
            FROM '{sightings}' WHERE file IS NOT NULL GROUP BY file
        )
        SELECT kind, count(*), count(*) FILTER (reports = 1), max(reports),
            quantile_disc(days, 0.5) FILTER (reports > 1)
        FROM known GROUP BY kind ORDER BY kind
    """).fetchall()  # noqa: S608 (the path is ours)


def duckdb_whole(reports: str, sightings: str) -> list[tuple[Any, ...]]:
    """Six queries of volumes, and uniqueness."""
    import duckdb  # noqa: PLC0415 (as above)

    told, seen = f"FROM '{reports}' GROUP BY ALL", f"FROM '{sightings}' GROUP BY ALL"
    month, year = "date_trunc('month', received_at) AS month", "year(received_at) AS year"
    from tasks.measuring.regions import countries  # noqa: PLC0415 (as above)

    duckdb.sql("CREATE OR REPLACE TABLE region (country TEXT, region TEXT)")
    duckdb.executemany("INSERT INTO region VALUES (?, ?)", [(each.code, each.region) for each in countries()])
    named = f"(SELECT unnest(countries) AS country, {year} FROM '{reports}')"  # noqa: S608 (the paths are ours)
    labelled = f"(SELECT unnest(vectors) AS vector, {year} FROM '{reports}')"  # noqa: S608 (as above)
    for query in (
        f"SELECT {month}, count(*), sum(incidents) {told}",
        f"SELECT {month}, source, count(*) {told}",
        f"SELECT country, count(*) FROM {named} GROUP BY ALL",  # noqa: S608 (as above)
        f"SELECT year, region, count(*) FROM {named} JOIN region USING (country) GROUP BY ALL",  # noqa: S608 (as above)
        f"SELECT vector, year, count(*) FROM {labelled} GROUP BY ALL",  # noqa: S608 (as above)
        f"SELECT {month}, kind, count(*) {seen}",
    ):
        duckdb.sql(query).fetchall()
    return duckdb_uniqueness(reports, sightings)


def polars_uniqueness(_reports: str, sightings: str) -> list[tuple[Any, ...]]:
    """One streaming query over all sightings."""
    import polars as pl  # noqa: PLC0415 (as above)

    moment = pl.col("received_at")
    known = (
        pl.scan_parquet(sightings)
        .filter(pl.col("file").is_not_null())
        .group_by("file")
        .agg(
            kind=pl.col("kind").first(),
            reports=pl.len(),
            days=-((moment.min() - moment.max()).dt.total_microseconds() // MICROS),
        )
    )
    table = (
        known.group_by("kind")
        .agg(
            files=pl.len(),
            once=(pl.col("reports") == 1).sum(),
            most=pl.col("reports").max(),
            median=pl.col("days").filter(pl.col("reports") > 1).quantile(0.5, "lower"),
        )
        .sort("kind")
    )
    return table.collect(engine="streaming").rows()


def polars_whole(reports: str, sightings: str) -> list[tuple[Any, ...]]:
    """Six streaming queries of volumes, and uniqueness."""
    import polars as pl  # noqa: PLC0415 (as above)

    from tasks.measuring.regions import countries  # noqa: PLC0415 (as above)

    told, seen = pl.scan_parquet(reports), pl.scan_parquet(sightings)
    month, year = pl.col("received_at").dt.truncate("1mo"), pl.col("received_at").dt.year()
    region = pl.LazyFrame([{"countries": each.code, "region": each.region} for each in countries()])
    named = told.select("countries", year=year).explode("countries")
    for query in (
        told.group_by(month).agg(pl.len(), pl.col("incidents").sum()),
        told.group_by(month, "source").agg(pl.len()),
        named.group_by("countries").agg(pl.len()),
        named.join(region, on="countries").group_by("year", "region").agg(pl.len()),
        told.select("vectors", year=year).explode("vectors").group_by("vectors", "year").agg(pl.len()),
        seen.group_by(month, "kind").agg(pl.len()),
    ):
        query.collect(engine="streaming")
    return polars_uniqueness(reports, sightings)


def pandas_uniqueness(_reports: str, sightings: str) -> list[tuple[Any, ...]]:
    """Group all sightings in memory."""
    return _by_kind(_known(_read(sightings, ["file", "kind", "received_at"])))


def pandas_whole(reports: str, sightings: str) -> list[tuple[Any, ...]]:
    """Group all rows in memory."""
    told = _read(reports, ["received_at", "source", "incidents", "vectors", "countries"])
    seen = _read(sightings, ["file", "kind", "received_at"])
    for frame in (told, seen):
        frame["year"] = frame["received_at"].dt.year
        frame["month"] = frame["year"] * 12 + frame["received_at"].dt.month
    told.groupby("month")["incidents"].agg(["size", "sum"])
    told.groupby(["month", "source"]).size()
    named = told[["year", "countries"]].explode("countries").dropna()
    named.groupby("countries").size()
    named["region"] = named["countries"].map(_regions())
    named.groupby(["year", "region"]).size()
    told[["year", "vectors"]].explode("vectors").dropna().groupby(["vectors", "year"]).size()
    seen.groupby(["month", "kind"]).size()
    return _by_kind(_known(seen))


def dask_uniqueness(_reports: str, sightings: str) -> list[tuple[Any, ...]]:
    """Shuffle all sightings by file, and group each partition."""
    import dask.dataframe as dd  # noqa: PLC0415 (as above)

    seen = dd.read_parquet(
        sorted(_files(sightings)), columns=["file", "kind", "received_at"], dtype_backend="pyarrow"
    ).dropna(subset=["file"])
    seen["file"] = seen["file"].astype("binary[pyarrow]")  # its shuffle knows no binaries of fixed size
    meta = {"kind": "string[pyarrow]", "reports": "int64", "days": "int64"}
    known = seen.shuffle("file", npartitions=32).map_partitions(_known, meta=meta)
    return _by_kind(known.compute())


def dask_whole(reports: str, sightings: str) -> list[tuple[Any, ...]]:
    """Group partitions, and add up."""
    import dask  # noqa: PLC0415 (as above)
    import dask.dataframe as dd  # noqa: PLC0415 (as above)

    columns = ["received_at", "source", "incidents", "vectors", "countries"]
    told = dd.read_parquet(sorted(_files(reports)), columns=columns, dtype_backend="pyarrow")
    seen = dd.read_parquet(sorted(_files(sightings)), columns=["kind", "received_at"], dtype_backend="pyarrow")
    told["year"] = told["received_at"].dt.year
    told["month"] = told["year"] * 12 + told["received_at"].dt.month
    seen["month"] = seen["received_at"].dt.year * 12 + seen["received_at"].dt.month
    named = told[["year", "countries"]].explode("countries").dropna()
    named["region"] = named["countries"].map(_regions(), meta=("region", "object"))
    vectors = told[["year", "vectors"]].explode("vectors").dropna()
    dask.compute(
        told.groupby("month")["incidents"].agg(["size", "sum"]),
        told.groupby(["month", "source"]).size(),
        named.groupby("countries").size(),
        named.groupby(["year", "region"]).size(),
        vectors.groupby(["vectors", "year"]).size(),
        seen.groupby(["month", "kind"]).size(),
    )
    return dask_uniqueness(reports, sightings)


def _files(pattern: str) -> list[str]:
    root, _, rest = pattern.partition("/*")
    return [str(each) for each in Path(root).glob(f"*{rest}")]


def _read(pattern: str, columns: list[str]) -> Any:  # noqa: ANN401 (a frame)
    import pandas as pd  # noqa: PLC0415 (as above)

    return pd.read_parquet(_files(pattern), columns=columns, dtype_backend="pyarrow")


def _regions() -> dict[str, str]:
    from tasks.measuring.regions import countries  # noqa: PLC0415 (as above)

    return {each.code: each.region for each in countries()}


def _known(seen: Any) -> Any:  # noqa: ANN401 (a frame)
    """Group sightings by file."""
    import pandas as pd  # noqa: PLC0415 (as above)

    moments = seen["received_at"].astype("datetime64[us, UTC]").astype("int64")
    groups = seen.assign(moment=moments).dropna(subset=["file"]).groupby("file", sort=False)
    spans = groups["moment"].agg(["size", "min", "max"])
    days = -((spans["min"] - spans["max"]) // MICROS)
    kind = groups["kind"].first().astype("string[pyarrow]").to_numpy()
    return pd.DataFrame({
        "kind": pd.array(kind, "string[pyarrow]"), "reports": spans["size"].to_numpy(), "days": days.to_numpy(),
    })  # fmt: skip


def _by_kind(known: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 (a frame)
    rows = []
    for kind, files in known.groupby("kind"):
        days = files.loc[files["reports"] > 1, "days"].quantile(0.5, interpolation="lower")
        rows.append((kind, len(files), int((files["reports"] == 1).sum()), int(files["reports"].max()), int(days)))
    return rows
