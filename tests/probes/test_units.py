"""Metrics unit by unit: levels, differences, and what could not be scored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.probes.units import Units, average, difference, mean_of
from pytest_persona.stats import paired_binary, stratified_mean

shares = st.lists(st.integers(0, 4).map(lambda count: count / 4), min_size=3, max_size=40)


def units(values, high=None, strata=None, floor=0.0):
    low = np.array(values, dtype=float)
    return Units(
        low=low,
        high=low if high is None else np.array(high, dtype=float),
        strata=tuple(strata or ("items",) * len(low)),
        span=(0.0, 1.0),
        floor=floor,
    )


def test_shares_that_are_asked_twice_have_score_bounds():
    before, after = [0, 0, 1, 1] * 10, [1, 0, 1, 1] * 10
    assert difference(units(after), units(before), alpha=0.05) == paired_binary(before, after, alpha=0.05)


def test_other_differences_are_bounded_within_strata():
    before, after = np.linspace(0.1, 0.9, 60), np.linspace(0.2, 0.8, 60)
    strata = ["Yes", "No"] * 30
    found = difference(units(after, strata=strata), units(before, strata=strata), alpha=0.05)
    by_hand = {"Yes": (after - before)[::2], "No": (after - before)[1::2]}
    assert found == stratified_mean(by_hand, alpha=0.05, minimum=-1, maximum=1)


def test_strata_weigh_the_same():
    assert units([1, 0, 0, 0], strata=["Yes", "No", "No", "No"]).level == 0.5


@given(shares, st.data())
def test_what_is_unscored_counts_as_its_worst(values, data):
    lost = data.draw(st.sets(st.integers(0, len(values) - 1), min_size=1, max_size=3))
    low = [0.0 if at in lost else value for at, value in enumerate(values)]
    high = [1.0 if at in lost else value for at, value in enumerate(values)]
    other = units([0.5] * len(values))
    found, whole = (difference(units(*ends), other, alpha=0.05) for ends in ((low, high), (values,)))
    assert found.low <= difference(units(low), other, alpha=0.05).low + 1e-12
    assert found.high >= difference(units(high), other, alpha=0.05).high - 1e-12
    assert found.low <= whole.value <= found.high
    level = mean_of(units(low, high), alpha=0.05)
    assert level.low <= np.mean(values) <= level.high


@given(shares, st.data())
def test_a_difference_mirrors(values, data):
    others = data.draw(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=len(values), max_size=len(values)))
    there = difference(units(values), units(others), alpha=0.05)
    back = difference(units(others), units(values), alpha=0.05)
    assert there.value == pytest.approx(-back.value)
    assert there.low <= there.value <= there.high
    if "bootstrap" not in there.method:
        assert there.low == pytest.approx(-back.high)


def test_averages_are_unit_by_unit():
    found = average([units([0, 1, 1]), units([0, 0, 1])])
    assert found.values.tolist() == [0, 0.5, 1]
    assert found.level == 0.5


def test_two_sets_are_no_pairs():
    with pytest.raises(ValueError, match="cannot be paired"):
        difference(units([0, 1]), units([0, 1], strata=["Yes", "No"]), alpha=0.05)
