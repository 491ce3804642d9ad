"""What a probe found on one model, item by item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_persona.instruments import Instrument
from pytest_persona.stats import Estimate, stratified_mean

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One metric of one model on one instrument.

    Attributes:
        metric: For example `pmatch`.
        model: The model's name.
        fingerprint: The model's fingerprint.
        instrument: What was asked.
        prompt: How it was asked: the probe's wording.
        strata: Stratum of each item, (n,).
        values: Value of each item, (n,), in [0, 1]; NaN where it could not be measured.
        mass: Probability of all answers together, (n,), in [0, 1].
        extra: Further figures of the probe, plain data.
    """

    metric: str
    model: str
    fingerprint: str
    instrument: Instrument
    prompt: str
    strata: tuple[str, ...]
    values: FloatArray
    mass: FloatArray
    extra: Mapping[str, Any]

    def by_stratum(self, values: FloatArray) -> dict[str, FloatArray]:
        """Values of the items of each stratum, Yes before No."""
        labels = np.array(self.strata)
        return {name: values[labels == name] for name in sorted(set(self.strata), reverse=True)}

    def level(self, alpha: float) -> Estimate:
        """The metric itself, with one-sided bounds.

        Raises:
            ValueError: an item has no value.
        """
        return stratified_mean(self.by_stratum(self.values), alpha=alpha, minimum=0, maximum=1)
