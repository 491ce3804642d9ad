"""Susceptibility S and spread 1/R of ratings under role-play: point values, bounds, and relative changes.

With y_pqi the rating of persona p on item q in repetition i, μ_pq and σ_pq their mean and standard deviation (ddof 1):

    τ_q = std over personas of μ_pq, ddof 1      S = mean over q of τ_q
    σ̄   = mean over p, q of σ_pq                 R = 1 / σ̄

Source: Costa, Alves & Vicente, arXiv 2511.08565; Costa & Vicente, arXiv 2605.12850. Their equation of τ_q divides by
the number of personas; their published figures divide by one less, and so does this.

Personas are the units. Bounds are bootstrap-t on the logarithm (Efron & Tibshirani 1993, §12.5), the standard error of
each resample from the statistic's influence values, so that a change is relative and never leaves its range.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_persona.stats.binomial import clopper_pearson
from pytest_persona.stats.estimate import Estimate
from pytest_persona.stats.stratified import MIN_MOVERS, MIN_UNITS, RESAMPLES, TIE

HIGHEST = 5
"""The scale's end; ratings are 0 to 5."""
_CHUNK = 1000

FloatArray = npt.NDArray[np.float64]
_Statistic = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""From weights (resamples, units) to a statistic (resamples,) and its influence values (resamples, units)."""


class Sample(NamedTuple):
    """A statistic of personas, in the sample and in each resample.

    Attributes:
        value: In the sample.
        centre: In the sample taken as a population, which is what the resamples estimate.
        influence: Of each persona, (personas,).
        values: In each resample, (resamples,).
        influences: Of each persona in each resample, (resamples, personas).
    """

    value: float
    centre: float
    influence: FloatArray
    values: FloatArray
    influences: FloatArray


def susceptibility(means: FloatArray) -> float:
    """S of the means (personas, items); NaN for fewer than two personas."""
    return float(means.std(axis=0, ddof=1).mean()) if len(means) > 1 else math.nan


def susceptibility_bounds(means: FloatArray, *, alpha: float, seed: int = 0) -> Estimate:
    """S with one-sided bounds.

    Where fewer than ten personas answer otherwise than the most common row of ratings, no bootstrap sees the
    uncertainty: the share of such personas is bounded exactly and each taken to be as far away as the scale allows.

    Args:
        means: (personas, items), in [0, 5], finite.

    Raises:
        ValueError: fewer than 30 personas, or means that are not finite.
    """
    _check(means, alpha)
    value = susceptibility(means)
    movers = _movers(means)
    if movers < MIN_MOVERS:
        share = min(0.5, clopper_pearson(movers, len(means), alpha=alpha)[1])
        high = max(value, HIGHEST * math.sqrt(share * (1 - share)))
        return _estimate(value, 0.0, high, 0.0, len(means), alpha, "exact (Clopper-Pearson)")
    weights = _weights(len(means), seed)
    sample = _susceptibility_sample(means, weights)
    low, high, se = _log_bounds(sample, None, weights, alpha)
    return _estimate(value, value * math.exp(low), value * math.exp(high), value * se, len(means), alpha, _METHOD)


def susceptibility_change(tuned: FloatArray, base: FloatArray, *, alpha: float, seed: int = 0) -> Estimate:
    """S of tuned over S of base, less one, with one-sided bounds; row p of both is the same persona.

    Raises:
        ValueError: other shapes, fewer than 30 personas, or fewer than ten that answer otherwise than the rest, on
            either side: then nothing bounds the ratio.
    """
    _check_pair(tuned, base, alpha)
    for means, side in ((tuned, "tuned"), (base, "base")):
        if (movers := _movers(means)) < MIN_MOVERS:
            raise ValueError(
                f"only {movers} of the {side} model's {len(means)} personas answer otherwise than the rest "
                f"({MIN_MOVERS} needed); no relative change of S can be bounded"
            )
    weights = _weights(len(base), seed)
    return _change(
        _susceptibility_sample(tuned, weights), _susceptibility_sample(base, weights), weights, len(base), alpha
    )


def spread_change(tuned: FloatArray, base: FloatArray, *, alpha: float, seed: int = 0) -> Estimate:
    """σ̄ of tuned over σ̄ of base, less one: the relative change of 1/R, with one-sided bounds.

    Args:
        tuned: Each persona's mean of σ_pq over items, (personas,).
        base: The same personas, in the same order.

    Raises:
        ValueError: other shapes, fewer than 30 personas, or fewer than ten whose ratings vary, on either side.
    """
    _check_pair(tuned[:, None], base[:, None], alpha)
    for spreads, side in ((tuned, "tuned"), (base, "base")):
        if (varying := int((spreads > TIE).sum())) < MIN_MOVERS:
            raise ValueError(
                f"the ratings of only {varying} of the {side} model's {len(spreads)} personas vary between repetitions "
                f"({MIN_MOVERS} needed); no relative change of R can be bounded"
            )
    weights = _weights(len(base), seed)
    return _change(_mean_sample(tuned, weights), _mean_sample(base, weights), weights, len(base), alpha)


def robustness_from(spread: Estimate) -> Estimate:
    """R = 1 / σ̄ with its bounds; infinite for ratings that never vary, and its upper bound where σ̄'s lower one is 0."""
    return Estimate(
        value=_inverse(spread.value),
        low=_inverse(spread.high),
        high=_inverse(spread.low),
        se=spread.se / spread.value**2 if spread.value else math.inf,
        n=spread.n,
        alpha=spread.alpha,
        method=spread.method,
    )


_METHOD = "bootstrap-t over personas, on the logarithm"


def _inverse(value: float) -> float:
    return 1 / value if value > 0 else math.inf


def _check(means: FloatArray, alpha: float) -> None:
    if means.ndim != 2 or not means.size or not np.isfinite(means).all():
        raise ValueError("means must be finite, one row a persona and one column an item")
    if len(means) < MIN_UNITS:
        raise ValueError(f"{len(means)} personas are too few to bound anything; {MIN_UNITS} or more are needed")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must be in (0, 0.5), got {alpha}")


def _check_pair(tuned: FloatArray, base: FloatArray, alpha: float) -> None:
    if tuned.shape != base.shape:
        raise ValueError(f"both sides need the same personas and items, got {tuned.shape} and {base.shape}")
    _check(tuned, alpha)
    _check(base, alpha)


def _movers(means: FloatArray) -> int:
    """Personas whose ratings are not the most common ones."""
    rows = np.round(means / TIE).astype(np.int64)
    return len(rows) - int(np.unique(rows, axis=0, return_counts=True)[1].max())


@functools.lru_cache(maxsize=2)  # ten megabytes, the same for every statistic of a comparison
def _weights(units: int, seed: int) -> FloatArray:
    """How often each unit is drawn in each resample, (resamples, units)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(units, np.full(units, 1 / units), size=RESAMPLES).astype(np.float64)


def _susceptibility_sample(means: FloatArray, weights: FloatArray) -> Sample:
    units, items = means.shape
    centred = means - means.mean(axis=0)  # for the digits of the squares

    def of(drawn: FloatArray) -> tuple[FloatArray, FloatArray]:
        centre = drawn @ centred / units
        variance = np.maximum(drawn @ centred**2 / units - centre**2, 0.0) * units / (units - 1)
        tau = np.sqrt(variance)
        with np.errstate(divide="ignore"):
            slope = np.where(tau > TIE, 0.5 / tau, 0.0)  # an item on which all agree has no slope
        influence = slope @ (centred**2).T - 2 * (slope * centre) @ centred.T
        influence += (slope * centre**2).sum(axis=1, keepdims=True) - (slope * variance).sum(axis=1, keepdims=True)
        return tau.mean(axis=1), influence / items

    return _sample(of, weights, units, math.sqrt((units - 1) / units))


def _mean_sample(values: FloatArray, weights: FloatArray) -> Sample:
    units = len(values)

    def of(drawn: FloatArray) -> tuple[FloatArray, FloatArray]:
        means = drawn @ values / units
        return means, values[None, :] - means[:, None]

    return _sample(of, weights, units, 1.0)


def _sample(of: _Statistic, weights: FloatArray, units: int, population: float) -> Sample:
    value, influence = of(np.ones((1, units)))
    parts = [of(weights[start : start + _CHUNK]) for start in range(0, len(weights), _CHUNK)]
    return Sample(
        value=float(value[0]),
        centre=population * float(value[0]),
        influence=influence[0],
        values=np.concatenate([values for values, _ in parts]),
        influences=np.concatenate([influences for _, influences in parts]),
    )


def _change(tuned: Sample, base: Sample, weights: FloatArray, units: int, alpha: float) -> Estimate:
    ratio = tuned.value / base.value
    low, high, se = _log_bounds(tuned, base, weights, alpha)
    return _estimate(
        ratio - 1, ratio * math.exp(low) - 1, ratio * math.exp(high) - 1, ratio * se, units, alpha, _METHOD
    )


def _log_bounds(sample: Sample, other: Sample | None, weights: FloatArray, alpha: float) -> tuple[float, float, float]:
    """How far below and above its estimate the log of a statistic (or of a ratio of two) may lie, and its error."""
    units = weights.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(sample.values) - math.log(sample.centre)
        relative = sample.influences / sample.values[:, None]
        own = sample.influence / sample.value
        if other is not None:
            logs -= np.log(other.values) - math.log(other.centre)
            relative = relative - other.influences / other.values[:, None]
            own = own - other.influence / other.value
        errors = np.sqrt((weights * relative**2).sum(axis=1) / (units - 1) / units)
        ratios = logs / errors
    ratios = np.where(np.isnan(ratios), 0.0, ratios)  # a resample that is all one persona
    se = math.sqrt(float((own**2).sum()) / (units - 1) / units)
    lower, upper = np.quantile(ratios, [alpha, 1 - alpha])
    return -float(upper) * se, -float(lower) * se, se


def _estimate(value: float, low: float, high: float, se: float, n: int, alpha: float, method: str) -> Estimate:
    return Estimate(value=value, low=min(low, value), high=max(high, value), se=se, n=n, alpha=alpha, method=method)
