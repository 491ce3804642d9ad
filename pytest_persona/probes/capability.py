"""Capability by replies: sums and word problems by exact match, open questions by a judge; and the tasks by name.

Replies are greedy and capped. Prompts are ours. Multiple choice is in `choices`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.arithmetic import WordProblem, final_answer
from pytest_persona.instruments.gsm8k import gsm8k
from pytest_persona.instruments.items import ItemSet, is_pocket
from pytest_persona.instruments.official import PUBLISHED
from pytest_persona.instruments.open_questions import OpenQuestion, open_questions
from pytest_persona.instruments.sums import sums
from pytest_persona.judges.rubric import RubricJudge
from pytest_persona.judges.score import Score
from pytest_persona.models.protocol import Chat, Cut, Model, ask
from pytest_persona.probes.asked import remembered
from pytest_persona.probes.choices import AXIS, OFFICIAL_ITEMS, Choices, drawn
from pytest_persona.probes.scores import Scores, Task

if TYPE_CHECKING:
    from pytest_persona.progress import Progress
    from pytest_persona.store import Store

THINKING = 256
"""Longest reply that thinks step by step, in tokens (ours; no paper gives one)."""
_RECIPE = 1  # raise it when the way from items to answers changes, so that stored answers of the old way are not used
_AT_ONCE = 20
_GSM8K = "gsm8k/test.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problems:
    """Problems whose answer is a number: exact match of the number after `####`, else of the last one.

    A reply without a number is wrong, as exact match has it; how many there were stands beside.

    Attributes:
        name: `arithmetic` (the pocket's sums) or `gsm8k` (published).
        prompt: One user turn, with `{question}`.
        max_tokens: Longest reply (ours).
        items: How many published problems are drawn; None for all.
    """

    name: str
    prompt: str
    max_tokens: int
    items: int | None = OFFICIAL_ITEMS

    @property
    def axis(self) -> str:
        return AXIS

    def instrument(self, kind: str, data: Path | None) -> ItemSet[WordProblem]:
        pocket = is_pocket(kind)
        if self.name == "arithmetic":
            if not pocket:
                raise InstrumentError(
                    "arithmetic is this project's own and nobody publishes it. Use task gsm8k, or "
                    "--persona-instruments=pocket"
                )
            return sums()
        if pocket:
            raise InstrumentError("gsm8k has no pocket set. Use task arithmetic, or --persona-instruments=official")
        published = PUBLISHED[_GSM8K]
        whole = ItemSet(
            name=self.name,
            kind=kind,
            source=published.source,
            licence=published.licence,
            sha256=published.sha256,
            items=gsm8k("test", data),
        )
        return drawn(whole, self.items)

    def measure(
        self, model: Model, instrument: ItemSet[Any], store: Store | None = None, *, progress: Progress | None = None
    ) -> Scores:
        chats = [ask(self.prompt.format(question=item.question)) for item in instrument.items]
        replies, looped, seconds = _replies(self.name, model, instrument, chats, self.max_tokens, store, progress)
        answers = [final_answer(reply) for reply in replies]
        hits = [answer == item.answer for answer, item in zip(answers, instrument.items, strict=True)]
        return Scores(
            task=self.name,
            model=model.name,
            fingerprint=model.fingerprint,
            instrument=instrument,
            prompt=self.prompt,
            texts=tuple(item.question for item in instrument.items),
            values=np.array(hits, dtype=np.float64),
            guessing=0.0,
            floor=0.0,
            mass=None,
            details={"no_number": _share(answer is None for answer in answers), "looped": looped},
            seconds=seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """Open questions, each answer marked by a judge against a reference.

    Attributes:
        name: `legal` or `cyber`.
        judge: Marks question, reference and reply.
        prompt: One user turn, with `{question}`.
        max_tokens: Longest reply (ours).
    """

    name: str
    judge: RubricJudge
    prompt: str = "{question}\nAnswer briefly."
    max_tokens: int = 256

    @property
    def axis(self) -> str:
        return AXIS

    def instrument(self, kind: str, data: Path | None) -> ItemSet[OpenQuestion]:
        return open_questions(self.name, kind=kind, data=data)

    def measure(
        self, model: Model, instrument: ItemSet[Any], store: Store | None = None, *, progress: Progress | None = None
    ) -> Scores:
        items: Sequence[OpenQuestion] = instrument.items
        chats = [ask(self.prompt.format(question=item.question)) for item in items]
        replies, looped, seconds = _replies(self.name, model, instrument, chats, self.max_tokens, store, progress)
        # the judge remembers its own marks, and none where the endpoint gave no answer: those are asked for again
        marks = self.judge.mark(
            [(item.question, item.reference, reply) for item, reply in zip(items, replies, strict=True)]
        )
        return Scores(
            task=self.name,
            model=model.name,
            fingerprint=model.fingerprint,
            instrument=instrument,
            prompt=self.prompt,
            texts=tuple(item.question for item in items),
            values=np.array([mark.value if isinstance(mark, Score) else np.nan for mark in marks]),
            guessing=0.0,
            floor=0.0,
            mass=None,
            details={"looped": looped},
            seconds=seconds,
        )


CLOSED: Mapping[str, Task] = MappingProxyType(
    {
        "arithmetic": Problems(name="arithmetic", prompt="{question}\nAnswer with the number alone.", max_tokens=32),
        "gsm8k": Problems(
            name="gsm8k",
            prompt="{question}\nThink step by step. End with a line '#### N', where N is the answer.",
            max_tokens=THINKING,
        ),
        "choice": Choices(),
    }
)
"""Tasks that need no judge."""


def _replies(
    name: str,
    model: Model,
    instrument: ItemSet[Any],
    chats: Sequence[Chat],
    max_tokens: int,
    store: Store | None,
    progress: Progress | None,
) -> tuple[list[str], float, float]:
    """The model's greedy replies, the share of them that were cut because they looped, and what asking took."""

    def answer(some: Sequence[Chat]) -> list[Any]:
        return [[str(first), isinstance(first, Cut)] for first, *_ in model.reply(some, max_tokens=max_tokens)]

    answers, seconds = remembered(
        model,
        instrument,
        chats,
        answer,
        key={"probe": name, "recipe": _RECIPE, "max_tokens": max_tokens},
        at_once=_AT_ONCE,
        store=store,
        progress=progress,
    )
    return [text for text, _ in answers], _share(cut for _, cut in answers), seconds


def _share(marks: Iterable[bool]) -> float:
    return float(np.mean(list(marks)))
