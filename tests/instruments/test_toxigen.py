"""ToxiGen: the pocket sentences are mild and about nobody, the label follows one rule, and a damaged line is named."""

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.toxigen import _POCKET, BOTH_THRESHOLD, HUMAN_THRESHOLD, read_toxigen, toxigen

REAL = re.compile(
    r"\b(?:black|white|asian|african|europe|america|latin|mexic|chin|arab|jew|muslim|christian|hindu|buddh|gay|lesbian"
    r"|trans|wom[ae]n|m[ae]n\b|girl|boy|disab|immigra|refugee|kill|hate|vermin|die)\w*",
    re.IGNORECASE,
)
RATINGS = st.integers(3, 15).map(lambda thirds: thirds / 3)


def record(**changes):
    return {"text": "They sing.", "toxicity_human": 1.0, "toxicity_ai": 1.0} | changes


@pytest.fixture
def written(tmp_path):
    def write(*records, kind="jsonl"):
        path = tmp_path / f"some.{kind}"
        if kind == "jsonl":
            path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
        else:
            file = io.StringIO(newline="")
            writer = csv.DictWriter(file, [*records[0]])
            writer.writeheader()
            writer.writerows(records)
            path.write_text(file.getvalue(), encoding="utf-8", newline="")
        return path

    return write


@pytest.fixture(scope="module")
def pocket():
    return toxigen(kind="pocket")


def test_half_of_the_pocket_is_unkind(pocket):
    assert (len(pocket.items), sum(item.toxic for item in pocket.items)) == (64, 32)
    assert (pocket.label, pocket.source) == ("pocket toxigen", "pytest-persona")


def test_every_group_is_spoken_of_in_both_ways():
    """Or the group alone would tell the label."""
    ways = {}
    for line in _POCKET.read_text(encoding="utf-8").splitlines():
        some = json.loads(line)
        ways.setdefault(some["target_group"], []).append(some["toxicity_human"] > HUMAN_THRESHOLD)
    assert len(ways) == 8
    assert all(sorted(labels) == [False] * 4 + [True] * 4 for labels in ways.values())


def test_unkind_and_neutral_sentences_of_the_pocket_are_equally_long(pocket):
    """The chance that an unkind sentence is longer than a neutral one is about a half; equal ones count half."""
    unkind, neutral = ([len(item.text) for item in pocket.items if item.toxic is wanted] for wanted in (True, False))
    assert sum(unkind) == pytest.approx(sum(neutral), rel=0.1)
    longer = [(one > other) + (one == other) / 2 for one in unkind for other in neutral]
    assert sum(longer) / len(longer) == pytest.approx(0.5, abs=0.05)


def test_the_pocket_is_mild_and_about_nobody(pocket):
    assert [item.text for item in pocket.items if REAL.search(item.text)] == []


def test_real_groups_are_found():
    """The twin."""
    assert all(REAL.search(text) for text in ("Europeans sing.", "Some women said so.", "I hate them."))


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
@given(human=RATINGS, ai=RATINGS)
def test_the_published_rule(tmp_path_factory, kind, human, ai):
    path = tmp_path_factory.getbasetemp() / f"drawn.{kind}"
    if kind == "jsonl":
        path.write_text(json.dumps(record(toxicity_human=human, toxicity_ai=ai)), encoding="utf-8")
    else:
        path.write_text(f"text,group,toxicity_ai,toxicity_human\nThey sing.,x,{ai},{human}\n", encoding="utf-8")
    (item,) = read_toxigen(path)
    assert item.toxic == (ai + human > BOTH_THRESHOLD)
    assert item.human == human


@pytest.mark.parametrize(("human", "toxic"), [(1, False), (2.75, False), (2.76, True), (3, True), (5, True)])
def test_without_the_other_rating_half_of_the_threshold_counts(written, human, toxic):
    (item,) = read_toxigen(written({"text": "They sing.", "toxicity_human": human}))
    assert item.toxic is toxic


def test_both_ratings_in_their_sum(written):
    """The twin: by the human rating alone the labels would be the other way round."""
    some = read_toxigen(
        written(
            record(text="a", toxicity_human=3, toxicity_ai=2.5),
            record(text="b", toxicity_human=2.5, toxicity_ai=3.5),
        )
    )
    assert [item.toxic for item in some] == [False, True]


def test_a_text_that_is_repeated_counts_once(written):
    assert len(read_toxigen(written(record(), record(toxicity_human=1.3), record(text="Other.")))) == 2


def test_lines_and_commas_in_a_text_are_read(written):
    text = 'They sing,\nand "dance".'
    (item,) = read_toxigen(written(record(text=text), kind="csv"))
    assert item.text == text


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": " "}, "no text under 'text'"),
        ({"text": "They sing.", "toxicity_human": 5, "toxicity_ai": 5}, "a second time, with the other label"),
        ({"toxicity_human": ""}, "toxicity_human is '', expected a number from 1 to 5"),
        ({"toxicity_human": 0.5}, "toxicity_human is '?0.5"),
        ({"toxicity_human": 5.5}, "toxicity_human is '?5.5"),
        ({"toxicity_human": "nan"}, "toxicity_human is 'nan'"),
        ({"toxicity_ai": "much"}, "toxicity_ai is 'much'"),
    ],
)
def test_a_damaged_line_is_named(written, kind, changes, message):
    path = written(record(), record(text="They dance.") | changes, kind=kind)
    with pytest.raises(InstrumentError, match=message) as caught:
        read_toxigen(path)
    assert str(caught.value).startswith(f"{path}, line {3 if kind == 'csv' else 2}: ")


def test_two_rules_in_one_file_are_refused(written):
    with pytest.raises(InstrumentError, match=r"line 2: toxicity_ai must stand in all records or in none"):
        read_toxigen(written(record(), {"text": "They dance.", "toxicity_human": 1}))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("some.csv", "", "line 1: columns none, expected text and toxicity_human"),
        ("some.csv", "text,label\na,1\n", "line 1: columns text, label, expected"),
        ("some.csv", "text,toxicity_human\na\n", "line 2: not 2 fields"),
        ("some.csv", "text,toxicity_human\na,1,1\n", "line 2: not 2 fields"),
        ("some.csv", 'text,toxicity_human\n"a,1\n', "cannot be read as CSV"),
        ("some.jsonl", "{", "line 1: not JSON"),
        ("some.parquet", "", "ends in '.parquet', expected .csv or .jsonl"),
    ],
)
def test_a_damaged_file_is_an_error(tmp_path, name, text, message):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InstrumentError, match=message):
        read_toxigen(tmp_path / name)


def test_what_cannot_be_had_is_an_error(tmp_path, written):
    with pytest.raises(InstrumentError, match="Pass the path of its annotated set"):
        toxigen(kind="official")
    with pytest.raises(InstrumentError, match="Leave the path out"):
        toxigen(kind="pocket", path=tmp_path)
    with pytest.raises(InstrumentError, match="no kind of instrument"):
        toxigen(kind="small")
    with pytest.raises(InstrumentError, match="cannot be read"):
        toxigen(kind="official", path=tmp_path / "none.csv")
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(InstrumentError, match="has no items"):
        toxigen(kind="official", path=tmp_path / "empty.jsonl")
    assert toxigen(kind="official", path=written(record())).label == "official toxigen"
