"""Bounds where some units are known only up to their ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.stats import clopper_pearson, paired_binary, stratified_mean, worst_case_change, worst_case_mean

SPAN = (0, 1)
ALPHA = 0.05
shares = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=3, max_size=30)
marks = st.lists(st.sampled_from([0.0, 1.0]), min_size=3, max_size=30)


def known(values):
    return np.array(values, dtype=float), np.array(values, dtype=float)


def test_known_marks_have_exact_bounds():
    found = worst_case_mean(known([1, 0, 0, 1, 0]), span=SPAN, alpha=ALPHA)
    assert (found.low, found.high) == clopper_pearson(2, 5, alpha=ALPHA)
    assert found.value == 0.4


def test_known_pairs_have_exact_bounds():
    before, after = [0, 0, 1, 0, 1] * 6, [1, 0, 1, 0, 1] * 6
    assert worst_case_change(known(after), known(before), span=SPAN, alpha=ALPHA) == paired_binary(
        before, after, alpha=ALPHA
    )


def test_seven_rises_and_no_fall_are_a_rise():
    """A bound that only counts how many pairs moved cannot tell in which direction."""
    before, after = [0.0] * 7 + [1.0] * 23, [1.0] * 30
    found = worst_case_change(known(after), known(before), span=SPAN, alpha=ALPHA)
    assert found.value == pytest.approx(7 / 30)
    assert 0 < found.low < found.value < found.high


def test_shares_and_strata_are_as_everywhere():
    values, strata = np.linspace(0.1, 0.9, 60), ["Yes", "No"] * 30
    found = worst_case_mean((values, values), span=SPAN, alpha=ALPHA, strata=strata)
    assert found == stratified_mean({"Yes": values[::2], "No": values[1::2]}, alpha=ALPHA, minimum=0, maximum=1)
    moved = worst_case_change((values, values), known([0.5] * 60), span=SPAN, alpha=ALPHA)
    assert moved == stratified_mean({"units": values - 0.5}, alpha=ALPHA, minimum=-1, maximum=1)


def test_other_spans_are_never_counted():
    found = worst_case_mean(known([1, 0, 1]), span=(-2, 1), alpha=ALPHA)
    assert found.low < 0


@given(shares, st.data())
def test_every_way_to_score_the_rest_lies_between(values, data):
    lost = data.draw(st.sets(st.integers(0, len(values) - 1), min_size=1, max_size=3))
    low, high = (
        np.array([end if at in lost else value for at, value in enumerate(values)], dtype=float) for end in SPAN
    )
    other = known([0.5] * len(values))
    mean = worst_case_mean((low, high), span=SPAN, alpha=ALPHA)
    change = worst_case_change((low, high), other, span=SPAN, alpha=ALPHA)
    for ends in (known(low), known(high)):
        one = worst_case_mean(ends, span=SPAN, alpha=ALPHA)
        assert mean.low <= one.low + 1e-12
        assert mean.high >= one.high - 1e-12
        moved = worst_case_change(ends, other, span=SPAN, alpha=ALPHA)
        assert change.low <= moved.low + 1e-12
        assert change.high >= moved.high - 1e-12


@given(marks, st.data())
def test_a_change_mirrors(values, data):
    others = data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=len(values), max_size=len(values)))
    there = worst_case_change(known(values), known(others), span=SPAN, alpha=ALPHA)
    back = worst_case_change(known(others), known(values), span=SPAN, alpha=ALPHA)
    assert (there.low, there.value, there.high) == pytest.approx((-back.high, -back.value, -back.low))


def test_the_point_may_be_that_of_the_scored():
    ends = np.array([0.0, 1.0, 1.0]), np.array([1.0, 1.0, 1.0])
    assert worst_case_mean(ends, span=SPAN, alpha=ALPHA).value == pytest.approx(5 / 6)
    assert worst_case_mean(ends, span=SPAN, alpha=ALPHA, value=1.0).value == 1
