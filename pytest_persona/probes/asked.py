"""Questions put to a model in portions, and their answers remembered as plain data."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from pytest_persona.digest import digest
from pytest_persona.instruments.items import ItemSet
from pytest_persona.models.protocol import Model
from pytest_persona.progress import Progress, Silent

if TYPE_CHECKING:
    from pytest_persona.store import Store

__all__ = ["known_mean", "plain", "remembered", "unplain"]

Question = TypeVar("Question")
FloatArray = npt.NDArray[np.float64]


def remembered(
    model: Model,
    instrument: ItemSet[Any],
    asked: Sequence[Question],
    answer: Callable[[Sequence[Question]], Sequence[Any]],
    *,
    key: Mapping[str, Any],
    at_once: int,
    store: Store | None,
    progress: Progress | None,
) -> tuple[list[Any], float]:
    """The answer to each question, from the store or asked now; and the seconds that asking took, now or then.

    Args:
        asked: The questions, plain data: chats, or chats with more.
        answer: Asks some of them. Gives plain data for each; see `plain`.
        key: What the answers depend on beside model, instrument and questions: at least probe and recipe.
        at_once: Questions between two signs of progress.
        store: None asks always.
    """

    def compute() -> dict[str, Any]:
        start = time.monotonic()
        answers: list[Any] = []
        with (progress or Silent()).task(f"{instrument.label} of {model.name}", len(asked), "answers") as advance:
            for at in range(0, len(asked), at_once):
                answers.extend(answer(asked[at : at + at_once]))
                advance(len(answers))
        return {"answers": answers, "seconds": time.monotonic() - start}

    full = {
        **key,
        "model": model.fingerprint,
        "instrument": instrument.sha256,
        "asked": digest(list(asked)),
    }
    found = store.remember("answers", full, compute) if store is not None else compute()
    return found["answers"], found["seconds"]


def plain(value: float) -> float | str | None:
    """A number as JSON can hold it: None for NaN, text for an infinity."""
    if np.isnan(value):
        return None
    return float(value) if np.isfinite(value) else str(float(value))


def unplain(values: Sequence[Any]) -> FloatArray:
    """The array that was made plain."""
    return np.array(values, dtype=np.float64)


def known_mean(values: FloatArray) -> float | None:
    """The mean of those that are no NaN; None where there are none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None
