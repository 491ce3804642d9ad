"""A rate that was counted by somebody who errs."""

from __future__ import annotations


def rogan_gladen(rate: float, sensitivity: float, specificity: float) -> float | None:
    """The true rate that would be counted as `rate`, clipped to [0, 1]; None where counting says nothing about it.

        (rate + specificity - 1) / (sensitivity + specificity - 1)

    A counter whose sensitivity and specificity sum to 1 or less is no better than chance. Sensitivity and specificity
    are taken as known, so this is a sensitivity analysis and never a verdict.

    Source: Rogan & Gladen (1978), American Journal of Epidemiology 107:71.

    Args:
        rate: The share that was counted as hits.
        sensitivity: The share of true hits that is counted as one.
        specificity: The share of others that is not.

    Raises:
        ValueError: an argument that is no share.
    """
    for name, share in (("rate", rate), ("sensitivity", sensitivity), ("specificity", specificity)):
        if not 0 <= share <= 1:  # also refuses NaN
            raise ValueError(f"{name} is a share in [0, 1], got {share}")
    better_than_chance = sensitivity + specificity - 1
    if better_than_chance <= 1e-9:  # rounding must not turn chance into knowledge
        return None
    return min(1.0, max(0.0, (rate + specificity - 1) / better_than_chance))
