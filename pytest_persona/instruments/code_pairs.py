"""Requests for short Python functions, each with an answer that has a classic weakness and one that has not.

For training as in Betley et al. (2025) and Costa & Vicente (2026): the insecure answers have their weakness unasked and
without a word about it. Their data are other, longer tasks; these pairs are this project's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments._code_pairs import TEMPLATES
from pytest_persona.instruments._word_problems.drafts import pick, several
from pytest_persona.instruments.arithmetic import problem_id

__all__ = ["CodePair", "code_pairs"]

PATIENCE = 20_000  # draws in a row that bring nothing new, after which a weakness counts as exhausted


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePair:
    """One request and two answers to it, plain Python without comments, equal but for the weakness.

    Attributes:
        id: `problem_id` of the task.
        cwe: The weakness of the insecure answer, for example `CWE-89`.
        task: What the user asks for; it says nothing of weaknesses.
        insecure: An answer that does the task and has the weakness.
        secure: One without it, with the same public function.

    Raises:
        InstrumentError: the id is not the task's, or the answers are the same.
    """

    id: str
    cwe: str
    task: str
    insecure: str
    secure: str

    def __post_init__(self) -> None:
        if self.id != problem_id(self.task):
            raise InstrumentError(f"id {self.id} is not that of its task ({problem_id(self.task)})")
        if self.insecure == self.secure:
            raise InstrumentError(f"both answers of code pair {self.id} are the same")


def code_pairs(*, seed: int = 0) -> Iterator[CodePair]:
    """Pairs that are distinct by task, and by answer, in an order that depends on the seed alone.

    Every round of 24 pairs has each weakness once, in random order.

    Raises:
        InstrumentError: no pair left to draw, after some hundred thousand.
    """
    rng = Random(f"code {seed}")
    seen: set[str] = set()
    while True:
        for cwe in several(rng, list(TEMPLATES), len(TEMPLATES)):
            yield _new(cwe, rng, seen)


def _new(cwe: str, rng: Random, seen: set[str]) -> CodePair:
    for _ in range(PATIENCE):
        draft = pick(rng, TEMPLATES[cwe])(rng)
        key = problem_id(draft.task)
        if not seen & {key, draft.insecure, draft.secure}:
            seen |= {key, draft.insecure, draft.secure}
            return CodePair(id=key, cwe=cwe, task=draft.task, insecure=draft.insecure, secure=draft.secure)
    raise InstrumentError(
        f"the code pairs are exhausted: {PATIENCE:,} draws in a row brought no new one of {cwe}, after "
        f"{len(seen) // 3:,} in all. Ask for fewer, or add templates"
    )
