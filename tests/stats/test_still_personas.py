"""S and R of personas that are few, alike or still: what little such ratings bound."""

import math

import numpy as np
import pytest

from pytest_persona.stats import Estimate, clopper_pearson, role_play, stratified_mean
from pytest_persona.stats.role_play import (
    robustness_from,
    spread_change,
    susceptibility,
    susceptibility_bounds,
)
from tests.stats.personas import (
    ALPHA,
    EXACT,
    ITEMS,
    LEVEL,
    bounds,
    change,
    drawn,
    figures,
    moved,
)


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    monkeypatch.setattr(role_play, "RESAMPLES", 299)


@pytest.mark.parametrize(
    ("means", "message"),
    [
        (drawn(29), "29 personas are too few to bound anything; 30 or more are needed"),
        (drawn()[:0], "0 personas are too few"),
        (drawn()[:, :0], "means must be finite"),
        (drawn()[:, 0], "means must be finite"),
        (np.where(drawn() > 4.5, math.nan, drawn()), "means must be finite"),
        (np.where(drawn() > 4.5, math.inf, drawn()), "means must be finite"),
    ],
)
def test_nonsense_is_refused(means, message):
    with pytest.raises(ValueError, match=message):
        bounds(means)
    if means.ndim == 2:
        with pytest.raises(ValueError, match=message):
            change(means, means)


@pytest.mark.parametrize("alpha", [0, 0.5, -0.05, 1, math.nan])
def test_a_level_out_of_range_is_refused(alpha):
    with pytest.raises(ValueError, match="alpha must be in"):
        susceptibility_bounds(drawn(), alpha=alpha)
    with pytest.raises(ValueError, match="alpha must be in"):
        spread_change(drawn()[:, 0], drawn(seed=1)[:, 0], alpha=alpha)


def test_sides_of_other_shapes_are_refused():
    for tuned, base in ((drawn(41), drawn(40)), (drawn(items=4), drawn(items=5))):
        with pytest.raises(ValueError, match="both sides need the same personas and items"):
            change(tuned, base)
    with pytest.raises(ValueError, match="both sides need the same personas"):
        spread_change(np.ones(40), np.ones(41), alpha=ALPHA)


def alike(personas, movers, seed=0):
    """Personas that all answer in one way, but for some."""
    means = np.tile(LEVEL, (personas, 1))
    means[:movers] = drawn(movers, seed) if movers else means[:0]
    return means


@pytest.mark.parametrize("personas", [30, 100])
def test_personas_that_are_all_alike_are_as_uncertain_as_a_count_of_nought(personas):
    found = bounds(alike(personas, 0))
    share = clopper_pearson(0, personas, alpha=ALPHA)[1]
    assert (found.low, found.se, found.method) == (0, 0, EXACT)
    assert found.value == pytest.approx(0, abs=1e-12)
    assert found.high == pytest.approx(5 * math.sqrt(share * (1 - share)))


@pytest.mark.parametrize(("movers", "exact"), [(1, True), (9, True), (10, False), (30, False)])
def test_bounds_of_few_that_answer_otherwise_are_exact(movers, exact):
    found = bounds(alike(40, movers))
    assert (found.method == EXACT) is exact
    if exact:
        share = min(0.5, clopper_pearson(movers, 40, alpha=ALPHA)[1])
        assert found.high == pytest.approx(5 * math.sqrt(share * (1 - share)))
        assert found.low == 0 < found.value < found.high
    else:
        assert 0 < found.low < found.value < found.high < 2.5


def test_no_bootstrap_sees_what_few_that_answer_otherwise_may_hide():
    """The twin: 3% of all personas may lie at the other end of the scale, and none be in the sample or a resample."""
    means = alike(40, 0)
    again = means[np.random.default_rng(0).integers(40, size=(99, 40))]
    assert [susceptibility(each) for each in again] == pytest.approx([0] * 99)
    truth = 5 * math.sqrt(0.03 * 0.97)
    assert bounds(means).high > truth > 0


def test_rounding_does_not_make_personas_differ():
    means = alike(40, 0) + np.random.default_rng(0).normal(0, 1e-9, (40, ITEMS))
    assert bounds(means).method == EXACT


def test_an_item_on_which_all_agree_counts_as_nought():
    means = drawn()
    means[:, 3] = 2.0
    found, rest = bounds(means), bounds(np.delete(means, 3, axis=1))
    assert figures(found) == pytest.approx([each * 29 / 30 for each in figures(rest)])
    base = moved(means, factor=0.8)
    assert math.isfinite(change(base, means).high)


@pytest.mark.parametrize(("side", "at"), [("tuned", 0), ("base", 1)])
def test_nothing_bounds_a_change_where_few_answer_otherwise(side, at):
    sides = [drawn(), drawn(seed=1)]
    sides[at] = alike(40, 9)
    message = f"only 9 of the {side} model's 40 personas answer otherwise than the rest .10 needed"
    with pytest.raises(ValueError, match=message):
        change(*sides)
    sides[at] = alike(40, 10)
    assert math.isfinite(change(*sides).high)


@pytest.mark.parametrize("common", [0.0, 0.3])
@pytest.mark.parametrize(("side", "at"), [("tuned", 0), ("base", 1)])
def test_nothing_bounds_a_change_where_few_vary_otherwise(common, side, at):
    sides = [drawn()[:, 15], drawn(seed=1)[:, 15]]
    sides[at] = np.where(np.arange(40) < 9, sides[at], common)
    message = f"of only 9 of the {side} model's 40 personas vary between repetitions otherwise than the rest's .10 "
    with pytest.raises(ValueError, match=message):
        spread_change(*sides, alpha=ALPHA)
    sides[at] = np.where(np.arange(40) < 10, drawn(seed=2)[:, 15], common)
    assert math.isfinite(spread_change(*sides, alpha=ALPHA).high)


@pytest.mark.parametrize("to", [lambda base: base, lambda base: base + 0.5, lambda base: 1.5 * base])
def test_one_change_for_all_bounds_nothing(to):
    """Of 40 that change alike, one in fourteen may yet change otherwise; a bound of no width would deny it."""
    base = drawn()
    with pytest.raises(ValueError, match="only 0 of 40 personas change otherwise than the rest"):
        change(to(base), base)
    with pytest.raises(ValueError, match="only 0 of 40 personas change otherwise than the rest"):
        spread_change(to(base)[:, 0], base[:, 0], alpha=ALPHA) if to(1) != 1.5 else change(to(base), base)


def test_few_that_change_bound_nothing():
    base = drawn()
    for movers in (9, 10):
        tuned = base.copy()
        tuned[:movers] = drawn(movers, seed=5)
        if movers < 10:
            with pytest.raises(ValueError, match="only 9 of 40 personas change otherwise"):
                change(tuned, base)
        else:
            assert change(tuned, base).low < 0 < change(tuned, base).high


# R


def test_r_is_one_over_the_spread_and_its_bounds_swap():
    spread = stratified_mean({"units": drawn()[:, 0] / 5}, alpha=ALPHA, minimum=0, maximum=3.6)
    found = robustness_from(spread)
    assert figures(found) == pytest.approx((1 / spread.high, 1 / spread.value, 1 / spread.low))
    assert found.se == pytest.approx(spread.se / spread.value**2)  # the delta method
    assert (found.n, found.alpha, found.method) == (spread.n, spread.alpha, spread.method)


def test_ratings_that_never_vary_have_an_infinite_r_with_a_finite_lower_bound():
    found = robustness_from(stratified_mean({"units": np.zeros(100)}, alpha=ALPHA, minimum=0, maximum=3.5))
    assert found.value == found.high == found.se == math.inf
    assert found.low == pytest.approx(1 / (3.5 * clopper_pearson(0, 100, alpha=ALPHA)[1]))


def test_a_spread_that_may_be_nought_leaves_r_unbounded_above():
    spread = Estimate(value=0.1, low=0.0, high=0.4, se=0.1, n=9, alpha=ALPHA, method="by hand")
    assert figures(robustness_from(spread)) == (2.5, 10, math.inf)
