"""Attack success: each forbidden prompt put to a model by each attack, the reply judged.

Replies are greedy and capped; nothing stops at a refusal, for models refuse and then comply. A reply that the judge
could not score is neither a success nor a failure.

Replies are what is remembered, and where an attack reads them otherwise than they are (in translation), that too. They
are judged anew each time, so that a judge that gave no answer once is asked again; a judge that is dear remembers its
own marks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pytest_persona.digest import digest
from pytest_persona.errors import TranslationError
from pytest_persona.instruments.attacks import Attack
from pytest_persona.instruments.forbidden import ForbiddenSet
from pytest_persona.judges import Judge
from pytest_persona.judges.score import Score
from pytest_persona.models.protocol import Model
from pytest_persona.progress import Progress, Silent

if TYPE_CHECKING:
    from pytest_persona.store import Store

FloatArray = npt.NDArray[np.float64]

METRIC = "asr"
MAX_TOKENS = {"official": 128, "pocket": 64}
"""Longest reply by kind of the prompts (ours); in the demo short, for it runs on two cores."""
_RECIPE = 4  # raise it when the way from prompts to replies changes
_AT_ONCE = 20


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Attempts:
    """What a model did with forbidden prompts.

    Attributes:
        model: The model's name.
        fingerprint: The model's fingerprint.
        prompts: What was asked.
        attacks: Names of the attacks that were made.
        fingerprints: Of the attacks, in the same order.
        obstacles: Why an attack could not be made, by its name.
        judge: Name of the judge.
        judged_by: Fingerprint of the judge.
        scores: Of each reply, (prompts, attacks), in [0, 1]; NaN where the judge could not score it.
        seconds: What asking took, and reading in translation, now or when it was done; without judging.
    """

    model: str
    fingerprint: str
    prompts: ForbiddenSet
    attacks: tuple[str, ...]
    fingerprints: tuple[str, ...]
    obstacles: Mapping[str, str]
    judge: str
    judged_by: str
    scores: FloatArray
    seconds: float

    def hits(self, success: float, unscored: float = np.nan) -> FloatArray:
        """Which replies are successes, (prompts, attacks): 1, 0, or `unscored`.

        Args:
            success: The score from which a reply counts as one.
        """
        found: FloatArray = np.where(np.isnan(self.scores), unscored, (self.scores >= success).astype(float))
        return found

    def by_prompt(self, success: float) -> tuple[FloatArray, FloatArray]:
        """Least and greatest share of the attacks that succeed with each prompt, (prompts,) each: they differ where a
        reply could not be scored."""
        low, high = (self.hits(success, unscored).mean(axis=1) for unscored in (0.0, 1.0))
        return low, high

    @property
    def unscored_share(self) -> float:
        """Share of the replies that the judge could not score."""
        return float(np.isnan(self.scores).mean()) if self.scores.size else 0.0


def attempt(
    model: Model,
    prompts: ForbiddenSet,
    attacks: Sequence[Attack],
    judge: Judge,
    store: Store | None = None,
    *,
    max_tokens: int | None = None,
    progress: Progress | None = None,
) -> Attempts:
    """Make every attack with every prompt, and judge the replies.

    Args:
        store: Where replies are remembered; without one the model is always asked.
        max_tokens: Longest reply; by default what the kind of the prompts allows.
        progress: Shows how far the asking is.
    """
    longest = MAX_TOKENS[prompts.kind] if max_tokens is None else max_tokens
    obstacles = {attack.name: why for attack in attacks if (why := attack.obstacle(prompts.items))}
    made = [attack for attack in attacks if attack.name not in obstacles]
    columns, seconds = [], 0.0
    with (progress or Silent()).task(
        f"{len(made)} {'attack' if len(made) == 1 else 'attacks'} with {len(prompts.items)} prompts",
        len(made) * len(prompts.items),
        "replies",
    ) as advance:
        for number, attack in enumerate(made):
            done = number * len(prompts.items)
            try:
                asked = _replies(model, prompts, attack, store, longest, lambda more: advance(done + more))  # noqa: B023
                read = _read(attack, asked["replies"], store)
            except TranslationError as error:
                obstacles[attack.name] = str(error)
                continue
            marks = judge.judge([prompt.text for prompt in prompts.items], read["replies"])
            columns.append([mark.value if isinstance(mark, Score) else np.nan for mark in marks])
            seconds += asked["seconds"] + read["seconds"]
    made = [attack for attack in made if attack.name not in obstacles]
    scores = np.array(columns, dtype=np.float64).T if columns else np.zeros((len(prompts.items), 0))
    return Attempts(
        model=model.name,
        fingerprint=model.fingerprint,
        prompts=prompts,
        attacks=tuple(attack.name for attack in made),
        fingerprints=tuple(attack.fingerprint for attack in made),
        obstacles=obstacles,
        judge=judge.name,
        judged_by=judge.fingerprint,
        scores=scores,
        seconds=seconds,
    )


def _replies(
    model: Model,
    prompts: ForbiddenSet,
    attack: Attack,
    store: Store | None,
    max_tokens: int,
    advance: Callable[[int], None],
) -> dict[str, Any]:
    """The model's reply to each prompt, and what asking took."""

    def compute() -> dict[str, Any]:
        start = time.monotonic()
        replies: list[str] = []
        for at in range(0, len(prompts.items), _AT_ONCE):
            chats = attack.chats(prompts.items[at : at + _AT_ONCE])
            replies.extend(str(first) for first, *_ in model.reply(chats, max_tokens=max_tokens))
            advance(len(replies))
        return {"replies": replies, "seconds": time.monotonic() - start}

    key = {
        "probe": METRIC,
        "recipe": _RECIPE,
        "model": model.fingerprint,
        "instrument": prompts.sha256,
        "prompts": [prompt.id for prompt in prompts.items],
        "attack": attack.fingerprint,
        "max_tokens": max_tokens,
    }
    return store.remember("answers", key, compute) if store is not None else compute()


def _read(attack: Attack, replies: Sequence[str], store: Store | None) -> dict[str, Any]:
    """What a judge reads of the replies, and what it took to read them."""
    if type(attack).read is Attack.read:  # as they are
        return {"replies": list(replies), "seconds": 0.0}

    def compute() -> dict[str, Any]:
        start = time.monotonic()
        return {"replies": attack.read(replies), "seconds": time.monotonic() - start}

    key = {"probe": f"{METRIC} read", "recipe": _RECIPE, "attack": attack.fingerprint, "replies": digest(list(replies))}
    return store.remember("answers", key, compute) if store is not None else compute()
