"""How often the bounds of S and R hold the truth, and that others would not."""

import math

import numpy as np
import pytest

from pytest_persona.stats import role_play
from pytest_persona.stats.role_play import (
    spread_change,
    susceptibility,
)
from tests.stats.personas import (
    ALPHA,
    ITEMS,
    LEVEL,
    LOADING,
    REPEATS,
    bounds,
    change,
)


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    monkeypatch.setattr(role_play, "RESAMPLES", 299)


def played(factor, *, common=0.6, own=0.5, whole=False):
    """Two models whose personas follow one factor for the most part; those of the tuned one lie 1.2 times as far apart.

    Returns:
        A function from generator and number of personas to the means of tuned and base.
    """

    def draw(rng, personas):
        first, second = (factor(rng, personas)[:, None] * LOADING for _ in range(2))
        mine, yours = (rng.normal(0, 1, (personas, ITEMS)) for _ in range(2))
        base = LEVEL + common * first + own * mine
        tuned = LEVEL + 1.2 * (common * (0.8 * first + 0.6 * second) + own * (0.8 * mine + 0.6 * yours))
        sides = (np.rint(tuned), np.rint(base)) if whole else (tuned, base)
        return tuple(np.clip(side, 0, 5) for side in sides)

    return draw


def normal(rng, personas):
    return rng.normal(0, 1, personas)


POPULATIONS = {
    "independent items": played(normal, common=0, own=0.8),
    "common factor": played(normal),
    "whole numbers": played(normal, common=0.4, own=0.7, whole=True),
    "skewed factor": played(lambda rng, n: (rng.chisquare(8, n) - 8) / 4),
    "heavy tails": played(lambda rng, n: rng.standard_t(3, n) / math.sqrt(3)),
}
SPREADS = {
    "lognormal": lambda rng, n: np.exp(rng.normal(0, 0.5, (2, n)) + rng.normal(0, 0.3, n)),
    "a third never varies": lambda rng, n: np.exp(rng.normal(0, 0.5, (2, n))) * (rng.random((2, n)) < 2 / 3),
    "exponential": lambda rng, n: rng.exponential(1, (2, n)) + 0.2,
}
LEAST = 0.95 - 3.5 * math.sqrt(0.95 * 0.05 / REPEATS) - 0.01
LEAST_OF_TAILS = LEAST - 0.04
"""What the docstring of the module says that heavy tails cost."""


def least(name):
    return LEAST_OF_TAILS if name == "heavy tails" else LEAST


@pytest.fixture(scope="module")
def true_s():
    """S of both models of a population, in many personas."""
    kept = {}

    def of(name):
        if name not in kept:
            kept[name] = [susceptibility(side) for side in POPULATIONS[name](np.random.default_rng(99), 100_000)]
        return kept[name]

    return of


def coverage(draw, truth, of, personas):
    """Share of seeded repetitions in which the lower and the upper bound hold the truth."""
    rng = np.random.default_rng(personas)
    found = [of(*draw(rng, personas)) for _ in range(REPEATS)]
    return np.mean([low <= truth for low, _ in found]), np.mean([high >= truth for _, high in found])


def bounds_of_s(tuned, base):
    return (found := bounds(tuned)).low, found.high


def bounds_of_change(tuned, base):
    return (found := change(tuned, base)).low, found.high


def bounds_of_spread(tuned, base):
    return (found := spread_change(tuned, base, alpha=ALPHA)).low, found.high


@pytest.mark.parametrize("personas", [30, 50, 100])
@pytest.mark.parametrize("name", POPULATIONS)
def test_each_bound_of_s_and_of_its_change_covers(name, personas, true_s):
    tuned, base = true_s(name)
    assert min(coverage(POPULATIONS[name], tuned, bounds_of_s, personas)) >= least(name)
    assert min(coverage(POPULATIONS[name], tuned / base - 1, bounds_of_change, personas)) >= least(name)


@pytest.mark.parametrize("personas", [30, 50, 100])
@pytest.mark.parametrize("name", SPREADS)
def test_each_bound_of_a_change_of_spread_covers(name, personas):
    assert min(coverage(SPREADS[name], 0, bounds_of_spread, personas)) >= LEAST


def as_if_items_were_units(tuned, base):
    """The error of a standard deviation of normal numbers, as if no persona answered two items."""
    value, reach = susceptibility(tuned), 1.645 / math.sqrt(2 * (len(tuned) - 1) * ITEMS)
    return value * (1 - reach), value * (1 + reach)


def by_percentile(tuned, base):
    means = [susceptibility(tuned[row]) for row in np.random.default_rng(0).integers(30, size=(99, 30))]
    return tuple(np.quantile(means, [ALPHA, 1 - ALPHA]))


@pytest.mark.parametrize(
    ("name", "wrong"), [("common factor", as_if_items_were_units), ("independent items", by_percentile)]
)
def test_other_bounds_do_not_cover(name, wrong, true_s):
    """The twin: the checks above can fail."""
    assert min(coverage(POPULATIONS[name], true_s(name)[0], wrong, 30)) < LEAST_OF_TAILS
