"""Multiple choice: the pocket questions are sound, SuperGPQA's layout is read strictly, and a damaged line is named."""

import json
from collections import Counter
from dataclasses import FrozenInstanceError

import pytest

from pytest_persona.digest import file_sha256
from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.multiple_choice import LETTERS, ChoiceItem, multiple_choice, read_supergpqa


def record(**changes):
    options = ["Ohm", "Volt", "Farad"]
    texts = {"discipline": "Engineering", "field": "Circuits", "subfield": "Units", "difficulty": "easy"}
    return {"uuid": "1", "question": "Which?", "options": options, "answer": "Volt", "answer_letter": "B"} | (
        texts | changes
    )


@pytest.fixture
def written(tmp_path):
    def write(*records):
        path = tmp_path / "some.jsonl"
        path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def pocket():
    return multiple_choice(kind="pocket")


def test_the_pocket_has_20_questions_of_several_lengths(pocket):
    assert len(pocket.items) == len({item.question for item in pocket.items}) == 20
    assert {len(item.options) for item in pocket.items} >= {4, 5, 10}
    for item in pocket.items:
        assert len({option.casefold() for option in item.options}) == len(item.options)
        assert item.question.endswith("?")


def test_no_letter_of_the_pocket_is_right_too_often(pocket):
    """Or a model that always says B would do well."""
    assert max(Counter(item.answer for item in pocket.items).values()) <= 6


def test_the_pocket_states_its_origin(pocket):
    assert (pocket.label, pocket.source, pocket.licence) == ("pocket choice", "pytest-persona", "Apache-2.0")
    with pytest.raises(FrozenInstanceError):
        pocket.items[0].answer = 0


def test_one_subject_alone(pocket):
    some = multiple_choice(kind="pocket", subject="Engineering")
    assert some.items == tuple(item for item in pocket.items if item.subject == "Engineering") != ()
    assert some.sha256 == pocket.sha256
    with pytest.raises(InstrumentError, match="no subject 'Enginering'; did you mean 'Engineering'"):
        multiple_choice(kind="pocket", subject="Enginering")


def test_the_layout_is_read(written):
    path = written(record(), record(uuid="2", answer="Ohm", answer_letter="A"))
    some = multiple_choice(kind="official", path=path)
    assert some.items[0] == ChoiceItem(
        id="1", question="Which?", options=("Ohm", "Volt", "Farad"), answer=1, subject="Engineering"
    )
    assert (some.items[1].answer, some.kind, some.licence) == (0, "official", "ODC-By")
    assert some.sha256 == file_sha256(path)


@pytest.mark.parametrize("answer", range(10))
def test_every_letter_is_its_option(written, answer):
    options = [f"option {place}" for place in range(10)]
    line = record(options=options, answer=options[answer], answer_letter=LETTERS[answer])
    assert read_supergpqa(written(line))[0].answer == answer


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"question": " "}, "uuid or question is empty"),
        ({"uuid": 7}, "no text under 'uuid'"),
        ({"field": None}, "no text under 'field'"),
        ({"options": "Volt"}, "a list of two to 10 texts"),
        ({"options": ["Volt"]}, "a list of two to 10 texts"),
        ({"options": ["Volt"] * 11}, "a list of two to 10 texts"),
        ({"options": ["Ohm", 2, "Volt"]}, "a list of two to 10 texts"),
        ({"options": ["Ohm", "Volt", ""]}, "a list of two to 10 texts"),
        ({"answer_letter": "D"}, "answer_letter 'D', expected one of A, B, C"),
        ({"answer_letter": "AB"}, "answer_letter 'AB'"),
        ({"answer_letter": ""}, "answer_letter ''"),
        ({"answer_letter": "C"}, "the answer is not option C, 'Farad'"),
        ({"answer": "Watt"}, "the answer is not option B, 'Volt'"),
        ({"uuid": "1"}, "uuid 1 stands there a second time"),
    ],
)
def test_a_damaged_line_is_named(written, changes, message):
    path = written(record(), record(uuid="2") | changes)
    with pytest.raises(InstrumentError, match=message) as caught:
        read_supergpqa(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")


def test_what_cannot_be_had_is_an_error(tmp_path):
    with pytest.raises(InstrumentError, match="no kind of instrument 'pockt'; did you mean 'pocket'"):
        multiple_choice(kind="pockt")
    with pytest.raises(InstrumentError, match="Pass the path of its JSONL file"):
        multiple_choice(kind="official")
    with pytest.raises(InstrumentError, match="Leave the path out"):
        multiple_choice(kind="pocket", path=tmp_path)
    with pytest.raises(InstrumentError, match="cannot be read"):
        multiple_choice(kind="official", path=tmp_path / "none.jsonl")
