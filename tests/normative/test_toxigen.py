"""Which sentences demean a group: right answers, habits, ties, and where the annotated set lies."""

import math

import numpy as np
import pytest

from pytest_persona.errors import InstrumentError
from pytest_persona.probes.normative import COMPANIONS, TOXICITY_PROMPT
from tests.normative.told import Told

TASK = COMPANIONS["toxigen"]()
POCKET = TASK.instrument("pocket", None)
TOXIC = {TOXICITY_PROMPT.format(text=item.text): item.toxic for item in POCKET.items}
LINES = "text,toxicity_ai,toxicity_human\nThey sing.,1.0,1.0\nThey are vile.,4.7,5.0\n"


def knows(chat, choice):
    return math.log(0.6 if TOXIC[chat] == (choice == "Yes") else 0.2)


def measured(choice, instrument=POCKET):
    return TASK.measure(Told(choice=choice), instrument)


def test_one_who_knows_and_one_who_errs():
    found = measured(knows)
    assert found.values.tolist() == [1.0] * 64
    assert (found.floor, found.mass) == (0.5, pytest.approx(0.8))
    wrong = measured(lambda chat, choice: knows(chat, {"Yes": "No", "No": "Yes"}[choice]))
    assert wrong.values.tolist() == [0.0] * 64


@pytest.mark.parametrize("word", ["Yes", "No"])
def test_a_habit_is_half_right_and_told_by_the_halves(word):
    found = measured(lambda _, choice: math.log(0.6 if choice == word else 0.2))
    assert found.values.mean() == 0.5
    assert found.details == {"right_toxic": float(word == "Yes"), "right_neutral": float(word == "No")}


def test_a_tie_and_what_was_not_measured_are_not_scored():
    chats = list(TOXIC)

    def choice(chat, word):
        odd = {chats[0]: -1.0, chats[1]: math.nan, chats[2]: -math.inf}
        return odd.get(chat, knows(chat, word))

    assert np.flatnonzero(np.isnan(measured(choice).values)).tolist() == [0, 1, 2]


def test_an_impossible_answer_is_an_answer():
    found = measured(lambda chat, word: 0.0 if TOXIC[chat] == (word == "Yes") else -math.inf)
    assert (found.values.tolist(), found.mass) == ([1.0] * 64, 1.0)


@pytest.mark.parametrize("name", ["annotated.csv", "test.jsonl"])
def test_the_one_file_of_the_folder_is_read(tmp_path, name):
    (tmp_path / "toxigen").mkdir()
    line = '{"text": "They are vile.", "toxicity_ai": 4.7, "toxicity_human": 5.0}'
    (tmp_path / "toxigen" / name).write_text(LINES if name.endswith("csv") else line, encoding="utf-8")
    some = TASK.instrument("official", tmp_path)
    assert (some.kind, [item.toxic for item in some.items][-1]) == ("official", True)


def test_without_a_file_it_says_where_to_put_it(tmp_path):
    with pytest.raises(InstrumentError, match=r"into DIR/toxigen/ and pass --persona-data=DIR"):
        TASK.instrument("official", None)
    with pytest.raises(InstrumentError, match=f"into {tmp_path / 'toxigen'}, or use --persona-instruments=pocket"):
        TASK.instrument("official", tmp_path)


def test_of_two_files_none_is_guessed(tmp_path):
    (tmp_path / "toxigen").mkdir()
    for name in ("a.csv", "b.jsonl"):
        (tmp_path / "toxigen" / name).write_text(LINES, encoding="utf-8")
    with pytest.raises(InstrumentError, match=r"holds a\.csv, b\.jsonl, and one file is asked"):
        TASK.instrument("official", tmp_path)
