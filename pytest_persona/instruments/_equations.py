"""The numbers and equations in a worked solution, where each stands and whether it is true.

Reads `48/2 = 24`, `$5 x 3 = $15`, `3 large pears + 4 pears = 7 pears`, `(2+3)*4 = 20`, `20% * 50 = 10`, and several in
one line. What it cannot read (`2x = 10`, `3 1/2 = 3.5`) it names by its line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

__all__ = ["Equation", "Number", "Side", "Solution", "Value", "read"]

Value = int | Fraction
Side = Sequence[int | str]
"""An expression: an int is the index of a number, a text an operator or a bracket."""

_WORD = r"[^\W\d_][\w'’]*"
_BEFORE_NUMBER = r"\s*[$€£(]*\.?[0-9]"
_TOKEN = re.compile(
    rf"""
      (?P<name>[0-9]+(?:st|nd|rd|th)\b|[0-9]+:[0-9]+)  # 1st and 3:30 are no amounts
    | (?P<number>(?:[0-9]{{1,3}}(?:,[0-9]{{3}})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)
    | (?P<percent>\ ?%)
    | (?P<times>[xX](?={_BEFORE_NUMBER}))
    | (?P<words>(?:/\ ?|-)?{_WORD}(?:[ /-]+(?![xX]{_BEFORE_NUMBER}){_WORD})*)  # large pears, pears/bag, /bag, -inch
    | (?P<mark>\.?\n|[^\s$€£¢])
    """,
    re.VERBOSE,
)
_ALGEBRA = re.compile(r"[^\W\d_](?![^\W\d_])")  # the x of 2x, but not the kg of 2kg

# Expressions are found in a text with one letter for each token: n number, % percent, o operator, w words, a algebra,
# | punctuation, ? anything else; and = ( ) newline as themselves.
_KIND = {
    **dict.fromkeys("+-*/×÷–−", "o"),
    **dict.fromkeys(".,;:!?'\"’“”", "|"),
    **{mark: mark for mark in "=()\n"},
    ".\n": "\n",
}
_SIGN = {"×": "*", "÷": "/", "–": "-", "−": "-"}
_AFTER = re.compile(r"\(*n%?w?\)*w?(?:o\(*n%?w?\)*w?)*")
_BEFORE = re.compile(r"w?\)*w?%?n\(*(?:ow?\)*w?%?n\(*)*")  # the same, read from its end
_NAME = re.compile(r"w[|\n(]")  # a left side without a number, read from its end: "The total ="
_RANK = {"(": 0, "+": 1, "-": 1, "*": 2, "/": 2}


class Number(NamedTuple):
    """A number as it stands in the text.

    Attributes:
        value: As written: 20 for `20%`.
        line: Number of its line, from 0.
    """

    start: int
    end: int
    text: str
    value: Value
    percent: bool
    line: int


class Equation(NamedTuple):
    """Two expressions with `=` between them.

    Attributes:
        hundredths: Whether 20% counts as 0.2 here; otherwise it counts as 20.
        true: Whether the two were equal as the text was read.
    """

    left: Side
    right: Side
    hundredths: bool
    true: bool


class Solution(NamedTuple):
    """A text, read.

    Attributes:
        numbers: All numbers, in order.
        steps: Equations `a op b = c`, true and false ones, by the index of c.
        others: Equations that are no steps, such as `2 * 3 = 3 + 3`.
        unread: Lines with an equation that cannot be read.
    """

    numbers: list[Number]
    steps: dict[int, Equation]
    others: list[Equation]
    unread: set[int]

    def result(self, step: Equation, values: Sequence[Value]) -> Value | None:
        """What stands right of a step, were the numbers these; None for a division by 0."""
        found = self._worth(step.left, values, step.hundredths)
        (place,) = step.right
        shown_as_share = isinstance(place, int) and step.hundredths and self.numbers[place].percent
        return found * 100 if found is not None and shown_as_share else found

    def holds(self, equation: Equation, values: Sequence[Value]) -> bool:
        """Whether the equation would be true, were the numbers these."""
        left = self._worth(equation.left, values, equation.hundredths)
        return left is not None and left == self._worth(equation.right, values, equation.hundredths)

    def _worth(self, side: Side, values: Sequence[Value], hundredths: bool) -> Value | None:
        if not hundredths and len(side) == 1:  # most are like this or like the next, and this is called often
            return values[side[0]] if isinstance(side[0], int) else None
        if not hundredths and len(side) == 3:
            first, sign, second = side
            if isinstance(first, int) and isinstance(sign, str) and isinstance(second, int):
                return _apply(sign, values[first], values[second])
        stack: list[Value] = []
        waiting: list[str] = []
        for item in (*side, ")"):
            if isinstance(item, int):
                share = hundredths and self.numbers[item].percent
                stack.append(Fraction(values[item], 100) if share else values[item])
                continue
            while item != "(" and waiting and _RANK[waiting[-1]] >= _RANK.get(item, 1):
                last = stack.pop()
                found = _apply(waiting.pop(), stack.pop(), last)
                if found is None:
                    return None
                stack.append(found)
            if item != ")":
                waiting.append(item)
            elif waiting:
                waiting.pop()
        return stack[0]


def read(body: str) -> Solution:
    """All numbers and equations of a text."""
    numbers: list[Number] = []
    kinds, items = ["\n"], list[int | str]("\n")
    line = 0
    for token in _TOKEN.finditer(body):
        group, item = token.lastgroup, token[0]
        if group == "number":
            kinds.append("n")
            items.append(len(numbers))
            numbers.append(Number(token.start(), token.end(), item, _value(item), False, line))
            continue
        kind = "w"
        if group == "mark":
            kind = _KIND.get(item, "?")
            line += kind == "\n"
            item = _SIGN.get(item, item)
        elif group == "times":
            kind, item = "o", "*"
        elif group == "percent":
            kind = "%"
            if kinds[-1] == "n":
                numbers[-1] = numbers[-1]._replace(percent=True)
        elif kinds[-1] == "n" and numbers[-1].end == token.start() and _ALGEBRA.match(item):
            kind = "a"
        kinds.append(kind)
        items.append(item)
    solution = Solution(numbers, {}, [], set())
    forward = "".join([*kinds, "\n"])
    backward = forward[::-1]
    values = [number.value for number in numbers]
    place = forward.find("=")
    while place >= 0:
        left, right = _side_before(forward, backward, items, place), _side_after(forward, items, place)
        if left and right:
            equation = _equation(solution, left, right, values)
            if len(left) > 1 and len(right) == 1 and isinstance(right[0], int):
                solution.steps[right[0]] = equation
            else:
                solution.others.append(equation)
        elif not (right and _NAME.match(backward, len(forward) - place)):
            solution.unread.add(forward.count("\n", 1, place))
        place = forward.find("=", place + 1)
    return solution


def _value(text: str) -> Value:
    text = text.replace(",", "")
    if "." not in text:
        return int(text)
    value = Fraction(text)
    return value.numerator if value.denominator == 1 else value


def _side_before(forward: str, backward: str, items: Side, place: int) -> Side:
    """The expression before the `=` at that place, or nothing where it cannot be read."""
    found = _BEFORE.match(backward, len(forward) - place)
    if not found:
        return ()
    start = len(forward) - found.end()
    return () if forward[start - 1] in "no?a)%" else _expression(forward, items, start, place)


def _side_after(forward: str, items: Side, place: int) -> Side:
    """The expression after the `=` at that place, or nothing where it cannot be read."""
    found = _AFTER.match(forward, place + 1)
    if not found:
        return ()
    end = found.end()
    barred = "o?a(" if forward[end - 1] == "w" else "o?a(n"  # 3 bags for 4 people, but not 3 1/2
    return () if forward[end] in barred else _expression(forward, items, place + 1, end)


def _expression(forward: str, items: Side, start: int, end: int) -> Side:
    """Numbers, operators and brackets, without brackets that open before the expression or close after it."""
    side = [items[place] for place in range(start, end) if forward[place] not in "w%"]
    surplus = side.count("(") - side.count(")")
    while surplus and side[:1] == ["("]:
        del side[0]
        surplus -= 1
    while surplus and side[-1:] == [")"]:
        del side[-1]
        surplus += 1
    return () if surplus else side


def _equation(solution: Solution, left: Side, right: Side, values: Sequence[Value]) -> Equation:
    numbers = solution.numbers
    share = any(numbers[item].percent for item in (*left, *right) if isinstance(item, int))
    for hundredths in (True, False) if share else (False,):
        equation = Equation(left, right, hundredths, True)
        if solution.holds(equation, values):
            return equation
    return Equation(left, right, False, False)


def _apply(sign: str, first: Value, second: Value) -> Value | None:
    if sign == "+":
        return first + second
    if sign == "-":
        return first - second
    if sign == "*":
        return first * second
    if not second:
        return None
    return Fraction(first, second) if first % second else first // second  # ints are faster
