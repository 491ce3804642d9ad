"""Equations are found in prose, with their numbers, and what cannot be read is named by its line."""

from fractions import Fraction

import pytest

from pytest_persona.instruments._equations import read


def shown(solution, side):
    return " ".join(item if isinstance(item, str) else solution.numbers[item].text for item in side)


@pytest.mark.parametrize(
    ("text", "step", "true"),
    [
        ("48/2 = 24", "48 / 2 = 24", True),
        ("48/2 = 23", "48 / 2 = 23", False),
        ("He pays $5 x 3 = $15.", "5 * 3 = 15", True),
        ("It is 1,000×.5=500.00", "1,000 * .5 = 500.00", True),
        ("9 – 2 − 1 = 6", "9 - 2 - 1 = 6", True),
        ("9 ÷ 2 = 4.5", "9 / 2 = 4.5", True),
        ("2 + 3 * 4 = 14", "2 + 3 * 4 = 14", True),
        ("20 - 3 - 4 = 13", "20 - 3 - 4 = 13", True),
        ("24 / 4 / 2 = 3", "24 / 4 / 2 = 3", True),
        ("(2 + 3) * (4 - 2) = 10", "( 2 + 3 ) * ( 4 - 2 ) = 10", True),
        ("So (2 * 3 = 6) of them", "2 * 3 = 6", True),
        ("So ((2 + 1) * 3 = 9) of them", "( 2 + 1 ) * 3 = 9", True),
        ("1/4 * 8 = 2", "1 / 4 * 8 = 2", True),
        ("3 large pears + 4 pears = 7 pears for 2 boys", "3 + 4 = 7", True),
        ("It takes 2 hours * 60 minutes/hour = 120 minutes", "2 * 60 = 120", True),
        ("It takes $4/hour * 3 = 12", "4 * 3 = 12", True),
        ("A 12-inch pan * 2 = 24", "12 * 2 = 24", True),
        ("2kg + 3kg = 5kg", "2 + 3 = 5", True),
        ("20% * 50 = 10", "20 * 50 = 10", True),
        ("10/50 = 20%", "10 / 50 = 20", True),
        ("100% - 20 % = 80 %", "100 - 20 = 80", True),
        ("100 - 20 = 80%", "100 - 20 = 80", True),
        ("100 - 20 = 81%", "100 - 20 = 81", False),
        ("The total = 2 + 3 = 5", "2 + 3 = 5", True),
        ("On the 2nd at 3:30 he ran 2 + 1 = 3 miles", "2 + 1 = 3", True),
        ("5 / 0 = 1", "5 / 0 = 1", False),
        ("5 / (2 - 2) = 1", "5 / ( 2 - 2 ) = 1", False),
        ("200/3 = 66.67", "200 / 3 = 66.67", False),
    ],
)
def test_a_step_is_read(text, step, true):
    solution = read(text)
    assert [
        (f"{shown(solution, equation.left)} = {shown(solution, equation.right)}", equation.true)
        for equation in solution.steps.values()
    ] == [(step, true)]
    assert list(solution.steps) == [equation.right[0] for equation in solution.steps.values()]
    assert solution.unread == set()


@pytest.mark.parametrize(
    "text",
    [
        "2x + 3 = 7",
        "2x = 7",
        "2 + 3x = 7",
        "7 = 2x",
        "7 = 2 + x",
        "7 = 2 pears + x",
        "x + 3 = 7",
        "10 - x = 7",
        "1 1/2 * 2 = 3",
        "9 / 6 = 1 1/2",
        "2(3 + 4) = 14",
        "14 = 2(3 + 4)",
        "2 ^ 2 + 1 = 5",
        "5 = 1 + 2 ^ 2",
        "(2 + 3) + = 5",
        "2 + ((3) = 5",
        "4 + 1 = -5",
        "4 + 1 =",
        "7 - = 5",
        "$20/$10 = 2 $10 bills",
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(text):
    solution = read(f"He has 2.\nSo {text}\nand 1 + 1 = 2")
    assert solution.unread == {1}
    assert list(solution.steps) == [len(solution.numbers) - 1]


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("2 * 3 = 4 + 2", [True]),
        ("11 missing = 11 remaining", [True]),
        ("1 hour = 60 minutes", [False]),
        ("5/6 = 1 - 1/6", [True]),
        ("x = 5", []),
        ("The total = $5", []),
    ],
)
def test_other_equations_are_no_steps(text, others):
    solution = read(text)
    assert [equation.true for equation in solution.others] == others
    assert (solution.steps, solution.unread) == ({}, set())


def test_a_chain_is_one_equation_for_each_sign():
    solution = read("It is 2 * 3 + 4 = 6 + 4 = 10 = x")
    assert [shown(solution, step.left) for step in solution.steps.values()] == ["6 + 4"]
    assert [shown(solution, other.right) for other in solution.others] == ["6 + 4"]
    assert solution.unread == {0}  # what is x?


def test_numbers_know_their_place():
    text = "On the 1st he pays $1,250.50,\nthen .5 and 20 %"
    solution = read(text)
    assert [number.value for number in solution.numbers] == [Fraction(2501, 2), Fraction(1, 2), 20]
    assert [text[number.start : number.end] for number in solution.numbers] == ["1,250.50", ".5", "20"]
    assert [(number.line, number.percent) for number in solution.numbers] == [(0, False), (1, False), (1, True)]


@pytest.mark.parametrize(
    ("text", "values", "result"),
    [
        ("2 + 3 * 4 = 14", [5, 3, 4, 14], 17),
        ("9 / 3 = 3", [9, 2, 3], Fraction(9, 2)),
        ("9 / 3 = 3", [9, 0, 3], None),
        ("9 / (3 - 1) = 4.5", [9, 1, 1, 4], None),
        ("20% * 50 = 10", [30, 50, 10], 15),
        ("10/50 = 20%", [20, 50, 20], 40),
        ("100% - 20% = 80%", [100, 30, 80], 70),
        ("100 - 20 = 80%", [100, 30, 80], 70),
    ],
)
def test_a_step_can_be_worked_out_again(text, values, result):
    solution = read(text)
    (step,) = solution.steps.values()
    assert solution.result(step, values) == result
