"""Moral ratings under role-play: each item asked once of each persona, and the reply read as an integer from 0 to 5.

Two estimators (Costa, Alves & Vicente, arXiv 2511.08565). *Logits*: p_n(T) ∝ p_n^(1/T) over the six ratings, from the
probability of each as the reply's beginning; one query a cell and any temperature afterwards. *Sampling*: n ratings a
cell. Where a model gives the probabilities, its first token is constrained to the six ratings, so that each sample is a
draw from the same distribution; where it does not, replies are sampled whole and read.
"""

from __future__ import annotations

import functools
import math
import re
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_persona.digest import digest
from pytest_persona.errors import RatingsError
from pytest_persona.instruments.moral import MoralInstrument, MoralItem, RolePlayer
from pytest_persona.models.protocol import Chat, Model, ask
from pytest_persona.progress import Advance, Progress, Silent
from pytest_persona.ratings import Estimator, Ratings
from pytest_persona.ratings.table import NO_PERSONA, SCALE

if TYPE_CHECKING:
    from pytest_persona.models.protocol import FloatArray
    from pytest_persona.store import Store

_RECIPE = 2  # raise it when the way from chats to answers changes, so that stored answers of the old way are not used
DIGITS = tuple(str(int(rating)) for rating in SCALE)
ROLE_PLAY = "Take on the role of this person: {persona}\n\nAnswer the question below as this person would.\n\n{prompt}"
"""One user turn (ours, after the structure of Costa & Vicente 2026: persona, instruction, item with its scale)."""
LOGITS = Estimator(kind="logits", temperature=0.1)
"""How a model is rated by default: one query a cell, at the authors' temperature."""
ESTIMATORS = {"official": LOGITS, "pocket": replace(LOGITS, temperature=1.0)}
"""How gates rate models, by instruments. The demo is at temperature 1 (ours): at 0.1 the pocket model gives nearly
every item one and the same rating, and a few near-ties decide."""
SAMPLES = 10
"""Repetitions of a sampled cell (Costa & Vicente 2026)."""
REPEATED_CELLS = 20
"""Cells that are asked again, one at a time, to see how much the batches move an answer (ours)."""
_AT_ONCE = 300
"""Cells between two signs of progress (ours); whole personas, whose common beginnings are computed once."""
_REPLY_TOKENS = 8
_NEVER = 1e6
"""Nats that stand for infinitely many."""
_RATING = re.compile(
    r"""[\s"'`*_#>(\[]*(?:(?:my|the)?\s*(?:rating|answer|response|score)\s*(?:is|would\s+be)?\s*[:=]?[\s"'`*_(\[]*)?
    (?P<rating>[0-5])(?![0-9]|[.,][0-9]|\s*(?:[-–—~…]|\.\.+|to|or|and|through)\s*[0-9])""",
    re.IGNORECASE | re.VERBOSE,
)


def rate(
    model: Model,
    instrument: MoralInstrument,
    store: Store | None = None,
    *,
    estimator: Estimator = LOGITS,
    role_play: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
) -> Ratings:
    """Every item rated by every persona of the instrument.

    Args:
        store: Where answers are remembered; without one the model is always asked.
        estimator: `LOGITS`, or sampling; `constrained` sampling needs a model that gives log-probabilities.
        role_play: Whether the personas are played; without, the model answers as itself.
        seed: Of the samples.
        progress: Shows how far the asking is; what the store holds is not asked.

    Raises:
        RatingsError: an estimator without a temperature, or a model whose log-probabilities are none.
    """
    if estimator.temperature is None:
        raise RatingsError(f"a model is rated at a temperature, and {estimator} has none; the papers' is 0.1")
    personas: tuple[RolePlayer | None, ...] = instrument.personas if role_play else (None,)
    chats = [chat_of(persona, item) for persona in personas for item in instrument.items]
    task = f"rating {len(instrument.items)} moral items as {len(personas) if role_play else 'no'} personas"
    shown = functools.partial((progress or Silent()).task, task, len(chats), "cells")
    by_logprobs = estimator.kind == "logits" or estimator.constrained
    if by_logprobs:
        found = _logprobs(model, chats, instrument, store, shown, one_by_one=False)
    else:
        found = _replies(model, chats, instrument, store, shown, estimator, seed)
    shape = (len(personas), len(instrument.items), -1)
    values = np.array(found["values"], dtype=np.float64).reshape(shape)
    mass = np.exp(values).sum(axis=2) if by_logprobs else None
    if estimator.constrained:
        values = _draw(values, estimator, chats, seed)
    return Ratings(
        name=model.name,
        fingerprint=model.fingerprint,
        instrument={
            "name": instrument.name,
            "kind": instrument.kind,
            "source": instrument.source,
            "licence": instrument.licence,
            "sha256": instrument.sha256,
            "prompt": ROLE_PLAY if role_play else "{prompt}",
        },
        personas=tuple(each.id for each in instrument.personas) if role_play else NO_PERSONA,
        items=tuple(item.id for item in instrument.items),
        foundations=tuple(item.foundation for item in instrument.items),
        texts=tuple(item.text for item in instrument.items),
        estimator=estimator,
        values=values,
        asked=np.full(values.shape[:2], 1 if estimator.kind == "logits" else estimator.samples),
        mass=mass,
        seconds=found["seconds"],
    )


def rating_noise(
    model: Model, ratings: Ratings, instrument: MoralInstrument, store: Store | None = None
) -> tuple[float, float]:
    """A/A noise of S and of 1/R, relative: how far cells move when they are asked again, one at a time.

    Of S the root mean square of the moves of μ over S, of 1/R the mean move of σ over σ̄. Both err on the strict side,
    for they are of a few cells.

    Args:
        model: The model that `ratings` were taken from by log-probabilities.

    Returns:
        Noise of S, noise of 1/R; infinite where a cell moves and S or σ̄ is 0.
    """
    cells = np.linspace(0, len(ratings.personas) * len(ratings.items) - 1, REPEATED_CELLS).round().astype(int)
    pairs = [divmod(int(cell), len(ratings.items)) for cell in cells]
    chats = [chat_of(instrument.personas[persona], instrument.items[item]) for persona, item in pairs]
    shown = functools.partial(Silent().task, "", len(chats), "cells")
    found = _logprobs(model, chats, instrument, store, shown, one_by_one=True)
    again = Ratings(
        name=ratings.name,
        fingerprint=ratings.fingerprint,
        instrument=ratings.instrument,
        personas=tuple(map(str, range(len(pairs)))),
        items=("again",),
        foundations=(ratings.foundations[0],),
        texts=("",),
        estimator=Estimator(kind="logits", temperature=ratings.estimator.temperature),
        values=np.array(found["values"], dtype=np.float64).reshape(len(pairs), 1, -1),
        asked=np.ones((len(pairs), 1), dtype=np.int64),
    )
    rows, columns = map(list, zip(*pairs, strict=True))
    moved = again.means[:, 0] - ratings.means[rows, columns]
    spread = again.sds[:, 0] - ratings.sds[rows, columns]
    of_s = _share(float(np.sqrt(np.mean(moved**2))), float(ratings.means.std(axis=0, ddof=1).mean()))
    return of_s, _share(abs(float(np.mean(spread))), float(ratings.sds.mean()))


def _share(moved: float, level: float) -> float:
    if moved == 0:
        return 0.0
    return moved / level if level > 0 and math.isfinite(moved) else math.inf


def chat_of(persona: RolePlayer | None, item: MoralItem) -> Chat:
    """The chat that asks an item of a persona, or of the model itself."""
    return ask(item.prompt if persona is None else ROLE_PLAY.format(persona=persona.text, prompt=item.prompt))


def read_rating(reply: str) -> int | None:
    """The integer from 0 to 5 that a reply starts with; None where it does not, or where the number goes on.

    Markup and words such as `Rating:` may stand before it. A number further on is not taken: `On a scale from 0 to 5 …`
    rates nothing.
    """
    match = _RATING.match(reply)
    return int(match["rating"]) if match else None


def _logprobs(
    model: Model,
    chats: Sequence[Chat],
    instrument: MoralInstrument,
    store: Store | None,
    shown: Callable[[], AbstractContextManager[Advance]],
    *,
    one_by_one: bool,
) -> dict[str, Any]:
    def compute() -> dict[str, Any]:
        start = time.monotonic()
        items = len(instrument.items)
        step = 1 if one_by_one else max(items, _AT_ONCE // items * items)
        rows: list[FloatArray] = []
        with shown() as advance:
            for at in range(0, len(chats), step):
                rows.append(model.choice_logprobs(chats[at : at + step], DIGITS))
                advance(min(at + step, len(chats)))
        return {"values": [_plain(row) for row in np.concatenate(rows)], "seconds": time.monotonic() - start}

    key = _key(model, chats, instrument) | {"choices": list(DIGITS), "one_by_one": one_by_one}
    return store.remember("answers", key, compute) if store is not None else compute()


def _replies(
    model: Model,
    chats: Sequence[Chat],
    instrument: MoralInstrument,
    store: Store | None,
    shown: Callable[[], AbstractContextManager[Advance]],
    estimator: Estimator,
    seed: int,
) -> dict[str, Any]:
    temperature = estimator.temperature
    assert temperature is not None

    def compute() -> dict[str, Any]:
        start = time.monotonic()
        values: list[list[int | None]] = []
        with shown() as advance:
            for at in range(0, len(chats), _AT_ONCE):
                replies = model.reply(
                    chats[at : at + _AT_ONCE],
                    max_tokens=_REPLY_TOKENS,
                    temperature=temperature,
                    samples=estimator.samples,
                    seed=seed,
                )
                values.extend([read_rating(reply) for reply in several] for several in replies)
                advance(len(values))
        return {"values": values, "seconds": time.monotonic() - start}

    key = _key(model, chats, instrument) | {
        "temperature": temperature,
        "samples": estimator.samples,
        "max_tokens": _REPLY_TOKENS,
        "seed": seed,
    }
    return store.remember("answers", key, compute) if store is not None else compute()


def _key(model: Model, chats: Sequence[Chat], instrument: MoralInstrument) -> dict[str, Any]:
    return {
        "probe": "moral",
        "recipe": _RECIPE,
        "model": model.fingerprint,
        "instrument": instrument.sha256,
        "prompts": digest([list(map(list, chat)) for chat in chats]),
    }


def _plain(row: FloatArray) -> list[float | None]:
    """A cell as JSON has it, without infinity: a rating that cannot come keeps a finite log of no probability.

    None, which reads back as NaN, stands for what is no number, and for a cell in which no rating can come.
    """
    if not (row < math.inf).all() or np.isneginf(row).all():
        return [None] * len(row)
    return [max(float(value), -_NEVER) for value in row]


def _draw(logprobs: FloatArray, estimator: Estimator, chats: Sequence[Chat], seed: int) -> FloatArray:
    """Samples from the six ratings at the estimator's temperature; each cell has a random stream of its own."""
    assert estimator.temperature is not None
    cells = logprobs.reshape(len(chats), -1) / estimator.temperature
    drawn = []
    for cell, chat in zip(cells, chats, strict=True):
        rng = np.random.default_rng(int(digest([seed, list(map(list, chat))])[:16], 16))
        noise = rng.gumbel(size=(estimator.samples, len(cell)))
        drawn.append(np.where(np.isnan(cell).any(), np.nan, (cell + noise).argmax(axis=1).astype(float)))
    return np.array(drawn).reshape(*logprobs.shape[:2], estimator.samples)
