"""The charts of levels: each metric of base and tuned model, where one checkpoint was tested."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pytest_persona.metrics import METRICS, Metric
from pytest_persona.record import Record
from pytest_persona.report.draw import Drawing, colour, svg_of

_NAMES, _LETTER = 130, 8
"""Least pixels kept for names, and pixels a letter: browsers draw them wider than the layout measures."""


def levels_charts(records: Sequence[Record]) -> list[Drawing]:
    """A drawing for each metric with levels: base and tuned model with their intervals, and where the limit lies."""
    drawings = []
    extent = max([_NAMES, *(_LETTER * len(record.subject) for record in records)])  # all charts begin in one line
    for metric in dict.fromkeys(record.metric for record in records):
        svg = _levels([record for record in records if record.metric == metric], METRICS[metric], extent)
        if svg:
            drawings.append(Drawing(METRICS[metric].title, svg))
    return drawings


def _limits(record: Record, metric: Metric) -> list[float]:
    """The levels at which a verdict's limits lie."""
    ends = [end for end in (record.floor, record.margin) if end is not None]
    if record.criterion == "absolute":
        return ends
    if record.base.level is None:
        return []
    base, sign = record.base.level.value, -1 if metric.falls else 1
    return [base * (1 + sign * end) if metric.relative else base + sign * end for end in ends]


def _levels(records: Sequence[Record], metric: Metric, extent: int) -> str:
    rows: list[dict[str, Any]] = [
        {"trait": record.subject, "model": name, "value": level.value, "low": level.low, "high": level.high}
        for record in records
        for name, level in (("base", record.base.level), ("tuned", record.tuned.level))
        if level is not None and math.isfinite(level.high)
    ]
    if not rows:
        return ""
    limits: list[dict[str, Any]] = [
        {"trait": record.subject, "limit": limit} for record in records for limit in _limits(record, metric)
    ]
    import altair as alt

    edges = [row[end] for row in rows for end in ("low", "high")] + [row["limit"] for row in limits]
    room = 0.03 if not metric.relative else 0.06 * (max(edges) - min(edges))
    end = max(edges) + room if metric.relative else max(*edges, min(1.0, max(edges) + room))  # a limit may lie above 1
    start = min(*edges, max(0.0, min(edges) - room))  # nor is a fall's always above 0
    scale = alt.Scale(domain=[start, end], nice=False, zero=False)
    marks = alt.Color(
        "model:N", scale=alt.Scale(domain=["base", "tuned"], range=[colour("base"), colour("tuned")]), legend=None
    )
    place: dict[str, Any] = {
        "y": alt.Y(
            "trait:N",
            title=None,
            sort=None,
            axis=alt.Axis(ticks=False, domain=False, minExtent=extent, labelLimit=extent),
        ),
        "yOffset": alt.YOffset("model:N", sort=["base", "tuned"]),
    }
    data = alt.Chart(alt.Data(values=rows))
    bars = data.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.55).encode(
        x=alt.X("low:Q", scale=scale, title=f"{metric.title}, with its interval", axis=alt.Axis(tickCount=6)),
        x2="high:Q",
        color=marks,
        **place,
    )
    points = data.mark_point(filled=True, size=110, opacity=1).encode(x="value:Q", color=marks, **place)
    limit = (
        alt.Chart(alt.Data(values=limits))
        .mark_tick(thickness=2, size=34, color=colour("ink"))
        .encode(x="limit:Q", y=place["y"])
    )
    chart = (
        alt.layer(bars, limit, points)
        .properties(width=420, height=alt.Step(26, **{"for": "position"}))
        .configure_scale(bandPaddingInner=0.25)
    )
    return svg_of(chart)
