"""Verdicts on an estimate and a band: inside, outside, or neither."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.stats import Estimate, effective_se
from pytest_persona.verdict import Outcome, decide_within, decision

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
Z95, Z80 = 1.6448536, 0.8416212
grid = st.integers(-32, 32).map(lambda count: count / 64)  # exact in binary, also after a shift


def found(low, value, high, se=0.02, n=100, alpha=0.05):
    return Estimate(value=value, low=low, high=high, se=se, n=n, alpha=alpha, method="by hand")


@pytest.mark.parametrize(
    ("change", "floor", "margin", "outcome"),
    [
        (found(-0.05, 0.0, 0.05), -0.3, 0.1, PASS),
        (found(-0.29, -0.2, 0.09), -0.3, 0.1, PASS),
        (found(-0.05, 0.0, 0.11), -0.3, 0.1, INCONCLUSIVE),
        (found(-0.31, 0.0, 0.05), -0.3, 0.1, INCONCLUSIVE),
        (found(-0.5, 0.0, 0.5), -0.3, 0.1, INCONCLUSIVE),
        (found(0.09, 0.2, 0.3), -0.3, 0.1, INCONCLUSIVE),
        (found(0.11, 0.2, 0.3), -0.3, 0.1, FAIL),
        (found(-0.5, -0.4, -0.31), -0.3, 0.1, FAIL),
        (found(-0.5, -0.4, -0.29), -0.3, 0.1, INCONCLUSIVE),
        # one end alone
        (found(-9.0, -5.0, 0.34), None, 0.35, PASS),
        (found(0.36, 0.4, 0.5), None, 0.35, FAIL),
        (found(0.3, 0.4, 0.5), None, 0.35, INCONCLUSIVE),
        (found(3.1, 4.0, 9.0), 3.0, None, PASS),
        (found(1.0, 2.0, 2.9), 3.0, None, FAIL),
        (found(2.9, 4.0, 9.0), 3.0, None, INCONCLUSIVE),
    ],
)
def test_a_band_is_passed_inside_and_failed_outside(change, floor, margin, outcome):
    verdict = decide_within(change, floor=floor, margin=margin, alpha=0.05)
    assert verdict.outcome is outcome
    assert (verdict.floor, verdict.margin, verdict.change, verdict.reasons) == (floor, margin, change, ())
    assert (verdict.items_needed is not None) == (outcome is INCONCLUSIVE)
    assert verdict.mde == pytest.approx((Z95 + Z80) * effective_se(change))
    assert decision(verdict)["floor"] == floor
    assert set(decision(verdict)) == set(verdict.__dataclass_fields__)


@pytest.mark.parametrize(
    ("change", "inside", "outside"),
    [
        (found(-0.05, 0.0, 0.1), PASS, None),
        (found(-0.3, 0.0, 0.05), PASS, None),
        (found(0.1, 0.2, 0.3), None, FAIL),
        (found(-0.5, -0.4, -0.3), None, FAIL),
    ],
)
def test_a_bound_on_the_end_of_a_band_decides_nothing(change, inside, outside):
    assert decide_within(change, floor=-0.3, margin=0.1, alpha=0.05).outcome is INCONCLUSIVE
    toward = {"floor": -0.3 - 1e-9, "margin": 0.1 + 1e-9}, {"floor": -0.3 + 1e-9, "margin": 0.1 - 1e-9}
    wide, narrow = (decide_within(change, alpha=0.05, **band).outcome for band in toward)
    assert wide is (inside or INCONCLUSIVE)
    assert narrow is (outside or INCONCLUSIVE)


@given(st.tuples(grid, grid, grid).map(sorted), grid.filter(lambda at: at < 0), grid.filter(lambda at: at > 0))
def test_a_band_agrees_with_its_two_one_sided_verdicts(bounds, floor, margin):
    low, value, high = bounds
    change = found(low, value, high)
    upper = decide_within(change, floor=None, margin=margin, alpha=0.05).outcome
    lower = decide_within(change, floor=floor, margin=None, alpha=0.05).outcome
    both = decide_within(change, floor=floor, margin=margin, alpha=0.05).outcome
    assert (both is PASS) == (upper is lower is PASS)
    assert (both is FAIL) == (FAIL in (upper, lower))


def test_items_needed_are_to_the_nearer_end():
    near = decide_within(found(0.0, 0.08, 0.16), floor=-0.3, margin=0.1, alpha=0.05)
    low = decide_within(found(-0.4, -0.25, -0.1), floor=-0.3, margin=0.1, alpha=0.05)
    assert near.items_needed == pytest.approx(100 * (Z95 * effective_se(near.change) / 0.02) ** 2, abs=2)
    assert low.items_needed == pytest.approx(100 * (Z95 * effective_se(low.change) / 0.05) ** 2, abs=2)


def test_an_infinite_bound_is_no_number_of_items():
    endless = found(1.0, 4.0, math.inf, se=math.inf)
    verdict = decide_within(endless, floor=3.0, margin=None, alpha=0.05)
    assert (verdict.outcome, verdict.mde, verdict.items_needed) == (INCONCLUSIVE, None, None)
    assert decide_within(endless, floor=0.5, margin=None, alpha=0.05).outcome is PASS


def test_a_reason_beats_a_band():
    verdict = decide_within(found(-0.05, 0.0, 0.05), floor=-0.3, margin=0.1, alpha=0.05, invalid=["too dark"])
    assert (verdict.outcome, verdict.reasons, verdict.items_needed) == (INVALID, ("too dark",), None)
    nothing = decide_within(None, floor=-0.3, margin=0.1, alpha=0.05, invalid=["too dark"])
    assert (nothing.outcome, nothing.change, nothing.mde) == (INVALID, None, None)


@pytest.mark.parametrize(
    ("change", "settings_", "message"),
    [
        (None, {}, "no change, and no reason why there is none"),
        (found(-0.05, 0.0, 0.05), {"floor": 0.1, "margin": 0.1}, "is empty"),
        (found(-0.05, 0.0, 0.05), {"floor": 0.2, "margin": 0.1}, "is empty"),
        (found(-0.05, 0.0, 0.05), {"floor": None, "margin": None}, "has no end at all"),
        (found(-0.05, 0.0, 0.05, alpha=0.1), {}, "the bounds are at level 0.1, the verdict at 0.05"),
    ],
)
def test_nonsense_about_a_band_is_refused(change, settings_, message):
    with pytest.raises(ValueError, match=message):
        decide_within(change, **{"floor": -0.3, "margin": 0.1, "alpha": 0.05, **settings_})
