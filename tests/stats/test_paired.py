"""Bounds of paired changes: published intervals, a brute force of the score equation, and how often they miss."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import multinomial, norm

from pytest_persona.stats import clopper_pearson, paired_binary

relaxed = settings(deadline=None, max_examples=60)


def pairs(both, won, lost, neither):
    base = [1] * both + [0] * won + [1] * lost + [0] * neither
    return base, [1] * both + [1] * won + [0] * lost + [0] * neither


def bounds(won, lost, n, alpha=0.05):
    found = paired_binary(*pairs(0, won, lost, n - won - lost), alpha=alpha)
    return found.low, found.high


@st.composite
def counts(draw, most=80):
    n = draw(st.integers(1, most))
    won = draw(st.integers(0, n))
    return won, draw(st.integers(0, n - won)), n


@pytest.mark.parametrize(
    ("table", "alpha", "low", "high"),
    [
        ((1, 1, 7, 12), 0.025, -0.517, -0.026),  # Fagerland, Lydersen & Laake (2014), airway hyper-responsiveness
        ((0, 28, 25, 565), 0.05, -0.0148, 0.0247),  # scoreci.mp(25, 28, 618, 0.90) of R's PropCIs
    ],
)
def test_published_intervals(table, alpha, low, high):
    found = paired_binary(*pairs(*table), alpha=alpha)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-4 if low < -0.1 else 6e-5)
    assert found.method == "score (Tango)"


def statistic(won, lost, n, change):
    """The score statistic, with the nuisance parameter found by maximising the likelihood numerically."""

    def minus_likelihood(loss):
        chances = np.array([loss + change, loss, 1 - 2 * loss - change])
        seen = np.array([won, lost, n - won - lost])
        return -float(np.sum(seen * np.log(np.maximum(chances, 1e-300))))

    least, most = max(0.0, -change), (1 - change) / 2
    loss = minimize_scalar(minus_likelihood, bounds=(least, most), method="bounded", options={"xatol": 1e-12}).x
    return (won - lost - n * change) / math.sqrt(n * (2 * loss + change * (1 - change)))


@relaxed
@given(counts(), st.sampled_from((0.01, 0.05, 0.2)))
def test_at_its_bounds_the_score_statistic_is_at_its_quantile(count, alpha):
    won, lost, n = count
    if won == lost == 0:
        return
    low, high = bounds(won, lost, n, alpha)
    z = norm.ppf(1 - alpha)
    if high < 1:
        assert statistic(won, lost, n, high) == pytest.approx(-z, abs=2e-3)
    if low > -1:
        assert statistic(won, lost, n, low) == pytest.approx(z, abs=2e-3)


@relaxed
@given(counts(), st.sampled_from((0.01, 0.05, 0.2)))
def test_better_and_worse_mirror_each_other(count, alpha):
    won, lost, n = count
    low, high = bounds(won, lost, n, alpha)
    assert bounds(lost, won, n, alpha) == pytest.approx((-high, -low), abs=1e-9)


@relaxed
@given(counts())
def test_the_estimate_lies_between_and_a_smaller_alpha_is_wider(count):
    won, lost, n = count
    found = [bounds(won, lost, n, alpha) for alpha in (0.01, 0.05, 0.2)]
    assert all(-1 <= low <= (won - lost) / n <= high <= 1 for low, high in found)
    assert all(low < high for low, high in found)
    assert [low for low, _ in found] == sorted(low for low, _ in found)
    assert [high for _, high in found] == sorted((high for _, high in found), reverse=True)


@relaxed
@given(counts(), st.integers(0, 2**32 - 1))
def test_pairs_have_no_order_and_agreements_no_kind(count, seed):
    won, lost, n = count
    order = np.random.default_rng(seed).permutation(n)
    alike = n - won - lost
    one = paired_binary(*(np.array(each)[order] for each in pairs(alike, won, lost, 0)), alpha=0.05)
    assert one == paired_binary(*pairs(0, won, lost, alike), alpha=0.05)


@pytest.mark.parametrize("n", [1, 5, 60, 1000])
def test_equal_answers_say_no_more_than_their_number(n):
    found = paired_binary([1] * n, [1] * n, alpha=0.05)
    assert found.value == 0
    assert (found.low, found.high) == (-found.high, clopper_pearson(0, n, alpha=0.05)[1])
    assert found.high > 1 - 0.05 ** (1 / n) - 1e-12


@pytest.mark.parametrize("n", [1, 20])
@pytest.mark.parametrize("gained", [True, False])
def test_a_change_of_everything_is_bounded_on_its_own_side(n, gained):
    low, high = bounds(n * gained, n * (not gained), n)
    assert (high == 1 and low < 1) if gained else (low == -1 and high > -1)


@pytest.mark.parametrize("n", [20, 60])
@pytest.mark.parametrize("change", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("loss", [0.0, 0.02, 0.1])
def test_the_upper_bound_misses_about_as_often_as_it_may(n, change, loss):
    """Over all outcomes, each with its probability: no more than 5.6% where 5% is asked."""
    outcomes = [(won, lost) for won in range(n + 1) for lost in range(n + 1 - won) if won + lost <= n // 2 + 10]
    chances = multinomial.pmf(
        [[won, lost, n - won - lost] for won, lost in outcomes], n, [loss + change, loss, 1 - 2 * loss - change]
    )
    likely = [(outcome, chance) for outcome, chance in zip(outcomes, chances, strict=True) if chance > 1e-6]
    assert sum(chance for outcome, chance in likely if bounds(*outcome, n)[1] < change) < 0.056


@pytest.mark.parametrize(
    ("base", "tuned", "alpha", "says"),
    [
        ([], [], 0.05, "at least one"),
        ([1], [1, 0], 0.05, "come in pairs"),
        ([[1]], [[1]], 0.05, "come in pairs"),
        ([1, 0.5], [1, 0], 0.05, "0 or 1"),
        ([1, math.nan], [1, 0], 0.05, "0 or 1"),
        ([1, 0], [1, 2], 0.05, "0 or 1"),
        ([1, 0], [1, 0], 0.5, "alpha"),
        ([1, 0], [1, 0], 0.0, "alpha"),
    ],
)
def test_nonsense_is_refused(base, tuned, alpha, says):
    with pytest.raises(ValueError, match=says):
        paired_binary(base, tuned, alpha=alpha)
