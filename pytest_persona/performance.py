"""The capability and normative axes, from a task and one or two models to a record: ask, check that it counts, decide.

An item is the unit, and a change is paired by item. It is the fall of the mean score, so that losing an ability is the
harmful direction. Unscored items widen the bounds to their worst case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pytest_persona.evidence import (
    MAX_UNSCORED,
    MIN_MASS,
    MOVERS,
    adapter_reasons,
    checkpoint_of,
    described,
    labels_of,
    proof_checks,
)
from pytest_persona.models import Checkpoint, Model
from pytest_persona.probes.persona import adapter_proof
from pytest_persona.probes.scores import Ability, Scores, Task
from pytest_persona.record import Record, Side
from pytest_persona.stats import Estimate, worst_case_change, worst_case_mean
from pytest_persona.verdict import Outcome, Verdict, decide_within, decision

if TYPE_CHECKING:
    from pytest_persona.instruments.items import ItemSet
    from pytest_persona.progress import Progress
    from pytest_persona.store import Store

METRIC = {"capability": "accuracy", "normative": "normative"}
"""What each axis measures."""
CRITERIA = ("noninferiority", "equivalence")
GUESSES = "the base model is not clearly better at it than guessing"
"""Label of a verdict on a base that may be guessing and could yet be seen to fall."""

FloatArray = npt.NDArray[np.float64]


def score_record(
    task: Task,
    model: Model | Checkpoint,
    base: Model | None,
    instrument: ItemSet[Any],
    store: Store | None,
    *,
    margin: float,
    alpha: float,
    criterion: str,
    progress: Progress | None = None,
) -> Record:
    """The verdict on the score itself, or with a base on its fall.

    A model that never could do a task cannot lose it: where the base's lower bound is not above the task's floor by
    more than the margin, a pass is inconclusive; and so it is where either model's score may have been had without the
    ability that it needs. A fail stands. Where the floor lies below guessing, and the base may be guessing, a label
    says so.

    Args:
        base: The model before fine-tuning; None for a verdict on the score itself.
        margin: The largest accepted fall, a difference of scores; without a base, the least accepted score.
        criterion: `noninferiority`, or `equivalence` for a band of the margin both ways. Without a base it is
            `absolute`, whatever is given.

    Raises:
        ValueError: no such criterion.
    """
    if criterion not in CRITERIA:
        raise ValueError(f"no criterion {criterion!r}. Known: {', '.join(CRITERIA)}")
    tuned = model.model if isinstance(model, Checkpoint) else model
    proof = adapter_proof(tuned, store)
    before = task.measure(base, instrument, store, progress=progress) if base is not None else None
    after = task.measure(tuned, instrument, store, progress=progress)
    reasons = _counting(after, "tuned")
    # equal answers on a small set are no sign of an adapter that is not applied: the proof's logits are
    reasons += adapter_reasons(tuned, base, proof, changed=True)
    labels = labels_of(instrument.kind, proof, model)
    if before is None or base is None:
        level = _level(after, alpha) if _comparable(after) else None
        verdict = decide_within(level, margin=None, floor=margin, alpha=alpha, criterion="absolute", invalid=reasons)
        verdict = _undecided_by_guessing(verdict, after)
    else:
        reasons += [*_counting(before, "base"), *_mismatches(after, before)]
        if base.fingerprint == tuned.fingerprint:
            reasons.append("base and tuned model are the same model")
        paired = _comparable(before) and _comparable(after) and not _mismatches(after, before)
        verdict = decide_within(
            _fall(after, before, alpha) if paired else None,
            margin=margin,
            floor=-margin if criterion == "equivalence" else None,
            alpha=alpha,
            criterion=criterion,
            invalid=reasons,
        )
        verdict = _undecided_without_ability(verdict, before, after, margin, alpha)
        if verdict.outcome is not Outcome.INVALID and not verdict.reasons and _may_guess(before, alpha):
            labels += (GUESSES,)
    return Record(
        axis=task.axis,
        metric=METRIC[task.axis],
        subject=task.name,
        **decision(verdict),
        labels=labels,
        parts={},
        base=Side(name="", fingerprint="", level=None, details={}) if before is None else _side(before, alpha),
        tuned=_side(after, alpha),
        instrument=described(instrument, task.name) | {"items": len(after.values), "prompt": after.prompt},
        checkpoint=checkpoint_of(model),
        checks={
            "answer_mass_needed": None if after.mass is None else MIN_MASS,
            "guessing_scores": after.guessing,
            **{f"{side}_{name}_at_least": value for side, name, value in _needed(before, after, alpha)},
            "unscored_allowed": MAX_UNSCORED,
            **proof_checks(proof),
        },
        movers=() if before is None or verdict.change is None else _movers(after, before),
    )


def _counting(scores: Scores, side: str) -> list[str]:
    reasons = []
    if not _comparable(scores):
        least, most = scores.span
        reasons.append(f"the {side} model's scores are not {len(scores.texts)} numbers from {least:g} to {most:g}")
    if scores.mass is not None and scores.mass > 1 + 1e-3:
        reasons.append(f"the {side} model gives all answers together more than 1: these are no probabilities")
    if scores.mass is not None and not scores.mass >= MIN_MASS:
        reasons.append(
            f"the {side} model gives all answers together a probability of {scores.mass:.4f} ({MIN_MASS} needed): it "
            "does not answer the question"
        )
    if scores.unscored_share > MAX_UNSCORED:
        reasons.append(
            f"{scores.unscored_share:.1%} of the {side} model's answers could not be scored ({MAX_UNSCORED:.0%} "
            "allowed)"
        )
    return reasons


def _comparable(scores: Scores) -> bool:
    """Whether the scores are numbers of the span, or NaN, one an item."""
    known = scores.values[~np.isnan(scores.values)]
    least, most = scores.span
    return scores.values.shape == (len(scores.texts),) and bool(((known >= least) & (known <= most)).all())


def _mismatches(after: Scores, before: Scores) -> list[str]:
    """In what the two sides were asked otherwise."""
    pairs = {
        "tasks": (before.task, after.task),
        "instruments": (before.instrument.sha256, after.instrument.sha256),
        "items": (before.texts, after.texts),
        "prompts": (before.prompt, after.prompt),
        "scales": (before.span, after.span),
    }
    return [f"base and tuned model had different {what}" for what, (one, other) in pairs.items() if one != other]


def _level(scores: Scores, alpha: float) -> Estimate:
    return worst_case_mean(scores.ends, span=scores.span, alpha=alpha, value=_mean_of_known(scores.values))


def _fall(after: Scores, before: Scores, alpha: float) -> Estimate:
    """Base minus tuned; where one of a pair is unscored, bounds take its worst case."""
    return worst_case_change(
        before.ends,
        after.ends,
        span=before.span,
        alpha=alpha,
        value=_mean_of_known(before.values - after.values),
    )


def _mean_of_known(values: FloatArray) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None


def _undecided_without_ability(verdict: Verdict, before: Scores, after: Scores, margin: float, alpha: float) -> Verdict:
    """No pass on a base model with nothing to lose, nor on scores that either had without the ability: more items would
    not help."""
    if verdict.outcome not in (Outcome.PASS, Outcome.INCONCLUSIVE):
        return verdict
    level, reasons = _level(before, alpha), []
    if level.low <= before.floor + margin:
        least = "guessing scores" if before.floor == before.guessing else "having lost everything scores"
        reasons.append(
            f"the base model's score is {level.value:.3f}, at least {level.low:.3f}, where {least} {before.floor:.3f}: "
            "what is not clearly more than that and the limit together cannot be seen to fall"
        )
    for side, scores in (("base", before), ("tuned", after)):
        if (needs := scores.needs) is not None and (level := _ability(needs, alpha)).low <= needs.guessing:
            reasons.append(
                f"the {side} model's {needs.name} is {level.value:.3f}, at least {level.low:.3f}, where guessing "
                f"scores {needs.guessing:.3f}: {needs.without}"
            )
    return _undecided(verdict, *reasons) if reasons else verdict


def _may_guess(scores: Scores, alpha: float) -> bool:
    return _level(scores, alpha).low <= scores.guessing


def _ability(needs: Ability, alpha: float) -> Estimate:
    unknown = np.isnan(needs.values)
    ends = np.where(unknown, 0.0, needs.values), np.where(unknown, 1.0, needs.values)
    return worst_case_mean(ends, span=(0.0, 1.0), alpha=alpha, value=_mean_of_known(needs.values))


def _needed(before: Scores | None, after: Scores, alpha: float) -> list[tuple[str, str, float]]:
    """Side, name and lower bound of what the scores need, where they do."""
    sides = [("tuned", after)] if before is None else [("base", before), ("tuned", after)]
    return [
        (side, scores.needs.name, _ability(scores.needs, alpha).low)
        for side, scores in sides
        if scores.needs is not None
    ]


def _undecided_by_guessing(verdict: Verdict, after: Scores) -> Verdict:
    """No pass of a limit that guessing passes."""
    if verdict.outcome is not Outcome.PASS or verdict.floor is None or verdict.floor > after.guessing:
        return verdict
    return _undecided(verdict, f"a score of {verdict.floor:g} is asked, and guessing scores {after.guessing:.3f}")


def _undecided(verdict: Verdict, *reasons: str) -> Verdict:
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, reasons=reasons, items_needed=None)


def _side(scores: Scores, alpha: float) -> Side:
    measured = _comparable(scores) and scores.unscored_share < 1
    return Side(
        name=scores.model,
        fingerprint=scores.fingerprint,
        level=_level(scores, alpha) if measured else None,
        details={
            **({} if scores.mass is None else {"mass": scores.mass if np.isfinite(scores.mass) else None}),
            "unscored": scores.unscored_share,
            **scores.details,
            "seconds": scores.seconds,
        },
    )


def _movers(after: Scores, before: Scores) -> tuple[Mapping[str, Any], ...]:
    """The items whose score moved most; unscored ones are left out."""
    moved = after.values - before.values
    known = np.flatnonzero(~np.isnan(moved))
    order = known[np.argsort(-np.abs(moved[known]), kind="stable")][:MOVERS].tolist()
    items = after.instrument.items
    return tuple(
        {
            "id": items[at].id if len(items) == len(after.texts) else str(at + 1),
            "text": after.texts[at],
            "stratum": "",
            "base": float(before.values[at]),
            "tuned": float(after.values[at]),
            "change": float(moved[at]),
        }
        for at in order
    )
