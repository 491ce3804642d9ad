"""EQ-Bench v2: from a reply to four intensities, and from these to a score.

    score = 100 − 7.477 · Σ f(d)     f(0) = 0,  f(d) = 6.5 / (1 + exp(−1.2 (d − 4))) up to d = 5,  f(d) = d above

d is the distance of an intensity from its reference, on the scale from 0 to 10: small differences count less than they
are, and large ones in full. The constant makes random answers score about 0, so that a score can be negative.

Source: Paech (2023), arXiv 2312.06281, and version 2's scoring, `calculate_score_fullscale` of EQ-bench/EQ-Bench. There
a question has at most 10 and the benchmark's mean is scaled to 100; here the question is scaled already.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_persona.judges.score import Unscored

__all__ = ["ADJUSTMENT", "PASSES", "Intensities", "emotion_score", "read_intensities"]

ADJUSTMENT = 0.7477
HIGHEST = 10
PASSES = ("first", "revised")
_DAMPED, _CEILING, _STEEPNESS, _MIDDLE = 5, 6.5, 1.2, 4
_REVISED = re.compile(r"revised scores\W*:", re.IGNORECASE)
_CRITIQUE = re.compile(r"^\W*critique\W*:", re.IGNORECASE | re.MULTILINE)
_END = re.compile(r"\[end of answer\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Intensities:
    """How strongly four emotions are felt, by a reply.

    Attributes:
        values: In the order in which they were asked for, each in [0, 10], not all 0.
    """

    values: tuple[float, ...]


def read_intensities(reply: str, emotions: Sequence[str], *, which: str = "first") -> Intensities | Unscored:
    """The intensities that a reply gives, one a line as `Emotion: 7`; or why they cannot be read, never zeros.

    Capitals, bullets, bold type, decimals and `/10` do not matter (ours: the published reader wants the very spelling
    and whole numbers). Lines about anything else are passed over.

    Args:
        reply: The whole reply.
        emotions: What was asked for, in order.
        which: Of `PASSES`: the scores before the critique, which are all there are when the prompt asked for one pass,
            or the revised ones.

    Raises:
        ValueError: no such pass.
    """
    if which not in PASSES:
        raise ValueError(f"no pass {which!r}. Known: {', '.join(PASSES)}")
    head, *rest = _REVISED.split(reply)
    if which == "revised" and not rest:
        return Unscored("no revised scores", reply)
    part = rest[0] if which == "revised" else _CRITIQUE.split(head)[0]
    part = _END.split(part)[0]
    values = []
    for emotion in emotions:
        line = rf"^[ \t>*_\-•\d.)]*{re.escape(emotion)}[ \t*_]*[:=][ \t*_]*(.*?)[ \t*_.,;]*$"
        found = {_number(text) for text in re.findall(line, part, re.IGNORECASE | re.MULTILINE)}
        if not found:
            return Unscored(f"no score of {emotion}", reply)
        if len(found) > 1:
            return Unscored(f"more than one score of {emotion}", reply)
        (value,) = found
        if value is None or not 0 <= value <= HIGHEST:
            return Unscored(f"the score of {emotion} is no number from 0 to {HIGHEST}", reply)
        values.append(value)
    if not any(values):
        return Unscored("all scores are 0", reply)  # the prompt forbids it, and the published harness asks again
    return Intensities(tuple(values))


def emotion_score(given: Sequence[float], reference: Sequence[float]) -> float:
    """One question's score: 100 where all intensities are the reference's, about 0 for random ones, or below.

    Args:
        given: Intensities, each in [0, 10].
        reference: The reference's, in the same order.

    Raises:
        ValueError: other than four of each, NaN, or an intensity outside [0, 10].
    """
    if len(given) != 4 or len(reference) != 4:
        raise ValueError(f"EQ-Bench v2 scores four intensities, got {len(given)} and {len(reference)}")
    for value in (*given, *reference):
        if not 0 <= value <= HIGHEST:  # also refuses NaN
            raise ValueError(f"an intensity is in [0, {HIGHEST}], got {value}")
    lost = math.fsum(_damped(abs(mine - theirs)) for mine, theirs in zip(given, reference, strict=True))
    return 10 * (10 - ADJUSTMENT * lost)


def _damped(distance: float) -> float:
    if distance == 0:
        return 0.0
    if distance > _DAMPED:
        return distance
    return _CEILING / (1 + math.exp(-_STEEPNESS * (distance - _MIDDLE)))


def _number(text: str) -> float | None:
    match = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)(?:[ \t]*/[ \t]*10)?", text)
    return float(match[1]) if match else None
