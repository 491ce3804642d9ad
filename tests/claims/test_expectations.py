"""Ways in which a claim may say what it expects: no drift, a trend, levels that differ."""

import pytest

from pytest_persona.stats import Estimate, page_trend, spread_test
from tests.expectations import estimate, outcome_of


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (estimate(0.0, -0.01, 0.01), "passed"),
        (estimate(0.03, 0.01, 0.05), "failed"),
        (estimate(0.0, -0.2, 0.2), "skipped"),  # too few items to have seen it
        (estimate(0.05, 0.0, 0.1), "skipped"),
    ],
)
def test_no_drift_needs_the_power_to_see_one(change, outcome):
    change = Estimate(**{name: getattr(change, name) for name in change.__slots__} | {"se": 0.001})
    found = outcome_of(change, "expect_no_drift", margin=0.05, what="P(match)")
    assert found.outcome == outcome
    if outcome == "skipped":
        assert "could not have been seen (0.05 needed)" in found.reason


@pytest.mark.parametrize(("step", "outcome"), [(1, "passed"), (-1, "failed"), (0, "skipped")])
def test_a_trend_rises_falls_or_neither(step, outcome):
    trend = page_trend([[step * rung for rung in range(4)]] * 3)
    found = outcome_of(trend, "expect_trend", alpha=0.05, what="ASR")
    assert found.outcome == outcome
    assert "0.000 → " in found.measured


@pytest.mark.parametrize(
    ("apart", "widest", "outcome"),
    [
        (1, estimate(1, 0.9, 1.1), "passed"),
        (0, estimate(0, -0.01, 0.01), "failed"),
        (0, estimate(0, -0.2, 0.01), "skipped"),
        (1, estimate(0.02, 0.01, 0.04), "failed"),  # they differ, and are alike
    ],
)
def test_levels_differ_are_alike_or_undecided(apart, widest, outcome):
    spread = spread_test([[0, apart]] * 6)
    found = outcome_of(spread, "expect_spread", alpha=0.05, alike=0.1, widest=widest, what="ASR")
    assert found.outcome == outcome


@pytest.mark.parametrize(("seeds", "says"), [(1, "one seed: about this run"), (3, "over 3 seeds"), (None, "")])
def test_a_finding_says_how_many_runs_it_rests_on(seeds, says):
    found = outcome_of(0.5, above=0, seeds=seeds)
    assert found.measured.endswith(says)
    assert ("seed" in found.measured) is bool(says)
