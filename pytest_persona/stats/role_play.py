"""Susceptibility S and spread 1/R of ratings under role-play: point values, bounds, and relative changes.

With y_pqi the rating of persona p on item q in repetition i, μ_pq and σ_pq their mean and standard deviation (ddof 1):

    τ_q = std over personas of μ_pq, ddof 1      S = mean over q of τ_q
    σ̄   = mean over p, q of σ_pq                 R = 1 / σ̄

Source: Costa, Alves & Vicente, arXiv 2511.08565; Costa & Vicente, arXiv 2605.12850. Their equation of τ_q divides by
the number of personas; their published figures divide by one less, and so does this.

Personas are the units, and logarithms are bounded, so that a change is relative and never leaves its range. A bound is
the farther one of two: bootstrap-t (Efron & Tibshirani 1993, §12.5), for skewness, with the influence values' standard
error in each resample and the jackknife's in the sample; and the jackknife's own with Student's t (Tukey 1958; Efron &
Stein 1981: its variance errs on the wide side), for the bias of S of few personas, of which resamples show a part only.

What they cover (benchmarks/coverage.py), 30 to 100 personas at 95%: each bound held in 93 to 98 of 100 samples where
ratings were tied or whole, items independent, or a factor common to all items normal or Laplace. Where that factor had
heavy tails (Student's t with 3 degrees of freedom, lognormal, one persona in twenty far off) the upper bound held in 90
or more, that of a change in 91 or more: what a tail holds is not in the sample, and no bound made of the sample knows.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from pytest_persona.stats.binomial import clopper_pearson
from pytest_persona.stats.estimate import Estimate
from pytest_persona.stats.stratified import MIN_MOVERS, MIN_UNITS, RESAMPLES, TIE

HIGHEST = 5
"""The scale's end; ratings are 0 to 5."""
_FURTHEST = 30.0
"""Logarithm of the largest factor that a change is told to be (ours); beyond it numbers lose their last digits."""
_CHUNK = 1000

FloatArray = npt.NDArray[np.float64]
_Statistic = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""From weights (samples, units) to a statistic (samples,) and its influence values (samples, units)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Logs:
    """The logarithm of a statistic of personas, or of the ratio of two.

    Attributes:
        value: In the sample.
        without: In the sample less one persona, (personas,).
        moved: In each resample, less that of the sample taken as a population, (resamples,).
        influences: Of each persona in each resample, (resamples, personas).
    """

    value: float
    without: FloatArray
    moved: FloatArray
    influences: FloatArray

    def __sub__(self, other: _Logs) -> _Logs:
        return _Logs(
            value=self.value - other.value,
            without=self.without - other.without,
            moved=self.moved - other.moved,
            influences=self.influences - other.influences,
        )


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
    weights = _weights(len(means), seed, RESAMPLES)
    low, high, se = _bounds(_logs_of_susceptibility(means, weights), weights, alpha)
    return _estimate(value, value * math.exp(low), value * math.exp(high), value * se, len(means), alpha, _METHOD)


def susceptibility_change(tuned: FloatArray, base: FloatArray, *, alpha: float, seed: int = 0) -> Estimate:
    """S of tuned over S of base, less one, with one-sided bounds; row p of both is the same persona.

    Raises:
        ValueError: other shapes, fewer than 30 personas, or fewer than ten that answer otherwise than the rest on
            either side, or change otherwise: then nothing bounds the ratio.
    """
    _check_pair(tuned, base, alpha)
    for means, side in ((tuned, "tuned"), (base, "base")):
        if (movers := _movers(means)) < MIN_MOVERS:
            raise ValueError(
                f"only {movers} of the {side} model's {len(means)} personas answer otherwise than the rest "
                f"({MIN_MOVERS} needed); no relative change of S can be bounded"
            )
    return _change(tuned, base, _logs_of_susceptibility, alpha, seed)


def spread_change(tuned: FloatArray, base: FloatArray, *, alpha: float, seed: int = 0) -> Estimate:
    """σ̄ of tuned over σ̄ of base, less one: the relative change of 1/R, with one-sided bounds.

    Args:
        tuned: Each persona's mean of σ_pq over items, (personas,).
        base: The same personas, in the same order.

    Raises:
        ValueError: other shapes, fewer than 30 personas, or fewer than ten whose ratings vary otherwise than the rest's
            on either side, or change otherwise.
    """
    tuned, base = tuned[:, None], base[:, None]
    _check_pair(tuned, base, alpha)
    for spreads, side in ((tuned, "tuned"), (base, "base")):
        if (movers := _movers(spreads)) < MIN_MOVERS:
            raise ValueError(
                f"the ratings of only {movers} of the {side} model's {len(spreads)} personas vary between repetitions "
                f"otherwise than the rest's ({MIN_MOVERS} needed); no relative change of R can be bounded"
            )
    return _change(tuned, base, _logs_of_mean, alpha, seed)


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


_METHOD = "bootstrap-t and jackknife over personas, on the logarithm"


def _inverse(value: float) -> float:
    return 1 / value if value > 0 else math.inf


def _check(means: FloatArray, alpha: float) -> None:
    if means.ndim != 2 or not means.shape[1] or not np.isfinite(means).all():
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
    """Personas whose row is not the most common one."""
    rows = np.round(means / TIE).astype(np.int64)
    return len(rows) - int(np.unique(rows, axis=0, return_counts=True)[1].max())


@functools.lru_cache(maxsize=2)  # ten megabytes, the same for every statistic of a comparison
def _weights(units: int, seed: int, resamples: int) -> FloatArray:
    """How often each unit is drawn in each resample, (resamples, units)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(units, np.full(units, 1 / units), size=resamples).astype(np.float64)


def _logs_of_susceptibility(means: FloatArray, weights: FloatArray) -> _Logs:
    centred = means - means.mean(axis=0)  # for the digits of the squares

    def of(drawn: FloatArray) -> tuple[FloatArray, FloatArray]:
        units = drawn.sum(axis=1, keepdims=True)
        centre, unbiased = drawn @ centred / units, units / (units - 1)
        tau = np.sqrt(np.maximum(drawn @ centred**2 / units - centre**2, 0.0) * unbiased)
        with np.errstate(divide="ignore"):
            slope = np.where(tau > TIE, 0.5 / tau, 0.0)  # an item on which all agree has no slope
        squares = slope @ (centred**2).T - 2 * (slope * centre) @ centred.T
        squares += (slope * centre**2).sum(axis=1, keepdims=True)
        return tau.mean(axis=1), (unbiased * squares - tau.sum(axis=1, keepdims=True) / 2) / means.shape[1]

    units = len(means)
    return _logs(of, weights, population=math.sqrt((units - 1) / units))


def _logs_of_mean(values: FloatArray, weights: FloatArray) -> _Logs:
    units = values[:, 0]

    def of(drawn: FloatArray) -> tuple[FloatArray, FloatArray]:
        means = drawn @ units / drawn.sum(axis=1)
        return means, units - means[:, None]

    return _logs(of, weights, population=1.0)


def _logs(of: _Statistic, weights: FloatArray, *, population: float) -> _Logs:
    """The logarithms of a statistic; `population` is that of the sample taken as a population, over the sample's."""
    units = weights.shape[1]
    value = float(of(np.ones((1, units)))[0][0])
    parts = [of(weights[start : start + _CHUNK]) for start in range(0, len(weights), _CHUNK)]
    resampled = np.concatenate([values for values, _ in parts])
    with np.errstate(divide="ignore", invalid="ignore"):
        return _Logs(
            value=math.log(value),
            without=np.log(of(1 - np.eye(units))[0]),
            moved=np.log(resampled) - math.log(population * value),
            influences=np.concatenate([influences for _, influences in parts]) / resampled[:, None],
        )


def _change(
    tuned: FloatArray, base: FloatArray, logs_of: Callable[[FloatArray, FloatArray], _Logs], alpha: float, seed: int
) -> Estimate:
    units = len(base)
    weights = _weights(units, seed, RESAMPLES)
    logs = logs_of(tuned, weights) - logs_of(base, weights)
    # one change for (nearly) all, by a difference or by a factor: no resample shows how many others there may be
    if (movers := min(_movers(tuned - base), _movers(logs.without[:, None] * units))) < MIN_MOVERS:
        raise ValueError(
            f"only {movers} of {units} personas change otherwise than the rest ({MIN_MOVERS} needed); no relative "
            "change can be bounded"
        )
    low, high, se = _bounds(logs, weights, alpha)
    value, low, high = (
        max(-_FURTHEST, min(_FURTHEST, each)) for each in (logs.value, logs.value + low, logs.value + high)
    )
    ratio = math.exp(value)
    return _estimate(ratio - 1, math.exp(low) - 1, math.exp(high) - 1, ratio * se, units, alpha, _METHOD)


def _bounds(logs: _Logs, weights: FloatArray, alpha: float) -> tuple[float, float, float]:
    """How far below and above its estimate a logarithm may lie, and its standard error, the jackknife's."""
    units = weights.shape[1]
    pseudo = units * logs.value - (units - 1) * logs.without
    se = float(pseudo.std(ddof=1)) / math.sqrt(units)
    unbiased, reach = float(pseudo.mean()) - logs.value, float(student.ppf(1 - alpha, units - 1)) * se
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = logs.moved / np.sqrt((weights * logs.influences**2).sum(axis=1) / (units - 1) / units)
    ratios = np.where(np.isnan(ratios), 0.0, ratios)  # a resample that is all one persona
    lower, upper = np.quantile(ratios, [alpha, 1 - alpha])
    return min(-float(upper) * se, unbiased - reach), max(-float(lower) * se, unbiased + reach), se


def _estimate(value: float, low: float, high: float, se: float, n: int, alpha: float, method: str) -> Estimate:
    return Estimate(value=value, low=min(low, value), high=max(high, value), se=se, n=n, alpha=alpha, method=method)
