"""What a sample of this size can see."""

from __future__ import annotations

import math

from scipy.stats import norm

from pytest_persona.stats.estimate import Estimate

POWER = 0.8
"""The power at which a minimum detectable effect is stated (STATISTICS: z at 0.8)."""


def effective_se(estimate: Estimate) -> float:
    """The standard error that the wider bound amounts to: larger than the data's own where the data hardly vary.

    The wider one, because near an edge of the range the other has no room to move.
    """
    reach = max(estimate.high - estimate.value, estimate.value - estimate.low)
    return max(estimate.se, reach / float(norm.ppf(1 - estimate.alpha)))


def minimum_detectable_effect(se: float, *, alpha: float) -> float:
    """The true effect that a one-sided test at `alpha` finds with probability 0.8: (z₁₋α + z₀.₈) · SE.

    Args:
        se: Standard error of the (stratified) estimate, in the metric's unit.
    """
    return float((norm.ppf(1 - alpha) + norm.ppf(POWER)) * se)


def items_needed(value: float, margin: float, se: float, n: int, *, alpha: float) -> int | None:
    """About how many units would settle an inconclusive verdict, were the estimate the truth; None if no number would.

    Args:
        value: The estimated change.
        margin: The limit that it is compared with.
        se: Standard error at `n` units.
    """
    distance = abs(margin - value)
    if distance == 0 or se == 0:
        return None
    factor = float(norm.ppf(1 - alpha)) * se / distance
    return max(n + 1, math.ceil(n * factor * factor))
