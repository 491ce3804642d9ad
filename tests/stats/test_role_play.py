"""S, its change and that of 1/R: the values, what leaves them alone, and what is refused."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from pytest_persona.stats import role_play
from pytest_persona.stats.role_play import (
    spread_change,
    susceptibility,
    susceptibility_bounds,
    susceptibility_change,
)
from tests.stats.personas import (
    ALPHA,
    ITEMS,
    LEVEL,
    bounds,
    change,
    drawn,
    figures,
    moved,
    quick,
    relaxed,
    small,
)


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    monkeypatch.setattr(role_play, "RESAMPLES", 299)


@quick
@given(small)
def test_s_is_the_mean_of_the_items_standard_deviations(means):
    expected = statistics.fmean(statistics.stdev(column) for column in means.T.tolist())
    assert susceptibility(means) == pytest.approx(expected, abs=1e-12)


def test_dividing_by_the_number_of_personas_gives_another_s():
    """The twin: the equation as it is printed would not pass above."""
    means = drawn(10)
    assert susceptibility(means) == pytest.approx(means.std(axis=0).mean() * math.sqrt(10 / 9))


def test_one_persona_has_no_s():
    assert math.isnan(susceptibility(drawn(1)))


@quick
@given(small, st.randoms(use_true_random=False), st.integers(-16, 16))
def test_s_does_not_mind_order_or_the_level_of_an_item(means, random, eighth):
    rows, columns = (random.sample(range(size), size) for size in means.shape)
    shifted = means.copy()
    shifted[:, 0] += eighth / 8
    assert susceptibility(means[np.ix_(rows, columns)]) == pytest.approx(susceptibility(means), abs=1e-12)
    assert susceptibility(shifted) == pytest.approx(susceptibility(means), abs=1e-12)
    assert susceptibility(2 * means) == pytest.approx(2 * susceptibility(means), abs=1e-12)


def test_the_value_and_the_error_are_the_samples_own():
    means = drawn()
    found = bounds(means)
    assert found.value == susceptibility(means)
    left_out = [math.log(susceptibility(np.delete(means, at, axis=0))) for at in range(40)]
    assert found.se == pytest.approx(found.value * np.std(left_out) * math.sqrt(39))  # the jackknife
    assert (found.n, found.alpha) == (40, ALPHA)


# what the bounds are made of


def test_a_resample_by_weights_is_a_resample_of_rows():
    means = drawn(30, items=4)
    weights = np.random.default_rng(0).multinomial(30, np.full(30, 1 / 30), size=5).astype(float)
    logs = role_play._logs_of_susceptibility(means, weights)
    population = means.std(axis=0).mean()  # the sample taken as a population
    for at, row in enumerate(weights.astype(int)):
        again = np.repeat(means, row, axis=0)
        assert logs.moved[at] == pytest.approx(math.log(susceptibility(again) / population))
    for at in range(30):
        assert logs.without[at] == pytest.approx(math.log(susceptibility(np.delete(means, at, axis=0))))
    logs = role_play._logs_of_mean(means[:, :1], weights)
    for at, row in enumerate(weights.astype(int)):
        assert logs.moved[at] == pytest.approx(math.log(np.repeat(means[:, 0], row).mean() / means[:, 0].mean()))


def by_jackknife(means):
    """The bounds of Tukey (1958) on the logarithm, from S without each persona."""
    units, value = len(means), math.log(susceptibility(means))
    left_out = [math.log(susceptibility(np.delete(means, at, axis=0))) for at in range(units)]
    pseudo = [units * value - (units - 1) * each for each in left_out]
    reach = student.ppf(1 - ALPHA, units - 1) * np.std(pseudo, ddof=1) / math.sqrt(units)
    return math.exp(np.mean(pseudo) - reach), math.exp(np.mean(pseudo) + reach)


def test_a_bound_is_the_farther_one_of_two():
    """With few personas and many items S is biased, as the jackknife shows; with a few far personas, it is skewed."""
    means = LEVEL + np.random.default_rng(3).normal(0, 0.5, (30, ITEMS))
    low, high = by_jackknife(means)
    assert bounds(means).high == pytest.approx(high)
    assert bounds(means).low <= low
    means[:2] = 0
    assert bounds(means).high > 1.1 * by_jackknife(means)[1]


@pytest.mark.parametrize("kind", ["S", "mean"])
def test_influences_are_slopes(kind):
    """A little more weight on a persona moves the logarithm by that much of its influence."""
    values = drawn(30, items=4) if kind == "S" else drawn(30, items=1)
    of = {"S": role_play._logs_of_susceptibility, "mean": role_play._logs_of_mean}[kind]
    even, step = np.ones(30), 1e-7
    logs = of(values, even[None, :])
    for at in (0, 7, 29):
        tilted = (even + step * 30 * (np.arange(30) == at)) / (1 + step)  # thirty, as even
        risen = of(values, tilted[None, :]).moved[0]
        assert (risen - logs.moved[0]) / step == pytest.approx(logs.influences[0, at], rel=1e-3)
    assert logs.influences[0].sum() == pytest.approx(0, abs=1e-9)


def test_a_change_of_the_resamples_is_heeded(monkeypatch):
    """What is kept between calls is kept under all that it depends on."""
    few = bounds(drawn())
    monkeypatch.setattr(role_play, "RESAMPLES", 999)
    assert bounds(drawn()).high != few.high
    assert role_play._weights(40, 0, 999).shape == (999, 40)


def test_equal_data_have_equal_bounds_and_another_seed_nearly():
    means = drawn(100)
    first, again, other = bounds(means), bounds(means.copy()), bounds(means, seed=1)
    assert first == again
    assert first.high != other.high
    assert first.high == pytest.approx(other.high, rel=0.05)


# what the bounds do not mind


@relaxed
@given(st.integers(0, 10**6), st.floats(0.2, 1), st.randoms(use_true_random=False))
def test_bounds_follow_the_scale_and_nothing_else(seed, factor, random):
    means = drawn(30, seed, items=4)
    found = bounds(means)
    columns = random.sample(range(4), 4)
    levels = np.array([random.uniform(-0.5, 0.5) for _ in range(4)])
    assert figures(bounds(means[:, columns])) == pytest.approx(figures(found))
    assert figures(bounds(means + levels)) == pytest.approx(figures(found))
    assert figures(bounds(factor * means)) == pytest.approx([factor * each for each in figures(found)])
    rows = random.sample(range(30), 30)  # moves which rows are drawn
    again = bounds(means[rows])
    assert (again.value, again.se) == pytest.approx((found.value, found.se))
    assert again.high == pytest.approx(found.high, rel=0.3)


@relaxed
@given(st.integers(0, 10**6), st.floats(0.2, 2))
def test_a_relative_change_follows_the_scale(seed, factor):
    base = drawn(30, seed, items=4)
    tuned = moved(base, seed + 1)
    found = change(tuned, base)
    assert found.value == pytest.approx(susceptibility(tuned) / susceptibility(base) - 1)
    expected = [factor * (1 + each) - 1 for each in figures(found)]
    assert figures(change(factor * tuned, base)) == pytest.approx(expected)
    assert figures(change(tuned + 1, base - 0.5)) == pytest.approx(figures(found))
    spreads, others = tuned.std(axis=1), base.std(axis=1)
    expected = [factor * (1 + each) - 1 for each in figures(spread_change(spreads, others, alpha=ALPHA))]
    assert figures(spread_change(factor * spreads, others, alpha=ALPHA)) == pytest.approx(expected)


@relaxed
@given(st.integers(0, 10**6))
def test_swapped_sides_have_inverse_changes(seed):
    base = drawn(30, seed, items=4)
    tuned = moved(base, seed + 1)
    for of, sides in ((susceptibility_change, (tuned, base)), (spread_change, (tuned.std(axis=1), base.std(axis=1)))):
        there, back = of(*sides, alpha=ALPHA), of(*sides[::-1], alpha=ALPHA)
        assert [1 / (1 + each) for each in figures(there)] == pytest.approx([1 + each for each in figures(back)][::-1])


@relaxed
@given(st.integers(0, 10**6))
def test_a_smaller_alpha_is_wider(seed):
    means = drawn(30, seed, items=4)
    wide, narrow = (susceptibility_bounds(means, alpha=alpha) for alpha in (0.01, 0.2))
    assert 0 < wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high


def test_pairing_narrows_a_change():
    base = drawn(60)
    tuned = moved(base)
    paired, unpaired = change(tuned, base), change(tuned[::-1], base)
    assert paired.value == pytest.approx(unpaired.value)
    assert unpaired.high - unpaired.low > 2 * (paired.high - paired.low)
