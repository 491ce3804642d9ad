"""What every verdict on two models has to show, whatever was measured: that the adapter is applied, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_persona.instruments.items import ItemSet
from pytest_persona.models import AdapterProof, Checkpoint, Model, TunedModel
from pytest_persona.wording import DEMO, UNVERIFIED

MIN_MASS = 0.05
"""Probability that the answers must hold on average for a measurement to mean anything (STATISTICS)."""
MAX_DISAGREEMENT = 1e-3
"""Most that merged and unmerged logits may differ in float32 (STATISTICS)."""
MAX_UNSCORED = 0.05
"""Largest share of replies or items without a score; below it, bounds take their worst case (STATISTICS)."""
NOISE_SHARE = 0.2
"""Most A/A noise, as a share of the margin (STATISTICS)."""
MOVERS = 10
"""Items that a record names (ours)."""


def adapter_reasons(tuned: Model, base: Model | None, proof: AdapterProof | None, *, changed: bool) -> list[str]:
    """Why the tuned model is not the base model with its adapter.

    Args:
        base: The base model; None where nothing but its answers is known, or nothing at all.
        changed: Whether any answer differs between the two.
    """
    reasons = []
    if base is not None and isinstance(tuned, TunedModel) and tuned.base_fingerprint != base.fingerprint:
        reasons.append(f"{tuned.name} is not an adapter on {base.name}: it was loaded on another base model")
    if proof is not None:
        if proof.dtype == "float32" and not proof.disagreement <= MAX_DISAGREEMENT:
            reasons.append(
                f"merging changed the adapter: merged and unmerged logits differ by {proof.disagreement:.2g} "
                f"({MAX_DISAGREEMENT:g} allowed)"
            )
        if not proof.change > 0:
            reasons.append("the adapter is not applied: with and without it the logits are equal")
    if not changed:
        reasons.append("the adapter is not applied: base and tuned model answer every item exactly alike")
    return reasons


def labels_of(kind: str, proof: AdapterProof | None, model: object) -> tuple[str, ...]:
    """What qualifies a verdict.

    Args:
        kind: Of the instrument.
        model: The model or checkpoint under test.
    """
    labels = [DEMO] if kind == "pocket" else []
    labels.append(UNVERIFIED)
    if proof is not None and proof.dtype != "float32":
        labels.append(f"probed in {proof.dtype}; merging moved logits by {proof.disagreement:.2g}")
    if isinstance(model, Checkpoint):
        labels.extend(model.adapter.notes)
    return tuple(labels)


def proof_checks(proof: AdapterProof | None) -> Mapping[str, Any]:
    """The proof's figures, for a record's checks."""
    return {
        "merged_unmerged_logits": proof.disagreement if proof else None,
        "adapter_base_logits": proof.change if proof else None,
        "probe_dtype": proof.dtype if proof else None,
    }


def described(instrument: ItemSet[Any], name: str = "") -> dict[str, Any]:
    """What a record says of an instrument.

    Args:
        name: What the record calls it; its own name by default.
    """
    return {
        "name": name or instrument.name,
        "kind": instrument.kind,
        "source": instrument.source,
        "licence": instrument.licence,
        "sha256": instrument.sha256,
        "items": len(instrument.items),
    }


def checkpoint_of(model: Model | Checkpoint) -> Mapping[str, Any]:
    """Label, adapter hash and manifest, as far as known."""
    if not isinstance(model, Checkpoint):
        return {"label": model.name}
    return {"label": model.label, "adapter": model.adapter.content, "manifest": dict(model.manifest)}
