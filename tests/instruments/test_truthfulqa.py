"""TruthfulQA: the pocket questions are our own, the published ones are whole, and a damaged record is named."""

import itertools
import json
import re

import numpy as np
import pytest

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.official import PUBLISHED
from pytest_persona.instruments.truthfulqa import OFFICIAL_TRUTH, TruthItem, read_truth_items, truthfulqa

NEAR = 0.5
"""Share of common words from which two questions count as copies of each other."""
DENIALS = {"no", "not", "none", "neither", "never", "nothing", "without", "hardly"}


def words(text):
    return frozenset(re.findall(r"\w+", text.casefold()))


def near_copies(pairs):
    return [
        (one, other) for one, other in pairs if len(words(one) & words(other)) >= NEAR * len(words(one) | words(other))
    ]


def record(**changes):
    return {
        "question": "Why?",
        "mc1_targets": {"So": 1, "No": 0},
        "mc2_targets": {"So": 1, "Thus": 1, "No": 0},
    } | changes


@pytest.fixture
def written(tmp_path):
    def write(*records):
        path = tmp_path / "some.json"
        path.write_text(json.dumps(records), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def official(official_data):
    if not (official_data / OFFICIAL_TRUTH).is_file():
        pytest.skip(f"needs the published questions: set PERSONA_DATA to a folder that has {OFFICIAL_TRUTH}")
    return truthfulqa(kind="official", data=official_data)


@pytest.fixture(scope="module")
def pocket():
    return truthfulqa(kind="pocket")


def test_the_pocket_has_64_questions(pocket):
    assert (len(pocket.items), pocket.label) == (64, "pocket truthfulqa")
    for item in pocket.items:
        assert item.question.endswith("?")
        assert dict(item.mc1).items() <= dict(item.mc2).items()
        assert sum(true for _, true in item.mc2) >= 2
        assert sum(not true for _, true in item.mc1) >= 3
    assert near_copies(itertools.combinations([item.question for item in pocket.items], 2)) == []


def lengths(answers):
    """Characters of the true and of the false ones."""
    return [[len(text) for text, true in answers if true is wanted] for wanted in (True, False)]


@pytest.mark.parametrize("name", ["mc1", "mc2"])
def test_true_and_false_answers_of_the_pocket_are_equally_long(pocket, name):
    """Or a model that likes short answers would seem to believe what is false, or one that likes long ones what is true
    (the first 20 questions had true answers of 39 characters and false ones of 24)."""
    true, false = lengths([answer for item in pocket.items for answer in getattr(item, name)])
    assert np.mean(true) == pytest.approx(np.mean(false), rel=0.1)


def test_half_of_the_true_answers_of_the_pocket_are_the_longer_ones(pocket):
    longer = [true[0] > np.mean(false) for true, false in (lengths(item.mc1) for item in pocket.items)]
    assert sum(longer) == len(longer) / 2


def test_a_word_of_denial_does_not_tell_which_answers_of_the_pocket_are_true(pocket):
    answers = [answer for item in pocket.items for answer in item.mc2]
    shares = [
        np.mean([bool(words(text) & DENIALS) for text, true in answers if true is wanted]) for wanted in (True, False)
    ]
    assert shares[0] == pytest.approx(shares[1], abs=0.05)


def test_the_true_answer_of_the_pocket_stands_equally_often_in_each_place(pocket):
    places = [[true for _, true in item.mc1].index(True) for item in pocket.items]
    assert [places.count(place) for place in range(4)] == [16] * 4


def test_the_published_questions_are_whole(official):
    published = PUBLISHED[OFFICIAL_TRUTH]
    assert len(official.items) == published.items == 790
    assert (official.sha256, official.licence) == (published.sha256, "Apache-2.0")
    for item in official.items:
        assert sum(true for _, true in item.mc1) == 1
        assert {true for _, true in item.mc2} == {True, False}
        assert all(text.strip() for text, _ in item.mc1 + item.mc2)


def test_published_answers_are_as_they_are_published(official, official_data):
    records = json.loads((official_data / OFFICIAL_TRUTH).read_text(encoding="utf-8"))
    for item, record in zip(official.items, records, strict=True):
        for some, name in ((item.mc1, "mc1_targets"), (item.mc2, "mc2_targets")):
            assert list(some) == [(text, mark == 1) for text, mark in record[name].items() if text]


def test_no_pocket_question_is_a_near_copy_of_a_published_one(pocket, official):
    pairs = itertools.product([item.question for item in pocket.items], [item.question for item in official.items])
    assert near_copies(pairs) == []


def test_no_pocket_answer_is_a_published_one(pocket, official):
    """Of answers of fewer than four words, only equal ones count: they have little room to differ."""
    own, published = (
        {text for item in some.items for text, _ in (*item.mc1, *item.mc2)} for some in (pocket, official)
    )
    assert {text.casefold() for text in own} & {text.casefold().rstrip(".") for text in published} == set()
    assert near_copies(itertools.product([text for text in own if len(words(text)) > 3], published)) == []


def test_a_near_copy_is_found():
    """The twin."""
    pair = ("How often does lightning strike one tree?", "How often does the lightning strike a tree?")
    assert near_copies([pair]) == [pair]


def test_a_reworded_published_question_is_found(official):
    """The twin."""
    for item in (item for item in official.items if len(words(item.question)) >= 5):
        assert near_copies([(item.question, " ".join([*item.question.split()[1:], "really"]))])


def test_the_layout_is_read(written):
    (item,) = read_truth_items(written(record()))
    assert (item.question, item.mc1) == ("Why?", (("So", True), ("No", False)))
    assert item.mc2 == (("So", True), ("Thus", True), ("No", False))
    assert isinstance(item, TruthItem)


def test_an_answer_without_text_is_left_out(written):
    """Nothing is certain to be said, and would have all of MC2's mass."""
    empty = record(mc1_targets={"So": 1, "": 0, "No": 0}, mc2_targets={"So": 1, "": 1, "No": 0})
    (item,) = read_truth_items(written(empty))
    assert item.mc1 == item.mc2 == (("So", True), ("No", False))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"question": ""}, "no text under 'question'"),
        ({"question": 3}, "no text under 'question'"),
        ({"question": "Why?"}, "the question stands there a second time"),
        ({"mc1_targets": None}, "mc1_targets: no answers there"),
        ({"mc1_targets": {"So": 1, "Thus": 1, "No": 0}}, "exactly one answer of several must be true"),
        ({"mc1_targets": {"So": 0, "No": 0}}, "exactly one answer of several must be true"),
        ({"mc1_targets": {"So": 1}}, "exactly one answer of several must be true"),
        ({"mc1_targets": {"So": True, "No": 0}}, "'So' is marked True, expected 1 or 0"),
        ({"mc2_targets": {"So": 1, "No": 2}}, "'No' is marked 2, expected 1 or 0"),
        ({"mc2_targets": {"So": 1, "Thus": 1}}, "2 true and 0 false answers"),
        ({"mc2_targets": {"No": 0, "": 1}}, "0 true and 1 false answers"),
    ],
)
def test_a_damaged_record_is_named(written, changes, message):
    path = written(record(), record(question="When?") | changes)
    with pytest.raises(InstrumentError, match=message) as caught:
        read_truth_items(path)
    assert str(caught.value).startswith(f"{path}, record 2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[\n{", "line 2: not JSON"),
        ("{}", "not a list of records"),
        ('[{"question": "Why?", "mc1_targets": {"So": 1, "So": 0}}]', "'So' stands twice in one object"),
        ("[3]", "record 1: no text under 'question'"),
    ],
)
def test_a_damaged_file_is_an_error(tmp_path, text, message):
    path = tmp_path / "some.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InstrumentError, match=message):
        read_truth_items(path)


def test_another_file_is_refused(tmp_path):
    path = tmp_path / OFFICIAL_TRUTH
    path.parent.mkdir()
    path.write_text(json.dumps([record()]), encoding="utf-8")
    with pytest.raises(InstrumentError, match="is not the published file"):
        truthfulqa(kind="official", data=tmp_path)
    with pytest.raises(InstrumentError, match="no kind of instrument"):
        truthfulqa(kind="small")
