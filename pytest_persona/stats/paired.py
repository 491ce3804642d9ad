"""Bounds for the change of a share when the same items are asked twice."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import betainc, gammaln, xlog1py, xlogy
from scipy.stats import norm

from pytest_persona.stats.estimate import Estimate

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

METHOD = "exact unconditional (Buehler)"
_EXACT = 1e-10
_FIRST_WIN = 1.5
"""How many wins the first one counts more, at most, in the order of outcomes (ours)."""
_CELLS = 2_000_000  # bounded memory
_GRID = 65  # ours: shares of losses among which the likeliest outcome is looked for, and more for many pairs


def paired_binary(base: npt.ArrayLike, tuned: npt.ArrayLike, *, alpha: float) -> Estimate:
    """The mean of tuned minus base where both are 0 or 1, with exact one-sided bounds.

    Only the pairs that differ tell of a change, but how many there are of them is not known either. The upper bound is
    the least change under which the outcome that was seen, or one of lower rank, has a probability of no more than
    alpha, whatever the share of pairs that differ (Buehler 1957, JASA 52:482; for paired shares Lloyd & Moldovan 2007,
    Statistics in Medicine 26:3369). So it lies below the true change in no more than alpha of all samples, however few
    items there are. The lower bound is that of the mirrored counts.

    Ranks are those of the score bound (Tango 1998, Statistics in Medicine 17:891), which by itself would lie below in
    up to 7% of samples where 5% is asked; where it leaves a rise open, a first win counts more (ours). So equal answers
    nearly always come before every outcome with a win, and then their bounds are Clopper-Pearson's.

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
    return Estimate(
        value=(won - lost) / n,
        low=-_upper(lost, won, n, alpha),
        high=_upper(won, lost, n, alpha),
        se=math.sqrt(max(0.0, won + lost - (won - lost) ** 2 / n)) / n,
        n=n,
        alpha=alpha,
        method=METHOD,
    )


@lru_cache(maxsize=4096)
def _upper(won: int, lost: int, n: int, alpha: float) -> float:
    """The least change under which so few wins, or so many losses, are no likelier than alpha."""
    if won == n:
        return 1.0
    z = float(norm.ppf(1 - alpha))
    least = _least_losses(_rank(won, lost, n, z), n, z)

    def excess(change: float) -> float:
        return _greatest_chance(change, n, least) - alpha

    value = (won - lost) / n
    return float(brentq(excess, value, 1.0, xtol=_EXACT)) if excess(value) > 0 else value


def _rank(won: int, lost: int, n: int, z: float) -> float:
    """What outcomes are ordered by: the score bound, and more where anything was won and a rise is open."""

    def excess(change: float) -> float:
        return float(_excess(np.array([won]), np.array([lost]), n, change, z)[0])

    start = (won - lost) / n + _EXACT  # at the estimate itself the statistic is 0 too where all pairs are lost
    bound = float(brentq(excess, start, 1.0, xtol=1e-13))
    return bound + min(_FIRST_WIN / n, max(0.0, bound)) if won else bound


def _excess(won: IntArray, lost: IntArray, n: int, change: float | FloatArray, z: float) -> FloatArray:
    """Above 0 where the score statistic of a change is still within z, (counts,)."""
    linear = (2 * n - won + lost) * change - won - lost
    root = np.sqrt(np.maximum(0.0, linear**2 + 8 * n * lost * change * (1 - change)))
    loss = np.maximum(0.0, (root - linear) / (4 * n))  # the likeliest one when wins are likelier by `change`
    spread = np.maximum(0.0, n * (2 * loss + change * (1 - change)))
    excess: FloatArray = won - lost - n * change + z * np.sqrt(spread)
    return excess


def _least_losses(rank: float, n: int, z: float) -> IntArray:
    """For each number of wins, the fewest losses of an outcome of no higher rank, n + 1 for none; (n + 1,)."""
    wins = np.arange(n + 1)
    change = rank - np.where(wins > 0, min(_FIRST_WIN / n, max(0.0, rank) / 2), 0.0) + _EXACT
    least, most = np.zeros(n + 1, dtype=np.int64), n + 1 - wins
    while (open_ := least < most).any():
        middle = (least + most) // 2
        reached = (change > (wins - middle) / n) & ((change >= 1) | (_excess(wins, middle, n, change, z) <= 0))
        most = np.where(open_ & reached, middle, most)
        least = np.where(open_ & ~reached, middle + 1, least)
    least = np.where(least > n - wins, n + 1, least)
    closed: IntArray = np.minimum.accumulate(least[::-1])[::-1]  # fewer wins never tell of more
    return closed


def _greatest_chance(change: float, n: int, least: IntArray) -> float:
    """The probability of the outcomes of `_least_losses`, with the share of losses that makes it greatest."""
    low, high = max(0.0, -change), (1 - change) / 2
    steps = max(_GRID, math.ceil(3 * math.sqrt(n)))  # half a standard error apart
    losses = low + (high - low) * np.linspace(0, 1, steps) ** 2
    chances = _chances(change, losses, n, least)
    best = int(chances.argmax())
    near = np.linspace(losses[max(0, best - 1)], losses[min(steps - 1, best + 1)], 17)
    return float(max(chances[best], _chances(change, near, n, least).max()))


def _chances(change: float, losses: FloatArray, n: int, least: IntArray) -> FloatArray:
    """The same for each share of losses, (shares,): over wins, their binomial chance times that of enough losses."""
    wins = np.flatnonzero(least <= n - np.arange(n + 1))
    if len(losses) > 1 and len(losses) * len(wins) > _CELLS:
        halves = np.array_split(losses, 2)
        return np.concatenate([_chances(change, half, n, least) for half in halves])
    win = np.clip(losses + change, 0.0, 1.0)
    ways = gammaln(n + 1) - gammaln(wins + 1) - gammaln(n - wins + 1)
    chance = np.exp(ways + xlogy(wins, win[:, None]) + xlog1py(n - wins, -win[:, None]))
    row, column = np.nonzero(chance > 1e-14)
    enough, rest = least[wins[column]], n - wins[column]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(np.nan_to_num(losses[row] / (1 - win[row]), nan=0.0, posinf=1.0), 0.0, 1.0)
    tail = np.where(enough == 0, 1.0, betainc(np.maximum(enough, 1), rest - enough + 1.0, share))
    total: FloatArray = np.bincount(row, chance[row, column] * tail, minlength=len(losses)).astype(np.float64)
    return total
