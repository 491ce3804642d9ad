"""The chart of levels, as an SVG that follows the page's colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_persona.record import Record

_COLOURS = {"#010101": "var(--ink)", "#020202": "var(--faint)", "#030303": "var(--base)", "#040404": "var(--tuned)"}
"""Marks in the drawing, replaced by the page's own colours, which differ by light and dark."""
_INK, _FAINT, _BASE, _TUNED = _COLOURS
_NAMES = 130
"""Pixels kept for the traits' names: browsers draw them wider than the layout measures."""


def levels_chart(records: Sequence[Record]) -> str:
    """An SVG of P(match) in base and tuned model with their intervals, and where the limit lies; "" without levels."""
    rows = [
        {"trait": record.subject, "model": name, "value": level.value, "low": level.low, "high": level.high}
        for record in records
        for name, level in (("base", record.base.level), ("tuned", record.tuned.level))
        if level is not None
    ]
    if not rows:
        return ""
    limits: list[dict[str, Any]] = [
        {"trait": record.subject, "limit": record.base.level.value + record.margin}
        for record in records
        if record.base.level is not None
    ]
    import altair as alt
    import vl_convert

    levels = [level for record in records for level in (record.base.level, record.tuned.level) if level is not None]
    edges = [edge for level in levels for edge in (level.low, level.high)] + [row["limit"] for row in limits]
    end = max(*edges, min(1.0, max(edges) + 0.03))  # a limit may lie above 1, and must not lie outside the drawing
    scale = alt.Scale(domain=[max(0.0, min(edges) - 0.03), end], nice=False, zero=False)
    colour = alt.Color("model:N", scale=alt.Scale(domain=["base", "tuned"], range=[_BASE, _TUNED]), legend=None)
    place: dict[str, Any] = {
        "y": alt.Y(
            "trait:N",
            title=None,
            sort=None,
            axis=alt.Axis(labelFontSize=13, ticks=False, domain=False, minExtent=_NAMES),
        ),
        "yOffset": alt.YOffset("model:N", sort=["base", "tuned"]),
    }
    data = alt.Chart(alt.Data(values=rows))
    bars = data.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.55).encode(
        x=alt.X("low:Q", scale=scale, title="P(match), with its interval"), x2="high:Q", color=colour, **place
    )
    points = data.mark_point(filled=True, size=110, opacity=1).encode(x="value:Q", color=colour, **place)
    limit = (
        alt.Chart(alt.Data(values=limits)).mark_tick(thickness=2, size=34, color=_INK).encode(x="limit:Q", y=place["y"])
    )
    chart = (
        alt.layer(bars, limit, points)
        .properties(width=700, height=alt.Step(26, **{"for": "position"}), background="transparent")
        .configure(font="system-ui, sans-serif")
        .configure_scale(bandPaddingInner=0.25)
        .configure_view(stroke=None)
        .configure_axis(labelColor=_INK, titleColor=_INK, gridColor=_FAINT, domainColor=_FAINT, tickColor=_FAINT)
    )
    svg: str = vl_convert.vegalite_to_svg(chart.to_json(), vl_version=".".join(alt.SCHEMA_VERSION[1:].split(".")[:2]))
    for mark, colour_variable in _COLOURS.items():
        svg = svg.replace(mark, colour_variable)
    return svg
