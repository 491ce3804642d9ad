"""GSM8K as it is read: whole, without calculator annotations, and refused where it is not what it should be."""

import hashlib
import json
from dataclasses import replace

import pytest

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.arithmetic import problem_id
from pytest_persona.instruments.gsm8k import gsm8k
from pytest_persona.instruments.official import PUBLISHED

KEY = "gsm8k/test.jsonl"


def line(answer="2 + 2 = <<2+2=4>>4 pears.\n#### 4", question="How many pears?"):
    return json.dumps({"question": question, "answer": answer})


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Write a made-up test split into a data folder, and call it the published one if `known`."""

    def write(*lines, known=True):
        path = tmp_path / KEY
        path.parent.mkdir()
        path.write_text("\n".join(lines), encoding="utf-8")
        if known:
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            monkeypatch.setitem(PUBLISHED, KEY, replace(PUBLISHED[KEY], sha256=sha256))
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("answer", "solution", "number"),
    [
        ("2 + 2 = <<2+2=4>>4 pears.\n#### 4", "2 + 2 = 4 pears.\n#### 4", 4),
        ("<<1+1=2>>2, then <<2*3=6>>6\n#### 6", "2, then 6\n#### 6", 6),
        ("It costs $<<3*500=1500>>1,500\n#### 1,500", "It costs $1,500\n#### 1500", 1500),
        ("It costs less.\n#### $18", "It costs less.\n#### 18", 18),
        ("None are left.  \n#### 0 ", "None are left.\n#### 0", 0),
        ("He lost.\n#### -3", "He lost.\n#### -3", -3),
        ("Exactly.\n#### 36.00", "Exactly.\n#### 36", 36),
    ],
)
def test_a_solution_is_read_plainly(publish, answer, solution, number):
    (problem,) = gsm8k("test", publish(line(answer)))
    assert (problem.solution, problem.answer) == (solution, number)
    assert problem.question == "How many pears?"
    assert problem.id == problem_id("How many pears?")


def test_problems_keep_the_order_of_the_file(publish):
    asked = ["Three?", "One?", "Two?"]
    problems = gsm8k("test", publish(*(line(question=question) for question in asked)))
    assert [problem.question for problem in problems] == asked


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        pytest.param(line()[:-9], "not JSON.*truncated or damaged", id="truncated"),
        pytest.param("", "not JSON", id="an empty line"),
        pytest.param('{"question": "How many?"}', "no text under 'answer'", id="no answer"),
        pytest.param('{"answer": "#### 4"}', "no text under 'question'", id="no question"),
        pytest.param('{"question": "How many?", "answer": 4}', "no text under 'answer'", id="a bare number"),
        pytest.param(line("It is 4."), "does not end in '#### N'", id="no mark"),
        pytest.param(line("None.\n#### many"), "does not end in '#### N'", id="no number"),
        pytest.param(line("Half.\n#### 2.5"), "does not end in '#### N'", id="no whole number"),
    ],
)
def test_a_damaged_line_is_named(publish, damaged, message):
    data = publish(line(question="First?"), damaged, line(question="Last?"))
    with pytest.raises(InstrumentError, match=message) as caught:
        gsm8k("test", data)
    assert str(caught.value).startswith(f"{data / KEY}, line 2: ")


@pytest.mark.parametrize("lines", [[line()], [""]], ids=["another", "empty"])
def test_another_file_is_refused(publish, lines):
    data = publish(*lines, known=False)
    found = hashlib.sha256((data / KEY).read_bytes()).hexdigest()
    with pytest.raises(InstrumentError, match="is not the published file") as caught:
        gsm8k("test", data)
    for part in (str(data / KEY), found, PUBLISHED[KEY].sha256, PUBLISHED[KEY].url):
        assert part in str(caught.value)


@pytest.mark.parametrize(("split", "count"), [("train", 7473), ("test", 1319)])
def test_the_published_problems_are_whole(official_data, split, count):
    problems = gsm8k(split, official_data)
    assert len(problems) == count == PUBLISHED[f"gsm8k/{split}.jsonl"].items
    assert len({problem.id for problem in problems}) == count
    for problem in problems:
        steps, mark, last = problem.solution.rpartition("\n#### ")
        assert (mark, last) == ("\n#### ", str(problem.answer))
        assert steps == steps.rstrip() != ""
        assert not {"<<", ">>", "####"} & set(steps.split())
        assert "<<" not in problem.solution


def test_the_published_splits_share_no_problem(official_data):
    train, test = ({problem.id for problem in gsm8k(split, official_data)} for split in ("train", "test"))
    assert not train & test
