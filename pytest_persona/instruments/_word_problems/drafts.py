"""What a template returns, and how it draws.

Nothing is ever drawn again: where numbers have to divide, a template chooses them backwards from the answer.
"""

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple, TypeVar

_T = TypeVar("_T")


class Draft(NamedTuple):
    """A question and its worked steps, with one true equation in each."""

    question: str
    steps: list[str]

    @property
    def answer(self) -> int:
        """The right-hand side of the last equation."""
        return int(re.findall(r"= (\d+)", self.steps[-1])[-1])


Template = Callable[[Random], Draft]


def whole(rng: Random, low: int, high: int, step: int = 1) -> int:
    """One of low, low + step, ... up to high. Uses random() alone: only its sequence is promised to stay the same."""
    return low + step * int(rng.random() * ((high - low) // step + 1))


def pick(rng: Random, options: Sequence[_T]) -> _T:
    """One of the options, all equally likely."""
    return options[int(rng.random() * len(options))]


def any_of(rng: Random, phrases: str) -> str:
    """One of the phrases, which are written with commas between them."""
    return pick(rng, phrases.split(", "))


def any_row(rng: Random, rows: str) -> list[str]:
    """The phrases of one row. Commas stand between the rows, slashes between phrases that belong together."""
    return any_of(rng, rows).split("/")


def several(rng: Random, options: Sequence[_T], number: int) -> list[_T]:
    """That many different options, in random order."""
    pool = list(options)
    return [pool.pop(int(rng.random() * len(pool))) for _ in range(number)]
