"""Bounds of paired changes: how often they miss, published score intervals, a brute force of the score equation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binom, norm

from pytest_persona.stats import clopper_pearson, paired, paired_binary

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


def score_bound(won, lost, n, alpha):
    """The score bound alone."""
    first, paired._FIRST_WIN = paired._FIRST_WIN, 0.0
    try:
        return paired._rank(won, lost, n, norm.ppf(1 - alpha))
    finally:
        paired._FIRST_WIN = first


@pytest.mark.parametrize(
    ("table", "alpha", "low", "high"),
    [
        ((1, 1, 7, 12), 0.025, -0.517, -0.026),  # Fagerland, Lydersen & Laake (2014), airway hyper-responsiveness
        ((0, 28, 25, 565), 0.05, -0.0148, 0.0247),  # scoreci.mp(25, 28, 618, 0.90) of R's PropCIs
    ],
)
def test_published_score_intervals(table, alpha, low, high):
    _, won, lost, _ = table
    n = sum(table)
    found = -score_bound(lost, won, n, alpha), score_bound(won, lost, n, alpha)
    assert found == pytest.approx((low, high), abs=6e-4 if low < -0.1 else 6e-5)
    exact = paired_binary(*pairs(*table), alpha=alpha)
    assert exact.low < found[0] < found[1] < exact.high
    assert (exact.low, exact.high) == pytest.approx(found, abs=1 / n)


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
def test_at_the_score_bound_the_statistic_is_at_its_quantile(count, alpha):
    won, lost, n = count
    high = score_bound(won, lost, n, alpha)
    if high < 1 - 1e-9:
        assert statistic(won, lost, n, high) == pytest.approx(-norm.ppf(1 - alpha), abs=2e-3)


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
    assert found.low == -found.high
    assert found.high == pytest.approx(clopper_pearson(0, n, alpha=0.05)[1], abs=1e-9)
    assert found.high > 1 - 0.05 ** (1 / n) - 1e-9


@pytest.mark.parametrize("n", [1, 20])
@pytest.mark.parametrize("gained", [True, False])
def test_a_change_of_everything_is_bounded_on_its_own_side(n, gained):
    low, high = bounds(n * gained, n * (not gained), n)
    assert (high == 1 and low < 1) if gained else (low == -1 and high > -1)


def greatest_share(n, margin, passes):
    """How often at most a true change of just the margin passes, over shares of losses; exact sums.

    Args:
        passes: Whether so many wins and losses do. It may only get easier with fewer wins or more losses.
    """
    fewest, lost = [], 0
    for won in range(n + 1):
        while lost <= n - won and not passes(won, lost):
            lost += 1
        if lost > n - won:
            break
        fewest.append(lost)
    won, fewest = np.arange(len(fewest)), np.array(fewest)
    losses = np.concatenate([np.linspace(0, 0.1, 81), np.linspace(0.1, (1 - margin) / 2, 80)[1:]])[:, None]
    given_won = np.minimum(1.0, losses / (1 - losses - margin))
    return float((binom.pmf(won, n, losses + margin) * binom.sf(fewest - 1, n - won, given_won)).sum(axis=1).max())


CASES = [
    *((n, margin) for n in (20, 30, 40) for margin in (0.03, 0.05, 0.08, 0.1, 0.2)),
    *((n, margin) for n in (60, 64) for margin in (0.03, 0.05, 0.2)),
    (100, 0.1),
]


def test_a_change_of_the_margin_passes_no_more_often_than_alpha():
    """Exact, over all outcomes and a fine grid of the share of losses: no tolerance beyond that of arithmetic."""
    shares = {
        (n, margin): greatest_share(n, margin, lambda won, lost, n=n, margin=margin: high(won, lost, n) < margin)
        for n, margin in CASES
    }
    assert {case: share for case, share in shares.items() if share > 0.05 + 1e-9} == {}
    assert max(shares.values()) > 0.049  # not by giving power away


def high(won, lost, n):
    """The upper bound alone, for half the time."""
    return paired._upper(won, lost, n, 0.05)


@relaxed
@given(counts())
def test_which_is_the_bound_that_is_handed_out(count):
    assert bounds(*count)[1] == high(*count)


@pytest.mark.parametrize(("case", "share"), [((20, 0.2), 0.065), ((30, 0.03), 0.059), ((64, 0.05), 0.052)])
def test_score_bounds_alone_would_pass_more_often(case, share):
    """The twin: the same sums find what is wrong with a bound that is."""
    n, margin = case
    assert greatest_share(n, margin, lambda won, lost: score_bound(won, lost, n, 0.05) < margin) > share


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_a_loss_more_is_never_wider_and_a_win_more_never_narrower(alpha):
    """All outcomes. That a loss more may be narrower than equal answers is no mistake: the test above holds with it."""
    n = 24
    found = {(won, lost): bounds(won, lost, n, alpha)[1] for won in range(n + 1) for lost in range(n + 1 - won)}
    for (won, lost), bound in found.items():
        assert found.get((won, lost + 1), -1) <= bound + 1e-9
        assert found.get((won + 1, lost), 1) >= bound - 1e-9


def test_seven_losses_of_thirty_and_no_win_are_a_fall():
    assert bounds(0, 7, 30)[1] < 0
    assert bounds(1, 2, 30)[1] > 0


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
