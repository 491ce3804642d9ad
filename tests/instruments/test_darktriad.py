"""Dark Triad items: the pocket ones are balanced and our own, the published ones are whole, a damaged file is named."""

import hashlib
import json
from collections import Counter
from difflib import SequenceMatcher
from importlib import resources

import numpy as np
import pytest

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments import DARK_TRIAD, Instrument, PersonaItem, darktriad
from pytest_persona.instruments.darktriad import read_items

NEAR = 0.8
"""`SequenceMatcher` ratio from which two statements count as copies of each other."""
QUESTION = 'Is the following statement something you would say?\n"{}"'
FIELDS = ("question", "statement", "answer_matching_behavior", "answer_not_matching_behavior")


def line(statement="I water plants", matching=" Yes", other=" No"):
    return json.dumps(
        dict(zip(FIELDS, (QUESTION.format(statement), statement, matching, other), strict=True)), ensure_ascii=False
    )


def without(field):
    return json.dumps({name: text for name, text in json.loads(line()).items() if name != field})


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "items.jsonl").write_text(text, encoding="utf-8")
        return tmp_path / "items.jsonl"

    return write


def near_copies(statements, others):
    """Pairs of texts that are almost the same. The letters in common bound the ratio, so few pairs are compared."""
    ours, theirs = ([text.casefold() for text in texts] for texts in (statements, others))
    letters = sorted(set("".join(ours + theirs)))
    counts, their_counts = (
        np.array([[text.count(letter) for letter in letters] for text in texts]) for texts in (ours, theirs)
    )
    matcher = SequenceMatcher(autojunk=False)
    found = []
    for text, count in zip(ours, counts, strict=True):
        matcher.set_seq2(text)
        bound = 2 * np.minimum(count, their_counts).sum(axis=1) / (count.sum() + their_counts.sum(axis=1))
        for index in np.flatnonzero(bound >= NEAR):
            matcher.set_seq1(theirs[index])
            if matcher.ratio() >= NEAR:
                found.append((text, theirs[index]))
    return found


@pytest.fixture(scope="module")
def pocket():
    return {trait: darktriad(trait, kind="pocket") for trait in DARK_TRIAD}


@pytest.fixture(scope="module")
def official(official_data):
    return {trait: darktriad(trait, kind="official", data=official_data) for trait in DARK_TRIAD}


def statements_of(instruments):
    return [item.statement for instrument in instruments.values() for item in instrument.items]


@pytest.mark.parametrize("trait", DARK_TRIAD)
def test_pocket_items_are_balanced_and_state_their_origin(trait, pocket):
    instrument = pocket[trait]
    shipped = resources.files("pytest_persona.instruments") / "data" / "persona" / f"{trait}.jsonl"
    assert Counter(item.matching for item in instrument.items) == {"Yes": 30, "No": 30}
    assert (instrument.name, instrument.kind) == (f"darktriad/{trait}", "pocket")
    assert (instrument.source, instrument.licence) == ("pytest-persona", "Apache-2.0")
    assert instrument.sha256 == hashlib.sha256(shipped.read_bytes()).hexdigest()
    assert instrument.label == f"pocket darktriad/{trait}"


def test_a_pocket_question_asks_about_its_statement(pocket):
    for item in (item for instrument in pocket.values() for item in instrument.items):
        assert item.question == QUESTION.format(item.statement)
        assert item.statement == item.statement.strip() != ""
        assert item.id == hashlib.sha256(item.question.encode()).hexdigest()[:16]


def test_no_pocket_statement_is_a_near_copy_of_another(pocket):
    statements = statements_of(pocket)
    assert len({statement.casefold() for statement in statements}) == 180
    assert [pair for pair in near_copies(statements, statements) if pair[0] != pair[1]] == []


def test_near_copies_are_found():
    """The twin: one word or one letter makes no other statement."""
    statement = "I water my plants every day"
    assert near_copies([statement], ["I water MY plants every week!"])
    assert near_copies([statement], ["I watr my plants every day"])
    assert len(near_copies([statement] * 2, ["I water your plants every day"])) == 2
    assert near_copies([statement], ["You never water anything", "They do"]) == []


@pytest.mark.parametrize("trait", DARK_TRIAD)
def test_official_items_are_whole(trait, official):
    instrument = official[trait]
    assert Counter(item.matching for item in instrument.items) == {"Yes": 500, "No": 500}
    assert (instrument.kind, instrument.licence) == ("official", "CC BY 4.0")
    assert instrument.source == "Perez et al. 2022, anthropics/evals @ 84fcc67"
    assert all(item.statement in item.question for item in instrument.items)
    assert len(instrument.sha256) == 64


def test_no_pocket_statement_is_a_near_copy_of_an_official_one(pocket, official):
    assert near_copies(statements_of(pocket), statements_of(official)) == []


@pytest.mark.parametrize("kind", ["pocket", "official"])
@pytest.mark.parametrize(
    ("trait", "meant"), [("narcisism", "did you mean 'narcissism'?"), ("Psychopathy", "'psychopathy'?"), ("x", "")]
)
def test_an_unknown_trait_is_answered_with_the_known_ones(trait, meant, kind):
    with pytest.raises(InstrumentError, match="Known: machiavellianism, narcissism, psychopathy") as caught:
        darktriad(trait, kind=kind)
    assert meant in str(caught.value)
    assert f"no trait {trait!r}" in str(caught.value)


def test_items_are_read_in_the_order_of_the_file(written):
    first, second = read_items(written(line("One") + "\n" + line("Two", "No ", "Yes") + "\n"))
    assert first == PersonaItem(
        id=hashlib.sha256(QUESTION.format("One").encode()).hexdigest()[:16],
        statement="One",
        question=QUESTION.format("One"),
        matching="Yes",
    )
    assert (second.statement, second.matching) == ("Two", "No")


@pytest.mark.parametrize("end", ["\n", "", "\r\n"], ids=repr)
def test_the_last_line_may_end_as_it_likes(written, end):
    assert len(read_items(written(line("One") + "\n" + line("Two") + end))) == 2


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"], ids=ascii)
def test_a_separator_inside_a_text_ends_no_line(written, separator):
    items = read_items(written(line(f"I water{separator} plants") + "\n" + line("Two")))
    assert [item.statement for item in items] == [f"I water{separator} plants", "Two"]


@pytest.mark.parametrize(
    ("text", "number", "message"),
    [
        pytest.param(line()[:-20], 1, "not JSON.*truncated or damaged; copy it again", id="truncated"),
        pytest.param(line("One") + "\n" + line("Two")[:40], 2, "not JSON", id="truncated later"),
        pytest.param(line("One") + "\n\n" + line("Two"), 2, "not JSON", id="an empty line"),
        pytest.param(line("One") + "\n" + without("question"), 2, "no text under 'question'", id="no question"),
        pytest.param(without("statement"), 1, "no text under 'statement'", id="no statement"),
        pytest.param(without("answer_matching_behavior"), 1, "no text under 'answer_matching_behavior'", id="no key"),
        pytest.param("{}", 1, "no text under 'question', 'statement', 'answer_m", id="nothing"),
        pytest.param("[1]", 1, "no text under 'question'", id="a list"),
        pytest.param(line(statement="x").replace('"x"', "3"), 1, "no text under 'statement'", id="a number"),
        pytest.param(line(matching=" Maybe"), 1, "answers 'Maybe' and 'No', expected Yes and No", id="another answer"),
        pytest.param(line("1") + "\n" + line(matching=" No"), 2, "answers 'No' and 'No'", id="the same answer twice"),
        pytest.param(line(matching=" yes"), 1, "answers 'yes' and 'No'", id="another spelling"),
    ],
)
def test_a_damaged_line_is_named(written, text, number, message):
    path = written(text)
    with pytest.raises(InstrumentError, match=message) as caught:
        read_items(path)
    assert str(caught.value).startswith(f"{path}, line {number}: ")


@pytest.mark.parametrize("content", [b"\xff\xfe{}", None], ids=["not UTF-8", "a folder"])
def test_what_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path if content is None else tmp_path / "items.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InstrumentError, match="cannot be read") as caught:
        read_items(path)
    assert str(path) in str(caught.value)


def test_an_official_file_that_is_cut_off_is_called_damaged_rather_than_foreign(tmp_path):
    path = tmp_path / "persona" / "narcissism.jsonl"
    path.parent.mkdir()
    path.write_text(line("One") + "\n" + line("Two")[:50], encoding="utf-8")
    with pytest.raises(InstrumentError, match="line 2: not JSON") as caught:
        darktriad("narcissism", kind="official", data=tmp_path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "instrument made/up has no items"),
        (
            line("One") + "\n" + line("Two") + "\n" + line("One", " No", " Yes"),
            "asks 1 items twice, first id [0-9a-f]{16}",
        ),
    ],
)
def test_an_instrument_without_items_or_with_one_twice_is_refused(written, text, message):
    items = read_items(written(text))
    with pytest.raises(InstrumentError, match=message):
        Instrument(name="made/up", kind="pocket", source="us", licence="CC0", sha256="0" * 64, items=items)


def test_a_kind_that_is_neither_official_nor_pocket_is_not_taken_for_one():
    with pytest.raises(InstrumentError, match="no kind of instrument 'offical'; did you mean 'official'"):
        darktriad("narcissism", kind="offical")
