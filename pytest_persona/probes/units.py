"""One metric of one model, unit by unit, and the difference of two models over the same units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pytest_persona.stats import Estimate, by_stratum, worst_case_change, worst_case_mean

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Units:
    """One metric of one model, unit by unit.

    Attributes:
        low: Least that each unit can be, (n,): below `high` only where a reply could not be scored.
        high: The greatest.
        strata: Stratum of each unit, (n,).
        span: Least and greatest possible value.
        floor: What a model without the ability has; the least possible value where there is no such thing.
    """

    low: FloatArray
    high: FloatArray
    strata: tuple[str, ...]
    span: tuple[float, float]
    floor: float

    @property
    def values(self) -> FloatArray:
        """Of each unit, halfway where it could not be scored, (n,)."""
        middle: FloatArray = (self.low + self.high) / 2
        return middle

    @property
    def level(self) -> float:
        """The mean of the strata's means."""
        return float(np.mean([values.mean() for values in by_stratum(self.values, self.strata).values()]))


def difference(one: Units, other: Units, *, alpha: float) -> Estimate:
    """One less the other over the same units, an unscored reply at its worst on either side.

    Raises:
        ValueError: the units are not the same.
    """
    if one.strata != other.strata:
        raise ValueError("units of two different sets cannot be paired")
    return worst_case_change(
        (one.low, one.high), (other.low, other.high), span=one.span, alpha=alpha, strata=one.strata
    )


def mean_of(units: Units, *, alpha: float) -> Estimate:
    """The mean over units, an unscored reply at its worst on either side."""
    return worst_case_mean((units.low, units.high), span=units.span, alpha=alpha, strata=units.strata)


def average(some: Sequence[Units]) -> Units:
    """Unit by unit the mean of several models, for example of the seeds of one objective."""
    first = some[0]
    return Units(
        low=np.mean([units.low for units in some], axis=0),
        high=np.mean([units.high for units in some], axis=0),
        strata=first.strata,
        span=first.span,
        floor=first.floor,
    )
