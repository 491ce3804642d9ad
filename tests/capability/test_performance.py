"""From two models' scores to a record: each verdict, each reason why one does not count, and what is never green."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.performance import GUESSES, METRIC, score_record
from pytest_persona.record import from_plain, to_plain
from pytest_persona.report.chart import levels_charts
from pytest_persona.stats import clopper_pearson, paired_binary
from pytest_persona.verdict import Outcome
from pytest_persona.wording import explain, headline, levels, limit_text
from tests.capability.by_hand import ByHand, Named, Tuned, items, record_of, scores
from tests.report.reading import Page

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
relaxed = settings(deadline=None, max_examples=40)


def shares(n, *right):
    """Scores with that share of ones, from the first item on."""
    return [np.array([1.0] * round(share * n) + [0.0] * (n - round(share * n))) for share in right]


def pair(before, after, n=200, **changes):
    one, other = shares(n, before, after)
    return scores(other, "tuned", **changes), scores(one, "base", **changes)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [(0.8, 0.8, PASS), (0.8, 0.78, PASS), (0.8, 0.9, PASS), (0.8, 0.7, INCONCLUSIVE), (0.8, 0.5, FAIL), (0.8, 0, FAIL)],
)
def test_a_fall_is_compared_with_the_margin(before, after, outcome):
    record = record_of(*pair(before, after))
    assert (record.outcome, record.criterion, record.floor) == (outcome, "noninferiority", None)
    assert record.change.value == pytest.approx(before - after)
    assert record.change.method.startswith(("score", "exact"))


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [(0.8, 0.8, PASS), (0.8, 0.9, INCONCLUSIVE), (0.6, 0.9, FAIL), (0.9, 0.6, FAIL)],
)
def test_a_band_accepts_no_rise_either(before, after, outcome):
    record = record_of(*pair(before, after), criterion="equivalence")
    assert (record.outcome, record.criterion, record.floor) == (outcome, "equivalence", -0.1)
    assert limit_text(record) == "-0.100 to +0.100"


@pytest.mark.parametrize(("share", "outcome"), [(0.8, PASS), (0.5, INCONCLUSIVE), (0.2, FAIL)])
def test_the_score_itself(share, outcome):
    record = record_of(scores(shares(200, share)[0]), margin=0.5)
    assert (record.outcome, record.criterion, record.margin, record.floor) == (outcome, "absolute", None, 0.5)
    assert (record.change.low, record.change.high) == clopper_pearson(round(share * 200), 200, alpha=0.05)
    assert record.base.name == ""
    assert record.movers == ()


@relaxed
@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_the_fall_is_the_paired_change_turned_round(n, seed):
    one, other = np.random.default_rng(seed).integers(0, 2, (2, n)).astype(float)
    change = record_of(scores(other, "tuned"), scores(one, "base")).change
    rise = paired_binary(one, other, alpha=0.05)
    assert (change.value, change.low, change.high) == pytest.approx((-rise.value, -rise.high, -rise.low), abs=1e-9)


@relaxed
@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_graded_scores_have_bounds_within_their_scale(n, seed):
    one, other = np.random.default_rng(seed).uniform(-1, 1, (2, n))
    record = record_of(*(scores(each, name, span=(-1.0, 1.0)) for each, name in ((other, "tuned"), (one, "base"))))
    change = record.change
    assert -2 <= change.low <= change.value <= change.high <= 2
    assert change.low < change.high
    assert change.value == pytest.approx(float((one - other).mean()))


def test_equal_answers_have_a_width():
    change = record_of(*pair(0.8, 0.8, n=20)).change
    assert change.high == pytest.approx(clopper_pearson(0, 20, alpha=0.05)[1])
    assert record_of(*pair(0.8, 0.8, n=20)).outcome is INCONCLUSIVE


# what a base could never do


@pytest.mark.parametrize(
    ("level", "floor", "outcome"),
    [(0.9, 0.25, PASS), (0.25, 0.25, INCONCLUSIVE), (0.4, 0.25, INCONCLUSIVE), (0.05, 0.0, INCONCLUSIVE)],
)
@pytest.mark.parametrize("criterion", ["noninferiority", "equivalence"])
def test_a_base_that_may_be_guessing_never_passes(level, floor, outcome, criterion):
    record = record_of(*pair(level, level, floor=floor), criterion=criterion)
    assert record.outcome is outcome
    if outcome is INCONCLUSIVE:
        assert "cannot be seen to fall" in headline(record)
        assert record.items_needed is None


def test_a_fail_stands_whatever_the_base_could_do():
    assert record_of(*pair(0.3, 0.0, floor=0.25)).outcome is FAIL


@pytest.mark.parametrize("level", [0.3, 0.6])
def test_a_floor_below_guessing_lets_a_guesser_pass_with_a_word(level):
    record = record_of(*pair(level, level, floor=0.0, guessing=0.25))
    assert record.outcome is PASS
    assert record.checks["guessing_scores"] == 0.25
    assert (GUESSES in record.labels) == (level == 0.3)


def test_what_cannot_fall_below_its_floor_says_what_that_is():
    record = record_of(*pair(0.15, 0.15, floor=0.1, guessing=0.25))
    assert record.outcome is INCONCLUSIVE
    assert "where having lost everything scores 0.100" in record.reasons[0]
    assert GUESSES not in record.labels


@relaxed
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 0.5), st.floats(0, 0.9))
def test_no_pass_without_a_level_above_guessing_and_limit(before, after, margin, floor):
    record = record_of(*pair(before, after, n=40, floor=floor), margin=margin)
    if record.outcome is PASS:
        assert record.base.level.low > floor + margin
        assert record.change.high < margin


@pytest.mark.parametrize(("minimum", "outcome"), [(0.2, INCONCLUSIVE), (0.25, INCONCLUSIVE), (0.3, PASS)])
def test_a_minimum_that_guessing_passes_is_never_passed(minimum, outcome):
    record = record_of(scores(shares(200, 0.9)[0], floor=0.25), margin=minimum)
    assert record.outcome is outcome
    assert ("guessing scores 0.250" in headline(record)) == (outcome is INCONCLUSIVE)


# what does not count


def test_unscored_items_widen_and_then_invalidate():
    tuned, base = pair(0.8, 0.8)
    some, many = (np.where(np.arange(200) < lost, np.nan, tuned.values) for lost in (8, 11))
    whole, widened = record_of(tuned, base), record_of(replace(tuned, values=some), base)
    assert widened.outcome is not INVALID
    assert widened.change.low <= whole.change.low < whole.change.high < widened.change.high
    assert widened.change.value == 0
    for one, other in ((replace(tuned, values=many), base), (tuned, replace(base, values=many))):
        record = record_of(one, other)
        assert record.outcome is INVALID
        assert "could not be scored" in record.reasons[0]


@relaxed
@given(st.integers(0, 2**32 - 1))
def test_bounds_hold_whatever_the_unscored_items_would_have_been(seed):
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 2, (2, 60)).astype(float)
    lost, taken = rng.choice(60, 3, replace=False), rng.integers(0, 2, 3)
    gone, filled = other.copy(), other.copy()
    gone[lost], filled[lost] = np.nan, taken
    told, true = (record_of(scores(each, "tuned"), scores(one, "base")).change for each in (gone, filled))
    assert told.low <= true.low + 1e-9
    assert told.high >= true.high - 1e-9


@pytest.mark.parametrize("axis", ["capability", "normative"])
@pytest.mark.parametrize("side", ["tuned", "base"])
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"values": np.full(200, np.nan)}, "100.0% of the {side} model's answers could not be scored"),
        ({"values": np.full(200, np.inf)}, "the {side} model's scores are not 200 numbers from 0 to 1"),
        ({"values": np.full(200, -0.1)}, "the {side} model's scores are not 200 numbers from 0 to 1"),
        ({"values": np.ones(199)}, "the {side} model's scores are not 200 numbers"),
        ({"mass": 0.049}, "the {side} model gives all answers together a probability of 0.0490 (0.05 needed)"),
        ({"mass": math.nan}, "the {side} model gives all answers together a probability of nan"),
        ({"mass": 1.5}, "the {side} model gives all answers together more than 1"),
        ({"prompt": "another"}, "different prompts"),
        ({"task": "another"}, "different tasks"),
        ({"span": (0.0, 2.0)}, "different scales"),
        ({"instrument": replace(items(200), sha256="6" * 64)}, "different instruments"),
        ({"texts": tuple(map(str, range(200)))}, "different items"),
    ],
)
def test_what_does_not_count_is_invalid_on_either_side(axis, side, changes, says):
    both = dict(zip(("tuned", "base"), pair(0.8, 0.8), strict=True))
    both[side] = replace(both[side], **changes)
    record = record_of(both["tuned"], both["base"], axis=axis)
    assert (record.outcome, record.metric) == (INVALID, METRIC[axis])
    assert says.format(side=side) in "; ".join(record.reasons)
    assert explain(record)
    assert from_plain(json.loads(json.dumps(to_plain(record), allow_nan=False))) == record


def test_a_level_that_does_not_count_is_invalid():
    for changes in ({"mass": 0.01}, {"values": np.full(200, np.nan)}, {"values": np.full(200, 7.0)}):
        assert record_of(replace(scores(np.ones(200)), **changes), margin=0.5).outcome is INVALID


def test_the_same_model_twice_compares_nothing():
    tuned, _ = pair(0.8, 0.8)
    record = record_of(tuned, tuned)
    assert record.outcome is INVALID
    assert "same model" in record.reasons[-1]


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize(("change", "outcome"), [(1.0, PASS), (0.0, INVALID), (math.nan, INVALID)])
def test_the_proof_says_whether_the_adapter_is_applied_not_the_answers(change, outcome, absolute):
    base = Named("base")
    tuned = Tuned(base, change=change)
    values = shares(200, 0.8)[0]
    some = [scores(values, "base"), scores(values, tuned.name)]
    task = ByHand(*some)
    against = None if absolute else base
    record = score_record(task, tuned, against, items(200), None, margin=0.1, alpha=0.05, criterion="noninferiority")
    assert record.outcome is outcome
    assert record.checks["adapter_base_logits"] is change


def test_an_adapter_on_another_base_is_invalid():
    task = ByHand(*(scores(np.ones(200), name) for name in ("base", "tuned 1.0")))
    tuned = Tuned(Named("another"))
    record = score_record(
        task, tuned, Named("base"), items(200), None, margin=0.1, alpha=0.05, criterion="noninferiority"
    )
    assert record.outcome is INVALID
    assert "not an adapter on base" in record.reasons[0]


def test_an_unknown_criterion_is_refused():
    with pytest.raises(ValueError, match="Known: noninferiority, equivalence"):
        record_of(*pair(0.8, 0.8), criterion="significance")


# what is said


def test_a_failure_says_what_how_much_and_on_what():
    record = record_of(*pair(0.8, 0.5))
    assert headline(record).startswith("task accuracy moved by -0.300 [-0.35")
    assert headline(record).endswith("against the base (limit -0.100)")
    assert levels(record) == "accuracy 0.800 → 0.500 on 200 paired items"
    level = record_of(scores(shares(200, 0.2)[0]), margin=0.5)
    assert "task accuracy is 0.200 [0.1" in headline(level)
    assert headline(level).endswith("(limit 0.5 or more)")
    assert levels(level) == "accuracy 0.200 on 200 items"


def test_movers_are_told_in_the_scores_own_direction():
    record = record_of(*pair(0.8, 0.5))
    assert len(record.movers) == 10
    assert {mover["change"] for mover in record.movers} == {-1.0}
    assert record.movers[0]["text"] == record.movers[0]["id"] == "item 100"


@pytest.mark.parametrize("base", [0.8, 0.02])
def test_the_chart_draws_the_limit_below_the_base(base):
    record = record_of(*pair(base, base))
    (drawing,) = levels_charts([record])
    assert drawing.title == "accuracy"
    from pytest_persona.metrics import METRICS
    from pytest_persona.report.chart import _limits

    assert _limits(record, METRICS["accuracy"]) == [pytest.approx(base - 0.1)]


@pytest.mark.parametrize("margin", [0.1, 0.5])
def test_a_page_shows_scores_of_both_axes(margin):
    some = [
        record_of(*pair(0.8, 0.5, mass=0.4)),
        record_of(*pair(0.8, 0.8), axis="normative", criterion="equivalence"),
        record_of(scores(shares(200, 0.9)[0]), margin=margin),
        record_of(*pair(0.8, 0.7, mass=0.01)),
    ]
    page = Page(*some)
    for record in some:
        assert headline(record) in page.text
    assert "probability of all answers together 0.400" in page.text
    assert "Yes and No" not in page.text
    assert "None" not in page.text
