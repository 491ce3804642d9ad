"""What a sample can see, and how many items would be enough."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from pytest_persona.stats import Estimate, effective_se, items_needed, minimum_detectable_effect, stratified_mean

relaxed = settings(deadline=None)
Z95, Z80 = 1.6448536, 0.8416212

errors = st.floats(1e-4, 0.5)
counts = st.integers(2, 5000)


def estimate(value=0.0, low=-0.1, high=0.1, se=0.0, alpha=0.05):
    return Estimate(value=value, low=low, high=high, se=se, n=60, alpha=alpha, method="made up")


def constant(value, n):
    return stratified_mean({"Yes": [value] * n, "No": [value] * n}, alpha=0.05, minimum=-1, maximum=1)


@pytest.mark.parametrize(
    ("se", "alpha", "effect"),
    [(0.01, 0.05, 0.01 * (Z95 + Z80)), (0.02, 0.5, 0.02 * Z80), (0.0, 0.05, 0.0)],
)
def test_minimum_detectable_effect(se, alpha, effect):
    assert minimum_detectable_effect(se, alpha=alpha) == pytest.approx(effect, rel=1e-6)


@relaxed
@given(errors, st.sampled_from([0.01, 0.05, 0.2]))
def test_the_minimum_detectable_effect_is_found_four_times_in_five(se, alpha):
    effect = minimum_detectable_effect(se, alpha=alpha)
    assert norm.sf(norm.ppf(1 - alpha) * se, loc=effect, scale=se) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("given_estimate", "expected"),
    [
        pytest.param(estimate(se=0.2), 0.2, id="the data's own is larger"),
        pytest.param(estimate(low=0.0, high=0.164485), 0.1, id="the upper bound amounts to more"),
        pytest.param(estimate(low=-0.164485, high=0.0), 0.1, id="the lower bound amounts to more"),
        pytest.param(estimate(low=-0.128155, high=0.128155, alpha=0.1), 0.1, id="another level"),
    ],
)
def test_the_effective_standard_error_is_never_smaller_than_what_the_bounds_say(given_estimate, expected):
    assert effective_se(given_estimate) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("value", [-1.0, -0.95, 0.0, 0.95, 1.0])
def test_a_few_equal_values_have_a_large_effective_error(value):
    """Near an edge of the range one bound has no room to move; the other one tells."""
    few, many = constant(value, 2), constant(value, 2000)
    assert few.se == 0
    assert effective_se(few) > 0.3
    assert 0 < effective_se(many) < 0.01


@relaxed
@given(errors, counts, st.floats(-0.5, 0.5), st.floats(0.01, 0.5), st.sampled_from([0.01, 0.05]))
def test_with_the_items_needed_the_bound_reaches_the_margin(se, n, value, margin, alpha):
    distance = abs(margin - value)
    assume(distance >= 1e-3)
    needed = items_needed(value, margin, se, n, alpha=alpha)
    reach = norm.ppf(1 - alpha) * se * math.sqrt(n / needed)
    assert needed > n
    assert reach <= distance * (1 + 1e-9)
    if needed > n + 1:  # and with fewer it would not
        assert norm.ppf(1 - alpha) * se * math.sqrt(n / (needed - 2)) > distance


@pytest.mark.parametrize(
    ("value", "margin", "se", "n", "needed"),
    [
        pytest.param(0.0, 0.05, 0.05, 100, math.ceil(100 * Z95**2), id="one standard error away"),
        pytest.param(0.0, 0.025, 0.05, 100, math.ceil(400 * Z95**2), id="half the distance, four times the items"),
        pytest.param(0.0, 0.05, 0.10, 100, math.ceil(400 * Z95**2), id="twice the error, four times the items"),
        pytest.param(0.1, 0.05, 0.05, 100, math.ceil(100 * Z95**2), id="on the other side of the margin"),
        pytest.param(0.0, 0.05, 0.001, 100, 101, id="never fewer than there are"),
        pytest.param(0.05, 0.05, 0.05, 100, None, id="on the margin"),
        pytest.param(0.0, 0.05, 0.0, 100, None, id="no error to shrink"),
    ],
)
def test_items_needed(value, margin, se, n, needed):
    assert items_needed(value, margin, se, n, alpha=0.05) == needed
