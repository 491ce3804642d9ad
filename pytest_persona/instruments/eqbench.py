"""EQ-Bench v2: what somebody feels at the end of a dialogue. The published dialogues, and five that this project wrote.

How replies are read and scored: `pytest_persona.probes.emotions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.item_set import read_official_set, read_pocket_set
from pytest_persona.instruments.items import ItemSet, is_pocket
from pytest_persona.instruments.json_file import read_json, text_under

__all__ = ["EMOTIONS", "OFFICIAL_DIALOGUES", "EmotionDialogue", "eqbench", "one_pass", "read_dialogues"]

EMOTIONS, HIGHEST = 4, 10
OFFICIAL_DIALOGUES = "eqbench/eq_bench_v2_questions_171.json"
_POCKET = Path(__file__).parent / "data" / "eqbench" / "pocket.json"
_REFERENCE = "reference_answer_fullscale"
_REVISION = " Then critique", "\n\nYou must output"
_SECOND_PASS = "\n\nCritique:", "\n\n[End of answer]"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmotionDialogue:
    """A dialogue, and how strongly somebody in it feels four emotions.

    Attributes:
        id: Its number in the file.
        prompt: The whole question as it is published, which asks for scores, a critique and revised scores.
        emotions: The four emotions, in the prompt's order.
        reference: Their intensities by the reference, each in [0, 10] (the full scale, not normalised to a sum).
    """

    id: str
    prompt: str
    emotions: tuple[str, ...]
    reference: tuple[float, ...]


def eqbench(*, kind: str, data: Path | None = None) -> ItemSet[EmotionDialogue]:
    """The 171 published dialogues, or the pocket's five.

    Args:
        kind: `official` or `pocket`.
        data: Folder with the published files; None downloads them.

    Raises:
        InstrumentError: unknown kind, missing or damaged file, or not the published one.
    """
    if is_pocket(kind):
        return read_pocket_set("eqbench", _POCKET, read_dialogues)
    return read_official_set("eqbench", OFFICIAL_DIALOGUES, data, read_dialogues)


def one_pass(prompt: str) -> str:
    """The prompt without critique and revised scores, which takes a fraction of the tokens to answer.

    Raises:
        InstrumentError: the prompt does not ask for them in the published form.
    """
    for start, end in (_REVISION, _SECOND_PASS):
        head, found, rest = prompt.partition(start)
        _, also, tail = rest.partition(end)
        if not found or not also:
            raise InstrumentError(f"the prompt has no {start.strip()!r} before {end.strip()!r}: ask it as it is")
        prompt = head + end + tail
    return prompt.replace("First pass scores:", "Scores:")


def read_dialogues(path: Path) -> tuple[EmotionDialogue, ...]:
    """Dialogues of a file in EQ-Bench v2's layout: from a number to prompt and reference_answer_fullscale, which has
    emotion1 to emotion4, texts, and emotion1_score to emotion4_score, numbers or digits as text.

    Raises:
        InstrumentError: a damaged file, a missing field, an emotion twice or not in the prompt, or an intensity that is
            no number from 0 to 10.
    """
    records = read_json(path)
    if not isinstance(records, dict):
        raise InstrumentError(f"{path}: not an object of records. Copy it again")
    dialogues = []
    for number, record in records.items():
        where = f"{path}, record {number!r}"
        prompt = text_under(record, "prompt", where)
        reference, where = record.get(_REFERENCE), f"{where}, {_REFERENCE}"
        emotions = tuple(text_under(reference, f"emotion{place}", where) for place in range(1, EMOTIONS + 1))
        if len({emotion.casefold() for emotion in emotions}) != EMOTIONS:
            raise InstrumentError(f"{where}: an emotion stands there twice")
        absent = [emotion for emotion in emotions if f"\n{emotion}: <" not in prompt]
        if absent:
            raise InstrumentError(f"{where}: the prompt does not ask for {', '.join(absent)}")
        scores = tuple(_intensity(reference, f"emotion{place}_score", where) for place in range(1, EMOTIONS + 1))
        dialogues.append(EmotionDialogue(id=number, prompt=prompt, emotions=emotions, reference=scores))
    return tuple(dialogues)


def _intensity(reference: dict[str, Any], name: str, where: str) -> float:
    given = reference.get(name)
    if isinstance(given, str | int | float) and not isinstance(given, bool):
        try:
            value = float(given)
        except ValueError:
            pass
        else:
            if 0 <= value <= HIGHEST:  # also refuses NaN
                return value
    raise InstrumentError(f"{where}: {name} is {given!r}, expected a number from 0 to {HIGHEST}")
