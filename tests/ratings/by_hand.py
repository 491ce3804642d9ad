"""Ratings by hand: of a few numbers, or drawn for as many personas as bounds need."""

from dataclasses import replace

import numpy as np

from pytest_persona.instruments.moral import FOUNDATIONS
from pytest_persona.ratings import Estimator, Ratings

ITEMS = tuple(str(number) for number in range(1, 31))
MFQ = tuple(FOUNDATIONS[at % 5] for at in range(30))


def table(values, estimator, *, asked=None, **fields):
    personas, items = np.shape(values)[:2]
    made = Ratings(
        name="by hand",
        fingerprint="0" * 64,
        instrument={"name": "moral", "kind": "own", "source": "by hand", "licence": "none"},
        personas=tuple(f"p{number}" for number in range(personas)),
        items=ITEMS[:items],
        foundations=MFQ[:items],
        texts=tuple(f"item {item}" for item in ITEMS[:items]),
        estimator=estimator,
        values=np.asarray(values, dtype=np.float64),
        asked=np.ones((personas, items), dtype=np.int64) if asked is None else np.asarray(asked),
    )
    return replace(made, **fields)


def sampled(values, *, temperature=0.1, asked=None, **fields):
    """Ratings (personas, items, repetitions), NaN for a reply without one."""
    shape = np.shape(values)
    asked = np.full(shape[:2], shape[2]) if asked is None else asked
    return table(values, Estimator(kind="sampling", temperature=temperature, samples=shape[2]), asked=asked, **fields)


def logits(probabilities, *, temperature=1.0, **fields):
    """Ratings by the probabilities of 0 to 5 at temperature 1, (personas, items, 6)."""
    with np.errstate(divide="ignore"):
        return table(np.log(probabilities), Estimator(kind="logits", temperature=temperature), **fields)


def drawn(personas=40, items=10, samples=5, *, seed=0, apart=0.7, width=0.4, share_unread=0.0, **fields):
    """Ratings of personas that lie apart, by repeated draws, some of them unread; every cell keeps a rating."""
    rng = np.random.default_rng(seed)
    centres = 2.5 + apart * rng.normal(size=(personas, items, 1))
    values = np.clip(np.rint(rng.normal(centres, width, (personas, items, samples))), 0, 5)
    unread = rng.random(values.shape) < share_unread
    unread[:, :, 0] = False
    values[unread] = np.nan
    return sampled(values, **fields)


def dirichlet(personas=40, items=10, *, seed=0, sharp=0.5, **fields):
    """Ratings by logits, of any shape."""
    return logits(np.random.default_rng(seed).dirichlet(np.full(6, sharp), (personas, items)), **fields)
