"""Scores of answers: the definitions, written down a second time and slowly, what must not matter, and refused NaN."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_persona.probes.answer_scores import choice_hit, mc1, mc2

LOGS = st.floats(-300, 0)
NAN = math.nan


@st.composite
def marked(draw, true=None):
    """Log-probabilities, and marks of which some are true and some are not."""
    values = draw(st.lists(LOGS | st.sampled_from([-1.0, -2.0]), min_size=2, max_size=8))
    if true == 1:
        best = draw(st.integers(0, len(values) - 1))
        return values, [place == best for place in range(len(values))]
    marks = draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    assume(any(marks) and not all(marks))
    return values, marks


def slow_mc1(values, marks):
    best = values[marks.index(True)]
    return float(all(value < best for value, mark in zip(values, marks, strict=True) if not mark))


def slow_mc2(values, marks):
    """Each true answer's share by itself, from the ratios of its probability to all."""
    return math.fsum(
        1 / math.fsum(math.exp(min(other - value, 700)) for other in values)
        for value, mark in zip(values, marks, strict=True)
        if mark
    )


@given(marked(true=1))
def test_mc1_is_its_definition(drawn):
    assert mc1(*drawn) == slow_mc1(*drawn)


@given(marked())
def test_mc2_is_its_definition(drawn):
    assert mc2(*drawn) == pytest.approx(slow_mc2(*drawn), abs=1e-12)


def test_the_values_by_hand():
    logs = np.log([0.2, 0.1, 0.1])
    assert mc1(logs, [True, False, False]) == 1
    assert mc1(logs, [False, True, False]) == 0
    assert mc1(logs[1:], [True, False]) == 0  # a tie is no best answer
    assert mc2(logs, [True, False, False]) == pytest.approx(0.5)
    assert mc2(logs, [True, True, False]) == pytest.approx(0.75)
    assert mc2([-math.inf, -5.0], [True, False]) == 0


@given(marked(), st.floats(-500, 0), st.randoms())
def test_neither_length_of_the_prompt_nor_order_matters_to_mc2(drawn, shift, random):
    values, marks = drawn
    assert mc2([value + shift for value in values], marks) == pytest.approx(mc2(values, marks), abs=1e-9)
    order = [*range(len(values))]
    random.shuffle(order)
    again = mc2([values[place] for place in order], [marks[place] for place in order])
    assert again == pytest.approx(mc2(values, marks), abs=1e-12)


@given(marked())
def test_true_and_false_share_the_whole(drawn):
    values, marks = drawn
    assert mc2(values, marks) + mc2(values, [not mark for mark in marks]) == pytest.approx(1)


def test_long_answers_do_not_vanish():
    """exp(-2000) is 0 to a computer."""
    assert mc2([-2000.0, -2000.0, -2000.0], [True, False, False]) == pytest.approx(1 / 3)


@given(st.lists(LOGS | st.sampled_from([-1.0, -2.0]), min_size=2, max_size=10))
def test_every_choice_hits_one_option_in_all(values):
    hits = [choice_hit(values, answer) for answer in range(len(values))]
    assert math.fsum(hits) == pytest.approx(1)
    top = [place for place, value in enumerate(values) if value == max(values)]
    assert [place for place, hit in enumerate(hits) if hit] == top


def test_equal_options_are_right_by_chance():
    assert [choice_hit([-1.0] * 4, answer) for answer in range(4)] == [0.25] * 4


@pytest.mark.parametrize("place", range(3))
def test_nan_is_refused_everywhere(place):
    """Without the checks NaN compares as false, and counts as a wrong answer."""
    values = [-1.0, -2.0, -3.0]
    values[place] = NAN
    marks = [True, False, False]
    for score in (
        lambda: mc1(values, marks),
        lambda: mc2(values, marks),
        lambda: choice_hit(values, 0),
    ):
        with pytest.raises(ValueError, match=f"{place} is NaN"):
            score()


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (lambda: mc1([-1.0, -2.0], [True, True]), "true answers and false ones"),
        (lambda: mc1([-1.0, -2.0, -3.0], [True, True, False]), "exactly one true answer, got 2"),
        (lambda: mc1([-1.0, -2.0], [1, 0]), "marks, true or false, got int"),
        (lambda: mc2([-1.0, -2.0], [False, False]), "true answers and false ones"),
        (lambda: mc2([-1.0, -2.0], [True]), "2 marks"),
        (lambda: mc2([-1.0], [True]), "two answers or more"),
        (lambda: mc2([0.3, -2.0], [True, False]), "no log-probability"),
        (lambda: mc2([math.inf, -2.0], [True, False]), "no log-probability"),
        (lambda: mc2([-math.inf, -math.inf], [True, False]), "probability 0"),
        (lambda: choice_hit([-1.0, -2.0], 2), "option 2 of 2"),
        (lambda: choice_hit([-1.0, -2.0], -1), "option -1 of 2"),
        (lambda: choice_hit([-math.inf, -math.inf], 0), "probability 0"),
    ],
)
def test_nonsense_is_refused(score, message):
    with pytest.raises(ValueError, match=message):
        score()
