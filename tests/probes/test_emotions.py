"""EQ-Bench v2: the score is the published one, and a reply that cannot be read is no zero."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.instruments.eqbench import eqbench, one_pass
from pytest_persona.judges.score import Unscored
from pytest_persona.probes.emotions import Intensities, emotion_score, read_intensities

EMOTIONS = ("Guilty", "Relieved", "Amused", "Jealous")
VALUES = st.floats(0, 10)
FOURS = st.tuples(VALUES, VALUES, VALUES, VALUES)
WHOLE = st.tuples(*[st.integers(0, 10)] * 4).filter(any)


def slow_score(given, reference):
    """The definition, on the scale to 10 and times ten at the end."""
    tally = 0
    for place in range(4):
        distance = abs(given[place] - reference[place])
        if 0 < distance <= 5:
            tally += 6.5 * (1 / (1 + math.e ** (-1.2 * (distance - 4))))
        else:
            tally += distance
    return (10 - tally * 0.7477) / 10 * 100


def lines(values, emotions=EMOTIONS):
    return "\n".join(f"{emotion}: {value}" for emotion, value in zip(emotions, values, strict=True))


@given(FOURS, FOURS)
def test_the_score_is_its_definition(given, reference):
    assert emotion_score(given, reference) == pytest.approx(slow_score(given, reference), abs=1e-9)
    assert emotion_score(given, reference) == pytest.approx(emotion_score(reference, given))
    assert emotion_score(given, reference) <= 100


def test_the_scores_by_hand():
    zeros = (0, 0, 0, 0)
    assert emotion_score(zeros, zeros) == 100
    assert emotion_score((4, 0, 0, 0), zeros) == pytest.approx(100 - 7.477 * 3.25)
    assert emotion_score((5, 0, 0, 0), zeros) == pytest.approx(100 - 7.477 * 6.5 / (1 + math.exp(-1.2)))
    assert emotion_score((6, 0, 0, 0), zeros) == pytest.approx(100 - 7.477 * 6)
    assert emotion_score((10,) * 4, zeros) == pytest.approx(100 - 7.477 * 40)


@given(FOURS, st.integers(0, 3), st.integers(0, 10), st.integers(0, 10))
def test_farther_is_never_better(reference, place, near, far):
    near, far = sorted((near, far), key=lambda value: abs(value - reference[place]))
    scores = [emotion_score([*reference[:place], value, *reference[place + 1 :]], reference) for value in (near, far)]
    assert scores[0] >= scores[1] - 1e-9


@pytest.mark.parametrize("bad", [math.nan, -0.1, 10.1, math.inf])
@pytest.mark.parametrize("place", range(4))
def test_no_intensity_is_refused(bad, place):
    four = [5.0] * 4
    four[place] = bad
    for pair in ((four, [5.0] * 4), ([5.0] * 4, four)):
        with pytest.raises(ValueError, match=r"in \[0, 10\]"):
            emotion_score(*pair)


def test_other_than_four_are_refused():
    with pytest.raises(ValueError, match="got 3 and 4"):
        emotion_score([1, 2, 3], [1, 2, 3, 4])


@given(WHOLE, WHOLE)
def test_both_passes_are_read(first, revised):
    reply = f"First pass scores:\n{lines(first)}\n\nCritique: Guilty: more.\n\nRevised scores:\n{lines(revised)}\n"
    assert read_intensities(reply, EMOTIONS) == Intensities(tuple(map(float, first)))
    assert read_intensities(reply, EMOTIONS, which="revised") == Intensities(tuple(map(float, revised)))


@pytest.mark.parametrize("heading", ["Critique:", "**Critique**:", "critique: on second thoughts,"])
def test_scores_in_the_critique_are_of_no_pass(heading):
    reply = (
        f"First pass scores:\n{lines((6, 3, 0, 1))}\n\n{heading}\nGuilty: 9\n\nRevised scores:\n{lines((5, 3, 0, 1))}"
    )
    assert read_intensities(reply, EMOTIONS) == Intensities((6.0, 3.0, 0.0, 1.0))
    assert read_intensities(reply, EMOTIONS, which="revised") == Intensities((5.0, 3.0, 0.0, 1.0))


@given(WHOLE, st.permutations(range(4)))
def test_the_order_of_lines_does_not_matter(values, order):
    reply = lines([values[place] for place in order], [EMOTIONS[place] for place in order])
    assert read_intensities(reply, EMOTIONS) == Intensities(tuple(map(float, values)))


@pytest.mark.parametrize(
    "reply",
    [
        "Scores:\nGuilty: 6\nRelieved: 3\nAmused: 0\nJealous: 1\n\n[End of answer]\nGuilty: 9",
        "guilty: 6\nRELIEVED: 3\nAmused: 0\njealous: 1",
        "- **Guilty**: 6\n- **Relieved:** 3\n* Amused: 0\n1. Jealous: 1",
        "Guilty: 6/10\nRelieved: 3 / 10\nAmused: 0.0\nJealous: 1.",
        "Sure! Here you are.\nGuilty = 6\nRelieved: 3\nAmused: 0\nJealous: 1\nHappy: 9",
        "Guilty: 6\nRelieved: 3\nAmused: 0\nJealous: 1\nGuilty: 6",
        "**First pass scores:**\nGuilty: 6\nRelieved: 3\nAmused: 0\nJealous: 1\n**Revised scores:**\nGuilty: 2",
    ],
)
def test_ways_to_write_it(reply):
    assert read_intensities(reply, EMOTIONS) == Intensities((6.0, 3.0, 0.0, 1.0))


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "no score of Guilty"),
        ("I cannot say.", "no score of Guilty"),
        ("Guilty: 6\nRelieved: 3\nAmused: 0", "no score of Jealous"),
        ("Guilty: 6, Relieved: 3, Amused: 0, Jealous: 1", "the score of Guilty is no number"),
        ("Guilty: very\nRelieved: 3\nAmused: 0\nJealous: 1", "the score of Guilty is no number"),
        ("Guilty: 11\nRelieved: 3\nAmused: 0\nJealous: 1", "the score of Guilty is no number from 0 to 10"),
        ("Guilty: -1\nRelieved: 3\nAmused: 0\nJealous: 1", "the score of Guilty is no number from 0 to 10"),
        ("Guilty: nan\nRelieved: 3\nAmused: 0\nJealous: 1", "the score of Guilty is no number"),
        ("Guilty: 6\nGuilty: 7\nRelieved: 3\nAmused: 0\nJealous: 1", "more than one score of Guilty"),
        ("Guilty: <score>\nRelieved: <score>\nAmused: <score>\nJealous: <score>", "the score of Guilty is no number"),
        ("Guilty: 0\nRelieved: 0\nAmused: 0\nJealous: 0", "all scores are 0"),
        ("Not Guilty: 6\nRelieved: 3\nAmused: 0\nJealous: 1", "no score of Guilty"),
    ],
)
def test_what_cannot_be_read_is_unscored_with_a_reason(reply, reason):
    unscored = read_intensities(reply, EMOTIONS)
    assert isinstance(unscored, Unscored)
    assert unscored.reason.startswith(reason)
    assert unscored.raw == reply


def test_a_reply_without_revision_has_no_revised_scores():
    assert read_intensities(lines((1, 2, 3, 4)), EMOTIONS, which="revised") == Unscored(
        "no revised scores", lines((1, 2, 3, 4))
    )
    with pytest.raises(ValueError, match="no pass 'second'"):
        read_intensities("", EMOTIONS, which="second")


@given(st.text())
def test_any_reply_is_read_or_unscored(reply):
    assert isinstance(read_intensities(reply, EMOTIONS), Intensities | Unscored)


def test_the_constant_makes_random_answers_worth_about_nothing(official_data):
    if not (official_data / "eqbench" / "eq_bench_v2_questions_171.json").is_file():
        pytest.skip("the folder that PERSONA_DATA names has no eqbench/eq_bench_v2_questions_171.json")
    some = eqbench(kind="official", data=official_data).items
    spread = [
        emotion_score((value,) * 4, item.reference) for item, value in itertools.product(some, range(11))
    ]  # by linearity the mean over independent uniform answers
    assert abs(sum(spread) / len(spread)) < 10


@pytest.mark.parametrize("change", [lambda prompt: prompt, one_pass])
def test_the_reference_written_as_asked_scores_100(change):
    for item in eqbench(kind="pocket").items:
        reply = lines(item.reference, item.emotions)
        assert all(f"{emotion}: <score>" in change(item.prompt) for emotion in item.emotions)
        found = read_intensities(reply, item.emotions)
        assert isinstance(found, Intensities)
        assert emotion_score(found.values, item.reference) == 100
