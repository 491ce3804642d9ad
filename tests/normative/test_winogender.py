"""Whom a pronoun means: neither the order of the two people nor their names decide, and a tie is no answer."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.winogender import GENDERS, OFFICIAL_SENTENCES
from pytest_persona.probes.compared_replies import pronouns, resolutions
from pytest_persona.probes.normative import COMPANIONS
from tests.normative.readers import POCKET, likes_the_first, likes_work, read, stereotypes, understands
from tests.normative.told import Told, by_chance

CONSISTENCY, ACCURACY = (COMPANIONS[f"winogender_{kind}"]() for kind in ("consistency", "accuracy"))


def values(task, whole, instrument=POCKET):
    return task.measure(Told(whole=whole), instrument).values


def test_one_who_understands_and_one_who_goes_by_the_gender():
    assert values(CONSISTENCY, understands).tolist() == values(ACCURACY, understands).tolist() == [1.0] * 64
    assert values(CONSISTENCY, stereotypes).tolist() == [0.0] * 64
    assert values(ACCURACY, stereotypes).mean() == pytest.approx(0.5)


def test_one_who_always_says_the_same_is_consistent_and_half_right():
    assert values(CONSISTENCY, likes_work).tolist() == [1.0] * 64
    assert values(ACCURACY, likes_work).tolist() == [float(item.answer == 0) for item in POCKET.items]
    assert values(ACCURACY, likes_work).mean() == 0.5


def test_a_name_alone_decides_nothing_about_accuracy():
    """However the words' own probabilities are, the accuracy is a half; what is understood makes the difference."""
    assert values(ACCURACY, lambda _, reply: by_chance(reply)).mean() == 0.5
    assert values(ACCURACY, understands).mean() == 1


def test_what_a_measurement_says():
    first, second = (task.measure(Told(whole=stereotypes), POCKET) for task in (CONSISTENCY, ACCURACY))
    assert (first.floor, second.floor) == (0.5, 0.5)
    assert first.details == second.details
    assert first.mass is None
    assert first.details["occupation_male"] == 1
    assert first.details["occupation_female"] == 0
    assert first.details["right_male"] == first.details["right_female"] == 0.5
    assert first.details["named"] == pytest.approx(math.exp(-1) + math.exp(-2))


def test_the_first_name_alone_decides_nothing():
    for task in (CONSISTENCY, ACCURACY):
        assert task.measure(Told(whole=likes_the_first), POCKET).unscored_share == 1


def test_asked_in_one_order_it_would():
    """The twin."""
    logprobs = np.array([[[[-1.0, -2.0], [-2.0, -1.0]]]])
    assert np.isnan(resolutions(logprobs)).all()
    assert resolutions(logprobs[:, :, :1]).tolist() == [[0.0]]


@given(st.floats(-5, 5), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_how_much_the_first_name_is_liked_does_not_matter(bias, seed):
    def whole(chat, reply, more=0.0):
        item, pronoun, first = read(chat)
        own = -10 + by_chance(str(seed), item.id, pronoun, reply)
        return own + more * (reply.casefold() == first.casefold())

    for task in (CONSISTENCY, ACCURACY):
        np.testing.assert_array_equal(
            values(task, lambda chat, reply: whole(chat, reply, bias)), values(task, whole), err_msg=task.name
        )


@given(st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_which_of_the_two_is_number_0_does_not_matter(seed):
    def whole(chat, reply):
        return by_chance(str(seed), chat, reply)

    swapped = replace(
        POCKET,
        items=tuple(
            replace(item, occupation=item.participant, participant=item.occupation, answer=1 - item.answer)
            for item in POCKET.items
        ),
    )
    for task in (CONSISTENCY, ACCURACY):
        np.testing.assert_array_equal(values(task, whole, swapped), values(task, whole))


def test_another_answer_matters_for_accuracy_alone():
    """The twin of the swap: the answer turned without the names, and the names without the answer."""
    turned = replace(POCKET, items=tuple(replace(item, answer=1 - item.answer) for item in POCKET.items))
    assert values(ACCURACY, understands, turned).tolist() == [0.0] * 64
    assert values(CONSISTENCY, understands, turned).tolist() == [1.0] * 64
    swapped = replace(
        POCKET,
        items=tuple(replace(item, occupation=item.participant, participant=item.occupation) for item in POCKET.items),
    )
    np.testing.assert_allclose(values(ACCURACY, by_chance, swapped), 1 - values(ACCURACY, by_chance))
    np.testing.assert_array_equal(values(CONSISTENCY, by_chance, swapped), values(CONSISTENCY, by_chance))


def test_a_sentence_that_was_not_measured_has_no_score():
    item = POCKET.items[5]

    def whole(chat, reply):
        return math.nan if chat.startswith(item.sentences["neutral"]) else understands(chat, reply)

    assert np.flatnonzero(np.isnan(values(ACCURACY, whole))).tolist() == [5]
    assert values(CONSISTENCY, whole)[5] == 1  # it does not ask the neutral pronoun


def test_both_ask_the_same_and_everything_in_both_orders():
    models = Told(), Told()
    for task, model in zip((CONSISTENCY, ACCURACY), models, strict=True):
        task.measure(model, POCKET)
    assert models[0].asked == models[1].asked
    assert len(set(models[0].asked)) == 64 * 3 * 2 * 2
    firsts = [read(chat)[2] for chat, _ in models[0].asked]
    assert firsts.count("the beekeeper") == firsts.count("the neighbour")


def test_sentences_without_a_pronoun_are_refused():
    item = replace(POCKET.items[0], sentences=dict.fromkeys(GENDERS, "The beekeeper waved."))
    with pytest.raises(InstrumentError, match=r"beekeeper\.neighbour\.0: its sentences do not differ"):
        pronouns(item)


def test_someone_gets_no_article():
    item = replace(POCKET.items[0], participant="someone")
    model = Told()
    ACCURACY.measure(model, replace(POCKET, items=(item,)))
    assert {reply for _, reply in model.asked} == {"The beekeeper", "Someone"}
    assert all("or someone?" in chat or ": someone or" in chat for chat, _ in model.asked)


def test_the_published_sentences(official_data):
    if not (official_data / OFFICIAL_SENTENCES).is_file():
        pytest.skip(f"needs the published sentences: set PERSONA_DATA to a folder that has {OFFICIAL_SENTENCES}")
    some = ACCURACY.instrument("official", official_data)
    assert len(some.items) == 240
    forms = {tuple(pronouns(item)[gender] for gender in GENDERS) for item in some.items}
    assert forms == {("he", "she", "they"), ("his", "her", "their"), ("him", "her", "them")}
    assert sum(item.answer for item in some.items) == 120
    model = Told(whole=lambda _, reply: by_chance(reply))
    assert ACCURACY.measure(model, some).values.mean() == 0.5
    assert len(model.asked) == 240 * 12
