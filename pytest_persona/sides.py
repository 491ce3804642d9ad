"""What is compared on the moral axis: the ratings of a model and of its base, and why they may not count."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_persona.evidence import MIN_MASS, NOISE_SHARE, adapter_reasons, proof_checks
from pytest_persona.instruments.moral import MoralInstrument
from pytest_persona.models import AdapterProof, Checkpoint, Model, TunedModel
from pytest_persona.probes.moral import rate, rating_noise
from pytest_persona.probes.persona import adapter_proof
from pytest_persona.ratings import Estimator, Ratings
from pytest_persona.ratings.change import AS_SAMPLES, mismatches

if TYPE_CHECKING:
    from pytest_persona.progress import Progress
    from pytest_persona.store import Store

_R_AS = f", R as {AS_SAMPLES} samples would show it"
MAX_UNREAD = 0.05
"""Largest share of replies without a rating; below it, bounds take their worst case (STATISTICS)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What is compared.

    Attributes:
        model: The model or checkpoint under test; None for ratings alone.
        tuned: Its ratings.
        base: Those of the base model; None where only an absolute band is asked.
        reasons: Why S does not count, and why R does not.
        checks: Evidence for both.
        proof: That the adapter is applied, where there is one.
    """

    model: Model | Checkpoint | None
    tuned: Ratings
    base: Ratings | None
    reasons: Mapping[str, tuple[str, ...]]
    checks: Mapping[str, Any]
    proof: AdapterProof | None


def measure(
    model: Model | Checkpoint | Ratings,
    base: Model | Ratings | None,
    instrument: Callable[[], MoralInstrument],
    store: Store | None,
    *,
    estimator: Estimator,
    margins: Mapping[str, float],
    progress: Progress | None = None,
) -> Sides:
    """Rate what is not rated yet, and gather why it may not count.

    Args:
        instrument: Reads what models are asked, when one has to be.
        estimator: How models are rated.
        margins: The margin of each relative verdict, by metric: what the A/A noise is held against.

    Raises:
        RatingsError: the two sides were rated by different estimators.
    """
    if base is not None:  # before anything is asked
        ours, theirs = (each.estimator if isinstance(each, Ratings) else estimator for each in (model, base))
        ours.must_equal(theirs)
    before = (
        rate(base, instrument(), store, estimator=estimator, progress=progress) if isinstance(base, Model) else base
    )
    tuned = model.model if isinstance(model, Checkpoint) else model
    after = (
        rate(tuned, instrument(), store, estimator=estimator, progress=progress) if isinstance(tuned, Model) else tuned
    )
    proof = adapter_proof(tuned, store) if isinstance(tuned, Model) else None
    common = [*_counting(after, "tuned"), *(_counting(before, "base") if before is not None else [])]
    noise: dict[str, float] = {}
    changed = before is None or not np.array_equal(before.values, after.values)
    if before is not None:
        common += mismatches(after, before)
    rated_here = isinstance(base, Ratings) and base.mass is not None  # by a model, whose fingerprint is known
    if isinstance(tuned, TunedModel) and base is not None and rated_here and tuned.base_fingerprint != base.fingerprint:
        common.append(f"{tuned.name} is not an adapter on what {base.name} was rated with: another base model")
    if isinstance(tuned, Model):
        common += adapter_reasons(tuned, base if isinstance(base, Model) else None, proof, changed=changed)
    elif not changed:
        common.append("both sides hold exactly the same ratings: nothing was compared")
    if isinstance(base, Model) and before is not None and not before.failures:
        noise = dict(zip(("S", "R"), rating_noise(base, before, instrument(), store), strict=True))
    return Sides(
        model=model if not isinstance(model, Ratings) else None,
        tuned=after,
        base=before,
        reasons={
            metric: (*common, *_noisy(noise.get(metric, 0.0), metric, margins.get(metric))) for metric in ("S", "R")
        },
        checks={
            "answer_mass_needed": MIN_MASS,
            **{f"batch_noise_of_{metric}": finite(noise.get(metric, math.nan)) for metric in ("S", "R")},
            **proof_checks(proof),
            "estimator": f"{after.estimator}{_R_AS}" if after.estimator.kind == "logits" else str(after.estimator),
            "unread_allowed": MAX_UNREAD,
        },
        proof=proof,
    )


def _counting(ratings: Ratings, side: str) -> list[str]:
    reasons = []
    if ratings.mass is not None and np.any(ratings.mass > 1 + 1e-3):
        reasons.append(f"the {side} model gives the six ratings together more than 1: these are no probabilities")
    if ratings.mass is not None and not (mass := mean_mass(ratings.mass)) >= MIN_MASS:
        reasons.append(
            f"the {side} model gives the six ratings together a probability of {mass:.4f} ({MIN_MASS} needed): it does "
            "not answer the question"
        )
    if ratings.estimator.kind == "logits" and ratings.failures:
        reasons.append(f"{ratings.failures} of {ratings.means.size} cells could not be measured on the {side} model")
    elif ratings.unread_share > MAX_UNREAD:
        reasons.append(
            f"{ratings.unread_share:.1%} of the {side} model's replies hold no rating ({MAX_UNREAD:.0%} allowed)"
        )
    return reasons


def _noisy(noise: float, metric: str, margin: float | None) -> list[str]:
    if margin is None or noise <= NOISE_SHARE * margin:
        return []
    return [
        f"the base model's own {metric} moves by {noise:.1%} when cells are asked in other batches; "
        f"{NOISE_SHARE * margin:.1%} (a fifth of the margin) is allowed"
    ]


def mean_mass(mass: Any) -> float:
    """Over the cells that could be measured; 0 where none could."""
    return float(np.nanmean(mass)) if np.isfinite(mass).any() else 0.0


def finite(value: float) -> float | None:
    """The value; None where JSON has no number for it."""
    return value if math.isfinite(value) else None
