"""Worked solutions with one wrong step, for rejected answers that look like a real mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from random import Random

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments._equations import Number, Solution, Value, read

__all__ = ["corrupt"]


def corrupt(solution: str, answer: int, rng: Random) -> str:
    """The solution with one wrong step, carried on to the end. Deterministic, given `rng`.

    One true equation gets a wrong result, as a slip would give it (a digit off, digits swapped, the wrong operation):
    positive, of similar size, whole where the right one is. What follows is made to agree: later equations are worked
    out again, other mentions are replaced. Where that cannot be done (a division would no longer be whole, or the
    value may mean two things) another slip or step is taken; failing all, only the last true equation and the final
    number are changed. So there is one false equation more than before, and as many lines.

    Where no true equation can be read, only the final number is changed: the wrong step is then the conclusion.

    Args:
        solution: Steps, several equations or none in a line; the last line is `#### N`.
        answer: N.
        rng: Only its `random()` is used.

    Returns:
        The text. Its last line is `#### M`, where M is whole, 0 or more, and not N.

    Raises:
        InstrumentError: the solution does not end in its answer.
    """
    if not solution.endswith(f"\n#### {answer}"):
        raise InstrumentError(f"the solution does not end in the line '#### {answer}', but in {solution[-20:]!r}")
    body = solution.removesuffix(f"\n#### {answer}")
    text = read(body)
    right = [place for place, step in text.steps.items() if step.true]
    for place in _order(right, rng):
        for wrong in _slips(text, place, rng):
            values = _carry(text, body, place, wrong)
            final = None if values is None else _final(text, values, answer)
            if values is not None and final is not None:
                return f"{_write(text, body, values)}\n#### {final}"
    values = [number.value for number in text.numbers]
    final = next(_near(answer, (), rng))
    if right:
        values[right[-1]] = next(_slips(text, right[-1], rng))
        carried = _final(text, values, answer)
        final = final if carried is None else carried
    return f"{_write(text, body, values)}\n#### {final}"


def _order(places: Sequence[int], rng: Random) -> Iterator[int]:
    """One at random, then those after it, then those before it, the last first."""
    if places:
        first = int(rng.random() * len(places))
        yield from places[first:]
        yield from reversed(places[:first])


def _slips(text: Solution, place: int, rng: Random) -> Iterator[Value]:
    """Wrong results of a step, in random order; at least two."""
    number, left = text.numbers[place], text.steps[place].left
    scale = 1 if isinstance(number.value, int) else 10 ** len(number.text.partition(".")[2])
    mixed: list[Value] = []
    if len(left) == 3 and isinstance(left[0], int) and isinstance(left[2], int):
        first, second = text.numbers[left[0]].value, text.numbers[left[2]].value
        mixed = [first + second, max(first - second, second - first), first * second]
        if left[1] == "*":
            mixed += [first * (second + 1), first * (second - 1), (first + 1) * second, (first - 1) * second]
    for wrong in _near(int(number.value * scale), [value * scale for value in mixed], rng):
        yield wrong if scale == 1 else Fraction(wrong, scale)


def _near(right: int, more: Sequence[Value], rng: Random) -> Iterator[int]:
    """Whole positive numbers of a size like that one's, but not it, in random order; at least two."""
    size = abs(right)
    digits = str(size)
    swapped = [
        int(digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :])
        for at in range(len(digits) - 1)
        if at or digits[1] != "0"
    ]
    ten = 10 ** (len(digits) - 1)
    steps = [1, 2, *([10, 20] if size >= 20 else []), *([ten, 2 * ten] if size >= 100 else [])]
    close = [size + sign * step for step in steps for sign in (1, -1)]
    whole = {int(value) for value in (*close, *swapped, *more) if value == int(value)}
    least, most = min(size - 2, (size + 1) // 2), max(size + 2, 2 * size)
    fit = sorted(wrong for wrong in whole if least <= wrong <= most and wrong > 0 and wrong != size)
    while fit:
        yield fit.pop(int(rng.random() * len(fit)))


def _carry(text: Solution, body: str, place: int, wrong: Value) -> list[Value] | None:
    """All numbers once the step at `place` has the wrong result; None where the text would contradict itself."""
    numbers = text.numbers
    values = [number.value for number in numbers]
    moved: dict[Value, Value] = {}
    for at in range(place, len(numbers)):
        old, step = numbers[at].value, text.steps.get(at)
        if step is None:
            values[at] = moved.get(old, old)
            continue
        new: Value | None = wrong
        if at != place:
            new = text.result(step, values) if step.true else moved.get(old, old)
        if new == old and old not in moved:
            continue
        if new is None or not _printable(new, numbers[at]):
            return None
        later = any(other.value == old for other in numbers[at + 1 :])
        if later and moved.get(old, new) != new:
            return None
        if new != old:
            announced = _announced(text, body, at)
            if announced is None or _ambiguous(text, values, at, later, announced):
                return None
            for said in (*announced, at):
                values[said] = new
            moved[old] = new
    return values if _agree(text, values) else None


def _announced(text: Solution, body: str, at: int) -> list[int] | None:
    """Mentions of a result in its own line, before its step: `He has 6 pears because 2 * 3 = 6`.

    None where there is one but no `because`: the number may then be one of those that were given.
    """
    numbers, step = text.numbers, text.steps[at]
    own = [item for item in step.left if isinstance(item, int)]
    said = [
        other
        for other in range(own[0])
        if numbers[other].line == numbers[at].line and numbers[other].value == numbers[at].value
    ]
    if said and "because" not in body[numbers[said[-1]].end : numbers[own[0]].start]:
        return None
    return said


def _ambiguous(text: Solution, values: Sequence[Value], at: int, later: bool, announced: Sequence[int]) -> bool:
    """Whether nobody could say what a later mention of this result means."""
    numbers = text.numbers
    old = numbers[at].value
    if numbers[at].percent and any(number.value * 100 == old for number in numbers[at + 1 :]):
        return True
    return later and any(numbers[place].value == old == values[place] for place in range(at) if place not in announced)


def _agree(text: Solution, values: Sequence[Value]) -> bool:
    """Whether all that was changed stands in equations that could be worked out again, or in none."""
    numbers = text.numbers
    changed = {at for at, number in enumerate(numbers) if values[at] != number.value}
    if text.unread and any(numbers[at].line in text.unread for at in changed):
        return False
    if any(changed.intersection((*step.left, *step.right)) for step in text.steps.values() if not step.true):
        return False
    touched = (other for other in text.others if changed.intersection((*other.left, *other.right)))
    return all(other.true and text.holds(other, values) for other in touched)


def _printable(value: Value, like: Number) -> bool:
    places = 0 if isinstance(like.value, int) else max(2, len(like.text.partition(".")[2]))
    return value > 0 and value * 10**places % 1 == 0


def _final(text: Solution, values: Sequence[Value], answer: int) -> int | None:
    """What has become of the answer, where it was mentioned last; None where that is no wrong answer."""
    for number, value in zip(reversed(text.numbers), reversed(values), strict=True):
        if number.value == answer:
            return int(value) if value % 1 == 0 and value != answer else None
    return None


def _write(text: Solution, body: str, values: Sequence[Value]) -> str:
    parts, end = [], 0
    for number, value in zip(text.numbers, values, strict=True):
        if value != number.value:
            parts += [body[end : number.start], _print(value, number.text)]
            end = number.end
    return "".join([*parts, body[end:]])


def _print(value: Value, like: str) -> str:
    """The value in the manner of the number that stood there: 1,250 for 1,148, and 7.50 for 5.00."""
    decimals = like.partition(".")[2]
    places = max(2, len(decimals))
    whole, part = divmod(int(value * 10**places), 10**places)
    shown = f"{part:0{places}d}"
    shown = shown if len(decimals) == 2 else shown.rstrip("0")
    text = f"{whole:,}" if "," in like else str(whole)
    text = "" if like.startswith(".") and shown and not whole else text
    return f"{text}.{shown}" if shown else text
