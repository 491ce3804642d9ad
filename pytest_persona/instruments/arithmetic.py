"""Arithmetic word problems with worked solutions: benign training data, and a measure of what a model can still do."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments._word_problems import TEMPLATES
from pytest_persona.instruments._word_problems.drafts import pick

__all__ = ["Split", "WordProblem", "final_answer", "problem_id", "word_problems"]

Split = Literal["train", "eval"]

EVAL_ONE_IN = 8
PATIENCE = 100_000  # draws in a row that bring nothing new, after which the space counts as exhausted
MAX_DIGITS = 300  # longer is a model stuck on one token; int() refuses such a run and float() overflows

_NUMBER = (
    r"(?P<sign>(?<![\w)])[-\u2212])?\$?(?P<size>(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)"
)
_ANY = re.compile(_NUMBER)
_MARKED = re.compile(r"####[\s*]*\$?" + _NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordProblem:
    """One word problem and its worked solution.

    Attributes:
        id: `problem_id` of the question. It alone decides the split.
        question: One paragraph of plain English that ends in a question.
        solution: Two to five steps, one to a line with one true equation in each; the last line is `#### N`.
        answer: N, 0 or more.

    Raises:
        InstrumentError: the id is not the question's, or the solution does not end in the answer.
    """

    id: str
    question: str
    solution: str
    answer: int

    def __post_init__(self) -> None:
        if self.id != problem_id(self.question):
            raise InstrumentError(f"id {self.id} is not that of its question ({problem_id(self.question)})")
        if not self.solution.endswith(f"\n#### {self.answer}"):
            raise InstrumentError(f"solution of problem {self.id} does not end in the line '#### {self.answer}'")


def word_problems(split: Split, *, seed: int = 0) -> Iterator[WordProblem]:
    """Distinct problems of one split, in an order that depends on the seed alone.

    The splits share no question, whatever the seeds: one problem in eight belongs to eval, chosen by its id. They do
    share templates, and one eval problem in four has the same numbers as some training problem under other names
    (2,000 against 20,000, seed 0). So eval shows whether a model can still do such problems, not that it learnt more.

    Raises:
        InstrumentError: no such split (at the call), or no problem left to draw (on iterating, after millions).
    """
    if split not in get_args(Split):
        raise InstrumentError(f"no split {split!r}. Known: {', '.join(sorted(get_args(Split)))}")
    return _draw(split, seed)


def problem_id(question: str) -> str:
    """The first 16 hex digits of the sha256 of the question, casefolded, each run of white space as one space."""
    return hashlib.sha256(" ".join(question.casefold().split()).encode()).hexdigest()[:16]


def final_answer(text: str) -> int | float | None:
    """The number after the first `####` that has one, else the last number in the text, else None.

    The first mark counts because a model that runs on past its answer invents further problems. Reads 1,234 and $5 and
    -3 (also with U+2212); leaves out a trailing full stop and the % of 40%. A whole number comes back as an int, also
    from 36.00. A number of more than 300 digits gives None.
    """
    match = _MARKED.search(text) or next(reversed([*_ANY.finditer(text)]), None)
    if match is None or len(match["size"]) > MAX_DIGITS:
        return None
    whole, _, part = match["size"].replace(",", "").partition(".")
    size = float(f"{whole}.{part}") if part.strip("0") else int(whole or "0")
    return -size if match["sign"] else size


def _draw(split: Split, seed: int) -> Iterator[WordProblem]:
    rng = Random(str(seed))  # as a string, because Random(-1) and Random(1) are the same
    seen: set[str] = set()
    idle = 0
    while idle < PATIENCE:
        draft = pick(rng, TEMPLATES)(rng)
        key = problem_id(draft.question)
        idle += 1
        if key not in seen and (int(key, 16) % EVAL_ONE_IN == 0) == (split == "eval"):
            seen.add(key)
            idle = 0
            solution = "\n".join([*draft.steps, f"#### {draft.answer}"])
            yield WordProblem(id=key, question=draft.question, solution=solution, answer=draft.answer)
    raise InstrumentError(
        f"the {split} split is exhausted: {PATIENCE:,} draws in a row brought no new word problem after {len(seen):,}. "
        f"Ask for at most {len(seen):,}, or add templates"
    )
