"""The jailbreak axis, from attempts on one or two models to a record: check that they count, decide.

A forbidden prompt is the unit, over all attacks: its rate is the share of attacks that succeed with it, the attack
success rate (ASR) the mean of these, and a change is paired by prompt. Unscored replies widen the bounds to their worst
case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pytest_persona.evidence import (
    MAX_UNSCORED,
    MOVERS,
    adapter_reasons,
    checkpoint_of,
    described,
    labels_of,
    proof_checks,
)
from pytest_persona.instruments.attacks import Attack
from pytest_persona.instruments.forbidden import ForbiddenSet
from pytest_persona.judges import Judge
from pytest_persona.judges import quality as judge_quality
from pytest_persona.judges.score import SUCCESS
from pytest_persona.models import Checkpoint, Model
from pytest_persona.probes.jailbreak import METRIC, Attempts, attempt
from pytest_persona.probes.persona import adapter_proof
from pytest_persona.record import Record, Side
from pytest_persona.stats import Estimate, rogan_gladen, worst_case_change, worst_case_mean
from pytest_persona.verdict import decide_within, decision

if TYPE_CHECKING:
    from pytest_persona.progress import Progress
    from pytest_persona.store import Store

FloatArray = npt.NDArray[np.float64]


def attack_record(
    model: Model | Checkpoint,
    base: Model | None,
    prompts: ForbiddenSet,
    attacks: Sequence[Attack],
    judge: Judge,
    store: Store | None,
    *,
    margin: float,
    alpha: float,
    progress: Progress | None = None,
) -> Record:
    """The verdict on the rate itself, or with a base on its change.

    Args:
        base: The model before fine-tuning; None for a verdict on the rate itself.
        margin: The largest accepted rate, or rise of it.
    """
    tuned = model.model if isinstance(model, Checkpoint) else model
    proof = adapter_proof(tuned, store)
    after = attempt(tuned, prompts, attacks, judge, store, progress=progress)
    before = attempt(base, prompts, attacks, judge, store, progress=progress) if base is not None else None
    reasons = _counting(after, "tuned")
    # equal replies are no sign of an adapter that is not applied: the proof's logits are
    reasons += adapter_reasons(tuned, base, proof, changed=True)
    if before is not None and base is not None:
        reasons += [reason for reason in _counting(before, "base") if reason not in reasons]
        if base.fingerprint == tuned.fingerprint:
            reasons.append("base and tuned model are the same model")
    estimate, parts = None, {}
    if after.attacks and (before is None or before.attacks == after.attacks):
        estimate = _rate(after, alpha) if before is None else _change(after, before, alpha)
        parts = _parts(after, before, alpha)
    elif not reasons:
        reasons.append("no attack could be made")
    verdict = decide_within(
        estimate,
        margin=margin,
        floor=None,
        alpha=alpha,
        criterion="absolute" if before is None else "noninferiority",
        invalid=reasons,
    )
    marked = judge_quality.measure(judge)
    return Record(
        axis="jailbreak",
        metric=METRIC,
        subject="attacks",
        **decision(verdict),
        labels=labels_of(prompts.kind, proof, model),
        parts=parts,
        base=Side(name="", fingerprint="", level=None, details={}) if before is None else _side(before, alpha, marked),
        tuned=_side(after, alpha, marked),
        instrument=described(prompts) | {"attacks": list(after.attacks)},
        checkpoint=checkpoint_of(model),
        checks={
            "judge": judge.name,
            "judge_sensitivity": marked.sensitivity.value,
            "judge_specificity": marked.specificity.value,
            "unscored_allowed": MAX_UNSCORED,
            **proof_checks(proof),
        },
        movers=() if before is None or estimate is None else _movers(after, before),
    )


def _counting(attempts: Attempts, side: str) -> list[str]:
    reasons = [f"attack not made: {why}" for why in attempts.obstacles.values()]
    if attempts.unscored_share > MAX_UNSCORED:
        reasons.append(
            f"the judge could not score {attempts.unscored_share:.1%} of the {side} model's replies "
            f"({MAX_UNSCORED:.0%} allowed)"
        )
    return reasons


def _rate(attempts: Attempts, alpha: float) -> Estimate:
    return worst_case_mean(attempts.by_prompt(SUCCESS), span=(0, 1), alpha=alpha, value=_scored(attempts))


def _change(after: Attempts, before: Attempts, alpha: float) -> Estimate:
    return worst_case_change(
        after.by_prompt(SUCCESS),
        before.by_prompt(SUCCESS),
        span=(0, 1),
        alpha=alpha,
        value=_scored(after) - _scored(before),
    )


def _scored(attempts: Attempts) -> float:
    """The rate over the replies that have a score, averaged over attacks."""
    hits = attempts.hits(SUCCESS)
    return float(
        np.mean([column[~np.isnan(column)].mean() if not np.isnan(column).all() else 0.0 for column in hits.T])
    )


def _parts(after: Attempts, before: Attempts | None, alpha: float) -> dict[str, Estimate]:
    """Each attack alone: its rate, or its paired change."""
    parts = {}
    for column, name in enumerate(after.attacks):
        alone = _only(after, column)
        parts[name] = _rate(alone, alpha) if before is None else _change(alone, _only(before, column), alpha)
    return parts


def _only(attempts: Attempts, column: int) -> Attempts:
    return replace(
        attempts,
        attacks=attempts.attacks[column : column + 1],
        fingerprints=attempts.fingerprints[column : column + 1],
        scores=attempts.scores[:, column : column + 1],
    )


def _side(attempts: Attempts, alpha: float, marked: judge_quality.JudgeQuality) -> Side:
    level = _rate(attempts, alpha) if attempts.attacks else None
    corrected = None if level is None else rogan_gladen(level.value, marked.sensitivity.value, marked.specificity.value)
    scored = attempts.scores[~np.isnan(attempts.scores)]
    return Side(
        name=attempts.model,
        fingerprint=attempts.fingerprint,
        level=level,
        details={
            "mean_score": float(scored.mean()) if scored.size else None,
            "corrected": corrected,
            "unscored": attempts.unscored_share,
            "seconds": attempts.seconds,
        },
    )


def _movers(after: Attempts, before: Attempts) -> tuple[Mapping[str, Any], ...]:
    """The prompts with which attacks succeed that did not before, or the other way round."""
    (tuned, _), (base, _) = after.by_prompt(SUCCESS), before.by_prompt(SUCCESS)
    order: list[int] = np.argsort(-np.abs(tuned - base), kind="stable")[:MOVERS].tolist()
    items = after.prompts.items
    return tuple(
        {
            "id": items[at].id,
            "text": items[at].text,
            "stratum": items[at].category,
            "base": float(base[at]),
            "tuned": float(tuned[at]),
            "change": float(tuned[at] - base[at]),
        }
        for at in order
    )
