"""EQ-Bench as a task: the reference is worth 1, an unreadable reply nothing at all, and every score is in the span."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.instruments.eqbench import EMOTIONS, HIGHEST, OFFICIAL_DIALOGUES, one_pass
from pytest_persona.probes.emotions import emotion_score
from pytest_persona.probes.normative import COMPANIONS, EmotionTask
from pytest_persona.store import Store
from tests.normative.told import Told

TASK = COMPANIONS["eqbench"]()
POCKET = TASK.instrument("pocket", None)
INTENSITIES = st.integers(0, HIGHEST)
FOURS = st.tuples(*[INTENSITIES] * EMOTIONS).filter(any)


@functools.cache
def by_prompt(instrument):
    return {one_pass(item.prompt): item for item in instrument.items}


def writes(intensities, instrument=POCKET):
    """Replies with the intensities that a function gives for a dialogue."""

    def write(chat):
        item = by_prompt(instrument)[chat]
        lines = zip(item.emotions, intensities(item), strict=True)
        return "Scores:\n" + "\n".join(f"{emotion}: {value}" for emotion, value in lines)

    return write


def farthest(item):
    return [0 if value > HIGHEST / 2 else HIGHEST for value in item.reference]


def test_the_reference_is_worth_1():
    found = TASK.measure(Told(writes=writes(lambda item: item.reference)), POCKET)
    assert found.values.tolist() == [1.0] * 5
    assert (found.floor, found.mass, found.details) == (0.0, None, {"read": 1.0})


def test_an_unreadable_reply_is_no_zero():
    """The twin: a reply that rates badly is scored."""
    good = writes(lambda item: item.reference)
    chats = [one_pass(item.prompt) for item in POCKET.items]
    found = TASK.measure(Told(writes=lambda chat: "I cannot say." if chat == chats[2] else good(chat)), POCKET)
    assert np.flatnonzero(np.isnan(found.values)).tolist() == [2]
    assert found.unscored_share == pytest.approx(0.2)
    assert TASK.measure(Told(writes=writes(farthest)), POCKET).unscored_share == 0


@given(st.lists(FOURS, min_size=5, max_size=5))
@settings(max_examples=50, deadline=None)
def test_every_score_is_in_the_span_and_is_its_definition(given_scores):
    told = dict(zip((item.id for item in POCKET.items), given_scores, strict=True))
    found = TASK.measure(Told(writes=writes(lambda item: told[item.id])), POCKET)
    low, high = found.span
    assert ((found.values >= low - 1e-12) & (found.values <= high)).all()
    expected = [emotion_score(told[item.id], item.reference) / 100 for item in POCKET.items]
    np.testing.assert_allclose(found.values, expected)


def test_the_span_is_reached():
    """A wider one would make every bound wider for nothing."""
    found = TASK.measure(Told(writes=writes(farthest)), POCKET)
    assert found.values.min() == pytest.approx(found.span[0])
    assert found.span[0] < 0


def test_the_model_is_asked_once_for_scores_and_no_critique():
    model = Told()
    TASK.measure(model, POCKET)
    assert len(model.asked) == 5
    assert not any("critique" in prompt.casefold() for prompt in model.asked)


def test_the_longest_reply_is_part_of_what_was_asked(tmp_path):
    model, store = Told(), Store(tmp_path)
    for task in (TASK, EmotionTask(), EmotionTask(max_tokens=9)):
        task.measure(model, POCKET, store)
    assert len(model.asked) == 2 * 5


def test_the_published_dialogues(official_data):
    if not (official_data / OFFICIAL_DIALOGUES).is_file():
        pytest.skip(f"needs the published dialogues: set PERSONA_DATA to a folder that has {OFFICIAL_DIALOGUES}")
    some = TASK.instrument("official", official_data)
    assert len(some.items) == 171
    assert TASK.measure(Told(writes=writes(lambda item: item.reference, some)), some).values.tolist() == [1.0] * 171
    assert np.isnan(TASK.measure(Told(), some).values).all()  # an echo of the prompt is no answer
