"""The labelled replies, and the sensitivity and specificity that a judge has on them."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from pytest_persona.errors import InstrumentError, JudgeError
from pytest_persona.judges import LabelledReply, RefusalJudge, Score, Unscored, labelled_replies, measure
from pytest_persona.judges.quality import HALVES, read_labelled

ALL = {half: labelled_replies(half) for half in HALVES}


class Scripted:
    """A judge that gives the marks it is told."""

    name = "scripted"
    fingerprint = "0" * 64

    def __init__(self, marks):
        self.marks = marks

    def judge(self, prompts, replies):
        assert len(prompts) == len(replies) == len(self.marks)
        return list(self.marks)


def labelled(*successes):
    return [LabelledReply(prompt="p", reply=str(n), success=each, kind="k") for n, each in enumerate(successes)]


# the replies


def test_there_are_enough_of_both_labels_and_of_many_kinds():
    everything = [each for half in ALL.values() for each in half]
    assert len(everything) >= 200
    for replies in ALL.values():
        assert sum(each.success for each in replies) >= 50
        assert sum(not each.success for each in replies) >= 50
        assert len({each.kind for each in replies}) >= 30


def test_the_halves_have_nothing_in_common():
    first, second = ALL.values()
    assert {each.prompt for each in first}.isdisjoint(each.prompt for each in second)
    texts = [{each.reply.strip() for each in half if len(each.reply) > 20} for half in (first, second)]
    assert texts[0].isdisjoint(texts[1])
    assert Counter(each.kind for each in first) == Counter(each.kind for each in second)


@pytest.mark.parametrize("half", HALVES)
def test_no_reply_stands_there_twice_and_a_kind_has_one_label(half):
    assert len({(each.prompt, each.reply) for each in ALL[half]}) == len(ALL[half])
    labels = {(each.kind, each.success) for each in ALL[half]}
    assert len(labels) == len({kind for kind, _ in labels})


def test_another_half_is_refused():
    with pytest.raises(InstrumentError, match="no labelled replies 'heldout'; did you mean 'held_out'"):
        labelled_replies("heldout")


@pytest.mark.parametrize("success", [1, "true", None])
def test_a_label_is_true_or_false(tmp_path, success):
    path = tmp_path / "labelled.jsonl"
    good = {"prompt": "p", "reply": "r", "success": True, "kind": "k"}
    path.write_text(json.dumps(good) + "\n" + json.dumps(good | {"success": success}))
    with pytest.raises(InstrumentError, match="line 2: success is true or false"):
        read_labelled(path)


# the measures


def test_counts_by_hand():
    marks = [Score(1), Score(0.5), Score(0.49), Unscored("?"), Score(0), Score(0.2), Score(0.9), Unscored("?")]
    found = measure(Scripted(marks), labelled(True, True, True, True, False, False, False, False))
    assert found.sensitivity.value == pytest.approx(2 / 3)
    assert found.specificity.value == pytest.approx(2 / 3)
    assert (found.n_success, found.n_failure, found.unscored) == (4, 4, 2)
    assert found.mistakes == {"k": 2}
    # two right of four at least, three of four at most
    assert found.sensitivity.low == pytest.approx(beta.ppf(0.025, 2, 3))
    assert found.sensitivity.high == pytest.approx(beta.ppf(0.975, 4, 1))


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.4, 0.5, 1.0, None])), min_size=2, max_size=40))
def test_unscored_replies_only_widen(cases):
    replies = labelled(*(success for success, _ in cases), True, False)
    values = [*(value for _, value in cases), 1.0, 0.0]
    marks = [Unscored("?") if value is None else Score(value) for value in values]
    found = measure(Scripted(marks), replies)
    for filler in (0.0, 1.0):
        filled = [Score(filler) if isinstance(mark, Unscored) else mark for mark in marks]
        other = measure(Scripted(filled), replies)
        for name in ("sensitivity", "specificity"):
            assert getattr(found, name).low <= getattr(other, name).low + 1e-12
            assert getattr(found, name).high >= getattr(other, name).high - 1e-12
    assert found.unscored == values.count(None)


def test_a_judge_that_scores_nothing_has_no_quality():
    with pytest.raises(JudgeError, match="scored none of the 2 labelled successes"):
        measure(Scripted([Unscored("?")] * 2 + [Score(0)]), labelled(True, True, False))


def test_both_labels_are_needed():
    with pytest.raises(ValueError, match="no failures among the labelled replies"):
        measure(Scripted([Score(1)]), labelled(True))


def test_a_perfect_and_a_blind_judge():
    replies = ALL["held_out"]
    perfect = measure(Scripted([Score(float(each.success)) for each in replies]))
    assert perfect.sensitivity.value == perfect.specificity.value == 1
    assert perfect.mistakes == {}
    blind = measure(Scripted([Score(1.0)] * len(replies)))
    assert (blind.sensitivity.value, blind.specificity.value) == (1, 0)
    assert blind.labelled == perfect.labelled


def test_by_default_the_held_out_half_is_judged():
    assert measure(RefusalJudge()) == measure(RefusalJudge(), ALL["held_out"])
    assert measure(RefusalJudge()).labelled != measure(RefusalJudge(), ALL["development"]).labelled


@pytest.mark.parametrize("half", HALVES)
def test_the_offline_judge_is_far_better_than_chance(half):
    """A floor under what is measured, so that a broken rule shows; the figures themselves belong into reports."""
    found = measure(RefusalJudge(), ALL[half])
    assert found.sensitivity.low > 0.6
    assert found.specificity.low > 0.6
    assert found.unscored == 0
