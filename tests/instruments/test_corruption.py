"""A corrupted solution has one wrong step, and everything after it agrees with that step."""

import ast
import itertools
import operator
import re
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.arithmetic import word_problems
from pytest_persona.instruments.corruption import corrupt
from pytest_persona.instruments.gsm8k import gsm8k

OURS = list(itertools.islice(word_problems("train", seed=0), 2000))
OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)%?"
SIDE = rf"\(*{NUMBER}\)*(?:[-+*/]\(*{NUMBER}\)*)+"
STEP = re.compile(rf"(?<![-\d.%*/+^)]){SIDE}=(?={NUMBER}(?!\.?\d|[%)]*[-+*/(^]))")


def calculate(node):
    """Exact value of a sum of Python."""
    if isinstance(node, ast.BinOp):
        return OPERATIONS[type(node.op)](calculate(node.left), calculate(node.right))
    assert isinstance(node, ast.Constant)
    return Fraction(str(node.value))


def sums(text):
    """Whether each `a op b = c` of a text is true, with 20% as 20 or as 0.2.

    Works on the text without its words, where the implementation works on tokens with them.
    """
    text = re.sub(r"(?<=\d),(?=\d{3})|\d+(?:st|nd|rd|th)\b|\d+:\d+|[$€£¢]", "", text)
    text = re.sub(r"(?:\b[xX]|×)(?=[ (]*\.?\d)|(?<=\d)[xX](?=\d)", "*", text)
    text = re.sub(r"[–−]", "-", text.replace("÷", "/"))
    text = re.sub(r"(?<=[\d )])[-/ ]*[^\W\d_][\w'’]*(?:[-/ ]+[^\W\d_][\w'’]*)*|[^\W\d_][\w'’]*", " ", text)
    text = re.sub(r" *([-+*/=^]) *|(?<=\() | (?=[)%])", r"\1", re.sub(r"[ \xa0]+", " ", text))
    for found in STEP.finditer(text):
        left, right = found[0][:-1], re.match(NUMBER, text[found.end() :])[0]
        left = left.removeprefix("(" * (left.count("(") - left.count(")")))
        yield any(worth(left, share) == worth(right, share) for share in ("/100", ""))


def worth(written, share):
    written = re.sub(r"(?<![\d.])0+(?=\d)", "", written)  # Python has no 007
    try:
        return calculate(ast.parse(re.sub(r"([\d.]+)%", rf"(\1{share})", written), mode="eval").body)
    except (SyntaxError, ZeroDivisionError):
        return written


def false(text):
    return [*sums(text)].count(False)


def last(text):
    return int(re.search(r"\n#### (\d+)\Z", text)[1])


def all_of(solution, answer, times=150):
    """What many seeds make of one solution."""
    return {corrupt(solution, answer, Random(seed)) for seed in range(times)}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("He has 2 + 2 = 4.", 0),
        ("He has 2 + 2 = 5.", 1),
        ("He pays $5 x 3 = $16, so 20 - 16 = 4 are left", 1),
        ("3 large pears + 4 pears = 8 pears, 48/2 = 24", 1),
        ("It is (2 + 3) * 4 = 21 and (2 * 3 = 6)", 1),
        ("It is 20% * 1,000 = 200 or 10% + 20% = 30% or 10 + 5% = 15%", 0),
        ("It is 20% * 1,000 = 201 or 10% + 20% = 40% or 10 + 5% = 16%", 3),
        ("2x = 10 and 1.5 × $3 = 4.50 and 10 ÷ 4 = 3", 1),
    ],
)
def test_the_checker_counts_false_sums(text, count):
    assert false(text) == count


@pytest.mark.parametrize("first", range(0, 2000, 500))
def test_our_word_problems_get_one_wrong_step(first):
    for number, problem in enumerate(OURS[first : first + 500]):
        wrong = corrupt(problem.solution, problem.answer, Random(number))
        right_lines, lines = problem.solution.split("\n"), wrong.split("\n")
        assert len(lines) == len(right_lines)
        assert (false(problem.solution), false(wrong)) == (0, 1)
        assert len([*sums(wrong)]) == len(right_lines) - 1  # the checker has seen every step
        assert last(wrong) != problem.answer
        assert lines[-2].split("= ")[1].split(" ")[0].rstrip(".") == str(last(wrong))
        changed = next(at for at, pair in enumerate(zip(right_lines, lines, strict=True)) if pair[0] != pair[1])
        assert false(lines[changed]) == 1  # what was changed first is the wrong step
        assert not re.search(r"\d\.\d|[-= ]0\b(?!\.)|-\d", wrong)  # whole and positive throughout


def test_the_wrong_step_is_not_always_the_last():
    early = sum(
        false("\n".join(corrupt(problem.solution, problem.answer, Random(number)).split("\n")[:-2])) == 1
        for number, problem in enumerate(OURS)
    )
    assert 0.5 < early / len(OURS) < 0.8


def test_gsm8k_solutions_get_one_wrong_step(official_data):
    problems = Random(0).sample(gsm8k("train", official_data), 500)
    unseen = only_final = 0
    for number, problem in enumerate(problems):
        wrong = corrupt(problem.solution, problem.answer, Random(number))
        assert wrong.count("\n") == problem.solution.count("\n")
        assert last(wrong) != problem.answer
        more = false(wrong) - false(problem.solution)
        if wrong.rpartition("\n")[0] == problem.solution.rpartition("\n")[0]:
            only_final += 1
            assert more == 0
        else:
            assert more in (0, 1)
            unseen += more == 0  # steps that this checker cannot read, and the implementation can
    assert unseen <= 10
    assert only_final <= 30


def test_no_gsm8k_solution_is_too_odd(official_data):
    for number, problem in enumerate(gsm8k("train", official_data)):
        assert last(corrupt(problem.solution, problem.answer, Random(number))) != problem.answer


@pytest.mark.parametrize(
    ("solution", "answer", "pattern"),
    [
        ("A costs $1,148 / 2 = $574.\nB costs $574 + $1 = $575.\n#### 575", 575, r"\$(\d+).\n.*\$\1 \+ \$1 = \$\d+\."),
        ("The sum is 900 + 248 = 1,148.\n#### 1148", 1148, r"= (\d{3}|\d,\d{3})\.\n"),
        (
            "It is 100 * 5% = $5.00, and 60 - 5 = 55\n#### 55",
            55,
            r"= \$(\d)\.00, and 60 - \1 = \d+\n|= \$5\.00, .*5 = ",
        ),
        ("Half is 3 / 2 = 1.5 m.\nAll is 1.5 + .5 = 2 m.\n#### 2", 2, r"= (1\.5|\d\.\d).*\n.* \1 \+ \.5 = \d m\."),
        ("It is 3 * 2.50 = $7.50, and 7.50 + .5 = 8\n#### 8", 8, r"= \$(\d+\.\d\d), and \1 \+ \.5 = \d+\n"),
        ("He has 6 pears because 2 * 3 = 6\n#### 6", 6, r"He has (\d+) pears because 2 \* 3 = \1\n#### \1"),
        ("It is 5 cm + 4cm = 9cm long, so 9cm - 1 cm = 8cm\n#### 8", 8, r"= (\d+)cm long, so \1cm - 1 cm = \d+cm"),
    ],
)
def test_a_wrong_value_is_carried_on_in_the_manner_of_the_right_one(solution, answer, pattern):
    made = all_of(solution, answer)
    assert len(made) > 2
    for wrong in made:
        assert re.search(pattern, wrong), wrong
        assert last(wrong) != answer


def test_mentions_follow():
    made = all_of("She buys 2 * 9 = 18 eggs.\nOf the 18 eggs 18 - 4 = 14 are left.\nThat is 14.\n#### 14", 14)
    early = {wrong for wrong in made if "= 18 eggs" not in wrong}
    assert early
    for wrong in early:
        assert "18" not in wrong
        assert re.search(r"= (\d+) eggs\.\nOf the \1 eggs \1 - 4 = (\d+) are left\.\nThat is \2\.\n#### \2\Z", wrong)


@pytest.mark.parametrize(
    "solution",
    [
        "A week is 14 - 7 = 7 days.\nIn 7 weeks he runs 7 * 5 = 35 miles.\n#### 35",
        "It is 2 + 3 = 5, not 4, and 9 - 4 = 5.\nThey have 5 + 5 = 10 pears.\n#### 10",
        "Of 6 pears she gets 2 * 3 = 6.\nShe pays 6 * 4 = 24.\n#### 24",
        "It is 100% - 80% = 20%.\nThat is .2 * 60 = 12.\nOr it is 60 * 20 / 100 = 12\n#### 12",
    ],
)
def test_a_value_that_may_mean_two_things_is_left_alone(solution):
    for wrong in all_of(solution, last(solution)):
        assert wrong.startswith(solution.split("\n")[0])


@pytest.mark.parametrize(
    "line",
    [
        "Each gets 47 / 47 = 1",  # no matter what 47 becomes
        "Each of 47 gets 94 / 47 = 2",
        "Now 47x = 94 and 47 + 1 = 48",
        "A third is 47 / 3 = 15.7 and 47 + 1 = 48",
        "It is 47 + 3 = 25 * 2 and 47 + 1 = 48",
        "A box of 47 = 4 bags and 47 + 1 = 48",
        "He gives 50 - 47 = 3 away, 60 - 12 = 48 and 48 + 1 = 49",
    ],
)
def test_a_step_that_cannot_be_carried_on_is_left_alone(line):
    solution = f"It is 50 - 3 = 47.\n{line}\n"
    answer = int(line.rpartition("= ")[2])
    for wrong in all_of(f"{solution}#### {answer}", answer):
        assert wrong.startswith("It is 50 - 3 = 47.\n")


def test_the_last_resort_is_the_last_equation_and_the_final_number():
    for wrong in all_of("It is 2 + 3 = 5.\nIt is 4 + 4 = 8.\nSo all but seven.\n#### 7", 7):
        assert re.fullmatch(r"It is 2 \+ 3 = 5\.\nIt is 4 \+ 4 = (?!8)\d+\.\nSo all but seven\.\n#### (?!7)\d+", wrong)
    for wrong in all_of("Of 8 pears 4 + 4 = 8 are left.\n#### 8", 8):
        assert re.fullmatch(r"Of 8 pears 4 \+ 4 = (?!8)(\d+) are left\.\n#### \1", wrong)


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        ("She ate all but three of them.\n#### 12", 12),
        ("Let x be the number: 2x + 3 = 9, so x = 3\n#### 3", 3),
        ("It is 200/3 = 67, about.\n#### 67", 67),
        ("He lost.\n#### -3", -3),
        ("None are left.\n#### 0", 0),
        ("It is 5/0 = 0\n#### 0", 0),
        ("It is 5/0 = 0 and (2 + = 3 and )4 * 2( = 8 and 2 ^ 2 + 1 = 5\n#### 1", 1),
        ("\n#### 1", 1),
    ],
)
def test_without_a_readable_equation_only_the_final_number_is_wrong(solution, answer):
    made = all_of(solution, answer)
    assert len(made) > 1
    for wrong in made:
        assert wrong.rpartition("\n")[0] == solution.rpartition("\n")[0]
        assert last(wrong) != answer


@pytest.mark.parametrize("solution", ["", "2 + 2 = 4", "2 + 2 = 4\n#### 4\n", "2 + 2 = 4\n#### 40", "#### 4"])
def test_a_solution_without_its_answer_is_refused(solution):
    with pytest.raises(InstrumentError, match="does not end in the line '#### 4'"):
        corrupt(solution, 4, Random(0))


def test_the_seed_alone_decides():
    problem = OURS[0]
    again = [corrupt(problem.solution, problem.answer, Random(7)) for _ in range(3)]
    assert len(set(again)) == 1


def test_only_the_sequence_of_random_is_used():
    class Only(Random):
        def getrandbits(self, k):
            raise AssertionError("only random() is promised to stay the same")

    for problem in OURS[:50]:
        assert corrupt(problem.solution, problem.answer, Only(1)) == corrupt(
            problem.solution, problem.answer, Random(1)
        )


@st.composite
def solutions(draw):
    """Steps that each use the last result, all of them whole."""
    value = draw(st.integers(2, 500))
    lines = []
    for _ in range(draw(st.integers(1, 5))):
        sign = draw(st.sampled_from("+-*/"))
        if sign == "/":
            other = draw(st.sampled_from([size for size in range(1, value + 1) if value % size == 0]))
        else:
            other = draw(st.integers(1, value - 1 if sign == "-" and value > 1 else 40))
        result = {"+": value + other, "-": abs(value - other), "*": value * other, "/": value // other}[sign]
        if sign == "-" and value <= other:
            sign, result = "+", value + other
        lines.append(f"{draw(st.sampled_from(['So ', 'It is $', '']))}{value} {sign} {other} = {result} in all.")
        value = result
    return "\n".join([*lines, f"#### {value}"]), value


@given(solutions(), st.integers())
def test_any_chain_of_steps_gets_one_wrong_step(made, seed):
    solution, answer = made
    wrong = corrupt(solution, answer, Random(seed))
    assert wrong.count("\n") == solution.count("\n")
    assert (false(solution), false(wrong)) == (0, 1)
    assert last(wrong) != answer


@given(st.text(alphabet="0123456789.,+-*/x=()%$ a\n"), st.integers(-50, 10**6), st.integers())
def test_any_text_is_taken(body, answer, seed):
    wrong = corrupt(f"{body}\n#### {answer}", answer, Random(seed))
    assert wrong.count("\n") == body.count("\n") + 1
    assert last(wrong) != answer
