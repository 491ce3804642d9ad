"""S, R and the profile of one model's ratings, with bounds.

Bounds are over personas. Unread replies widen those of S and R to their worst case; the profile leaves them out. Where
ratings were sampled, the uncertainty that the repetitions bring is added in quadrature, as the authors do; bounds over
personas hold most of it already, so this errs on the wide side. What gates decide on, the change against a base, is
over personas alone (see `pytest_persona.ratings.change`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from pytest_persona.errors import RatingsError
from pytest_persona.ratings.unread import Worst, filled, widened
from pytest_persona.stats import Estimate, role_play, stratified_mean
from pytest_persona.stats.few_draws import expected_sd
from pytest_persona.stats.role_play import HIGHEST

if TYPE_CHECKING:
    from pytest_persona.ratings.table import Ratings

FloatArray = npt.NDArray[np.float64]

_RESAMPLES = 100
"""Of the repetitions, for one standard error (ours)."""
_FOR_S: tuple[Worst, Worst] = ("apart", "together")
_FOR_R: tuple[Worst, Worst] = ("unsteady", "steady")
"""Unread replies at which the spread is greatest, and least."""


def susceptibility(ratings: Ratings, alpha: float, as_samples: int | None) -> Estimate:
    """See `Ratings.susceptibility`."""
    if not ratings.role_play:
        raise RatingsError(f"{ratings.name} answered as itself; S needs ratings under role-play")
    try:
        found = _at_worst(
            ratings, lambda some: role_play.susceptibility_bounds(some.means[some.kept], alpha=alpha), *_FOR_S
        )
    except ValueError as error:
        raise RatingsError(f"S of {ratings.name}: {error}") from error
    if as_samples is not None:
        return _as_samples(found, ratings, as_samples)
    return _with_repetitions(found, ratings, lambda values: role_play.susceptibility(cell_means(values)))


def robustness(ratings: Ratings, alpha: float, as_samples: int | None) -> Estimate:
    """See `Ratings.robustness`."""
    return role_play.robustness_from(spread(ratings, alpha, as_samples))


def spread(ratings: Ratings, alpha: float, as_samples: int | None) -> Estimate:
    """σ̄, the mean standard deviation within a cell."""

    def of(some: Ratings) -> Estimate:
        sds = some.sds if as_samples is None else sampled_sds(some, as_samples)
        units = sds[some.kept].mean(axis=1) if some.role_play else sds[0][np.isfinite(sds[0])]
        if not units.size:
            raise RatingsError(f"R of {some.name}: no persona has a rating for every item")
        most = HIGHEST / 2 * math.sqrt(2)  # two ratings, 0 and 5
        return stratified_mean({"units": units}, alpha=alpha, minimum=0, maximum=most)

    found = _at_worst(ratings, of, *_FOR_R)
    if as_samples is not None or not ratings.role_play:
        return found
    return _with_repetitions(found, ratings, lambda values: float(cell_sds(values).mean()))


def mean_rating(ratings: Ratings, alpha: float) -> Estimate:
    """See `Ratings.profile`."""
    if ratings.role_play:
        units = ratings.means[ratings.kept].mean(axis=1)
        if not units.size:
            raise RatingsError(f"profile of {ratings.name}: no persona has a rating for every item")
        return stratified_mean({"personas": units}, alpha=alpha, minimum=0, maximum=HIGHEST)
    means, counts = ratings.means[0], ratings.rated[0]
    if not np.isfinite(means).all():
        raise RatingsError(f"profile of {ratings.name}: {int((~np.isfinite(means)).sum())} items have no rating")
    sampled = ratings.estimator.kind == "sampling"
    se = math.sqrt(float((ratings.sds[0] ** 2 / counts).sum())) / means.size if sampled else 0.0
    reach = float(norm.ppf(1 - alpha)) * se
    value = float(means.mean())
    return Estimate(
        value=value,
        low=max(0.0, value - reach),
        high=min(float(HIGHEST), value + reach),
        se=se,
        n=means.size,
        alpha=alpha,
        method="normal, over repetitions" if sampled else "exact logits of fixed items",
    )


def cell_means(values: FloatArray) -> FloatArray:
    """Mean over repetitions, (personas, items), of ratings that are NaN where there is none; NaN where all are."""
    means: FloatArray = values.mean(axis=2)
    if np.isnan(means).any():
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.nansum(values, axis=2) / np.isfinite(values).sum(axis=2)
    return means


def cell_sds(values: FloatArray) -> FloatArray:
    """Standard deviation over repetitions (ddof 1), (personas, items); 0 for a single rating, NaN for none."""
    if values.shape[2] > 1 and np.isfinite(sds := values.std(axis=2, ddof=1)).all():
        found: FloatArray = sds
        return found
    counts = np.isfinite(values).sum(axis=2)
    squares = np.nansum((values - cell_means(values)[:, :, None]) ** 2, axis=2)
    return np.where(counts > 0, np.sqrt(squares / np.maximum(counts - 1, 1)), np.nan)


def _at_worst(ratings: Ratings, of: Callable[[Ratings], Estimate], up: Worst, down: Worst) -> Estimate:
    found = of(ratings)
    if ratings.estimator.kind == "logits" or not ratings.failures:
        return found
    return widened(found, of(filled(ratings, down)), of(filled(ratings, up)))


def sampled_sds(ratings: Ratings, samples: int) -> FloatArray:
    """E[s_n] of every cell, (personas, items): what so many samples would show of its spread; NaN where unmeasured.

    Raises:
        RatingsError: the ratings were sampled, or another number of samples than 2 to 30.
    """
    found = np.full(ratings.means.shape, np.nan)
    measured = np.isfinite(ratings.means)
    try:
        found[measured] = expected_sd(ratings.probabilities[measured], samples)
    except ValueError as error:
        raise RatingsError(f"as_samples={samples}: {error}") from error
    return found


def _as_samples(found: Estimate, ratings: Ratings, samples: int) -> Estimate:
    """S with the variance of a mean of so many samples in it (σ²/n, mean over personas), its bounds in proportion."""
    if samples < 1:
        raise RatingsError(f"as_samples={samples}: 1 sample or more")
    means = ratings.means[ratings.kept]
    between = means.var(axis=0, ddof=1)
    within = (ratings.probabilities[ratings.kept] @ np.arange(6.0) ** 2 - means**2).mean(axis=0)
    value = float(np.sqrt(between + within / samples).mean())
    factor = value / found.value if found.value else 1.0
    low, high = min(value, found.low * factor), max(value, found.high * factor)
    return replace(found, value=value, low=low, high=high, se=found.se * factor)


def _with_repetitions(found: Estimate, ratings: Ratings, of: Callable[[FloatArray], float]) -> Estimate:
    """The bounds widened by the standard error that resampling the repetitions of every cell gives."""
    values = ratings.values[ratings.kept]
    if ratings.estimator.kind == "logits" or values.shape[2] < 2:
        return found
    rng = np.random.default_rng(0)
    packed = np.take_along_axis(values, np.argsort(np.isnan(values), axis=2, kind="stable"), axis=2)
    counts = np.isfinite(values).sum(axis=2)[:, :, None]
    slots = np.arange(values.shape[2])
    offsets = np.arange(counts.size).reshape(counts.shape) * values.shape[2]
    whole = bool((counts == values.shape[2]).all())
    drawn = []
    for _ in range(_RESAMPLES):
        picked = packed.ravel()[(rng.random(values.shape, dtype=np.float32) * counts).astype(np.int64) + offsets]
        drawn.append(of(picked if whole else np.where(slots < counts, picked, np.nan)))
    error = float(np.std(drawn, ddof=1))
    reach = float(norm.ppf(1 - found.alpha)) * error
    return replace(
        found,
        low=max(0.0, found.value - math.hypot(found.value - found.low, reach)),
        high=found.value + math.hypot(found.high - found.value, reach),
        se=math.hypot(found.se, error),
        method=f"{found.method}, repetitions in quadrature",
    )
