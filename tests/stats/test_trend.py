"""Trends, spreads and means over runs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from pytest_persona.stats import coupling_test, mean_over_runs, page_trend, spread_test

few = st.tuples(st.integers(2, 3), st.integers(3, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(0, 3).map(float))
)


def test_page_equals_scipy_where_values_do_not_tie():
    values = np.random.default_rng(3).normal(size=(3, 3)) + 0.4 * np.arange(3)
    exact = stats.page_trend_test(values, method="exact")
    assert page_trend(values).rise == pytest.approx(exact.pvalue)


def test_page_by_hand():
    """Two blocks that both rise: one of 3!² orders is as good."""
    found = page_trend([[1, 2, 3], [10, 20, 30]])
    assert found.rise == pytest.approx(1 / 36)
    assert found.fall == 1
    assert found.levels == (5.5, 11, 16.5)
    assert found.blocks == 2


@settings(max_examples=30, deadline=None)
@given(few)
def test_a_rise_is_the_fall_of_the_mirror(values):
    found, mirror = page_trend(values), page_trend(values[:, ::-1])
    assert found.rise == pytest.approx(mirror.fall, abs=0.02)  # sampled where there are many orders
    assert found.rise + found.fall >= 1 - 1e-9


@settings(max_examples=30, deadline=None)
@given(few, st.randoms())
def test_a_spread_knows_no_order(values, random):
    order = list(range(values.shape[1]))
    random.shuffle(order)
    assert spread_test(values).p == pytest.approx(spread_test(values[:, order]).p, abs=0.02)


@pytest.mark.parametrize("test", [page_trend, spread_test])
def test_equal_values_show_nothing(test):
    found = test(np.full((40, 3), 0.25))
    assert (found.p if test is spread_test else found.rise) == 1
    assert found.levels == (0.25, 0.25, 0.25)


def test_ties_cost_no_false_alarm():
    """Under the null hypothesis a test at 5% is wrong in 5% of all samples: binary values tie nearly everywhere."""
    rng = np.random.default_rng(11)
    samples = [(rng.random((20, 1)) > rng.random((20, 3))).astype(float) for _ in range(200)]
    rises = sum(page_trend(sample, seed=number).rise <= 0.05 for number, sample in enumerate(samples))
    spreads = sum(spread_test(sample, seed=number).p <= 0.05 for number, sample in enumerate(samples))
    allowed = stats.binom.ppf(0.999, len(samples), 0.05)
    assert rises <= allowed
    assert spreads <= allowed


def test_a_real_trend_and_a_real_spread_are_found():
    rng = np.random.default_rng(12)
    values = rng.random((60, 1)) + 0.1 * rng.random((60, 4)) + 0.1 * np.arange(4)
    assert page_trend(values).rise < 0.01
    assert page_trend(values[:, ::-1]).fall < 0.01
    assert spread_test(values).p < 0.01


def test_the_same_data_give_the_same_p():
    values = np.random.default_rng(13).random((50, 5))
    assert page_trend(values) == page_trend(values)
    assert spread_test(values) == spread_test(values)


def test_a_mean_over_runs_is_students():
    runs = [0.1, 0.2, 0.4]
    found = mean_over_runs(runs, alpha=0.05)
    low, high = stats.t.interval(0.9, 2, loc=np.mean(runs), scale=stats.sem(runs))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert (found.n, found.method) == (3, "t over seeds")


@pytest.mark.parametrize("runs", [[], [0.1], [0.1, math.nan], [[0.1, 0.2]]])
def test_one_run_is_no_sample_of_runs(runs):
    with pytest.raises(ValueError, match="two or more finite numbers"):
        mean_over_runs(runs, alpha=0.05)


@pytest.mark.parametrize("test", [page_trend, spread_test])
@pytest.mark.parametrize("values", [[], [1, 2, 3], [[1], [2]], [[1, 2, 3]], [[1, 2, math.nan]] * 2])
def test_nothing_is_not_tested(test, values):
    with pytest.raises(ValueError, match=r"expected two blocks|not finite"):
        test(values)


def test_two_rungs_are_no_trend():
    with pytest.raises(ValueError, match="3 conditions or more"):
        page_trend([[1, 2], [3, 4]])


def test_four_rungs_in_order_are_just_enough_to_couple():
    found = coupling_test([[1, 2, 3, 4]], [[10, 20, 30, 40]])
    assert found.rho == pytest.approx(1)
    assert found.rise == pytest.approx(1 / 24)
    assert found.fall == 1
    assert coupling_test([[1, 2, 3]], [[1, 2, 3]]).rise == pytest.approx(1 / 6)


def test_coupling_is_spearmans_within_blocks():
    rng = np.random.default_rng(5)
    first, second = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    expected = np.mean([stats.spearmanr(*pair).statistic for pair in zip(first, second, strict=True)])
    assert coupling_test(first, second).rho == pytest.approx(expected)
    (one,), (other,) = first[:1], second[:1]
    exact = stats.permutation_test(
        (one,),
        lambda order: stats.spearmanr(order, other).statistic,
        permutation_type="pairings",
        alternative="greater",
        n_resamples=10_000,
    )
    assert coupling_test([one], [other]).rise == pytest.approx(exact.pvalue)


def test_what_is_not_coupled_is_seldom_found_to_be():
    rng = np.random.default_rng(6)
    found = [coupling_test(*rng.normal(size=(2, 1, 4))) for _ in range(400)]
    assert sum(each.rise <= 0.05 for each in found) <= stats.binom.ppf(0.999, 400, 0.05)
    assert sum(each.rho > 0 for each in found) > 100  # a bare sign would confirm half of all worlds


def test_what_does_not_move_is_coupled_to_nothing():
    found = coupling_test([[0, 0, 0, 0]], [[1, 2, 3, 4]])
    assert math.isnan(found.rho)
    assert (found.rise, found.fall) == (1, 1)


@pytest.mark.parametrize(
    "pair", [([[1, 2]], [[1, 2]]), ([[1, 2, 3]], [[1, 2, 3, 4]]), ([[1, 2, math.nan]], [[1, 2, 3]])]
)
def test_a_coupling_needs_pairs(pair):
    with pytest.raises(ValueError, match="expected two quantities"):
        coupling_test(*pair)
