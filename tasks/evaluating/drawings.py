"""Drawings of models: numbers within their intervals, slice by slice; calibration; where two models differ."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tasks.measuring.charts import COLOURS, INK, ROW, WIDTH, Row, to_svg

if TYPE_CHECKING:
    import altair as alt

CANDIDATE, CHAMPION = "this model", "champion"
BETTER, WORSE, OPEN = "better", "worse", "may be chance"
_WHO = {CANDIDATE: COLOURS[0], CHAMPION: COLOURS[1]}
_TELLS = {BETTER: COLOURS[2], WORSE: COLOURS[1], OPEN: COLOURS[5]}
_PANEL = 310
_ABREAST = 2


def draw_slices(rows: Sequence[Row], places: Sequence[str], title: str, *, share: bool) -> str:
    """Draw `value` within `low` and `high` for each `place`, a line for each `who`."""
    import altair as alt  # noqa: PLC0415 (0.8 s that a flow's start need not pay)

    who = [name for name in _WHO if any(row["who"] == name for row in rows)]
    base = _base(rows, places, ROW * len(places) * (1 if len(who) == 1 else 1.4)).encode(
        y=_places(places),
        yOffset=alt.YOffset("who:N", sort=who),
        color=_colour("who", {name: _WHO[name] for name in who}),
    )
    return to_svg(alt.layer(*_within(base, title, share=share)))


def draw_differences(rows: Sequence[Row], places: Sequence[str], title: str, *, share: bool) -> str:
    """Draw `value` within `low` and `high` for each `place`, coloured by what it `tells`, faint where not `judged`."""
    import altair as alt  # noqa: PLC0415 (as above)

    faint = alt.condition(alt.datum["judged"], alt.value(1), alt.value(0.45))
    base = _base(rows, places, ROW * len(places)).encode(
        y=_places(places), color=_colour("tells", _TELLS), opacity=faint
    )
    nothing = alt.Chart(alt.InlineData(values=[{"value": 0}])).mark_rule(color=INK, opacity=0.6, strokeDash=[4, 3])
    return to_svg(alt.layer(nothing.encode(x="value:Q"), *_within(base, title, share=share)))


def draw_reliability(rows: Sequence[Row]) -> str:
    """Draw for each `label` the `share` of true items over the `probability`, dots by `n`, a line for each `who`."""
    import altair as alt  # noqa: PLC0415 (as above)

    who = [name for name in _WHO if any(row["who"] == name for row in rows)]
    unit, ticks = alt.Scale(domain=[0, 1]), alt.Axis(format=".0%", tickCount=5, labelFlush=False)
    base = alt.Chart().encode(
        x=alt.X("probability:Q", title="probability said", scale=unit, axis=ticks),
        color=_colour("who", {name: _WHO[name] for name in who}),
    )
    diagonal = alt.InlineData(values=[{"probability": 0, "share": 0}, {"probability": 1, "share": 1}])
    ideal = alt.Chart(diagonal).mark_line(color=INK, opacity=0.5, strokeDash=[4, 3], strokeWidth=1)
    share = alt.Y("share:Q", title="share that is so", scale=unit, axis=ticks)
    ends = base.mark_rule(strokeWidth=1.5, opacity=0.5).encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    line = base.mark_line(strokeWidth=1.5).encode(y=share)
    size = alt.Size("n:Q", legend=None, scale=alt.Scale(range=[20, 220]))
    dots = base.mark_point(filled=True, opacity=1).encode(y=share, size=size)
    ideal = ideal.encode(x="probability:Q", y="share:Q")
    return to_svg(_panels([ideal, ends, line, dots], rows, _PANEL))


def draw_words(rows: Sequence[Row], words: Sequence[str]) -> str:
    """Draw for each `label` the `files` by what the `champion` and the `challenger` say, stronger the more."""
    import altair as alt  # noqa: PLC0415 (as above)

    base = alt.Chart().encode(
        x=alt.X("challenger:N", sort=list(words), title="challenger says", axis=alt.Axis(grid=False)),
        y=alt.Y("champion:N", sort=list(words), title="champion says", axis=alt.Axis(grid=False)),
    )
    cells = base.mark_rect(cornerRadius=3, xOffset=1, x2Offset=-1, yOffset=1, y2Offset=-1).encode(
        color=_colour("same", {"the same": COLOURS[0], "not the same": COLOURS[1]}),
        opacity=alt.Opacity("share:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.08, 0.85])),
    )
    said = base.mark_text(color=INK, fontSize=12).encode(text=alt.Text("files:Q", format=","))
    return to_svg(_panels([cells, said], rows, 0.6 * _PANEL))


def draw_counts(rows: Sequence[Row]) -> str:
    """Draw the `files` by the `difference` in faces found."""
    import altair as alt  # noqa: PLC0415 (as above)

    chart = alt.Chart(alt.InlineData(values=[dict(row) for row in rows]), width=WIDTH, height=220)
    across = alt.X("difference:O", title="challenger's faces less the champion's", axis=alt.Axis(grid=False))
    bars = chart.mark_bar(color=COLOURS[0]).encode(
        x=across, y=alt.Y("files:Q", title="files", axis=alt.Axis(format="~s", tickCount=5))
    )
    said = chart.mark_text(dy=-8, color=INK, fontSize=12).encode(
        x=across, y="files:Q", text=alt.Text("files:Q", format=",")
    )
    return to_svg(alt.layer(bars, said))


def _base(rows: Sequence[Row], places: Sequence[str], height: float) -> "alt.Chart":
    import altair as alt  # noqa: PLC0415 (as above)

    shown = [dict(row) for row in rows if row["place"] in set(places) and row["value"] is not None]
    return alt.Chart(alt.InlineData(values=shown), width=WIDTH, height=round(height))


def _within(base: "alt.Chart", title: str, *, share: bool) -> tuple["alt.Chart", "alt.Chart"]:
    """Draw a point within its interval."""
    import altair as alt  # noqa: PLC0415 (as above)

    axis = alt.Axis(format=".0%" if share else "~g", tickCount=6, labelFlush=False)
    across = alt.X("low:Q", title=title, scale=alt.Scale(zero=False, nice=True), axis=axis)
    ends = base.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.55).encode(x=across, x2="high:Q")
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("value:Q", title=title))
    return ends, dots


def _places(places: Sequence[str]) -> "alt.Y":
    import altair as alt  # noqa: PLC0415 (as above)

    room = 7.5 * max(map(len, places))
    return alt.Y("place:N", sort=list(places), title=None, axis=alt.Axis(grid=False, minExtent=room))


def _colour(column: str, colours: Mapping[str, str]) -> "alt.Color":
    import altair as alt  # noqa: PLC0415 (as above)

    legend = alt.Legend(symbolType="circle", symbolOpacity=1) if len(colours) > 1 else None
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color(f"{column}:N", title=None, scale=scale, legend=legend)


def _panels(layers: Sequence[Any], rows: Sequence[Row], height: float) -> Any:  # noqa: ANN401 (altair's own)
    """Draw a panel for each label, two abreast; one alone is as wide."""
    import altair as alt  # noqa: PLC0415 (as above)

    labels = list(dict.fromkeys(str(row["label"]) for row in rows))
    header = alt.Header(title=None, labelColor=INK, labelFontSize=13, labelFontWeight=600, labelPadding=8)
    chart = alt.layer(*layers).properties(width=_PANEL if len(labels) > 1 else 2 * _PANEL, height=height)
    facet = alt.Facet("label:N", sort=labels, header=header)
    return chart.facet(
        data=alt.InlineData(values=[dict(row) for row in rows]), facet=facet, columns=_ABREAST, spacing=44
    )
