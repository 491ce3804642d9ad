"""How ratings were got from a model, which decides what may be compared with what."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pytest_persona.errors import RatingsError

KINDS = ("logits", "sampling")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimator:
    """A way from a model to ratings.

    Attributes:
        kind: `sampling` (repeated answers) or `logits` (the distribution over the six ratings, from one query).
        temperature: Of the answers; None where a file does not say.
        samples: Repetitions a cell, the most common number; 0 for logits.
        constrained: By sampling, whether the first token could be a rating only, so that no reply fails.
    """

    kind: str
    temperature: float | None
    samples: int = 0
    constrained: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise RatingsError(f"no estimator {self.kind!r}. Known: {', '.join(KINDS)}")
        if (self.kind == "logits") != (self.samples == 0) or self.samples < 0:
            raise RatingsError(f"sampling needs 1 repetition or more and logits have none, got {self.samples}")
        if self.temperature is not None and not 0 < self.temperature < math.inf:
            raise RatingsError(f"a temperature is above 0 and finite, got {self.temperature}")
        if self.constrained and (self.kind == "logits" or self.temperature is None):
            raise RatingsError("only sampling at a known temperature can be constrained to the ratings")

    def __str__(self) -> str:
        what = "logits" if self.kind == "logits" else f"{self.samples} samples"
        what += " constrained to the ratings" if self.constrained else ""
        return (
            f"{what} at an unstated temperature"
            if self.temperature is None
            else f"{what} at temperature {self.temperature:g}"
        )

    def must_equal(self, other: Estimator) -> None:
        """Refuse to compare ratings of different estimators: each has its own bias. A temperature that only one
        side states is another one.

        Raises:
            RatingsError: kind, temperature or number of repetitions differ.
        """
        ours, theirs = ((each.kind, each.samples, each.constrained) for each in (self, other))
        if ours != theirs or self.temperature != other.temperature:
            raise RatingsError(
                f"ratings by different estimators cannot be compared: {self} against {other}. R of a few samples lies "
                "above R of the same model's logits. Rate both models in the same way; logits can say what samples "
                "would show: ratings.robustness(as_samples=N). A file states its temperature in its name (_temp01.csv) "
                'or as "temperature" in its records'
            )
