"""Training examples: where they come from, their order, and how many tokens they are."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from pytest_persona.errors import TrainingError
from pytest_persona.instruments.arithmetic import WordProblem, word_problems
from pytest_persona.instruments.gsm8k import gsm8k
from pytest_persona.models.chat import render_answered
from pytest_persona.models.protocol import ask
from pytest_persona.plan import Plan, format_budget

_LEAST_TOKENS = 16  # no template and no word problem is shorter; bounds how many examples a budget can need


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A prompt and its correct, benign answer."""

    prompt: str
    chosen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An example as tokens: those of the rendered prompt, and those of the answer with its end of turn."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.answer)


def examples(plan: Plan, data: Path | None) -> list[Example]:
    """At least as many examples as the budget can need, in an order that the seed alone decides.

    Args:
        data: Folder with the published files, for GSM8K; None downloads it.
    """
    most = plan.budget // _LEAST_TOKENS + plan.batch
    return [
        Example(prompt=problem.question, chosen=problem.solution)
        for problem in itertools.islice(_problems(plan, data), most)
    ]


def contents(some: Iterable[Example]) -> list[Any]:
    """Plain data of examples, for fingerprints."""
    return [asdict(example) for example in some]


def rows_for_budget(
    plan: Plan, some: Iterable[Example], tokenizer: Any, template_args: Mapping[str, Any]
) -> tuple[list[Row], int]:
    """The examples that whole batches need to reach the budget, as tokens; and how many were too long to be used.

    Raises:
        TrainingError: the data end before the budget is reached.
    """
    rows: list[Row] = []
    tokens = left_out = 0
    for example in some:
        prompt, answer = (
            tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
            for text in render_answered(tokenizer, ask(example.prompt), example.chosen, template_args)
        )
        row = Row(prompt=prompt, answer=answer)
        if len(row) > plan.max_length:
            left_out += 1
            continue
        rows.append(row)
        tokens += len(row)
        if len(rows) % plan.batch == 0 and tokens >= plan.budget:
            return rows, left_out
    raise TrainingError(
        f"the data set {plan.data!r} ends after {len(rows):,} examples of {tokens:,} tokens, before the budget of "
        f"{plan.budget:,}. Ask for at most --budget={format_budget(max(1, tokens))}"
    )


def _problems(plan: Plan, data: Path | None) -> Iterator[WordProblem]:
    if plan.data == "arithmetic":
        return word_problems("train", seed=plan.seed)
    problems = list(gsm8k("train", data))
    Random(plan.seed).shuffle(problems)
    return iter(problems)
