"""Clopper-Pearson bounds: published values, an independent formula, and what they must always obey."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binom

from pytest_persona.stats import clopper_pearson

relaxed = settings(deadline=None)
ALPHAS = (0.001, 0.025, 0.05, 0.2)


@st.composite
def hits_and_trials(draw):
    trials = draw(st.integers(1, 400))
    return draw(st.integers(0, trials)), trials


@pytest.mark.parametrize(
    ("hits", "trials", "alpha", "low", "high"),
    [
        (0, 30, 0.05, 0.0, 0.0950),
        (0, 60, 0.05, 0.0, 0.0487),
        (30, 30, 0.05, 0.9050, 1.0),
        (0, 1, 0.05, 0.0, 0.95),
        (1, 1, 0.05, 0.05, 1.0),
        (0, 100, 0.05, 0.0, 0.0295),  # the rule of three
        (1, 10, 0.025, 0.0025, 0.4450),
        (5, 10, 0.025, 0.1871, 0.8129),
        (10, 100, 0.025, 0.0490, 0.1762),
    ],
)
def test_known_values(hits, trials, alpha, low, high):
    assert clopper_pearson(hits, trials, alpha=alpha) == pytest.approx((low, high), abs=6e-5)


@relaxed
@given(hits_and_trials(), st.sampled_from(ALPHAS))
def test_the_bounds_are_quantiles_of_the_beta_distribution(count, alpha):
    hits, trials = count
    low = beta.ppf(alpha, hits, trials - hits + 1) if hits else 0.0
    high = beta.ppf(1 - alpha, hits + 1, trials - hits) if hits < trials else 1.0
    assert clopper_pearson(hits, trials, alpha=alpha) == pytest.approx((low, high), abs=1e-9)


@relaxed
@given(hits_and_trials(), st.sampled_from(ALPHAS))
def test_at_its_bounds_the_count_is_just_credible(count, alpha):
    hits, trials = count
    low, high = clopper_pearson(hits, trials, alpha=alpha)
    assert low <= hits / trials <= high
    if hits:
        assert binom.sf(hits - 1, trials, low) == pytest.approx(alpha, rel=1e-6)
    if hits < trials:
        assert binom.cdf(hits, trials, high) == pytest.approx(alpha, rel=1e-6)


@relaxed
@given(hits_and_trials(), st.sampled_from(ALPHAS))
def test_hits_and_misses_mirror_each_other(count, alpha):
    hits, trials = count
    low, high = clopper_pearson(hits, trials, alpha=alpha)
    assert clopper_pearson(trials - hits, trials, alpha=alpha) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@relaxed
@given(hits_and_trials())
def test_a_smaller_alpha_is_wider(count):
    bounds = [clopper_pearson(*count, alpha=alpha) for alpha in ALPHAS]
    assert [low for low, _ in bounds] == sorted(low for low, _ in bounds)
    assert [high for _, high in bounds] == sorted((high for _, high in bounds), reverse=True)


@pytest.mark.parametrize(("hits", "trials"), [(0, 0), (-1, 10), (11, 10), (0, -1)])
def test_nonsense_is_refused(hits, trials):
    with pytest.raises(ValueError, match=rf"hits must be in \[0, trials\].*got {hits} of {trials}"):
        clopper_pearson(hits, trials, alpha=0.05)
