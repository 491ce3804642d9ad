"""Bounds for rates."""

from __future__ import annotations

from scipy.stats import binomtest


def clopper_pearson(hits: int, trials: int, *, alpha: float) -> tuple[float, float]:
    """Exact one-sided bounds (low, high) of a rate, each at level 1 - alpha.

    Source: Clopper & Pearson (1934), Biometrika 26:404.

    Raises:
        ValueError: no trials, or hits outside [0, trials].
    """
    if trials < 1 or not 0 <= hits <= trials:
        raise ValueError(f"hits must be in [0, trials] and trials 1 or more, got {hits} of {trials}")
    interval = binomtest(hits, trials).proportion_ci(confidence_level=1 - 2 * alpha, method="exact")
    return float(interval.low), float(interval.high)
