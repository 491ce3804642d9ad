"""Bounds of a mean, or of a paired change, whose units are known only up to a lowest and a highest value.

What could not be scored may be anything: the bounds are the wider ones of those with every unit at its lowest and with
every unit at its highest. Where both ends coincide these are the ordinary bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pytest_persona.stats.binomial import clopper_pearson
from pytest_persona.stats.estimate import Estimate
from pytest_persona.stats.paired import paired_binary
from pytest_persona.stats.stratified import by_stratum, stratified_mean

FloatArray = npt.NDArray[np.float64]
Ends = tuple[FloatArray, FloatArray]
"""Lowest and highest value of each unit, (n,) each."""


def worst_case_mean(
    ends: Ends, *, span: tuple[float, float], alpha: float, strata: Sequence[str] = (), value: float | None = None
) -> Estimate:
    """The mean; exact (Clopper-Pearson) where every unit is 0 or 1, else as `stratified_mean`.

    Args:
        ends: Of each unit.
        span: Least and greatest possible value.
        alpha: One-sided level of each bound.
        strata: Stratum of each unit; none for one stratum.
        value: The point estimate, for example of the scored units alone; halfway between the ends by default.
    """
    low, high = (_mean(end, span, alpha, strata) for end in ends)
    return _joined(low, high, value)


def worst_case_change(
    after: Ends,
    before: Ends,
    *,
    span: tuple[float, float],
    alpha: float,
    strata: Sequence[str] = (),
    value: float | None = None,
) -> Estimate:
    """The mean of after less before over the same units; by exact bounds where both are 0 or 1 (`paired_binary`), else
    as `stratified_mean`.

    Args:
        after: Of each unit.
        before: Of each unit, in the same order.
        span: Least and greatest possible value of either.
        alpha: One-sided level of each bound.
        strata: Stratum of each unit; none for one stratum.
        value: The point estimate; halfway between the ends by default.
    """
    low = _change(after[0], before[1], span, alpha, strata)
    high = _change(after[1], before[0], span, alpha, strata)
    return _joined(low, high, value)


def _joined(low: Estimate, high: Estimate, value: float | None) -> Estimate:
    value = (low.value + high.value) / 2 if value is None else value
    return replace(
        low,
        value=value,
        low=min(low.low, high.low, value),  # equal units have close bounds, so that the higher end's may reach lower
        high=max(low.high, high.high, value),
        se=max(low.se, high.se),
        method=low.method if low.method == high.method else f"{low.method}; {high.method}",
    )


def _mean(values: FloatArray, span: tuple[float, float], alpha: float, strata: Sequence[str]) -> Estimate:
    if span != (0, 1) or len(set(strata)) > 1 or not _zero_or_one(values):
        return stratified_mean(by_stratum(values, strata), alpha=alpha, minimum=span[0], maximum=span[1])
    value = float(values.mean())
    low, high = clopper_pearson(int(values.sum()), values.size, alpha=alpha)
    return Estimate(
        value=value,
        low=low,
        high=high,
        se=float(np.sqrt(value * (1 - value) / values.size)),
        n=values.size,
        alpha=alpha,
        method="exact (Clopper-Pearson)",
    )


def _change(
    after: FloatArray, before: FloatArray, span: tuple[float, float], alpha: float, strata: Sequence[str]
) -> Estimate:
    if span == (0, 1) and len(set(strata)) <= 1 and _zero_or_one(after) and _zero_or_one(before):
        return paired_binary(before, after, alpha=alpha)
    width = span[1] - span[0]
    return stratified_mean(by_stratum(after - before, strata), alpha=alpha, minimum=-width, maximum=width)


def _zero_or_one(values: FloatArray) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())
