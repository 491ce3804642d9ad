"""Bounds for the mean of a bounded quantity over fixed strata of equal weight.

Three ways, by what the data allow:

- **studentised bootstrap** within strata, where every stratum has enough units that differ (Efron & Tibshirani 1993,
  §12.5; Hall 1992): corrects for skewness, which paired differences near a bound have;
- **exact**, where nearly all units of a stratum share one value: a bootstrap would resample that value and report no
  uncertainty. The share of units with another value is bounded by Clopper-Pearson, and those units are taken to be
  as extreme as the range allows;
- **empirical Bernstein** (Maurer & Pontil 2009, theorem 4), where units differ but are few.

Where not all strata are of the first kind, each stratum is bounded at level alpha / strata and the bounds are averaged
(a union bound); where all are of the second kind and equally large, their units are counted together, for which
Clopper-Pearson stays conservative (Hoeffding 1956).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_persona.stats.binomial import clopper_pearson
from pytest_persona.stats.estimate import Estimate

MIN_UNITS = 30
"""Units that a stratum needs for the bootstrap (ours; see benchmarks/coverage.py)."""
MIN_MOVERS = 10
"""Units away from the most common value that a stratum needs for the bootstrap (ours; the same)."""
TIE = 1e-6
"""Values closer than this count as equal (ours; float32 probabilities)."""
RESAMPLES = 9999

_Array = npt.NDArray[np.float64]


def stratified_mean(
    strata: Mapping[str, npt.ArrayLike], *, alpha: float, minimum: float, maximum: float, seed: int = 0
) -> Estimate:
    """The mean of the strata's means, with one-sided bounds.

    Args:
        strata: Values of each stratum, (n_h,), within [minimum, maximum].
        alpha: One-sided level of each bound, in (0, 0.5).
        minimum: Least possible value.
        maximum: Greatest possible value.
        seed: Of the bootstrap, so that the same data give the same bounds.

    Raises:
        ValueError: no strata, an empty stratum, a value that is not finite or out of range, or no such level.
    """
    arrays = [np.asarray(values, dtype=np.float64) for values in strata.values()]
    if not arrays or any(values.ndim != 1 or values.size == 0 for values in arrays):
        raise ValueError("every stratum needs at least one value, in one dimension")
    if not all(np.isfinite(values).all() for values in arrays):
        raise ValueError("a value is not finite; nothing can be said about a mean of such values")
    if any(values.min() < minimum - TIE or values.max() > maximum + TIE for values in arrays):
        raise ValueError(f"a value lies outside [{minimum}, {maximum}]")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must be in (0, 0.5), got {alpha}")

    value = min(maximum, max(minimum, float(np.mean([values.mean() for values in arrays]))))
    low, high, method = _bounds(arrays, alpha, minimum, maximum, seed)
    return Estimate(
        value=value,
        low=max(minimum, min(low, value)),
        high=min(maximum, max(high, value)),
        se=_standard_error(arrays),
        n=sum(values.size for values in arrays),
        alpha=alpha,
        method=method,
    )


def by_stratum(values: npt.ArrayLike, strata: Sequence[str]) -> dict[str, _Array]:
    """Values of each stratum, in the order in which strata first appear.

    Args:
        values: Of all units, (n,).
        strata: Stratum of each, (n,); none for one stratum.
    """
    array = np.asarray(values, dtype=np.float64)
    if not strata:
        return {"all": array}
    labels = np.array(strata)
    return {name: array[labels == name] for name in dict.fromkeys(strata)}


def _standard_error(arrays: Sequence[_Array]) -> float:
    variances = [values.var(ddof=1) / values.size if values.size > 1 else 0.0 for values in arrays]
    return math.sqrt(sum(variances)) / len(arrays)


def _bounds(
    arrays: Sequence[_Array], alpha: float, minimum: float, maximum: float, seed: int
) -> tuple[float, float, str]:
    modes = [_mode(values) for values in arrays]
    kinds = [_kind(values, movers) for values, (_, movers) in zip(arrays, modes, strict=True)]
    if all(kind == "bootstrap" for kind in kinds):
        low, high = _bootstrap(arrays, alpha, seed)
        return low, high, "studentised bootstrap"
    if all(kind == "exact" for kind in kinds) and len({values.size for values in arrays}) == 1:
        centre = float(np.mean([mode for mode, _ in modes]))
        share = clopper_pearson(sum(n for _, n in modes), sum(values.size for values in arrays), alpha=alpha)[1]
        reach_down = max(mode for mode, _ in modes) - minimum
        reach_up = maximum - min(mode for mode, _ in modes)
        return centre - share * reach_down, centre + share * reach_up, "exact (Clopper-Pearson)"
    level = alpha / len(arrays)
    pairs = []
    for values, (mode, movers), kind in zip(arrays, modes, kinds, strict=True):
        if kind == "bootstrap":
            pairs.append(_bootstrap([values], level, seed))
        elif kind == "exact":
            share = clopper_pearson(movers, values.size, alpha=level)[1]
            pairs.append((mode - share * (mode - minimum), mode + share * (maximum - mode)))
        else:
            pairs.append(_empirical_bernstein(values, level, maximum - minimum))
    low, high = np.mean(pairs, axis=0)
    names = {
        "bootstrap": "studentised bootstrap",
        "exact": "exact (Clopper-Pearson)",
        "bernstein": "empirical Bernstein",
    }
    return float(low), float(high), ", ".join(names[kind] for kind in sorted(set(kinds)))


def _kind(values: _Array, movers: int) -> str:
    if movers < min(MIN_MOVERS, values.size / 2):
        return "exact"
    return "bootstrap" if values.size >= MIN_UNITS and movers >= MIN_MOVERS else "bernstein"


def _mode(values: _Array) -> tuple[float, int]:
    """The most common value, up to `TIE`, and how many values differ from it."""
    ordered = np.sort(values)
    within = np.searchsorted(ordered, ordered + TIE, side="right") - np.arange(ordered.size)
    start = int(within.argmax())
    return float(ordered[start]), int(values.size - within[start])


def _empirical_bernstein(values: _Array, alpha: float, width: float) -> tuple[float, float]:
    if values.size < 2:
        return float(values.mean() - width), float(values.mean() + width)
    term = math.log(2 / alpha)
    radius = math.sqrt(2 * values.var(ddof=1) * term / values.size) + 7 * width * term / (3 * (values.size - 1))
    return float(values.mean() - radius), float(values.mean() + radius)


def _bootstrap(arrays: Sequence[_Array], alpha: float, seed: int) -> tuple[float, float]:
    """Bootstrap-t bounds: the distribution of (mean* - mean) / se* over resamples within strata."""
    rng = np.random.default_rng(seed)
    deviation = np.zeros(RESAMPLES)
    variance = np.zeros(RESAMPLES)
    for values in arrays:
        centred = values - values.mean()
        for chunk in range(0, RESAMPLES, 1000):  # bounded memory
            rows = slice(chunk, min(chunk + 1000, RESAMPLES))
            drawn: Any = centred[rng.integers(values.size, size=(rows.stop - rows.start, values.size))]
            deviation[rows] += drawn.mean(axis=1) / len(arrays)
            variance[rows] += drawn.var(axis=1, ddof=1) / values.size / len(arrays) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = deviation / np.sqrt(variance)
    ratio = np.nan_to_num(ratio, nan=0.0, posinf=np.inf, neginf=-np.inf)
    se = _standard_error(arrays)
    mean = float(np.mean([values.mean() for values in arrays]))
    lower, upper = np.quantile(ratio, [alpha, 1 - alpha])
    return mean - float(upper) * se, mean - float(lower) * se
