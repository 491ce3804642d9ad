"""Sums and differences of two small numbers: what a model far too small for word problems can do in part."""

from __future__ import annotations

from itertools import product
from random import Random

from pytest_persona.digest import digest
from pytest_persona.instruments.arithmetic import WordProblem, problem_id
from pytest_persona.instruments.items import ItemSet

EACH = 30
"""Sums, and as many differences (ours)."""
_NUMBERS = range(2, 11)


def sums() -> ItemSet[WordProblem]:
    """The pocket's arithmetic: 30 sums and 30 differences of the numbers 2 to 10, none twice, always the same.

    No generated training problem asks for one without a story, and `held_out` names them all.
    """
    rng = Random("sums")
    pairs = list(product(_NUMBERS, _NUMBERS))
    falling = [(more, less) for more, less in pairs if more > less]
    items = [_problem(one, "+", other, one + other) for one, other in _some(rng, pairs)]
    items += [_problem(more, "-", less, more - less) for more, less in _some(rng, falling)]
    return ItemSet(
        name="arithmetic",
        kind="pocket",
        source="pytest-persona",
        licence="Apache-2.0",
        sha256=digest([[item.question, item.answer] for item in items]),
        items=tuple(items),
    )


def _some(rng: Random, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """As many of the pairs as are asked, by random() alone, whose sequence is promised to stay the same."""
    left = list(pairs)
    return sorted(left.pop(int(rng.random() * len(left))) for _ in range(EACH))


def _problem(one: int, sign: str, other: int, answer: int) -> WordProblem:
    question = f"What is {one} {sign} {other}?"
    solution = f"{one} {sign} {other} = {answer}\n#### {answer}"
    return WordProblem(id=problem_id(question), question=question, solution=solution, answer=answer)
