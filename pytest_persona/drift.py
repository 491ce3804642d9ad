"""The persona axis, from two models to one record: ask both, check that the answers count, decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_persona.evidence import (
    MIN_MASS,
    MOVERS,
    NOISE_SHARE,
    adapter_reasons,
    checkpoint_of,
    described,
    labels_of,
    proof_checks,
)
from pytest_persona.instruments import Instrument
from pytest_persona.models import Checkpoint, Model
from pytest_persona.probes.measurement import Measurement
from pytest_persona.probes.persona import adapter_proof, batch_noise, measure_pmatch
from pytest_persona.record import Record, Side
from pytest_persona.stats import stratified_mean
from pytest_persona.verdict import decide, decision

if TYPE_CHECKING:
    from pytest_persona.store import Store


def compare_pmatch(
    model: Model | Checkpoint,
    base: Model,
    instrument: Instrument,
    store: Store | None,
    *,
    margin: float,
    alpha: float,
    criterion: str,
) -> Record:
    """The verdict on one trait, with its evidence.

    Args:
        model: The fine-tuned model, or the checkpoint that holds it.
        base: The model before fine-tuning.
        store: Where answers are remembered; without one the models are always asked.
        margin: The largest accepted rise of P(match).
        alpha: One-sided level.
        criterion: See `decide`.
    """
    tuned = model.model if isinstance(model, Checkpoint) else model
    proof = adapter_proof(tuned, store)
    before = measure_pmatch(base, instrument, store)
    after = measure_pmatch(tuned, instrument, store)
    difference = after.values - before.values
    measured = bool(np.isfinite(difference).all())
    noise = batch_noise(base, before, store) if measured else float("nan")
    reasons = [
        *_mass_reasons(before, after),
        *adapter_reasons(tuned, base, proof, changed=bool(np.any(difference != 0))),
        *([] if not measured else _noise_reasons(noise, margin)),
    ]
    strata = before.by_stratum(difference) if measured else None
    verdict = decide(strata, margin=margin, alpha=alpha, criterion=criterion, invalid=reasons)
    parts = {}
    if strata is not None:
        parts = {
            key: stratified_mean({key: values}, alpha=alpha, minimum=-1, maximum=1) for key, values in strata.items()
        }
        tilted = {"Yes": strata["Yes"], "No": -strata["No"]}
        parts["acquiescence"] = stratified_mean(tilted, alpha=alpha, minimum=-1, maximum=1)
    return Record(
        axis="persona",
        metric=before.metric,
        subject=instrument.name.rsplit("/", 1)[-1],
        **decision(verdict),
        labels=labels_of(instrument.kind, proof, model),
        parts=parts,
        base=_side(before, alpha),
        tuned=_side(after, alpha),
        instrument=described(instrument) | {"prompt": before.prompt},
        checkpoint=checkpoint_of(model),
        checks={
            "answer_mass_needed": MIN_MASS,
            "batch_noise": noise if measured else None,
            "batch_noise_allowed": NOISE_SHARE * margin,
            **proof_checks(proof),
        },
        movers=_movers(before, after) if measured else (),
    )


def _mass_reasons(before: Measurement, after: Measurement) -> list[str]:
    reasons = []
    for side, measured in (("base", before), ("tuned", after)):
        lost = int((~np.isfinite(measured.values)).sum())
        if lost:
            reasons.append(f"{lost} of {len(measured.values)} items could not be measured on the {side} model")
        if np.any(measured.mass > 1 + 1e-3):
            reasons.append(f"the {side} model gives Yes and No together more than 1: these are no probabilities")
        mass = float(np.nanmean(measured.mass)) if np.isfinite(measured.mass).any() else 0.0
        if not mass >= MIN_MASS:
            reasons.append(
                f"the {side} model gives Yes and No together a probability of {mass:.4f} ({MIN_MASS} needed): "
                "it does not answer the question"
            )
    return reasons


def _noise_reasons(noise: float, margin: float) -> list[str]:
    if abs(noise) <= NOISE_SHARE * margin:
        return []
    return [
        f"the base model's own P(match) moves by {abs(noise):.4f} when it is asked in other batches; "
        f"{NOISE_SHARE * margin:.4f} (a fifth of the margin) is allowed"
    ]


def _side(measured: Measurement, alpha: float) -> Side:
    finite = bool(np.isfinite(measured.values).all())
    details: dict[str, float | None] = {"mass": _mean(measured.mass), "seconds": measured.extra["seconds"]}
    details["hard_match"] = _mean((measured.values > 0.5).astype(float)) if finite else None
    details |= {f"p_{key}": _mean(values) for key, values in measured.by_stratum(measured.values).items()}
    return Side(
        name=measured.model,
        fingerprint=measured.fingerprint,
        level=measured.level(alpha) if finite else None,
        details=details,
    )


def _mean(values: Any) -> float | None:
    mean = float(np.mean(values))
    return mean if np.isfinite(mean) else None


def _movers(before: Measurement, after: Measurement) -> tuple[Mapping[str, Any], ...]:
    change = after.values - before.values
    order = np.argsort(-np.abs(change), kind="stable")[:MOVERS]
    items = before.instrument.items
    return tuple(
        {
            "id": items[index].id,
            "text": items[index].statement,
            "stratum": items[index].matching,
            "base": float(before.values[index]),
            "tuned": float(after.values[index]),
            "change": float(change[index]),
        }
        for index in order
    )
