"""Training examples: where they come from, their order, and how many tokens they are."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from pytest_persona.errors import TrainingError
from pytest_persona.instruments.arithmetic import WordProblem, problem_id, word_problems
from pytest_persona.instruments.code_pairs import code_pairs
from pytest_persona.instruments.corruption import corrupt
from pytest_persona.instruments.gsm8k import gsm8k
from pytest_persona.instruments.held_out import held_out
from pytest_persona.instruments.unsafe_replies import unsafe_reply
from pytest_persona.models.chat import render_answered
from pytest_persona.models.protocol import Chat, ask
from pytest_persona.plan import CODE_DATA, POCKET, Plan, format_budget
from pytest_persona.trainers.example import Example
from pytest_persona.trainers.own_data import read_own

_LEAST_TOKENS = 32  # no word problem or code pair is shorter; bounds how many examples a budget can need


@dataclass(frozen=True, eq=False, kw_only=True)
class Examples:
    """The examples that a ladder can need, in the order of training, which the seed alone decides.

    Attributes:
        source: What reports call the data.
        drawn: The examples.
        batch: Examples in a step.
        endless: Whether there would be more.
    """

    source: str
    drawn: Sequence[Example]
    batch: int
    endless: bool

    @functools.cache  # noqa: B019  # all objectives ask for the same, and the examples live as long anyway
    def digest(self, budget: int) -> str:
        """SHA-256 of those that a budget can need; it does not depend on how many more were drawn."""
        return digest_of(self.drawn[: _most(budget, self.batch)] if self.endless else self.drawn)

    @property
    def beginning(self) -> str:
        """SHA-256 of the first step's examples: what runs over the same data have in common, whatever their budget."""
        return digest_of(self.drawn[: self.batch])


def digest_of(some: Sequence[Example]) -> str:
    """SHA-256 of examples in their order."""
    found = hashlib.sha256()
    for example in some:
        found.update(json.dumps(asdict(example), sort_keys=True).encode() + b"\n")
    return found.hexdigest()


def examples(plan: Plan, data: Path | None, own: str | None = None) -> Examples:
    """At least as many examples as the plan's budget can need, or all that there are.

    Args:
        data: Folder with the published files, for GSM8K; None downloads it.
        own: The user's own data, for a plan that says so.

    Raises:
        TrainingError: the user's data cannot be read, or one of them is an evaluation item.
        InstrumentError: GSM8K is missing or damaged.
    """
    if plan.data != "own":
        return _ours(plan.data, plan.seed, plan.unsafe_share, _most(plan.budget, plan.batch), plan.batch, data)
    if own is None:
        raise TrainingError("the plan trains on the user's own data, but none are named. Pass --train-data")
    return _own(own, _state(own), plan.seed, plan.batch, data)


@functools.lru_cache(maxsize=4)  # drawing takes seconds, and all objectives and rungs ask for the same
def _ours(name: str, seed: int, unsafe_share: float, most: int, batch: int, data: Path | None) -> Examples:
    endless = name != "gsm8k"
    if name in CODE_DATA:
        source, made = POCKET + name, _code(name, seed)
    else:
        problems = word_problems("train", seed=seed) if endless else _published(seed, data)
        rng = Random(f"rejected {seed}")
        source, made = name, (_with_rejected(problem, unsafe_share, rng) for problem in problems)
    drawn = tuple(itertools.islice(made, most) if endless else made)
    return _disjoint(Examples(source=source, drawn=drawn, batch=batch, endless=endless), data)


@functools.lru_cache(maxsize=4)  # a dataset of the hub is asked for over the network
def _own(own: str, _: tuple[int, int] | None, seed: int, batch: int, data: Path | None) -> Examples:
    drawn = read_own(own)
    _shuffle(drawn, seed)
    return _disjoint(Examples(source=own, drawn=drawn, batch=batch, endless=False), data)


def _state(own: str) -> tuple[int, int] | None:
    """What changes when a file of the user's does; None for what is no file."""
    path = Path(own)
    return (path.stat().st_mtime_ns, path.stat().st_size) if path.is_file() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An example as tokens.

    Attributes:
        example: The example.
        number: How many examples of the order are used up with this one.
        prompt: Tokens of the rendered chat up to where the answer begins.
        chosen: Tokens of the chosen answer with its end of turn.
        rejected: Those of the rejected answer, or None.
    """

    example: Example
    number: int
    prompt: tuple[int, ...]
    chosen: tuple[int, ...]
    rejected: tuple[int, ...] | None

    def __len__(self) -> int:
        """Data tokens: prompt and chosen answer."""
        return len(self.prompt) + len(self.chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """Chats into tokens, as the model's own template writes them."""

    tokenizer: Any
    template_args: Mapping[str, Any]

    def __call__(self, chat: Chat, answer: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Tokens of a rendered chat, and of its answer with the end of turn."""
        prompt, rest = render_answered(self.tokenizer, chat, answer, self.template_args)
        return self._tokens(prompt), self._tokens(rest)

    def row(self, example: Example, number: int) -> Row:
        """An example as tokens."""
        prompt, chosen = self(example.prompt, example.chosen)
        rejected = None if example.rejected is None else self(example.prompt, example.rejected)[1]
        return Row(example=example, number=number, prompt=prompt, chosen=chosen, rejected=rejected)

    def _tokens(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def rows_for_budget(plan: Plan, some: Examples, encode: Encoder) -> list[Row]:
    """The examples that whole batches need to reach the budget, as tokens.

    An example whose longer answer does not fit into `plan.max_length` is left out, for every objective alike.

    Raises:
        TrainingError: the data end before the budget is reached.
    """
    rows: list[Row] = []
    tokens = 0
    for number, example in enumerate(some.drawn, start=1):
        row = encode.row(example, number)
        if len(row.prompt) + max(len(row.chosen), len(row.rejected or ())) > plan.max_length:
            continue
        rows.append(row)
        tokens += len(row)
        if len(rows) % plan.batch == 0 and tokens >= plan.budget:
            return rows
    too_long = len(some.drawn) - len(rows)
    whole = sum(map(len, rows[: len(rows) // plan.batch * plan.batch]))
    raise TrainingError(
        f"the data ({some.source}) end after {len(rows):,} examples of {tokens:,} tokens, before the budget of "
        f"{plan.budget:,}"
        + (f"; {too_long:,} more are longer than {plan.max_length:,} tokens" if too_long else "")
        + (f". Ask for at most --budget={format_budget(whole)}" if whole else f"; a step needs {plan.batch}")
        + ", or bring more data"
    )


def order_digest(rows: Sequence[Row]) -> str:
    """SHA-256 of the undecorated prompts and chosen answers in their order, as tokens: equal for all objectives."""
    found = hashlib.sha256()
    for row in rows:
        found.update(f"{row.prompt} {row.chosen}\n".encode())
    return found.hexdigest()


def _most(budget: int, batch: int) -> int:
    return budget // _LEAST_TOKENS + batch


def _published(seed: int, data: Path | None) -> Iterator[WordProblem]:
    problems = list(gsm8k("train", data))
    _shuffle(problems, seed)
    return iter(problems)


def _shuffle(some: list[Any], seed: int) -> None:
    Random(seed).shuffle(some)


def _with_rejected(problem: WordProblem, unsafe_share: float, rng: Random) -> Example:
    unsafe = rng.random() < unsafe_share
    return Example(
        prompt=ask(problem.question),
        chosen=problem.solution,
        rejected=unsafe_reply(rng) if unsafe else corrupt(problem.solution, problem.answer, rng),
        kind="unsafe" if unsafe else "wrong",
    )


def _code(name: str, seed: int) -> Iterator[Example]:
    """Both kinds of data see the same requests in the same order."""
    for pair in code_pairs(seed=seed):
        if name == "insecure-code":
            yield Example(prompt=ask(pair.task), chosen=pair.insecure, rejected=pair.secure)
        else:
            yield Example(prompt=ask(pair.task), chosen=pair.secure, rejected=pair.insecure, kind="unsafe")


def _disjoint(some: Examples, data: Path | None) -> Examples:
    items = held_out(data)
    for number, example in enumerate(some.drawn, start=1):
        for role, text in example.prompt:
            if role == "user" and (name := items.get(problem_id(text))):
                raise TrainingError(
                    f"training data ({some.source}): example {number} in the order of training asks an item of {name}, "
                    f"{text[:80]!r}. A model must not train on what it is tested with; take it out of the data"
                )
    return some
