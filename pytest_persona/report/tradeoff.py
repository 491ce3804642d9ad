"""Capability, attack success and persona of each checkpoint side by side: what an objective buys, and at what price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_persona.metrics import METRICS
from pytest_persona.plan import OBJECTIVES
from pytest_persona.record import Level, Record, how_asked
from pytest_persona.report.checkpoints import by_checkpoint
from pytest_persona.report.draw import Drawing, colour, sign_of, svg_of

AXES = ("accuracy", "asr", "pmatch", "normative")
"""Metrics of the trade-off, in the order of its columns; their levels are shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One axis of one checkpoint, averaged over its subjects (tasks, traits, companions).

    Attributes:
        base: The base model's level.
        tuned: The checkpoint's.
        subjects: Over what it is averaged.
    """

    base: float
    tuned: float
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One checkpoint of the trade-off.

    Attributes:
        label: Its name.
        objective: What it was trained with.
        seed: Of its plan.
        cells: Of each of `AXES`, None where it was not measured.
    """

    label: str
    objective: str
    seed: int
    cells: tuple[Cell | None, ...]


def all_levels(records: Sequence[Record], levels: Sequence[Level]) -> tuple[Level, ...]:
    """What checkpoints score: as it was noted, and as verdicts on checkpoints that were trained here hold it.

    Each checkpoint, metric, subject and way of asking once.
    """
    found: dict[tuple[str, str, str, str], Level] = {}
    for level in (*levels, *_of_verdicts(records)):
        found.setdefault((level.label, level.metric, level.subject, level.asked), level)
    return tuple(found.values())


def trade_off(levels: Sequence[Level]) -> tuple[Point, ...]:
    """Every checkpoint of which two axes or more are known, by objective, seed and budget."""
    made: dict[tuple[str, int, int, str], list[Level]] = {}
    for level in _comparable(levels):
        made.setdefault((level.objective, level.seed, level.budget, level.label), []).append(level)
    order = [*OBJECTIVES, *(objective for objective, *_ in made)]
    points = [
        Point(
            label=key[3],
            objective=key[0],
            seed=key[1],
            cells=tuple(_cell([level for level in made[key] if level.metric == axis]) for axis in AXES),
        )
        for key in sorted(made, key=lambda key: (order.index(key[0]), *key[1:]))
    ]
    return tuple(point for point in points if sum(cell is not None for cell in point.cells) > 1)


def _comparable(levels: Sequence[Level]) -> list[Level]:
    """Of each metric and subject the levels that were asked in the way that most checkpoints were, the first of equals:
    rates under other attacks, or by another judge, are no points of one chart."""
    ways: dict[tuple[str, str], Counter[str]] = {}
    for level in levels:
        ways.setdefault((level.metric, level.subject), Counter())[level.asked] += 1
    chosen = {key: found.most_common(1)[0][0] for key, found in ways.items()}
    return [level for level in levels if level.asked == chosen[level.metric, level.subject]]


def titles() -> tuple[str, ...]:
    """Headings of the columns."""
    return tuple(METRICS[axis].title for axis in AXES)


def trade_off_charts(points: Sequence[Point]) -> tuple[Drawing, ...]:
    """Attack success over the score of tasks, and the move of P(match) over it: a line a run, from the base on."""
    drawings = []
    for axis, moved in (("asr", False), ("pmatch", True)):
        shown = _placed(points, axis, moved=moved)
        if shown:
            title = f"{'change of ' if moved else ''}{METRICS[axis].title}"
            drawings.append(Drawing(f"{title} against {METRICS['accuracy'].title}", _drawn(shown, title)))
    return tuple(drawings)


def _placed(points: Sequence[Point], axis: str, *, moved: bool) -> list[dict[str, Any]]:
    """The points of one chart with their places, each run led by the base."""
    shown: list[dict[str, Any]] = []
    for point in points:
        score, other = (point.cells[AXES.index(each)] for each in ("accuracy", axis))
        if score is None or other is None:
            continue
        run = {"run": f"{point.objective} {point.seed}", "objective": point.objective}
        steps = sum(each["run"] == run["run"] for each in shown)
        if not steps:
            shown.append({**run, "x": score.base, "y": 0.0 if moved else other.base, "step": 0, "what": "base"})
        shown.append(
            {
                **run,
                "x": score.tuned,
                "y": other.tuned - other.base if moved else other.tuned,
                "step": max(steps, 1),
                "what": "tuned",
            }
        )
    return shown


def _drawn(shown: Sequence[dict[str, Any]], title: str) -> str:
    import altair as alt

    names = list(dict.fromkeys(each["objective"] for each in shown))
    marks: dict[str, Any] = {
        "x": alt.X("x:Q", scale=alt.Scale(zero=False, padding=12), axis=alt.Axis(tickCount=5), title="accuracy"),
        "y": alt.Y(
            "y:Q", scale=alt.Scale(zero=False, padding=12), axis=alt.Axis(tickCount=5, minExtent=52), title=title
        ),
        "detail": "run:N",
    }
    signs = [sign_of(name) for name in names]
    tint = alt.Color("objective:N", scale=alt.Scale(domain=names, range=[each for each, _ in signs]), legend=None)
    shape = alt.Shape("objective:N", scale=alt.Scale(domain=names, range=[s.shape for _, s in signs]), legend=None)
    dashes = [list(sign.dash) or [1, 0] for _, sign in signs]
    dash = alt.StrokeDash("objective:N", scale=alt.Scale(domain=names, range=dashes), legend=None)
    lines = alt.Chart(alt.Data(values=list(shown))).mark_line(strokeWidth=1.4)
    tuned = alt.Chart(alt.Data(values=[each for each in shown if each["what"] == "tuned"]))
    base = alt.Chart(alt.Data(values=[each for each in shown if each["what"] == "base"][:1]))
    return svg_of(
        alt.layer(
            lines.encode(order="step:Q", color=tint, strokeDash=dash, **marks),
            tuned.mark_point(filled=True, size=60, opacity=1).encode(shape=shape, color=tint, **marks),
            base.mark_point(filled=True, size=110, opacity=1, shape="square", color=colour("base")).encode(**marks),
        ).properties(width=370, height=240)
    )


def _cell(levels: Sequence[Level]) -> Cell | None:
    both = [(level.base.value, level.tuned.value) for level in levels if level.base and level.tuned]
    if not both or len(both) < len(levels):  # a mean over other subjects than a neighbour's would mislead
        return None
    base, tuned = (sum(side) / len(both) for side in zip(*both, strict=True))
    return Cell(base=base, tuned=tuned, subjects=tuple(level.subject for level in levels))


def _of_verdicts(records: Sequence[Record]) -> list[Level]:
    return [
        Level(
            test=record.test,
            label=each.label,
            objective=each.objective,
            budget=each.budget,
            seed=each.seed,
            metric=record.metric,
            subject=record.subject,
            asked=how_asked(record),
            base=record.base.level,
            tuned=record.tuned.level,
        )
        for each in by_checkpoint(records)
        if each.objective
        for _, record in each.records
        if record.metric in AXES and record.criterion != "absolute" and record.outcome != "invalid"
    ]
