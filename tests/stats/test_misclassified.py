"""The Rogan-Gladen correction: it undoes what a judge with known errors does to a rate."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.stats import rogan_gladen

shares = st.floats(0, 1)


@given(shares, shares, shares)
def test_it_undoes_the_errors(truth, sensitivity, specificity):
    counted = min(1.0, truth * sensitivity + (1 - truth) * (1 - specificity))
    found = rogan_gladen(counted, sensitivity, specificity)
    if sensitivity + specificity > 1.01:
        assert found == pytest.approx(truth, abs=1e-9)
    elif sensitivity + specificity <= 1:
        assert found is None


@given(shares, shares, shares)
def test_it_is_a_rate(rate, sensitivity, specificity):
    found = rogan_gladen(rate, sensitivity, specificity)
    assert found is None or 0 <= found <= 1


@given(shares)
def test_a_perfect_judge_is_believed(rate):
    assert rogan_gladen(rate, 1, 1) == pytest.approx(rate)


def test_published_arithmetic():
    assert rogan_gladen(0.2, 0.9, 0.9) == pytest.approx(0.125)
    assert rogan_gladen(0.05, 0.9, 0.9) == 0  # fewer hits than a tenth of false ones alone: clipped
    assert rogan_gladen(0.95, 0.9, 0.9) == 1


@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.5, 0.5), (0.3, 0.7), (0.1, 0.9), (0, 1), (0.2, 0.3)])
def test_a_judge_no_better_than_chance_says_nothing(sensitivity, specificity):
    assert rogan_gladen(0.4, sensitivity, specificity) is None


@pytest.mark.parametrize("arguments", [(1.1, 1, 1), (-0.1, 1, 1), (0.5, 2, 1), (0.5, 1, -1), (math.nan, 1, 1)])
def test_what_is_no_share_is_refused(arguments):
    with pytest.raises(ValueError, match=r"is a share in \[0, 1\]"):
        rogan_gladen(*arguments)
