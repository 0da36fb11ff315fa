"""Charts: rows of a measure to one SVG, drawn on this machine, for light pages and for dark ones.

The ground is transparent; text, axes and grid take the page's own text colour (`currentColor`). The marks have
colours that differ to the colour-blind and stand out at least 3 : 1 from white and from near-black; lines also
differ by their dashes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

WIDTH = 640
"""Units between the axes; a page may scale the whole."""
HEIGHT = 260
ROW = 27
"""Units of height of one row of bars or cells."""

COLOURS = ("#2f86c9", "#d0701c", "#149a7b", "#a565b5", "#a3851a", "#7b858f")
DASHES = ((1, 0), (7, 3), (2, 3), (9, 3, 2, 3), (4, 2), (1, 2))
INK = "currentColor"
ALONE = "alone"
"""The column that says of a point that no line leads to it or from it."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Axes:
    """What a chart shows: its columns across, up and as colour (or strength, or text), and their titles."""

    across: str
    up: str
    colour: str
    across_title: str | None = None
    up_title: str | None = None


def rows_of(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Give the frame's rows as plain values, None where one is missing; times as text, so that no zone shifts them."""
    plain = frame.copy()
    for name in plain.select_dtypes("datetime"):
        plain[name] = plain[name].dt.strftime("%Y-%m-%dT00:00:00Z")
    plain = plain.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def lines_by_month(rows: Sequence[Row], names: Sequence[str], axes: Axes) -> str:
    """Draw a line per name over months, on a logarithmic scale; it is broken where a month has none."""
    import altair as alt  # noqa: PLC0415 (0.8 s that a flow's start need not pay)

    chart = _chart(_alone(rows, axes), HEIGHT).encode(
        x=alt.X(
            f"{axes.across}:T",
            title=None,
            scale=alt.Scale(type="utc"),
            axis=alt.Axis(grid=False, tickCount="year", format="%Y"),
        ),
        y=_logarithmic(rows, axes),
    )
    dots = chart.mark_point(size=14, filled=True).encode(color=_colours(axes.colour, names))
    dots = dots.transform_filter(alt.FieldOneOfPredicate(field=ALONE, oneOf=[True]))
    return to_svg(alt.layer(_told_apart(chart.mark_line(strokeWidth=2), names, axes), dots))


def _alone(rows: Sequence[Row], axes: Axes) -> list[dict[str, Any]]:
    """Break the line where there is none, and mark what has no neighbour in it, which a line alone would not show."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_name.setdefault(str(row[axes.colour]), []).append({**row, axes.up: row[axes.up] or None})
    for line in by_name.values():
        there = [False, *(row[axes.up] is not None for row in line), False]
        for row, before, here, after in zip(line, there, there[1:], there[2:], strict=False):
            row[ALONE] = here and not before and not after
    return [row for line in by_name.values() for row in line]


def powers_of_ten(largest: float) -> list[int]:
    """Give 1, 10, … up to the first power of ten that reaches `largest`; at least 1 and 10."""
    return [10**power for power in range(max(1, math.ceil(math.log10(max(1, largest)))) + 1)]


def lines_by_year(rows: Sequence[Row], names: Sequence[str], axes: Axes) -> str:
    """Draw a line per name over years, with a point for each, on a logarithmic scale."""
    import altair as alt  # noqa: PLC0415 (as above)

    chart = _chart([{**row, axes.up: row[axes.up] or None} for row in rows], HEIGHT).encode(
        x=alt.X(f"{axes.across}:O", title=None, axis=_years()),
        y=_logarithmic(rows, axes),
    )
    dots = alt.OverlayMarkDef(size=30, filled=True, strokeWidth=0)
    return to_svg(_told_apart(chart.mark_line(strokeWidth=2, point=dots), names, axes))


def fan(rows: Sequence[Row], names: Sequence[str], axes: Axes, bands: Sequence[tuple[str, str]]) -> str:
    """Draw a line per name over months within its `bands`, columns of their lower and upper ends, the widest first."""
    import altair as alt  # noqa: PLC0415 (as above)

    base = _chart(rows, HEIGHT).encode(
        x=alt.X(
            f"{axes.across}:T",
            title=None,
            scale=alt.Scale(type="utc"),
            axis=alt.Axis(grid=False, tickCount="month", format="%b %Y", labelOverlap="parity", labelSeparation=8),
        ),
    )
    layers = [
        base.mark_area(opacity=0.16).encode(
            color=_colours(axes.colour, names).legend(None),
            y=alt.Y(f"{low}:Q", title=axes.up_title, scale=alt.Scale(zero=False), axis=alt.Axis(format="~s")),
            y2=alt.Y2(f"{high}:Q"),
        )
        for low, high in bands
    ]
    line = _told_apart(base.mark_line(strokeWidth=2), names, axes).encode(y=alt.Y(f"{axes.up}:Q"))
    return to_svg(alt.layer(*layers, line))


def steps(rows: Sequence[Row], names: Sequence[str], axes: Axes) -> str:
    """Draw cumulative shares as a line of steps per name."""
    import altair as alt  # noqa: PLC0415 (as above)

    chart = _chart(rows, HEIGHT).encode(
        x=alt.X(f"{axes.across}:Q", title=axes.across_title, axis=alt.Axis(grid=False)),
        y=alt.Y(f"{axes.up}:Q", title=axes.up_title, scale=alt.Scale(domain=[0, 1]), axis=_per_cent()),
    )
    return to_svg(_told_apart(chart.mark_line(strokeWidth=2, interpolate="step-after"), names, axes))


def stacked_shares(rows: Sequence[Row], names: Sequence[str], axes: Axes) -> str:
    """Draw a bar per year, divided among the names."""
    import altair as alt  # noqa: PLC0415 (as above)

    ordered = [{**row, "place": names.index(str(row[axes.colour]))} for row in rows]
    chart = _chart(ordered, HEIGHT).encode(
        x=alt.X(f"{axes.across}:O", title=None, scale=alt.Scale(paddingInner=0.25), axis=_years()),
        y=alt.Y(f"{axes.up}:Q", title=axes.up_title, stack="normalize", axis=_per_cent()),
        color=_colours(axes.colour, names),
        order=alt.Order("place:Q"),
    )
    return to_svg(chart.mark_bar())


def bars(rows: Sequence[Row], axes: Axes) -> str:
    """Draw a horizontal bar per row, in the rows' order, with its `axes.colour` column as text at the end."""
    import altair as alt  # noqa: PLC0415 (as above)

    number = f"{axes.across}:Q"
    base = _chart(rows, ROW * len(rows)).encode(
        y=alt.Y(f"{axes.up}:N", sort=None, title=None, axis=_labels([str(row[axes.up]) for row in rows]))
    )
    scale = alt.X(number, title=axes.across_title, axis=alt.Axis(tickCount=5, format="~s"))
    bar = base.mark_bar(color=COLOURS[0], height=16).encode(x=scale)
    label = base.mark_text(align="left", dx=6, color=INK, fontSize=12)
    return to_svg(alt.layer(bar, label.encode(x=number, text=f"{axes.colour}:N")))


def heat_map(rows: Sequence[Row], names: Sequence[str], axes: Axes) -> str:
    """Draw a cell per row, as strong as its `axes.colour` share, and say the share that rounds to a per cent."""
    import altair as alt  # noqa: PLC0415 (as above)

    share = f"{axes.colour}:Q"
    base = _chart(rows, ROW * len(names)).encode(
        x=alt.X(f"{axes.across}:O", title=None, axis=_years(bare=True)),
        y=alt.Y(f"{axes.up}:N", sort=list(names), title=None, axis=_labels(names)),
    )
    strength = alt.Opacity(share, legend=None, scale=alt.Scale(domain=[0, 1], range=[0.06, 0.9]))
    cells = base.mark_rect(color=COLOURS[0], cornerRadius=3, xOffset=1, x2Offset=-1, yOffset=1, y2Offset=-1)
    said = base.transform_filter(alt.datum[axes.colour] >= 0.005).mark_text(color=INK, fontSize=11)
    return to_svg(alt.layer(cells.encode(opacity=strength), said.encode(text=alt.Text(share, format=".0%"))))


def _chart(rows: Sequence[Row], height: int) -> "alt.Chart":
    import altair as alt  # noqa: PLC0415 (as above)

    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]), width=WIDTH, height=height)


def _logarithmic(rows: Sequence[Row], axes: Axes) -> "alt.Y":
    """Scale by powers of ten, from 1 to the first that reaches every row."""
    import altair as alt  # noqa: PLC0415 (as above)

    ticks = powers_of_ten(max(row[axes.up] or 0 for row in rows))
    return alt.Y(
        f"{axes.up}:Q",
        title=axes.up_title,
        scale=alt.Scale(type="log", domain=[1, ticks[-1]]),
        axis=alt.Axis(format="~s", values=ticks),
    )


def _years(*, bare: bool = False) -> "alt.Axis":
    """Name as many years as there is room for."""
    import altair as alt  # noqa: PLC0415 (as above)

    lines = not bare
    return alt.Axis(grid=False, labelOverlap="parity", labelSeparation=6, ticks=lines, domain=lines)


def _labels(names: Sequence[str]) -> "alt.Axis":
    """Leave room for the longest name in any font: the page's may be wider than the one measured here."""
    import altair as alt  # noqa: PLC0415 (as above)

    return alt.Axis(grid=False, minExtent=7.5 * max(map(len, names)))


def _per_cent() -> "alt.Axis":
    import altair as alt  # noqa: PLC0415 (as above)

    return alt.Axis(format=".0%", tickCount=5)


def _colours(column: str, names: Sequence[str]) -> "alt.Color":
    import altair as alt  # noqa: PLC0415 (as above)

    scale = alt.Scale(domain=list(names), range=list(COLOURS))
    return alt.Color(f"{column}:N", title=None, scale=scale)


def _told_apart(chart: "alt.Chart", names: Sequence[str], axes: Axes) -> "alt.Chart":
    """Give each name's line a colour and dashes of its own."""
    import altair as alt  # noqa: PLC0415 (as above)

    scale = alt.Scale(domain=list(names), range=[list(dash) for dash in DASHES])
    legend = alt.Legend(symbolType="stroke")
    dashes = alt.StrokeDash(f"{axes.colour}:N", title=None, scale=scale, legend=legend)
    return chart.encode(color=_colours(axes.colour, names).legend(symbolType="stroke"), strokeDash=dashes)


AXIS = {
    "labelColor": INK,
    "labelFontSize": 12,
    "labelOpacity": 0.8,
    "labelPadding": 6,
    "titleColor": INK,
    "titleFontSize": 12,
    "titleOpacity": 0.8,
    "titlePadding": 12,
    "titleFontWeight": "normal",
    "gridColor": INK,
    "gridOpacity": 0.12,
    "domainColor": INK,
    "domainOpacity": 0.4,
    "tickColor": INK,
    "tickOpacity": 0.4,
}
LEGEND = {
    "orient": "top",
    "direction": "horizontal",
    "offset": 14,
    "columnPadding": 20,
    "labelColor": INK,
    "labelFontSize": 12,
    "labelOpacity": 0.9,
    "symbolSize": 220,
    "symbolStrokeWidth": 3,
}
CONFIG = {
    "aria": False,
    "background": "transparent",
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": AXIS,
    "axisX": {"labelAngle": 0},
    "axisY": {"domain": False, "ticks": False},
    "legend": LEGEND,
}


def to_svg(chart: "alt.TopLevelMixin") -> str:
    """Draw with the compiler that the chart was written for; nothing is fetched."""
    import altair as alt  # noqa: PLC0415 (as above)
    import vl_convert  # noqa: PLC0415 (as above)

    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    return vl_convert.vegalite_to_svg(chart.to_dict(), vl_version=version, config=CONFIG, allowed_base_urls=[])
