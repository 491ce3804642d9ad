"""TruthfulQA: the pocket questions are our own, the published ones are whole, and a damaged record is named."""

import itertools
import json
import re

import pytest

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.official import PUBLISHED
from pytest_persona.instruments.truthfulqa import OFFICIAL_TRUTH, TruthItem, read_truth_items, truthfulqa

NEAR = 0.5
"""Share of common words from which two questions count as copies of each other."""


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


def test_the_pocket_has_20_questions(pocket):
    assert (len(pocket.items), pocket.label) == (20, "pocket truthfulqa")
    for item in pocket.items:
        assert item.question.endswith("?")
        assert dict(item.mc1).items() <= dict(item.mc2).items()
        assert sum(true for _, true in item.mc2) >= 2
        assert near_copies(itertools.combinations([question.question for question in pocket.items], 2)) == []


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
