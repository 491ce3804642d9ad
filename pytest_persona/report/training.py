"""How checkpoints were made: figures, curves, and whether all objectives saw the same examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_persona.plan import format_budget
from pytest_persona.report.checkpoints import Tested
from pytest_persona.report.draw import Drawing, sign_of, svg_of
from pytest_persona.wording import objective_name

HEADINGS = (
    "Budget (data tokens reached)",
    "Seed",
    "Examples",
    "Steps",
    "Compute tokens",
    "Loss, first step → last interval",
    "KL to base, nats a token",
    "Tokens per second",
    "Peak memory, GiB",
    "Training, s",
)
_SEED_DASHES = ([1, 0], [6, 3], [2, 2])


def trained(tested: Sequence[Tested]) -> list[Tested]:
    """Those whose training is known."""
    return [each for each in tested if each.manifest]


def elsewhere(tested: Sequence[Tested]) -> list[str]:
    """Labels of those that answered, but whose training is not known."""
    return [
        each.label
        for each in tested
        if each.label and not each.manifest and any(record.tuned.name for _, record in each.records)
    ]


def figures(each: Tested) -> tuple[str, ...]:
    """What `HEADINGS` announces, of one checkpoint with a manifest."""
    made, last = each.manifest, each.manifest["curve"][-1]
    return (
        f"{format_budget(each.budget)} ({made['data_tokens']:,})",
        str(each.seed),
        f"{made['examples']:,}",
        f"{made['steps']:,}",
        f"{made['compute_tokens']:,}",
        f"{made['first_loss']:.3f} → {last['loss']:.3f}",
        f"{last['kl_to_base']:.4f}",
        f"{made['tokens_per_second']:,.0f}",
        f"{made['peak_memory_bytes'] / 2**30:.2f}",
        f"{made['seconds']:,.0f}",
    )


def sources(tested: Sequence[Tested]) -> str:
    """Base models and data sets, in a sentence."""
    bases = dict.fromkeys(each.manifest["base_model"] for each in tested)
    data = dict.fromkeys(each.manifest["data"] for each in tested)
    return f"Adapters on {', '.join(bases)}, trained on {', '.join(data)}."


def order_says(tested: Sequence[Tested]) -> tuple[bool, tuple[str, ...]]:
    """Whether objectives of equal budget and seed saw the same examples in the same order, and what to say of it.

    Returns:
        True and one sentence where all agree; True and none where there is nothing to compare; False and a sentence
        for each budget and seed where they do not.
    """
    seen: dict[tuple[int, int], dict[str, list[str]]] = {}
    for each in tested:
        orders = seen.setdefault((each.budget, each.seed), {})
        orders.setdefault(each.manifest["order_sha256"], []).append(each.objective)
    compared = {key: orders for key, orders in seen.items() if len({name for of in orders.values() for name in of}) > 1}
    apart = tuple(
        f"{format_budget(budget)}, seed {seed}: "
        + "; ".join(f"order {order[:8]}… for {', '.join(dict.fromkeys(names))}" for order, names in orders.items())
        for (budget, seed), orders in compared.items()
        if len(orders) > 1
    )
    if apart:
        return False, apart
    return True, ("At equal budget and seed, all objectives saw the same examples in the same order.",) * bool(compared)


def longest(tested: Sequence[Tested]) -> list[Tested]:
    """Of each objective and seed the highest rung, whose curve holds the whole run."""
    found: dict[tuple[str, int], Tested] = {}
    for each in tested:
        key = (each.objective, each.seed)
        if key not in found or each.budget > found[key].budget:
            found[key] = each
    return list(found.values())


def loss_charts(tested: Sequence[Tested]) -> tuple[Drawing, ...]:
    """A drawing an objective, since their losses are no common scale."""
    runs = longest(tested)
    reach = max(run.manifest["data_tokens"] for run in runs) if runs else 0
    return tuple(
        Drawing(
            objective_name(name),
            _curves([run for run in runs if run.objective == name], "loss", "loss", reach, width=250, height=130),
        )
        for name in dict.fromkeys(run.objective for run in runs)
    )


def kl_chart(tested: Sequence[Tested]) -> str:
    """KL to the base over data tokens, a line a run; "" where there are none."""
    runs = longest(tested)
    reach = max(run.manifest["data_tokens"] for run in runs) if runs else 0
    return _curves(runs, "kl_to_base", "KL to base, nats a token", reach, width=370, height=240) if runs else ""


def _curves(runs: Sequence[Tested], figure: str, title: str, reach: int, *, width: int, height: int) -> str:
    import altair as alt

    points = [point for run in runs for point in _points(run, figure)]
    names = list(dict.fromkeys(run.objective for run in runs))
    several = len(names) > 1
    by = "objective" if several else "seed"
    seeds = list(dict.fromkeys(f"seed {run.seed}" for run in runs))
    dashes = [list(sign_of(name)[1].dash) or [1, 0] for name in names]
    if not several:
        dashes = [_SEED_DASHES[index % len(_SEED_DASHES)] for index in range(len(seeds))]
    marks: dict[str, Any] = {
        "x": alt.X(
            "tokens:Q",
            scale=alt.Scale(domain=[0, reach], nice=False),
            axis=alt.Axis(labelExpr="datum.value ? format(datum.value, '~s') : '0'", tickCount=5, grid=False),
            title="data tokens",
        ),
        "y": alt.Y(
            "figure:Q",
            scale=alt.Scale(zero=figure == "kl_to_base"),
            axis=alt.Axis(tickCount=5, minExtent=44),
            title=title,
        ),
        "color": alt.Color(
            "objective:N", scale=alt.Scale(domain=names, range=[sign_of(name)[0] for name in names]), legend=None
        ),
        "detail": "label:N",
    }
    dash = alt.StrokeDash(f"{by}:N", scale=alt.Scale(domain=names if several else seeds, range=dashes), legend=None)
    shape = alt.Shape(
        "objective:N", scale=alt.Scale(domain=names, range=[sign_of(name)[1].shape for name in names]), legend=None
    )
    lines = alt.Chart(alt.Data(values=points)).mark_line(strokeWidth=1.6).encode(strokeDash=dash, **marks)
    ends = [point for point in points if point["last"]]
    signs = alt.Chart(alt.Data(values=ends)).mark_point(filled=True, size=60, opacity=1).encode(shape=shape, **marks)
    return svg_of(alt.layer(lines, signs).properties(width=width, height=height))


def _points(run: Tested, figure: str) -> list[Mapping[str, Any]]:
    curve = run.manifest["curve"]
    if figure == "loss":  # that of the first step's batch is the base model's
        curve = [{"data_tokens": 0, "loss": run.manifest["first_loss"]}, *curve]
    return [
        {
            "label": run.label,
            "objective": run.objective,
            "seed": f"seed {run.seed}",
            "tokens": interval["data_tokens"],
            "figure": interval[figure],
            "last": number == len(curve),
        }
        for number, interval in enumerate(curve, 1)
    ]
