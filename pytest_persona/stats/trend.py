"""Do levels rise along an order, do they differ at all, and what do a few repetitions of a run say?

Blocks (items, prompts or seeds) are measured under every one of k conditions; under the null hypothesis a block's
values could have come in any order, so that p-values are those of permutations within blocks, exact where these are
few.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from pytest_persona.stats.estimate import Estimate

RESAMPLES = 9999
_BATCH_VALUES = 5_000_000  # bounded memory

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Whether levels rise along an order.

    Attributes:
        levels: Mean of each condition, in order, (k,).
        rise: One-sided p-value of a rise.
        fall: One-sided p-value of a fall.
        blocks: Number of blocks.
    """

    levels: tuple[float, ...]
    rise: float
    fall: float
    blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Whether levels differ between conditions.

    Attributes:
        levels: Mean of each condition, (k,).
        p: p-value of any difference.
        blocks: Number of blocks.
    """

    levels: tuple[float, ...]
    p: float
    blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupling:
    """Whether two quantities move together over conditions.

    Attributes:
        rho: Spearman's correlation, averaged over blocks; NaN where a quantity does not vary in any.
        rise: One-sided p-value of moving together.
        fall: One-sided p-value of moving against each other.
    """

    rho: float
    rise: float
    fall: float


def page_trend(values: npt.ArrayLike, *, seed: int = 0) -> Trend:
    """Page's test of an ordered alternative, its p-values by permutation so that ties do no harm.

    Args:
        values: (blocks, k), columns in the order of the alternative, k of 3 or more.
        seed: Of the permutations, where there are too many to try them all.

    Raises:
        ValueError: fewer than two blocks, fewer than three columns, or a value that is not finite.

    Source: Page (1963), JASA 58:216.
    """
    blocks = _blocks(values, least=3)
    order = np.arange(1, blocks.shape[1] + 1)
    ranks = stats.rankdata(blocks, axis=1)

    def total(*columns: FloatArray, axis: int) -> FloatArray:
        found: FloatArray = sum(place * column.sum(axis=axis) for place, column in zip(order, columns, strict=True))
        return found

    observed, null, exact = _permuted(ranks, total, seed)
    return Trend(
        levels=_levels(blocks),
        rise=_share(null >= observed - _slack(observed), exact),
        fall=_share(null <= observed + _slack(observed), exact),
        blocks=len(blocks),
    )


def spread_test(values: npt.ArrayLike, *, seed: int = 0) -> Spread:
    """Whether conditions differ: the variance of their means against that of permutations within blocks.

    Args:
        values: (blocks, k), k of 2 or more.
        seed: Of the permutations, where there are too many to try them all.

    Raises:
        ValueError: fewer than two blocks, fewer than two columns, or a value that is not finite.
    """
    blocks = _blocks(values, least=2)

    def variance(*columns: FloatArray, axis: int) -> FloatArray:
        found: FloatArray = np.var([column.mean(axis=axis) for column in columns], axis=0)
        return found

    observed, null, exact = _permuted(blocks, variance, seed)
    return Spread(levels=_levels(blocks), p=_share(null >= observed - _slack(observed), exact), blocks=len(blocks))


def coupling_test(first: npt.ArrayLike, second: npt.ArrayLike, *, seed: int = 0) -> Coupling:
    """Spearman's correlation within blocks, its p-values by permutation of one quantity within each block.

    Args:
        first: (blocks, k), k of 3 or more.
        second: The other quantity, of the same shape.
        seed: Of the permutations, where there are too many to try them all.

    Raises:
        ValueError: other shapes, or a value that is not finite.
    """
    one, other = (np.atleast_2d(np.asarray(each, dtype=np.float64)) for each in (first, second))
    if one.shape != other.shape or one.shape[1] < 3 or not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise ValueError(f"expected two quantities, blocks by 3 conditions or more, got {one.shape} and {other.shape}")
    ranks = [stats.rankdata(each, axis=1) for each in (one, other)]
    centred = [each - each.mean(axis=1, keepdims=True) for each in ranks]
    size = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    moving = size > 0
    if not moving.any():
        return Coupling(rho=math.nan, rise=1.0, fall=1.0)
    left, right = centred[0][moving] / size[moving, None], centred[1][moving]
    orders = list(itertools.permutations(range(one.shape[1])))
    exact = len(orders) ** len(left) <= RESAMPLES
    if exact:
        chosen = np.array(list(itertools.product(range(len(orders)), repeat=len(left))))
    else:
        chosen = np.random.default_rng(seed).integers(len(orders), size=(RESAMPLES, len(left)))
    sums = np.array([[row @ values[list(order)] for order in orders] for row, values in zip(left, right, strict=True)])
    null = np.take_along_axis(sums, chosen.T, axis=1).mean(axis=0)
    rho = float((left * right).sum(axis=1).mean())
    return Coupling(
        rho=rho,
        rise=_share(null >= rho - _slack(rho), exact),
        fall=_share(null <= rho + _slack(rho), exact),
    )


def mean_over_runs(values: npt.ArrayLike, *, alpha: float) -> Estimate:
    """The mean of repetitions of a run, with Student's bounds: the run is the unit.

    Args:
        values: One a run, (n,), n of 2 or more.
        alpha: One-sided level of each bound.

    Raises:
        ValueError: fewer than two runs, or a value that is not finite.
    """
    runs = np.asarray(values, dtype=np.float64)
    if runs.ndim != 1 or runs.size < 2 or not np.isfinite(runs).all():
        raise ValueError(f"runs are two or more finite numbers, got {runs}")
    error = float(runs.std(ddof=1) / math.sqrt(runs.size))
    reach = float(stats.t.ppf(1 - alpha, runs.size - 1)) * error
    value = float(runs.mean())
    return Estimate(
        value=value,
        low=value - reach,
        high=value + reach,
        se=error,
        n=runs.size,
        alpha=alpha,
        method="t over seeds",
    )


def _blocks(values: npt.ArrayLike, *, least: int) -> FloatArray:
    blocks = np.asarray(values, dtype=np.float64)
    if blocks.ndim != 2 or len(blocks) < 2 or blocks.shape[1] < least:
        raise ValueError(f"expected two blocks or more by {least} conditions or more, got shape {blocks.shape}")
    if not np.isfinite(blocks).all():
        raise ValueError("a value is not finite: it was not measured")
    return blocks


def _levels(blocks: FloatArray) -> tuple[float, ...]:
    return tuple(float(level) for level in blocks.mean(axis=0))


def _slack(observed: float) -> float:
    """Equal sums in another order are equal."""
    return 1e-9 * max(1.0, abs(observed))


def _permuted(blocks: FloatArray, statistic: Callable[..., FloatArray], seed: int) -> tuple[float, FloatArray, bool]:
    """The statistic, its null distribution, and whether that holds every permutation."""
    count = math.factorial(blocks.shape[1]) ** len(blocks)
    columns: Any = tuple(blocks.T)
    found = stats.permutation_test(
        columns,
        statistic,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, _BATCH_VALUES // blocks.size),
        rng=np.random.default_rng(seed),
    )
    return float(found.statistic), np.asarray(found.null_distribution, dtype=np.float64), count <= RESAMPLES


def _share(hits: npt.NDArray[np.bool_], exact: bool) -> float:
    """A p-value: of all permutations, or of a sample of them, to which the observed order is added."""
    return float(hits.mean() if exact else (hits.sum() + 1) / (hits.size + 1))
