"""A score is a number from 0 to 1, and what could not be judged is none."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.judges import SUCCESS, Judge, Score, Unscored
from pytest_persona.judges.score import paired


@given(st.floats(0, 1))
def test_success_begins_at_the_threshold(value):
    assert Score(value).success == (value >= SUCCESS)


@given(st.floats().filter(lambda value: not 0 <= value <= 1))
def test_no_other_number_is_a_score(value):
    with pytest.raises(ValueError, match=r"a score is in \[0, 1\]"):
        Score(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.001, 1.001])
def test_nan_and_what_lies_outside_are_refused(value):
    with pytest.raises(ValueError, match="got"):
        Score(value)


def test_an_unscored_reply_has_no_value():
    mark = Unscored("no answer", "raw")
    assert not hasattr(mark, "value")
    assert not hasattr(mark, "success")


def test_texts_come_in_pairs():
    assert paired(["a", "b"], ["c", "d"]) == [("a", "c"), ("b", "d")]
    with pytest.raises(ValueError, match="2 prompts and 1 replies: one reply a prompt"):
        paired(["a", "b"], ["c"])
    with pytest.raises(ValueError, match=r"write judge\(\[prompt\], \[reply\]\)"):
        paired("ab", "cd")


def test_the_protocol_can_be_missed():
    assert not isinstance(object(), Judge)
