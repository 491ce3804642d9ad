"""What a run tells about itself: figures by interval of steps, and when its loss is lost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pytest_persona.errors import TrainingError

_FIRST, _LONGEST = 4, 64  # intervals end at steps 4, 8, 16, 32, 64, and then every 64 (ours)
_EXPLODED, _WINDOW = 4.0, 4  # a loss is lost where the mean of 4 steps is above 4 times the first one's, plus 1 (ours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One optimizer step.

    Attributes:
        number: From 1.
        data_tokens: Of all steps so far.
        compute_tokens: Of all steps so far.
        loss: The objective's, of this step's batch before the step.
        grad_norm: L2 norm before clipping.
        learning_rate: That of the step.
        seconds: It took.
        memory: Peak of the run so far, in bytes.
    """

    number: int
    data_tokens: int
    compute_tokens: int
    loss: float
    grad_norm: float
    learning_rate: float
    seconds: float
    memory: int


@dataclass(slots=True, kw_only=True)
class Curve:
    """The figures of a run so far; plain data, so that a killed run goes on with them.

    Attributes:
        intervals: A mapping an interval: step, data_tokens, compute_tokens and kl_to_base at its end, mean loss,
            largest grad_norm, learning_rate, tokens_per_second (data tokens), peak_memory_bytes.
        first_loss: The base model's.
        recent: The last losses.
        idle: Steps in a row, up to the last, whose gradient was exactly 0.
        seconds: Of training so far, without saving.
        open: Steps of the interval that is not over, as (loss, grad_norm, seconds).
        reached: Data tokens at the end of the last interval.
    """

    intervals: list[dict[str, Any]] = field(default_factory=list)
    first_loss: float | None = None
    recent: list[float] = field(default_factory=list)
    idle: int = 0
    seconds: float = 0.0
    open: list[list[float]] = field(default_factory=list)
    reached: int = 0

    def note(self, step: Step) -> None:
        """Take one step.

        Raises:
            TrainingError: its loss or gradient is not finite, the loss has exploded, or nothing is learnt any more.
        """
        where = f"step {step.number} (learning rate {step.learning_rate:g})"
        if not all(map(math.isfinite, (step.loss, step.grad_norm))):
            raise TrainingError(
                f"training broke at {where}: loss {step.loss}, gradient norm {step.grad_norm}. Nothing of this step "
                "was saved. Look at the data around it, or train with a lower learning rate"
            )
        if self.first_loss is None:
            self.first_loss = step.loss
        self.recent = [*self.recent, step.loss][-_WINDOW:]
        limit = _EXPLODED * abs(self.first_loss) + 1
        if len(self.recent) == _WINDOW and sum(self.recent) / _WINDOW > limit:
            raise TrainingError(
                f"training broke at {where}: the loss exploded from {self.first_loss:.4g} to "
                f"{sum(self.recent) / _WINDOW:.4g} (mean of {_WINDOW} steps; {limit:.4g} allowed). Nothing of this "
                "step was saved. Look at the data around it, or train with a lower learning rate"
            )
        self.idle = 0 if step.grad_norm else self.idle + 1
        if self.idle == _WINDOW:
            raise TrainingError(
                f"training broke at {where}: the gradient of {_WINDOW} steps in a row is exactly 0, so the network has "
                "overflowed or is saturated and learns nothing. Nothing of this step was saved. Train with a lower "
                "learning rate"
            )
        self.seconds += step.seconds
        self.open.append([step.loss, step.grad_norm, step.seconds])

    def until(self, step: Step, kl_to_base: float) -> list[dict[str, Any]]:
        """The intervals as if the open one ended at `step`; it stays open, so that rungs leave no trace in the figures
        of later ones."""
        losses, norms, seconds = zip(*self.open, strict=True)
        last = {
            "step": step.number,
            "data_tokens": step.data_tokens,
            "compute_tokens": step.compute_tokens,
            "loss": sum(losses) / len(losses),
            "kl_to_base": kl_to_base,
            "grad_norm": max(norms),
            "learning_rate": step.learning_rate,
            "tokens_per_second": (step.data_tokens - self.reached) / max(sum(seconds), 1e-9),
            "peak_memory_bytes": step.memory,
        }
        return [*self.intervals, last]

    def close(self, step: Step, kl_to_base: float) -> None:
        """End the interval at `step`."""
        self.intervals = self.until(step, kl_to_base)
        self.open, self.reached = [], step.data_tokens

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Curve:
        """What `as_dict` wrote."""
        return cls(**plain)


def ends_interval(step: int) -> bool:
    """Whether an interval ends with this step, whatever the rungs are."""
    if step >= _LONGEST:
        return step % _LONGEST == 0
    return step >= _FIRST and step & (step - 1) == 0
