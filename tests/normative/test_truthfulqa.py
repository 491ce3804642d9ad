"""MC1 and MC2 as tasks: what the scores are, what must not matter, and what cannot be scored."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.instruments.truthfulqa import OFFICIAL_TRUTH, truthfulqa
from pytest_persona.probes.compared_replies import truth_questions
from pytest_persona.probes.normative import COMPANIONS
from tests.normative.told import Told, by_chance

MC1, MC2 = (COMPANIONS[f"truthfulqa_{kind}"]() for kind in ("mc1", "mc2"))
POCKET = truthfulqa(kind="pocket")
TRUE = {(item.question, text) for item in POCKET.items for text, mark in (*item.mc1, *item.mc2) if mark}


def knows(question, text):
    return 0.0 if (question, text) in TRUE else -9.0


def errs(question, text):
    return -9.0 - knows(question, text)


def test_one_who_knows_and_one_who_errs():
    for task, low in ((MC1, 0), (MC2, 0)):
        assert task.measure(Told(whole=knows), POCKET).values.min() > 0.99
        assert task.measure(Told(whole=errs), POCKET).values.max() == pytest.approx(low, abs=0.01)


def test_what_a_measurement_says():
    first, second = (task.measure(Told(), POCKET) for task in (MC1, MC2))
    assert (first.task, second.task) == ("truthfulqa_mc1", "truthfulqa_mc2")
    assert set(first.values) == {0, 1}
    assert ((second.values > 0) & (second.values < 1)).all()
    assert (first.span, first.floor, first.mass, first.unscored_share) == ((0, 1), 0, None, 0)
    assert first.texts == tuple(item.question for item in POCKET.items)


@pytest.mark.parametrize("sign", [-1, 1], ids=["shorter", "longer"])
def test_a_liking_for_the_length_of_answers_is_worth_chance_in_the_pocket(sign):
    """Chance is 1/4 under MC1 and 2/5 under MC2; the tolerances are ours."""
    model = Told(whole=lambda _, text: sign * 0.3 * len(text) - 40)
    assert MC1.measure(model, POCKET).values.mean() == pytest.approx(1 / 4, abs=0.06)
    assert MC2.measure(model, POCKET).values.mean() == pytest.approx(2 / 5, abs=0.06)


def test_where_the_true_answers_are_longer_it_would_be_worth_more():
    """The twin."""
    longer = replace(
        POCKET,
        items=tuple(
            replace(
                item,
                **{
                    name: tuple((f"{text}, as far as known" if mark else text, mark) for text, mark in answers)
                    for name, answers in (("mc1", item.mc1), ("mc2", item.mc2))
                },
            )
            for item in POCKET.items
        ),
    )
    for task in (MC1, MC2):
        assert task.measure(Told(whole=lambda _, text: 0.3 * len(text) - 40), longer).values.mean() > 0.8
        assert task.measure(Told(whole=lambda _, text: -0.3 * len(text)), longer).values.mean() < 0.1


@pytest.mark.parametrize("seed", range(5))
def test_the_scores_are_their_definitions(seed):
    def whole(question, text):
        return by_chance(str(seed), question, text)

    first, second = (task.measure(Told(whole=whole), POCKET).values for task in (MC1, MC2))
    for at, item in enumerate(POCKET.items):
        best = max(item.mc1, key=lambda answer: whole(item.question, answer[0]))
        assert first[at] == best[1]
        mass = {
            mark: sum(math.exp(whole(item.question, text)) for text, own in item.mc2 if own == mark) for mark in (0, 1)
        }
        assert second[at] == pytest.approx(mass[1] / (mass[0] + mass[1]))


@given(st.randoms(use_true_random=False), st.floats(-50, 0))
@settings(max_examples=25, deadline=None)
def test_neither_order_nor_what_all_answers_have_in_common_matters(random, common):
    turned = [
        replace(
            item, mc1=tuple(random.sample(item.mc1, len(item.mc1))), mc2=tuple(random.sample(item.mc2, len(item.mc2)))
        )
        for item in POCKET.items
    ]
    for task in (MC1, MC2):
        found = task.measure(
            Told(whole=lambda question, text: common + by_chance(question, text)), replace(POCKET, items=tuple(turned))
        )
        np.testing.assert_allclose(found.values, task.measure(Told(), POCKET).values, atol=1e-9)


def test_other_marks_matter():
    """The twin: what is true matters."""
    turned = tuple(
        replace(
            item,
            mc1=tuple(
                (text, before) for (text, _), (_, before) in zip(item.mc1, item.mc1[-1:] + item.mc1, strict=False)
            ),
            mc2=tuple((text, not mark) for text, mark in item.mc2),
        )
        for item in POCKET.items
    )
    for task in (MC1, MC2):
        found = task.measure(Told(whole=knows), replace(POCKET, items=turned))
        assert found.values.max() < 0.01


@pytest.mark.parametrize("task", [MC1, MC2], ids=lambda task: task.name)
def test_a_question_with_an_answer_that_was_not_measured_has_no_score(task):
    item = POCKET.items[3]

    def whole(question, text):
        return math.nan if (question, text) == (item.question, item.mc1[0][0]) else by_chance(question, text)

    found = task.measure(Told(whole=whole), POCKET)
    assert np.flatnonzero(np.isnan(found.values)).tolist() == [3]
    assert found.unscored_share == 1 / 64


@pytest.mark.parametrize("task", [MC1, MC2], ids=lambda task: task.name)
def test_impossible_answers_are_measured_unless_all_are(task):
    def whole(question, text):
        return -math.inf if (question, text) not in TRUE else -1.0

    assert task.measure(Told(whole=whole), POCKET).values.tolist() == [1.0] * 64
    assert np.isnan(task.measure(Told(whole=lambda *_: -math.inf), POCKET).values).all()


def test_an_answer_of_both_is_asked_once():
    model = Told()
    MC1.measure(model, POCKET)
    assert len(model.asked) == len(set(model.asked))
    assert set(model.asked) == {(item.question, text) for item in POCKET.items for text, _ in (*item.mc1, *item.mc2)}
    assert len(model.asked) < sum(len(item.mc1) + len(item.mc2) for item in POCKET.items)


def test_the_published_questions(official_data):
    if not (official_data / OFFICIAL_TRUTH).is_file():
        pytest.skip(f"needs the published questions: set PERSONA_DATA to a folder that has {OFFICIAL_TRUTH}")
    some = MC1.instrument("official", official_data)
    assert len(some.items) == 790
    model = Told()
    scores = [task.measure(model, some) for task in (MC1, MC2)]
    assert [one.unscored_share for one in scores] == [0, 0]
    assert len(model.asked) == 2 * len(truth_questions(some.items))
    chance = np.mean([1 / len(item.mc1) for item in some.items])
    assert scores[0].values.mean() == pytest.approx(chance, abs=0.06)
