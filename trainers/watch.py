"""Watches a run from inside transformers' loop: figures, saved rungs and states, and the way back into a killed run."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pytest_persona.progress import Advance
from pytest_persona.trainers.curve import Curve, Step, ends_interval
from pytest_persona.trainers.divergence import Divergence
from pytest_persona.trainers.state import Restored


def make_watch(
    *,
    curve: Curve,
    data_tokens: Sequence[int],
    compute_tokens: Sequence[int],
    done: int,
    restored: Restored | None,
    divergence: Divergence,
    is_rung: Callable[[int], bool],
    after_step: Callable[[Step, list[dict[str, Any]]], None],
    advance: Advance,
) -> Any:
    """A transformers callback.

    Args:
        curve: Takes the figures.
        data_tokens: By the end of each step of the whole run, also of those done before.
        compute_tokens: The same.
        done: Steps done before.
        restored: The state after them; None where there are none.
        divergence: From the base.
        is_rung: Whether a step reaches a rung.
        after_step: Called after each step, once its loss is known to be sound and the curve has it, with the intervals
            so far; the last one ends with the step where the step reaches a rung.
        advance: Progress, in data tokens.

    The callback raises what `Curve.note` raises.
    """
    import transformers

    class Watch(transformers.TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
        def __init__(self) -> None:
            self._start = 0.0
            self._restored = restored

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            forget_peaks()
            if self._restored is not None:
                self._restored.put_back(kwargs["model"], kwargs["optimizer"], kwargs["lr_scheduler"])
                advance(data_tokens[done - 1])

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if self._restored is not None:
                self._restored.put_back_randomness()
                self._restored = None
            self._start = time.perf_counter()

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if "loss" not in logs:
                return
            number = done + state.global_step
            step = Step(
                number=number,
                data_tokens=data_tokens[number - 1],
                compute_tokens=compute_tokens[number - 1],
                loss=float(logs["loss"]),
                grad_norm=float(logs["grad_norm"]),
                learning_rate=float(logs["learning_rate"]),
                seconds=time.perf_counter() - self._start,
                memory=peak_memory(),
            )
            curve.note(step)
            intervals = curve.intervals
            if ends_interval(number):
                curve.close(step, divergence())
                intervals = curve.intervals
            elif is_rung(number):
                intervals = curve.until(step, divergence())
            after_step(step, intervals)
            advance(step.data_tokens)

    return Watch()


_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def forget_peaks() -> None:
    """Let peaks of memory be those from now on; Linux forgets a process's own when told 5."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    with contextlib.suppress(OSError):
        _RESET.write_text("5", encoding="ascii")


def peak_memory() -> int:
    """Of the GPU, else of this process, in bytes: since `forget_peaks`, or since the process began."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    with contextlib.suppress(OSError, StopIteration):
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
