"""Maps: a measure by country on the outlines of the world, to one SVG as `tasks.measuring.charts` draws them."""

import json
from bisect import bisect_right
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tasks.measuring.charts import COLOURS, INK, WIDTH, to_svg

TALL = 310
"""Units of height of the world in its projection, at the charts' width."""

CLASSES = (1, 3, 10, 30)
"""Where one shade of the map ends and the next begins: the rates spread over three powers of ten."""

_NAMES = ("below 1", "1 to 3", "3 to 10", "10 to 30", "30 and more")
_SHADES = (0.16, 0.34, 0.54, 0.76, 1.0)


def world_map(rates: Mapping[str, float], title: str) -> str:
    """Shade each country by its rate, in the classes of `CLASSES`; countries without one stay empty.

    Args:
        rates: by ISO 3166-1 alpha-2 code. Countries too small for an outline are not drawn.
        title: what the rate is, above the legend.
    """
    import altair as alt  # noqa: PLC0415 (0.8 s that a flow's start need not pay)

    features = [
        {"type": "Feature", "geometry": shape, **({"rate": _class(rates[code])} if code in rates else {})}
        for code, shape in outlines().items()
    ]
    ground = _layer(features).mark_geoshape(fill=INK, fillOpacity=0.07)
    legend = alt.Legend(titleColor=INK, titleOpacity=0.8, titleFontWeight="normal", symbolType="square",
                        symbolFillColor=COLOURS[0], symbolStrokeWidth=0)  # fmt: skip
    shade = alt.Opacity("rate:N", title=title, legend=legend).scale(
        type="ordinal", domain=list(_NAMES), range=list(_SHADES)
    )
    rated = _layer([each for each in features if "rate" in each])
    shaded = rated.mark_geoshape(fill=COLOURS[0]).encode(opacity=shade)
    lines = _layer(features).mark_geoshape(filled=False, stroke=INK, strokeOpacity=0.35, strokeWidth=0.4)
    return to_svg(alt.layer(ground, shaded, lines).project("equalEarth").properties(width=WIDTH, height=TALL))


def _class(rate: float) -> str:
    return _NAMES[bisect_right(CLASSES, rate)]


def _layer(features: list[dict[str, Any]]) -> Any:  # noqa: ANN401 (a chart, of a library that is imported late)
    import altair as alt  # noqa: PLC0415 (as above)

    return alt.Chart(alt.InlineData(values=features))


@cache
def outlines() -> dict[str, dict[str, Any]]:
    """Give each country's outline as a GeoJSON geometry, by code; source and licence stand at the head of the file."""
    kept = json.loads(Path(__file__).with_name("world.json").read_text(encoding="utf-8"))
    return {
        code: {"type": "MultiPolygon", "coordinates": [[_points(ring) for ring in polygon] for polygon in polygons]}
        for code, polygons in kept["shapes"].items()
    }


def _points(ring: list[int]) -> list[list[float]]:
    """Read longitudes and latitudes in turns, in tenths of a degree."""
    return [[ring[place] / 10, ring[place + 1] / 10] for place in range(0, len(ring), 2)]
