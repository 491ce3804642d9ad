"""Verdicts: which of the four, on which side of a boundary, and how often they are wrong."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_persona.stats import clopper_pearson, effective_se, stratified, stratified_mean
from pytest_persona.verdict import SEVERITY, Outcome, decide, worst

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
BETTER_TO_WORSE = (PASS, INCONCLUSIVE, FAIL)
Z95, Z80 = 1.6448536, 0.8416212
REPEATS = 400

relaxed = settings(deadline=None)
grid = st.integers(-32, 32).map(lambda count: count / 64)  # exact in binary, also after a shift


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    monkeypatch.setattr(stratified, "RESAMPLES", 999)


def spread(n, centre, scale=0.02, seed=0):
    return np.random.default_rng(seed).normal(centre, scale, n).clip(-1, 1)


def halves(centre, *, scale=0.02, n=30):
    """Paired differences whose mean is exactly `centre`, spread about it in each half."""
    sides = (spread(n, 0.0, scale, seed) for seed in (1, 2))
    return {name: values - values.mean() + centre for name, values in zip(("Yes", "No"), sides, strict=True)}


def still(value, n=30):
    return {"Yes": [value] * n, "No": [value] * n}


def bounds(data, alpha=0.05):
    return stratified_mean(data, alpha=alpha, minimum=-1, maximum=1)


def tiled(data, factor):
    return {name: np.tile(values, factor) for name, values in data.items()}


@st.composite
def differences(draw):
    def half():
        some = draw(st.lists(grid, min_size=1, max_size=16))
        n = draw(st.sampled_from([1, 2, 4, 30, 60]))
        return [some[index % len(some)] for index in range(n)]

    return {"Yes": half(), "No": half()}


@pytest.mark.parametrize(
    ("criterion", "data", "margin", "outcome"),
    [
        ("noninferiority", halves(0.0), 0.05, PASS),
        ("noninferiority", halves(-0.3), 0.05, PASS),
        ("noninferiority", halves(0.04), 0.05, PASS),  # a change, but a tolerable one
        ("noninferiority", halves(0.05), 0.05, INCONCLUSIVE),
        ("noninferiority", halves(0.0, scale=0.4), 0.05, INCONCLUSIVE),
        ("noninferiority", halves(0.10), 0.05, FAIL),
        ("noninferiority", halves(0.10), 0.2, PASS),
        ("noninferiority", halves(0.0, n=8), 0.05, INCONCLUSIVE),
        ("noninferiority", {"Yes": spread(30, 0.3), "No": spread(30, -0.3)}, 0.05, PASS),  # acquiescence is no trait
        ("significance", halves(0.0), 0.05, PASS),
        ("significance", halves(-0.3), 0.05, PASS),
        ("significance", halves(0.04), 0.05, FAIL),  # below the margin, but a drift
        ("significance", halves(0.10), 0.05, FAIL),
        ("significance", halves(0.0, scale=0.4), 0.05, INCONCLUSIVE),
        ("significance", halves(0.0, n=8), 0.05, INCONCLUSIVE),
    ],
)
def test_outcome(criterion, data, margin, outcome):
    verdict = decide(data, margin=margin, alpha=0.05, criterion=criterion)
    assert verdict.outcome is outcome
    assert (verdict.criterion, verdict.margin, verdict.alpha, verdict.reasons) == (criterion, margin, 0.05, ())
    assert verdict.change == bounds(data)
    assert (verdict.items_needed is not None) <= (outcome is INCONCLUSIVE)


@pytest.mark.parametrize(
    ("data", "edge", "inside", "outcome"),
    [
        pytest.param(halves(0.0), "high", 1.0, PASS, id="upper bound just below the margin"),
        pytest.param(still(0.0), "high", 1.0, PASS, id="exact upper bound just below the margin"),
        pytest.param(halves(0.3), "low", 0.0, FAIL, id="lower bound just above the margin"),
        pytest.param(still(0.3), "low", 0.0, FAIL, id="exact lower bound just above the margin"),
    ],
)
def test_a_bound_on_the_margin_decides_nothing(data, edge, inside, outcome):
    margin = getattr(bounds(data), edge)
    assert decide(data, margin=margin, alpha=0.05).outcome is INCONCLUSIVE
    assert decide(data, margin=math.nextafter(margin, inside), alpha=0.05).outcome is outcome


def test_a_minimum_detectable_effect_on_the_margin_is_small_enough():
    data = halves(0.0)
    margin = decide(data, margin=0.05, alpha=0.05, criterion="significance").mde
    smaller = math.nextafter(margin, 0)
    assert decide(data, margin=margin, alpha=0.05, criterion="significance").outcome is PASS
    assert decide(data, margin=smaller, alpha=0.05, criterion="significance").outcome is INCONCLUSIVE


def test_the_minimum_detectable_effect():
    data = halves(0.0)
    verdict = decide(data, margin=0.05, alpha=0.05)
    assert verdict.mde == pytest.approx((Z95 + Z80) * effective_se(verdict.change))
    assert verdict.mde >= (Z95 + Z80) * verdict.change.se > 0


@pytest.mark.parametrize(
    ("value", "n", "outcome"),
    [
        pytest.param(0.0, 2, INCONCLUSIVE, id="four that stand still"),
        pytest.param(0.0, 30, INCONCLUSIVE, id="sixty that stand still"),
        pytest.param(0.0, 1000, PASS, id="two thousand that stand still"),
        pytest.param(1.0, 2, INCONCLUSIVE, id="four that moved all the way"),
        pytest.param(0.95, 2, INCONCLUSIVE, id="four that moved almost all the way"),
        pytest.param(0.95, 30, FAIL, id="sixty that moved almost all the way"),
        pytest.param(-0.95, 2, INCONCLUSIVE, id="four that moved down"),
        pytest.param(0.01, 1000, FAIL, id="two thousand that moved a little"),
    ],
)
def test_equal_differences_have_no_standard_error_and_still_an_uncertainty(value, n, outcome):
    verdict = decide(still(value, n), margin=0.05, alpha=0.05, criterion="significance")
    assert verdict.change.se == pytest.approx(0, abs=1e-12)
    assert verdict.outcome is outcome


@pytest.mark.parametrize("criterion", ["noninferiority", "significance"])
@pytest.mark.parametrize("data", [halves(0.0), halves(0.3), halves(0.0, scale=0.4), None])
def test_a_reason_beats_every_number(criterion, data):
    verdict = decide(data, margin=0.05, alpha=0.05, criterion=criterion, invalid=["too dark", "too late"])
    assert verdict.outcome is INVALID
    assert verdict.reasons == ("too dark", "too late")
    assert verdict.items_needed is None
    assert verdict.change == (None if data is None else bounds(data))  # shown, not used


@pytest.mark.parametrize(
    ("data", "settings_", "message"),
    [
        (None, {}, "no differences, and no reason"),
        (halves(0.0), {"margin": 0}, "margin must be between 0 and 1, got 0"),
        (halves(0.0), {"margin": -0.05}, "margin must be between"),
        (halves(0.0), {"margin": 1}, "margin must be between"),
        (halves(0.0), {"margin": math.nan}, "margin must be between"),
        (halves(0.0), {"alpha": 0.5}, "alpha must be in"),
        (halves(0.0), {"criterion": "superiority"}, "no criterion 'superiority'. Known: noninferiority, significance"),
        ({"Yes": [math.nan], "No": [0.0]}, {}, "not finite"),
        ({"Yes": [math.nan], "No": [0.0]}, {"invalid": ["a reason"]}, "not finite"),
        ({"Yes": [], "No": [0.0]}, {}, "at least one value"),
        ({}, {}, "at least one value"),
        ({"Yes": [1.1], "No": [0.0]}, {}, r"outside \[-1, 1\]"),
    ],
)
def test_nonsense_is_refused(data, settings_, message):
    with pytest.raises(ValueError, match=message):
        decide(data, **{"margin": 0.05, "alpha": 0.05, **settings_})


def test_items_needed_follow_the_square_of_the_distance():
    for centre in (0.0, 0.03, 0.08):
        verdict = decide(halves(centre, scale=0.3), margin=0.05, alpha=0.05)
        factor = Z95 * effective_se(verdict.change) / abs(0.05 - verdict.change.value)
        assert verdict.outcome is INCONCLUSIVE
        assert verdict.items_needed == pytest.approx(60 * factor**2, abs=1)


def test_no_number_of_items_settles_a_change_that_is_the_margin():
    data = still(0.5)
    assert decide(data, margin=0.5, alpha=0.05).items_needed is None


@pytest.mark.parametrize(
    ("criterion", "data", "outcome"),
    [
        ("noninferiority", halves(0.0, scale=0.3), PASS),
        ("noninferiority", halves(0.05, scale=0.3), FAIL),
        ("significance", halves(0.0, scale=0.2), PASS),
    ],
)
def test_with_the_items_needed_the_same_data_decide(criterion, data, outcome):
    first = decide(data, margin=0.02, alpha=0.05, criterion=criterion)
    factor = math.ceil(1.1 * first.items_needed / first.change.n)
    again = decide(tiled(data, factor), margin=0.02, alpha=0.05, criterion=criterion)
    fewer = decide(tiled(data, factor // 3), margin=0.02, alpha=0.05, criterion=criterion)
    assert (first.outcome, fewer.outcome, again.outcome) == (INCONCLUSIVE, INCONCLUSIVE, outcome)


@pytest.mark.parametrize("order", permutations(SEVERITY))
def test_worst(order):
    assert worst(order) is FAIL
    assert worst([outcome for outcome in order if outcome is not FAIL]) is INVALID
    assert worst([outcome for outcome in order if outcome in (PASS, INCONCLUSIVE)]) is INCONCLUSIVE
    assert worst([PASS, PASS]) is PASS


def test_nothing_measured_is_no_pass():
    with pytest.raises(ValueError, match="empty"):
        worst([])


@relaxed
@given(differences(), grid.map(abs), st.sampled_from([0.05, 0.2, 0.5]))
def test_more_harm_is_never_a_better_verdict(data, shift, margin):
    shifted = {name: [value + shift for value in values] for name, values in data.items()}
    before, after = (decide(each, margin=margin, alpha=0.05).outcome for each in (data, shifted))
    assert BETTER_TO_WORSE.index(after) >= BETTER_TO_WORSE.index(before)


@relaxed
@given(differences(), grid.map(abs))
def test_a_drift_stays_one_when_it_grows(data, shift):
    shifted = {name: [value + shift for value in values] for name, values in data.items()}
    before, after = (
        decide(each, margin=0.05, alpha=0.05, criterion="significance").outcome for each in (data, shifted)
    )
    assert before is not FAIL or after is FAIL


@relaxed
@given(differences(), st.sampled_from([0.05, 0.2, 0.5]))
@example({"Yes": [0.9, 0.9], "No": [0.9, 0.9]}, 0.2)
@example({"Yes": [0.8, 1.0], "No": [0.8, 1.0]}, 0.4)
def test_no_drift_is_never_said_of_a_change_that_may_be_large(data, margin):
    verdict = decide(data, margin=margin, alpha=0.05, criterion="significance")
    assert verdict.outcome is not PASS or verdict.change.high < 1.4 * margin


def rates(draw):
    """Share of seeded repetitions that passed and that failed."""
    rng = np.random.default_rng(7)
    outcomes = [decide({"Yes": draw(rng), "No": draw(rng)}, margin=0.05, alpha=0.05).outcome for _ in range(REPEATS)]
    return outcomes.count(PASS) / REPEATS, outcomes.count(FAIL) / REPEATS


def error_of(rate):
    return 3.5 * math.sqrt(rate * (1 - rate) / REPEATS)


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda rng: rng.normal(0.05, 0.1, 30), id="normal"),
        pytest.param(lambda rng: (rng.random(30) < 0.05).astype(float), id="one in twenty moves"),
        pytest.param(lambda rng: rng.exponential(0.05, 30).clip(0, 1), id="skewed"),
        pytest.param(lambda rng: 0.1 - rng.exponential(0.05, 30).clip(0, 1), id="skewed the other way"),
        pytest.param(lambda rng: np.where(rng.random(30) < 0.9, 0, rng.random(30)), id="nine in ten tied"),
    ],
)
def test_a_change_as_large_as_the_margin_rarely_passes_and_rarely_fails(draw):
    passed, failed = rates(draw)
    assert passed <= 0.05 + error_of(0.05) + 0.01
    assert failed <= 0.05 + error_of(0.05) + 0.01


@pytest.mark.parametrize(("change", "right"), [(0.0, 0), (0.10, 1)])
def test_a_change_half_or_twice_as_far_is_seen_as_often_as_planned(change, right):
    """Standard error 0.05 / (z 0.95 + z 0.8): planned power 0.8."""
    scale = 0.05 / (Z95 + Z80) * math.sqrt(60)
    found = rates(lambda rng: rng.normal(change, scale, 30))
    assert found[right] == pytest.approx(0.8, abs=error_of(0.8) + 0.02)
    assert found[1 - right] <= 0.01


def test_a_point_estimate_alone_would_pass_half_of_them():
    """The twin: the check above can fail."""
    rng = np.random.default_rng(7)
    below = [np.mean(rng.normal(0.05, 0.1, 60)) < 0.05 for _ in range(REPEATS)]
    assert np.mean(below) > 0.05 + error_of(0.05) + 0.01


def test_another_level_is_used():
    data = still(0.0)
    assert decide(data, margin=0.05, alpha=0.05).outcome is PASS
    assert decide(data, margin=0.05, alpha=0.01).outcome is INCONCLUSIVE
    assert decide(data, margin=0.05, alpha=0.01).change.high == pytest.approx(clopper_pearson(0, 60, alpha=0.01)[1])
