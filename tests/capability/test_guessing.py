"""Companions of which a guesser has something to lose, or nothing: what a pass then says, and what is no pass."""

import numpy as np
import pytest

from pytest_persona import VerdictError, assert_normative_stable
from pytest_persona.flags import DEFAULT_COMPANIONS
from pytest_persona.instruments.truthfulqa import truthfulqa
from pytest_persona.performance import GUESSES
from pytest_persona.probes.normative import COMPANIONS
from pytest_persona.verdict import Outcome
from tests.capability.by_hand import records_of
from tests.normative.readers import likes_work, read, stereotypes, understands
from tests.normative.told import Told, by_chance

PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
TRUTHS = truthfulqa(kind="pocket").items
TRUE = {(item.question, text) for item in TRUTHS for text, mark in (*item.mc1, *item.mc2) if mark}


def constant(*_):
    return -5.0


def knows(question, text):
    return -1.0 if (question, text) in TRUE else -9.0


def errs(question, text):
    return -10 - knows(question, text)


def record_of(companion, base, tuned, margin=0.1, **settings):
    """The record of a companion on two models that answer by functions."""
    models = Told("tuned", whole=tuned), Told("base", whole=base)
    (record,) = records_of(assert_normative_stable, *models, companions=[companion], margin=margin, **settings)
    return record


@pytest.mark.parametrize(
    ("companion", "guesser", "level"),
    [("truthfulqa_mc1", by_chance, 0.25), ("truthfulqa_mc2", by_chance, 0.4), ("truthfulqa_mc2", constant, 0.4)],
)
def test_a_pass_on_a_base_that_guesses_at_the_truth_says_so(companion, guesser, level):
    record = record_of(companion, guesser, guesser)
    assert record.outcome is PASS
    assert record.base.level.value == pytest.approx(level, abs=0.1)
    assert record.checks["guessing_scores"] == pytest.approx(level)
    assert GUESSES in record.labels


@pytest.mark.parametrize("companion", ["truthfulqa_mc1", "truthfulqa_mc2"])
def test_a_base_that_knows_the_truth_needs_no_such_word(companion):
    """The twin."""
    record = record_of(companion, knows, knows)
    assert record.outcome is PASS
    assert GUESSES not in record.labels
    assert record.checks["guessing_scores"] == pytest.approx(0.25 if companion == "truthfulqa_mc1" else 0.4)


@pytest.mark.parametrize("companion", ["truthfulqa_mc1", "truthfulqa_mc2"])
def test_a_guesser_that_takes_up_misconceptions_is_seen_to_fall(companion):
    """Why guessing is not the floor of these two."""
    record = record_of(companion, by_chance, errs)
    assert record.outcome is FAIL
    assert record.tuned.level.value < 0.01
    assert GUESSES in record.labels


@pytest.mark.parametrize("name", ["truthfulqa_mc1", "truthfulqa_mc2"])
def test_what_guessing_scores_is_what_guessers_do(name):
    task = COMPANIONS[name]()
    some = task.instrument("pocket", None)

    def by_seed(seed):
        return lambda question, text: by_chance(str(seed), question, text)

    found = [task.measure(Told(whole=by_seed(seed)), some) for seed in range(50)]
    assert np.mean([each.values.mean() for each in found]) == pytest.approx(found[0].guessing, abs=0.02)


@pytest.mark.parametrize("name", sorted(COMPANIONS))
def test_nothing_falls_unseen_that_guessers_have_not(name):
    """A floor above what guessing scores would hide the loss of an ability."""
    task = COMPANIONS[name]()
    found = task.measure(Told(writes=lambda chat: ""), task.instrument("pocket", None))
    assert found.span[0] <= found.floor <= found.guessing < found.span[1]


# the same person in both genders, without reading


def half(chat, reply):
    """Understands half of the items and names whoever works in the rest, whatever the gender."""
    item, _, _ = read(chat)
    return (understands if len(item.occupation) % 2 else likes_work)(chat, reply)


@pytest.mark.parametrize("criterion", ["noninferiority", "equivalence"])
def test_a_fixed_preference_is_no_consistency(criterion):
    record = record_of("winogender_consistency", likes_work, likes_work, criterion=criterion)
    assert (record.base.level.value, record.outcome, record.items_needed) == (1.0, INCONCLUSIVE, None)
    assert record.reasons == tuple(
        f"the {side} model's accuracy is 0.500, at least {record.checks[f'{side}_accuracy_at_least']:.3f}, where "
        "guessing scores 0.500: one that always names the same person is as consistent without reading"
        for side in ("base", "tuned")
    )


def test_one_who_understands_passes():
    """The twin."""
    record = record_of("winogender_consistency", understands, understands)
    assert (record.outcome, record.reasons) == (PASS, ())
    assert record.checks["base_accuracy_at_least"] > 0.9


def test_consistency_that_is_left_when_reading_is_lost_is_no_pass():
    record = record_of("winogender_consistency", understands, likes_work)
    assert record.outcome is INCONCLUSIVE
    (reason,) = record.reasons
    assert reason.startswith("the tuned model's accuracy is 0.500")


@pytest.mark.parametrize("base", [understands, likes_work])
def test_consistency_that_is_lost_fails_whoever_had_it(base):
    assert record_of("winogender_consistency", base, stereotypes).outcome is FAIL


def test_a_base_that_understands_enough_is_read():
    record = record_of("winogender_consistency", half, half)
    assert record.base.details["right_neutral"] == pytest.approx(0.75, abs=0.1)
    assert record.outcome is PASS


def test_the_accuracy_beside_it_costs_nothing():
    model = Told(whole=understands)
    for name in ("winogender_accuracy", "winogender_consistency"):
        found = COMPANIONS[name]().measure(model, COMPANIONS[name]().instrument("pocket", None))
        assert (found.needs is None) == (name == "winogender_accuracy")
    assert len(model.asked) == 2 * len(set(model.asked))


@pytest.mark.parametrize("companion", ["winogender_accuracy", "toxigen"])
def test_a_guesser_at_the_others_has_nothing_to_lose(companion):
    some = {"companions": [companion], "margin": 0.1}
    (record,) = records_of(assert_normative_stable, Told("tuned"), Told("base"), **some)
    assert record.outcome in (INCONCLUSIVE, Outcome.INVALID)
    assert GUESSES not in record.labels  # the reason says it


def test_the_demo_asks_nothing_that_can_only_stay_undecided():
    assert DEFAULT_COMPANIONS["pocket"] == ("truthfulqa_mc1", "truthfulqa_mc2")


def test_the_words_stand_in_a_failure():
    with pytest.raises(VerdictError, match=GUESSES):
        assert_normative_stable(
            Told("tuned", whole=errs), Told("base", whole=by_chance), companions=["truthfulqa_mc1"], margin=0.1
        )
