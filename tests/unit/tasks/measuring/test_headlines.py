"""The headlines say in a few lines what the series say."""

from infra.archive import Dataset, schema
from tasks.measuring.headlines import headlines, markdown
from tasks.measuring.series import measure


def test_headlines_are_sums_and_last_values_of_the_series(synthetic):
    series = measure(*synthetic)
    said = {one.what: one.number for one in headlines(series)}
    assert said["Reports"] == f"{series.monthly['reports'].sum():,}"
    assert said["New files"] == f"{series.monthly['new_files'].sum():,}"
    assert said["Last month"] == f"{series.monthly['reports'].iloc[-1]:,}"
    first = series.countries.iloc[0]
    assert said[first["name"]] == f"{first['share']:.1%}"
    once = series.uniqueness.set_index("kind")["share_of_files"]
    assert {f"Seen once: {kind}" for kind in once.index} < set(said)


def test_every_headline_is_a_line_for_prefect(synthetic):
    found = headlines(measure(*synthetic))
    lines = markdown(found).splitlines()
    assert lines[2:] == [f"| {one.what} | {one.number} | {one.detail} |" for one in found]


def test_of_nothing_the_artifact_says_so():
    nothing = headlines(measure(*(schema(dataset).empty_table() for dataset in Dataset)))
    assert nothing == []
    assert markdown(nothing) == "Nothing is measured yet: no report is in the archive."
