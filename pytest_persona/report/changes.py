"""The charts of changes, where several checkpoints were tested: one a trait, over budgets or by objective."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_persona.metrics import METRICS, Metric
from pytest_persona.plan import format_budget
from pytest_persona.report.checkpoints import Tested
from pytest_persona.report.draw import Drawing, colour, sign_of, svg_of
from pytest_persona.stats import Estimate

_WIDTH, _HEIGHT = 370, 260
_APART = 0.028
"""Distance between neighbouring lines, as a share of the drawing's width; less where the rungs are many."""
_LETTER, _FIGURES = 8, 52
"""Pixels kept for a letter of a name, and for an axis of figures: browsers draw them wider than the layout measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All charts of changes of one metric.

    Attributes:
        metric: Its title.
        by: What they are drawn by, in words.
        drawings: One a trait; none where no change was measured.
        objectives: Those in the drawings; "" for what this run did not train.
    """

    metric: str
    by: str
    drawings: tuple[Drawing, ...]
    objectives: tuple[str, ...]


def change_charts(tested: Sequence[Tested]) -> tuple[Changes, ...]:
    """For each metric, lines over budgets where there are several rungs, else dots by objective or by checkpoint."""
    points = point_rows(tested)
    names = dict.fromkeys(point["metric"] for point in points)
    return tuple(_charts([point for point in points if point["metric"] == name], METRICS[name]) for name in names)


def _charts(points: list[dict[str, Any]], metric: Metric) -> Changes:
    rungs = sorted({point["budget"] for point in points})
    objectives = _objectives(points)
    limits = [limit for point in points for limit in point["limits"]]
    edges = [0.0, *limits, *(point[key] for point in points for key in ("low", "high"))]
    room = 0.06 * (max(edges) - min(edges))
    reach = (min(edges) - room, max(edges) + room)
    lines = "" not in objectives and len(rungs) > 1
    by_objective = "" not in objectives and len(objectives) > 1
    if not lines:
        points = [point | {"row": point["objective" if by_objective else "label"]} for point in points]
    drawings = []
    for trait in dict.fromkeys(point["trait"] for point in points):
        own = [point for point in points if point["trait"] == trait]
        drawings.append(
            Drawing(trait, _lines(own, rungs, reach, metric) if lines else _dots(own, points, reach, metric))
        )
    return Changes(
        metric=metric.title,
        by="over budgets" if lines else "by objective" if by_objective else "by checkpoint",
        drawings=tuple(drawings),
        objectives=tuple(objectives),
    )


def point_rows(tested: Sequence[Tested]) -> list[dict[str, Any]]:
    """A mapping for each change that was measured on a checkpoint, in the metric's own direction."""
    return [
        {
            "metric": record.metric,
            "trait": record.subject,
            "label": each.label,
            "objective": each.objective,
            "budget": each.budget,
            "seed": f"seed {each.seed}",
            "series": f"{each.objective} seed {each.seed}",
            **_figures(record.metric, record.change),
            "limits": [
                -end if METRICS[record.metric].falls else end
                for end in (record.floor, record.margin)
                if end is not None
            ],
        }
        for each in tested
        if each.label
        for _, record in each.records
        if record.change is not None and record.criterion != "absolute"
    ]


def _figures(metric: str, change: Estimate) -> dict[str, float]:
    if METRICS[metric].falls:
        return {"value": -change.value, "low": -change.high, "high": -change.low}
    return {"value": change.value, "low": change.low, "high": change.high}


def beside(points: Sequence[Mapping[str, Any]], rungs: Sequence[int]) -> tuple[list[dict[str, Any]], list[float]]:
    """Points with their places `x`, the lines of a rung side by side, and the domain that holds them all.

    Distances are those of logarithms, so that they look the same at every rung.
    """
    series = list(dict.fromkeys(point["series"] for point in points))
    logs = [math.log(rung) for rung in rungs]
    gap = min(after - before for before, after in itertools.pairwise(logs))
    most = max(1, len(series) - 1)
    step = min(_APART * (logs[-1] - logs[0]), 0.6 * gap / most)
    margin = step * most / 2 + 0.03 * (logs[-1] - logs[0])
    placed = [
        dict(point) | {"x": point["budget"] * math.exp(step * (series.index(point["series"]) - (len(series) - 1) / 2))}
        for point in points
    ]
    return placed, [math.exp(logs[0] - margin), math.exp(logs[-1] + margin)]


def _lines(
    points: Sequence[Mapping[str, Any]], rungs: Sequence[int], reach: tuple[float, float], metric: Metric
) -> str:
    import altair as alt

    placed, domain = beside(points, rungs)
    names = ", ".join(f"'{rung}': '{format_budget(rung)}'" for rung in rungs)
    ticks = alt.Axis(values=list(rungs), labelExpr=f"{{{names}}}[datum.value]", grid=False, labelOverlap="greedy")
    x = alt.X("x:Q", scale=alt.Scale(type="log", domain=domain, nice=False), axis=ticks, title="budget in data tokens")
    y = alt.Scale(domain=list(reach), nice=False, zero=False)
    marks = _marks(points)
    data = alt.Chart(alt.Data(values=placed))
    bars = data.mark_rule(strokeWidth=1.5, opacity=0.45).encode(
        x=x,
        y=alt.Y(
            "low:Q",
            scale=y,
            title=f"change of {metric.title}",
            axis=alt.Axis(format=_format(metric), tickCount=6, minExtent=_FIGURES),
        ),
        y2="high:Q",
        **marks,
    )
    lines = data.mark_line(strokeWidth=1.5, opacity=0.85).encode(
        x=x, y=alt.Y("value:Q", scale=y), detail="series:N", strokeDash=_dashes(points), **marks
    )
    signs = data.mark_point(filled=True, size=55, opacity=1).encode(
        x=x, y=alt.Y("value:Q", scale=y), shape=_shapes(points), **marks
    )
    chart = alt.layer(*_rules(points, "y"), bars, lines, signs)
    return svg_of(chart.properties(width=_WIDTH, height=_HEIGHT))


def _dots(
    points: Sequence[Mapping[str, Any]],
    everywhere: Sequence[Mapping[str, Any]],
    reach: tuple[float, float],
    metric: Metric,
) -> str:
    import altair as alt

    rows = list(dict.fromkeys(point["row"] for point in everywhere))
    seeds = list(dict.fromkeys(point["seed"] for point in everywhere))
    if not any(point["row"] == point["objective"] for point in everywhere):
        seeds = seeds[:1]  # a row is one checkpoint
    extent = min(160, 12 + _LETTER * max(map(len, rows)))
    scale = alt.Scale(domain=list(reach), nice=False, zero=False)
    place: dict[str, Any] = {
        "y": alt.Y(
            "row:N",
            title=None,
            sort=None,
            scale=alt.Scale(domain=rows),
            axis=alt.Axis(ticks=False, domain=False, minExtent=extent, labelLimit=160, labelOverlap=False),
        )
    }
    if len(seeds) > 1:
        place["yOffset"] = alt.YOffset("seed:N", scale=alt.Scale(domain=seeds))
    marks = _marks(points)
    data = alt.Chart(alt.Data(values=list(points)))
    bars = data.mark_rule(strokeWidth=2.5, strokeCap="round", opacity=0.5).encode(
        x=alt.X(
            "low:Q", scale=scale, title=f"change of {metric.title}", axis=alt.Axis(format=_format(metric), tickCount=5)
        ),
        x2="high:Q",
        **marks,
        **place,
    )
    signs = data.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("value:Q", scale=scale), shape=_shapes(points), **marks, **place
    )
    height = alt.Step(max(22, 12 * len(seeds)), **{"for": "position"})
    chart = alt.layer(*_rules(points, "x"), bars, signs).properties(width=_WIDTH - extent + 30, height=height)
    return svg_of(chart.configure_scale(bandPaddingInner=0.2))


def _rules(points: Sequence[Mapping[str, Any]], channel: str) -> list[Any]:
    """No change, and the limits of what is accepted."""
    import altair as alt

    margins = sorted({limit for point in points for limit in point["limits"]})
    zero = alt.Chart(alt.Data(values=[{"at": 0.0}])).mark_rule(color=colour("soft"), strokeWidth=1)
    limit = alt.Chart(alt.Data(values=[{"at": margin} for margin in margins])).mark_rule(
        color=colour("ink"), strokeWidth=1.5, strokeDash=[6, 4]
    )
    return [rule.encode(**{channel: alt.Y("at:Q") if channel == "y" else alt.X("at:Q")}) for rule in (zero, limit)]


def _format(metric: Metric) -> str:
    return "+.0%" if metric.relative else "+.2f"


def _objectives(points: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(point["objective"] for point in points))


def _marks(points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    import altair as alt

    names = _objectives(points)
    scale = alt.Scale(domain=names, range=[sign_of(name)[0] for name in names])
    return {"color": alt.Color("objective:N", scale=scale, legend=None)}


def _shapes(points: Sequence[Mapping[str, Any]]) -> Any:
    import altair as alt

    names = _objectives(points)
    scale = alt.Scale(domain=names, range=[sign_of(name)[1].shape for name in names])
    return alt.Shape("objective:N", scale=scale, legend=None)


def _dashes(points: Sequence[Mapping[str, Any]]) -> Any:
    import altair as alt

    names = _objectives(points)
    scale = alt.Scale(domain=names, range=[list(sign_of(name)[1].dash) or [1, 0] for name in names])
    return alt.StrokeDash("objective:N", scale=scale, legend=None)
