"""Capability by choices: multiple choice by its letters; and which items of a published set are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.items import Item, ItemSet, is_pocket
from pytest_persona.instruments.multiple_choice import LETTERS, ChoiceItem, multiple_choice
from pytest_persona.models.protocol import Chat, Model, ask
from pytest_persona.probes.answer_scores import choice_hit
from pytest_persona.probes.asked import known_mean, plain, remembered, unplain
from pytest_persona.probes.scores import Scores

if TYPE_CHECKING:
    from pytest_persona.progress import Progress
    from pytest_persona.store import Store

AXIS = "capability"
OFFICIAL_ITEMS = 500
"""Items that are drawn from a published set, always the same ones (ours); None asks all."""
SUBJECT = "Engineering"
"""The discipline of SuperGPQA that Vennemeyer et al. 2026 ask; a file without it is asked whole."""
_RECIPE = 1  # raise it when the way from items to answers changes, so that stored answers of the old way are not used
_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Multiple choice: whether the right option's letter is the most probable beginning of the reply.

    Attributes:
        name: What options call it.
        prompt: One user turn, with `{question}` and `{options}`.
        items: How many published questions are drawn; None for all.
        subject: The discipline that is asked of a published file that has it.
    """

    name: str = "choice"
    prompt: str = "{question}\n\n{options}\n\nAnswer with the letter of the right option."
    items: int | None = OFFICIAL_ITEMS
    subject: str = SUBJECT

    @property
    def axis(self) -> str:
        return AXIS

    def instrument(self, kind: str, data: Path | None) -> ItemSet[ChoiceItem]:
        if is_pocket(kind):
            return multiple_choice(kind=kind)
        folder = None if data is None else data / "supergpqa"
        files = sorted(folder.glob("*.jsonl")) if folder is not None else []
        if len(files) != 1:
            raise InstrumentError(
                f"SuperGPQA is not downloaded, and "
                f"{f'{folder} holds {len(files)} JSONL files' if folder else 'there is no data folder'}. Put its one "
                "file (uuid, question, options, answer, answer_letter, discipline, field, subfield) under "
                "DIR/supergpqa/ and pass --persona-data=DIR, or use --persona-instruments=pocket"
            )
        whole = multiple_choice(kind=kind, path=files[0])
        some = tuple(item for item in whole.items if item.subject == self.subject)
        return drawn(replace(whole, items=some or whole.items), self.items)

    def measure(
        self, model: Model, instrument: ItemSet[Any], store: Store | None = None, *, progress: Progress | None = None
    ) -> Scores:
        items: Sequence[ChoiceItem] = instrument.items
        chats = [ask(self.prompt.format(question=item.question, options=_options(item))) for item in items]
        kinds = {chat: len(item.options) for chat, item in zip(chats, items, strict=True)}

        def answer(some: Sequence[Chat]) -> list[Any]:
            found: dict[Chat, list[Any]] = {}
            for size in sorted({kinds[chat] for chat in some}):
                alike = [chat for chat in some if kinds[chat] == size]
                asked = model.choice_logprobs(alike, tuple(LETTERS[:size]))
                found |= {chat: [plain(value) for value in row] for chat, row in zip(alike, asked, strict=True)}
            return [found[chat] for chat in some]

        answers, seconds = remembered(
            model,
            instrument,
            chats,
            answer,
            key={"probe": self.name, "recipe": _RECIPE},
            at_once=_AT_ONCE,
            store=store,
            progress=progress,
        )
        rows = [unplain(row) for row in answers]
        values = np.array(
            [
                choice_hit(row, item.answer) if not np.isnan(row).any() and row.max() > -np.inf else np.nan
                for row, item in zip(rows, items, strict=True)
            ]
        )
        mass = known_mean(np.array([np.exp(row).sum() for row in rows]))
        guessing = float(np.mean([1 / len(item.options) for item in items]))
        return Scores(
            task=self.name,
            model=model.name,
            fingerprint=model.fingerprint,
            instrument=instrument,
            prompt=self.prompt,
            texts=tuple(item.question for item in items),
            values=values,
            guessing=guessing,
            floor=guessing,
            mass=np.nan if mass is None else mass,
            details={},
            seconds=seconds,
        )


def drawn(whole: ItemSet[Item], items: int | None) -> ItemSet[Item]:
    """That many of the items, in their order, always the same ones; the hash stays that of the whole."""
    if items is None or items >= len(whole.items):
        return whole
    ranks = Random(whole.name)
    order = sorted(range(len(whole.items)), key=[ranks.random() for _ in whole.items].__getitem__)
    return replace(whole, items=tuple(whole.items[at] for at in sorted(order[:items])))


def _options(item: ChoiceItem) -> str:
    return "\n".join(f"{letter}. {option}" for letter, option in zip(LETTERS, item.options, strict=False))
