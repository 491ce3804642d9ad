"""Bounds for the change of a share when the same items are asked twice."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import norm

from pytest_persona.stats.binomial import clopper_pearson
from pytest_persona.stats.estimate import Estimate

_ABOVE = 1e-9


def paired_binary(base: npt.ArrayLike, tuned: npt.ArrayLike, *, alpha: float) -> Estimate:
    """The mean of tuned minus base where both are 0 or 1, with one-sided score bounds.

    Only the pairs that differ tell of a change, but how many there are of them is not known either: bounds are those of
    the score statistic with the share of such pairs at its likeliest under each change (Tango 1998, Statistics in
    Medicine 17:891). Where no pair differs they are Clopper-Pearson's for that share, which are wider (ours), so that
    equal answers never claim more than their number shows.

    Args:
        base: Outcomes before, 0 or 1, (n,).
        tuned: Outcomes after, in the same order, (n,).
        alpha: One-sided level of each bound, in (0, 0.5).

    Raises:
        ValueError: no pairs, other shapes, an outcome that is neither 0 nor 1, or no such level.
    """
    before, after = (np.asarray(each, dtype=np.float64) for each in (base, tuned))
    if before.ndim != 1 or before.shape != after.shape or not before.size:
        raise ValueError(f"outcomes come in pairs, at least one; got shapes {before.shape} and {after.shape}")
    if not (np.isin(before, (0.0, 1.0)).all() and np.isin(after, (0.0, 1.0)).all()):
        raise ValueError("an outcome is 0 or 1; nothing can be said about a share of others")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must be in (0, 0.5), got {alpha}")
    n = before.size
    won, lost = int((after > before).sum()), int((after < before).sum())
    value = (won - lost) / n
    if won == lost == 0:
        high = clopper_pearson(0, n, alpha=alpha)[1]
        low, method = -high, "exact (Clopper-Pearson)"
    else:
        z = float(norm.ppf(1 - alpha))
        low, high, method = -_upper(lost, won, n, z), _upper(won, lost, n, z), "score (Tango)"
    return Estimate(
        value=value,
        low=min(low, value),
        high=max(high, value),
        se=math.sqrt(max(0.0, won + lost - (won - lost) ** 2 / n)) / n,
        n=n,
        alpha=alpha,
        method=method,
    )


def _upper(won: int, lost: int, n: int, z: float) -> float:
    """The largest change whose score statistic is still within z: the other bound is that of the mirrored counts."""
    if won == n:
        return 1.0

    def excess(change: float) -> float:
        spread = n * (2 * _likeliest_loss(won, lost, n, change) + change * (1 - change))
        return won - lost - n * change + z * math.sqrt(max(0.0, spread))

    start = (won - lost) / n + _ABOVE  # at the estimate itself the statistic is 0 too where all pairs are lost
    return float(brentq(excess, start, 1.0, xtol=1e-12))


def _likeliest_loss(won: int, lost: int, n: int, change: float) -> float:
    """The likeliest probability of a loss when wins are likelier than losses by `change`."""
    linear = (2 * n - won + lost) * change - won - lost
    root = math.sqrt(max(0.0, linear**2 + 8 * n * lost * change * (1 - change)))
    return max(0.0, (root - linear) / (4 * n))
