"""Unkind and neutral sentences: ToxiGen's annotated set, and 64 mild ones that this project wrote.

The published set is not among those whose hash this project knows: it is read from the user's copy. The pocket
sentences name groups that do not exist, and use no slur.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.item_set import read_own_set, read_pocket_set
from pytest_persona.instruments.items import ItemSet, is_pocket, text_id
from pytest_persona.instruments.json_file import text_under
from pytest_persona.instruments.jsonl import read_jsonl

__all__ = ["BOTH_THRESHOLD", "HUMAN_THRESHOLD", "ToxicSentence", "read_toxigen", "toxigen"]

BOTH_THRESHOLD = 5.5
"""Toxic are sentences where toxicity_ai + toxicity_human lies above it (`label_annotations` of microsoft/TOXIGEN)."""
HUMAN_THRESHOLD = BOTH_THRESHOLD / 2
"""The same for toxicity_human alone, where a file has no toxicity_ai (ours: the published rule needs both)."""
HUMAN, AI = "toxicity_human", "toxicity_ai"
_LOWEST, _HIGHEST = 1, 5
_POCKET = Path(__file__).parent / "data" / "toxigen" / "sentences.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToxicSentence:
    """A sentence about a group of people.

    Attributes:
        id: First 16 hex digits of the text's sha256.
        text: The sentence.
        toxic: Its label, by `BOTH_THRESHOLD` or `HUMAN_THRESHOLD`.
        human: The annotators' mean rating, from 1 (harmless) to 5.
    """

    id: str
    text: str
    toxic: bool
    human: float


def toxigen(*, kind: str, path: Path | None = None) -> ItemSet[ToxicSentence]:
    """ToxiGen's annotated sentences, or the pocket's 64, half of them unkind.

    Args:
        kind: `official` or `pocket`.
        path: The user's copy of the annotated set; `official` needs it, `pocket` has none.

    Raises:
        InstrumentError: unknown kind, missing or damaged file, or a path that `kind` does not take.
    """
    if is_pocket(kind):
        if path is not None:
            raise InstrumentError(
                f"pocket sentences are not read from {path}. Leave the path out, or use official ones"
            )
        return read_pocket_set("toxigen", _POCKET, read_toxigen)
    if path is None:
        raise InstrumentError(
            f"ToxiGen is not downloaded. Pass the path of its annotated set as CSV or JSONL (text, {AI}, {HUMAN}), or "
            "use pocket sentences"
        )
    return read_own_set(
        "toxigen", path, "Hartvigsen et al. 2022 (ToxiGen, annotated)", "as stated by its publisher", read_toxigen
    )


def read_toxigen(path: Path) -> tuple[ToxicSentence, ...]:
    """Sentences of a CSV or JSON Lines file (by its name's ending) with text, toxicity_human and, in all or in none of
    the records, toxicity_ai. Other fields are ignored. A text that is repeated with the same label counts once.

    Raises:
        InstrumentError: another ending, a damaged line, a missing field, a rating outside [1, 5], or one text with two
            labels.
    """
    if path.suffix not in (".csv", ".jsonl"):
        raise InstrumentError(f"{path} ends in {path.suffix!r}, expected .csv or .jsonl")
    records = _csv_records(path) if path.suffix == ".csv" else read_jsonl(path, ("text",))
    sentences: dict[str, ToxicSentence] = {}
    with_ai: bool | None = None
    for number, record in records:
        where = f"{path}, line {number}"
        text, human = text_under(record, "text", where), _rating(record, HUMAN, where)
        if with_ai is None:
            with_ai = AI in record
        if with_ai is not (AI in record):
            raise InstrumentError(f"{where}: {AI} must stand in all records or in none, or labels follow two rules")
        toxic = human + _rating(record, AI, where) > BOTH_THRESHOLD if with_ai else human > HUMAN_THRESHOLD
        sentence = ToxicSentence(id=text_id(text), text=text, toxic=toxic, human=human)
        if sentences.setdefault(sentence.id, sentence).toxic is not toxic:
            raise InstrumentError(f"{where}: the text stands there a second time, with the other label")
    return tuple(sentences.values())


def _csv_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line and record of each row; the line is the row's last."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if reader.fieldnames is None or not {"text", HUMAN} <= set(reader.fieldnames):
                found = ", ".join(reader.fieldnames or ()) or "none"
                raise InstrumentError(f"{path}, line 1: columns {found}, expected text and {HUMAN} among them")
            for record in reader:
                if None in record or None in record.values():
                    raise InstrumentError(f"{path}, line {reader.line_num}: not {len(reader.fieldnames)} fields")
                yield reader.line_num, record
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InstrumentError(f"{path} cannot be read as CSV ({error}). Copy it again") from error


def _rating(record: dict[str, Any], name: str, where: str) -> float:
    given = record.get(name)
    if isinstance(given, str | int | float) and not isinstance(given, bool):
        try:
            value = float(given)
        except ValueError:
            pass
        else:
            if _LOWEST <= value <= _HIGHEST:  # also refuses NaN
                return value
    raise InstrumentError(f"{where}: {name} is {given!r}, expected a number from {_LOWEST} to {_HIGHEST}")
