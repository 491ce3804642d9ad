"""What a model scored on a task, item by item, and what a task is: the ground of the capability and normative axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pytest_persona.instruments.items import ItemSet
    from pytest_persona.models.protocol import Model
    from pytest_persona.progress import Progress
    from pytest_persona.store import Store

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Scores:
    """One model on one task. Higher is better.

    Attributes:
        task: The task's name, for example `gsm8k`.
        model: The model's name.
        fingerprint: The model's fingerprint.
        instrument: What was asked.
        prompt: How it was asked: the probe's wording.
        texts: What reports show of each item, (n,).
        values: Score of each item, (n,), within `span`; NaN where it could not be scored.
        span: Least and greatest possible score of an item.
        floor: What a model without the ability scores on average, for example 1/k of k options.
        mass: Probability of all answers together, averaged over items; None where replies are read.
        details: Further figures for the record's side, by name.
        seconds: What asking took.
    """

    task: str
    model: str
    fingerprint: str
    instrument: ItemSet[Any]
    prompt: str
    texts: tuple[str, ...]
    values: FloatArray
    span: tuple[float, float] = (0.0, 1.0)
    floor: float
    mass: float | None
    details: Mapping[str, float | None]
    seconds: float

    @property
    def unscored_share(self) -> float:
        """Share of the items that could not be scored."""
        return float(np.isnan(self.values).mean())


class Task(Protocol):
    """Something that a model can do more or less well.

    Attributes:
        name: What options, markers and records call it.
        axis: `capability` or `normative`.
    """

    @property
    def name(self) -> str: ...

    @property
    def axis(self) -> str: ...

    def instrument(self, kind: str, data: Path | None) -> ItemSet[Any]:
        """What is asked.

        Raises:
            InstrumentError: there is no such set of that kind, or its file is missing or damaged.
        """
        ...

    def measure(
        self, model: Model, instrument: ItemSet[Any], store: Store | None = None, *, progress: Progress | None = None
    ) -> Scores:
        """What a model scores.

        Args:
            store: Where answers are remembered; without one the model is always asked.
        """
        ...
