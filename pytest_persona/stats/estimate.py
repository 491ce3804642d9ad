"""A number with what is known about it."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A point estimate between its two one-sided bounds.

    Infinity is a value where the quantity has it: R of ratings that never vary.

    Attributes:
        value: The point estimate.
        low: Lower bound, one-sided level 1 - alpha.
        high: Upper bound, one-sided level 1 - alpha; [low, high] is a two-sided 1 - 2·alpha interval.
        se: Standard error; 0 where the data do not vary.
        n: Number of units.
        alpha: One-sided level of each bound.
        method: How the bounds were made.
    """

    value: float
    low: float
    high: float
    se: float
    n: int
    alpha: float
    method: str

    def __post_init__(self) -> None:
        if any(map(math.isnan, (self.value, self.low, self.high, self.se))) or self.se < 0:
            raise ValueError(f"an estimate is no NaN, got {self.value} [{self.low}, {self.high}], se {self.se}")
        if not self.low <= self.value <= self.high:
            raise ValueError(f"an estimate lies between its bounds, got {self.value} outside [{self.low}, {self.high}]")
