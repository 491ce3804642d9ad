"""Moral ratings of personas as arrays, and bounds of S at one level."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pytest_persona.stats.role_play import (
    susceptibility_bounds,
    susceptibility_change,
)

ALPHA = 0.05
ITEMS = 30
LEVEL = np.linspace(1, 4, ITEMS)
LOADING = np.linspace(1, 0.5, ITEMS)
EXACT = "exact (Clopper-Pearson)"
REPEATS = 200

relaxed = settings(deadline=None, max_examples=25)
quick = settings(deadline=None)
# multiples of 1/8 are exact in binary, so that adding and doubling lose nothing
eighths = st.integers(0, 40).map(lambda count: count / 8)
small = arrays.arrays(np.float64, st.tuples(st.integers(2, 8), st.integers(1, 4)), elements=eighths)


def drawn(personas=40, seed=0, *, apart=0.7, items=ITEMS):
    """Means of personas that differ, (personas, items), well within the scale."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0, apart, (personas, 1)) * LOADING[:items]
    return np.clip(LEVEL[:items] + common + rng.normal(0, 0.3, (personas, items)), 0, 5)


def moved(base, seed=1, *, factor=1.3):
    """A tuned model's means: those of base, apart by a factor, with noise of their own."""
    noise = np.random.default_rng(seed).normal(0, 0.2, base.shape)
    return base.mean(axis=0) + factor * (base - base.mean(axis=0)) + noise


def bounds(means, **settings):
    return susceptibility_bounds(means, alpha=ALPHA, **settings)


def change(tuned, base, **settings):
    return susceptibility_change(tuned, base, alpha=ALPHA, **settings)


def figures(estimate):
    return estimate.low, estimate.value, estimate.high
