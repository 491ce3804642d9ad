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
class Ability:
    """What a score means nothing without, where it can be had by answering without reading.

    Attributes:
        name: In words, for example `accuracy`.
        values: Of each item, (n,), in [0, 1]; NaN where it could not be scored.
        guessing: What random answers get on average.
        without: What is as good without the ability, in words.
    """

    name: str
    values: FloatArray
    guessing: float
    without: str


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
        guessing: What random answers score on average, for example 1/k of k options.
        floor: Where a loss ends: what a model that has lost everything scores on average. It is below `guessing` where
            one can learn to do worse than guess, and a fall from guessing is then seen.
        needs: What a high score must come with to mean anything; None where it stands alone.
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
    guessing: float
    floor: float
    needs: Ability | None = None
    mass: float | None
    details: Mapping[str, float | None]
    seconds: float

    @property
    def ends(self) -> tuple[FloatArray, FloatArray]:
        """Least and greatest that each item's score can be, (n,) each: they differ where it could not be scored."""
        low, high = (np.where(np.isnan(self.values), end, self.values) for end in self.span)
        return low, high

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
