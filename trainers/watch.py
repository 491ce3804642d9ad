"""Watches a run: the curve for the manifest, the progress for the person, and an end when the loss is lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pytest_persona.errors import TrainingError
from pytest_persona.progress import Advance


def make_watch(tokens: Sequence[int], advance: Advance) -> Any:
    """A transformers callback with the attribute `curve`: one entry a step (step, data_tokens, loss, grad_norm,
    learning_rate).

    Args:
        tokens: Data tokens seen by the end of each step.

    It raises TrainingError at the first step whose loss or gradient is not finite.
    """
    import transformers

    class Watch(transformers.TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
        def __init__(self) -> None:
            self.curve: list[dict[str, float]] = []

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if "loss" not in logs:
                return
            entry = {name: float(logs[name]) for name in ("loss", "grad_norm", "learning_rate")}
            if not all(map(math.isfinite, entry.values())):
                raise TrainingError(
                    f"training broke at step {state.global_step}: loss {entry['loss']}, gradient norm "
                    f"{entry['grad_norm']}, learning rate {entry['learning_rate']:g}. Nothing was saved"
                )
            seen = tokens[state.global_step - 1]
            self.curve.append({"step": state.global_step, "data_tokens": seen, **entry})
            advance(seen)

    return Watch()
