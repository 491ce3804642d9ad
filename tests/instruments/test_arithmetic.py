"""The word problems are true, distinct, split by id and the same everywhere; answers are read back exactly."""

import ast
import hashlib
import math
import os
import re
import subprocess
import sys
import time
from fractions import Fraction
from itertools import islice
from operator import add, mul, sub, truediv
from random import Random
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments import arithmetic
from pytest_persona.instruments._word_problems import TEMPLATES
from pytest_persona.instruments._word_problems.drafts import Draft, Template
from pytest_persona.instruments.arithmetic import Split, WordProblem, final_answer, problem_id, word_problems

GOLDEN: dict[Split, str] = {
    "train": "80cef5cf35e7023265ececf6a3ec91e8e4a6f316513164b419ed774f1bdfaaa8",
    "eval": "c08e7c4cb2cf8176dd1011ff9d12cff7edcad45b9014bfe0b0625d9f695c2a59",
}
KNOWN = {1, 2, 3, 60, 100, 1000}  # one more; sides, halves and both ways; three people; minutes, percent and kilo
WORDS = {"quarter": 4, "four": 4, "average day": 4, "fifth": 5, "five": 5, "six": 6, "month": 12}

seeds = st.integers(min_value=-(2**40), max_value=2**40)


def take(split: Split, count: int, seed: int = 0) -> list[WordProblem]:
    return list(islice(word_problems(split, seed=seed), count))


def draws(template: Template, count: int) -> list[Draft]:
    rng = Random("drafts")
    return [template(rng) for _ in range(count)]


def evaluate(expression: str) -> Fraction:
    """The exact value of whole numbers joined by + - * /. Refuses all else."""
    operators = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}

    def value(node: ast.expr) -> Fraction:
        match node:
            case ast.Constant(value=int(number)):
                return Fraction(number)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in operators:
                return Fraction(operators[type(op)](value(left), value(right)))
        raise ValueError(f"not plain arithmetic: {expression}")

    return value(ast.parse(expression, mode="eval").body)


def equation(step: str) -> tuple[str, int]:
    """Both sides of the one equation in a step."""
    found = re.findall(r"(?<![\d$.] )(?<![\d$.])\b(\d+(?: [-+*/] \d+)+) = (\d+)\b(?! [-+*/=])", step)
    assert len(found) == 1, step
    assert step.count("=") == 1, step
    return found[0][0], int(found[0][1])


def is_true(step: str) -> bool:
    left, right = equation(step)
    return evaluate(left) == right


def grammar_faults(text: str) -> list[str]:
    """What can be told without understanding: articles, number, blanks, capitals, leftovers of a template."""
    rules = {
        "article": r"\b[Aa] [aeiou]|\b[Aa]n (?!hour\b)[^aeiou]",
        "plural after 1": r"(?<![\d,.])1 (?!of\b)\w+s\b",
        "singular after a number": r"(?<![$\d/])\b(?!1\b)\d+ (?:dollar|hour|day|week|minute|mile|liter|gram|meter)\b",
        "blank": r"  |\s[.,?]|^\s|\s$",
        "sentence start": r"[.?] [a-z]|^[a-z]",
        "leftover": r"[{}\[\]()_]|None|\.\.",
        "repeated word": r"\b(\w+) \1\b",
    }
    return [f"{name}: {text}" for name, rule in rules.items() if re.search(rule, text)]


# The problems


@pytest.mark.parametrize(("split", "number"), [("train", 20_000), ("eval", 2_000)])
def test_there_are_enough_distinct_problems_and_they_come_fast(split: Split, number: int) -> None:
    start = time.process_time()
    problems = take(split, number)
    assert time.process_time() - start < 2
    assert len({p.id for p in problems}) == len({p.question for p in problems}) == number


@pytest.mark.parametrize("split", ["train", "eval"])
def test_problems_are_the_same_everywhere(split: Split) -> None:
    text = "\n\n".join(f"{p.question}\n{p.solution}" for p in take(split, 50))
    assert hashlib.sha256(text.encode()).hexdigest() == GOLDEN[split]


@settings(deadline=None, max_examples=25)
@given(seeds, seeds)
def test_splits_share_nothing_whatever_the_seeds(seed: int, other: int) -> None:
    train, held_out = take("train", 200, seed), take("eval", 50, other)
    assert {p.question for p in train}.isdisjoint(p.question for p in held_out)
    assert all(int(p.id, 16) % 8 for p in train)
    assert not any(int(p.id, 16) % 8 for p in held_out)


@settings(deadline=None, max_examples=25)
@given(seeds, seeds)
@example(3, -3)
def test_order_depends_on_the_seed_alone(seed: int, other: int) -> None:
    assert take("train", 20, seed) == take("train", 20, seed)
    assert (take("train", 20, seed) == take("train", 20, other)) == (seed == other)


def test_one_question_has_one_solution() -> None:
    first, second = ({p.id: p for p in take("train", 20_000, seed)} for seed in (1, 2))
    both = first.keys() & second.keys()
    assert both
    assert all(first[key] == second[key] for key in both)


@pytest.mark.parametrize("split", ["train", "eval"])
def test_every_equation_is_true_and_the_last_gives_the_answer(split: Split) -> None:
    for problem in take(split, 3_000, seed=5):
        steps = problem.solution.split("\n")[:-1]
        assert 2 <= len(steps) <= 5
        assert all(is_true(step) for step in steps), problem
        assert equation(steps[-1])[1] == problem.answer
        assert final_answer(problem.solution) == problem.answer


def test_a_false_equation_is_noticed() -> None:
    assert is_true("The pens cost 4 * 3 = 12 dollars.")
    assert not is_true("The pens cost 4 * 3 = 13 dollars.")
    assert not is_true("Each gets 10 / 4 = 2 shells.")


@pytest.mark.parametrize("step", ["No sum.", "1 + 1 = 2 and 2 + 2 = 4.", "It is 1 + 1 = 2 = 2.", "1 + 1 = 2 + 3"])
def test_a_step_without_one_plain_equation_is_noticed(step: str) -> None:
    with pytest.raises(AssertionError):
        equation(step)


def test_problems_are_of_readable_length_and_size() -> None:
    problems = take("train", 5_000)
    words = [len(f"{p.question} {p.solution}".split()) for p in problems]
    answers = [p.answer for p in problems]
    assert 60 <= sum(words) / len(words) <= 120
    assert max(words) <= 160
    assert min(answers) >= 0
    assert sum(a < 20 for a in answers) > 500
    assert sum(a >= 1_000 for a in answers) > 200
    assert max(answers) < 10_000


# The templates


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_has_room(template: Template) -> None:
    drafts = draws(template, 400)
    assert len({draft.question for draft in drafts}) >= 395
    assert len({draft.answer for draft in drafts}) >= 5
    assert len({re.sub(r"\d+", "#", draft.question) for draft in drafts}) >= 50  # wordings


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_gives_all_that_its_solution_uses(template: Template) -> None:
    for question, steps in draws(template, 400):
        given = {int(n) for n in re.findall(r"\d+", question)}
        known = KNOWN | given | {n for word, n in WORDS.items() if word in question.casefold()}
        for step in steps:
            left, right = equation(step)
            assert {int(n) for n in re.findall(r"\d+", left)} <= known, (question, step)
            known.add(right)
            if "as many" in question:  # a division with a remainder, found by trying
                known |= {right // n for n in given}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_reads_well(template: Template) -> None:
    for question, steps in draws(template, 400):
        assert question.endswith("?")
        assert all(step.endswith(".") for step in steps)
        assert [fault for text in (question, *steps) for fault in grammar_faults(text)] == []


def test_bad_grammar_is_noticed() -> None:
    bad = "A apple. / An pear. / He has 1 pears. / It takes 2 hour. / Two  blanks. / It ends. then not. / It is {n}."
    for text in [*bad.split(" / "), "He has the the pears."]:
        assert len(grammar_faults(text)) == 1, text


# The edges


def forty(rng: Random) -> Draft:
    n = int(rng.random() * 40)
    return Draft(f"What is {n} plus 1?", [f"It is {n} + 1 = {n + 1}."])


def test_a_space_ends_with_an_error_only_when_it_is_exhausted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic, "PATIENCE", 5_000)
    monkeypatch.setattr(arithmetic, "TEMPLATES", [forty])
    found: list[WordProblem] = []
    for split in get_args(Split):
        with pytest.raises(InstrumentError, match=rf"the {split} split is exhausted: 5,000 draws"):
            found.extend(word_problems(split))  # keeps what came before the error
    assert sorted(p.answer for p in found) == list(range(1, 41))


def test_an_unknown_split_is_refused_at_once() -> None:
    with pytest.raises(InstrumentError, match=r"no split 'test'\. Known: eval, train"):
        word_problems("test")  # type: ignore[arg-type]


def test_a_problem_refuses_what_is_not_its_own() -> None:
    question, solution = "How many?", "It is 1 + 1 = 2.\nSo 2 + 1 = 3.\n#### 3"
    WordProblem(id=problem_id(question), question=question, solution=solution, answer=3)
    with pytest.raises(InstrumentError, match="not that of its question"):
        WordProblem(id="0" * 16, question=question, solution=solution, answer=3)
    with pytest.raises(InstrumentError, match="'#### 4'"):
        WordProblem(id=problem_id(question), question=question, solution=solution, answer=4)


def test_the_module_needs_no_heavy_library() -> None:
    code = "import sys, pytest_persona.instruments.arithmetic; print(*{'numpy', 'torch'} & sys.modules.keys())"
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# Ids and answers


@given(st.lists(st.text("abz019", min_size=1), min_size=1), st.sampled_from(["  ", "\n", "\t ", " \r\n"]))
def test_an_id_is_sixteen_hex_digits_of_the_question_less_case_and_blanks(words: list[str], blank: str) -> None:
    expected = hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]
    assert problem_id(blank + blank.join(words).upper() + blank) == problem_id(" ".join(words)) == expected


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("First 3, then 4, not 5 apples.\n#### 7 apples, not 12.", 7),
        ("#### $1,234,567.50", 1234567.5),
        ("#### **42**", 42),
        ("####\n42", 42),
        ("#### $-3", -3),
        ("#### \u22123", -3),
        ("#### .5", 0.5),
        ("#### 36\n\nQuestion: next 9\n#### 12", 36),  # the model ran on
        ("#### Step\nso 8\n#### 9", 9),
        ("#### unknown, but 5 or 6", 6),
        ("1,2,3", 3),
        ("It costs $7.25.", 7.25),
        ("(2)-4", 4),
        ("COVID-19", 19),
        ("#### " + "1" * 5_000, None),
    ],
)
def test_answer_is_read(text: str, answer: float | None) -> None:
    assert final_answer(text) == answer


@given(st.integers(), st.sampled_from(["{}", "{:,}"]), st.sampled_from(["", ".", "%", ".0", ".00", " dollars", "\n"]))
def test_whole_answers_come_back(number: int, form: str, end: str) -> None:
    written = form.format(number) + end
    for text in (f"So 1 + 1 = 2.\n#### {written}", f"The first is 17 and the last is {written}"):
        value = final_answer(text)
        assert value == number
        assert isinstance(value, int)


@given(st.floats(min_value=-1e6, max_value=1e6).map(lambda x: round(x, 3)))
def test_decimal_answers_come_back(number: float) -> None:
    assert final_answer(f"#### {number:,.3f}") == number


@given(st.text())
def test_any_text_is_read_without_error(text: str) -> None:
    value = final_answer(text)
    assert value is None or math.isfinite(value)
    assert (value is None) == (re.search("[0-9]", text) is None)


def test_reading_takes_time_in_proportion_to_the_text() -> None:
    start = time.process_time()
    for unit in ("#", "#### ", "1,", "-$", "1,234", "####\n*"):
        final_answer(unit * 50_000)
    assert time.process_time() - start < 4
