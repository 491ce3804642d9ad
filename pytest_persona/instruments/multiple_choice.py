"""Multiple choice in SuperGPQA's layout: the published questions, and 20 of general knowledge that this project wrote.

The published file is not among those whose hash this project knows: it is read from the user's copy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from string import ascii_uppercase

from pytest_persona.errors import InstrumentError, suggestion
from pytest_persona.instruments.item_set import read_own_set, read_pocket_set
from pytest_persona.instruments.items import ItemSet, is_pocket
from pytest_persona.instruments.jsonl import read_jsonl

__all__ = ["LETTERS", "ChoiceItem", "multiple_choice", "read_supergpqa"]

LETTERS = ascii_uppercase[:10]
_POCKET = Path(__file__).parent / "data" / "choice" / "items.jsonl"
_FIELDS = ("uuid", "question", "answer", "answer_letter", "discipline", "field", "subfield")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceItem:
    """A question with two to ten options, one of them right.

    Attributes:
        id: The record's uuid.
        question: The question alone.
        options: The options, in the order in which they get their `LETTERS`.
        answer: Position of the right one, from 0.
        subject: The record's discipline, for example `Engineering`: the item's stratum.
    """

    id: str
    question: str
    options: tuple[str, ...]
    answer: int
    subject: str


def multiple_choice(*, kind: str, path: Path | None = None, subject: str | None = None) -> ItemSet[ChoiceItem]:
    """SuperGPQA's questions, or the pocket's 20.

    Args:
        kind: `official` or `pocket`.
        path: The user's copy of the published questions; `official` needs it, `pocket` has none.
        subject: Only the questions of this discipline, for example `Engineering`; None for all.

    Raises:
        InstrumentError: unknown kind, no such subject, missing or damaged file, or a path that `kind` does not take.
    """
    if is_pocket(kind):
        if path is not None:
            raise InstrumentError(
                f"pocket questions are not read from {path}. Leave the path out, or use official ones"
            )
        some = read_pocket_set("choice", _POCKET, read_supergpqa)
    elif path is None:
        raise InstrumentError(
            "SuperGPQA is not downloaded. Pass the path of its JSONL file (uuid, question, options, answer, "
            "answer_letter, discipline, field, subfield), or use pocket questions"
        )
    else:
        some = read_own_set("choice", path, "M-A-P et al. 2025 (SuperGPQA)", "ODC-By", read_supergpqa)
    if subject is None:
        return some
    known = sorted({item.subject for item in some.items})
    if subject not in known:
        raise InstrumentError(f"no subject {subject!r}{suggestion(subject, known)} Known: {', '.join(known)}")
    return replace(some, items=tuple(item for item in some.items if item.subject == subject))


def read_supergpqa(path: Path) -> tuple[ChoiceItem, ...]:
    """Questions of a JSON Lines file in SuperGPQA's layout.

    Each line has the texts uuid, question, answer, answer_letter, discipline, field and subfield, and a list of two to
    ten options; the option at the letter is the answer.

    Raises:
        InstrumentError: a damaged line, a missing field, other than two to ten options, a letter without an option, a
            letter that names another option than the answer, or a uuid twice.
    """
    items: dict[str, ChoiceItem] = {}
    for number, record in read_jsonl(path, _FIELDS):
        where, options = f"{path}, line {number}", record.get("options")
        if not record["uuid"].strip() or not record["question"].strip():
            raise InstrumentError(f"{where}: uuid or question is empty")
        if (
            not isinstance(options, list)
            or not 2 <= len(options) <= len(LETTERS)
            or not all(isinstance(option, str) and option.strip() for option in options)
        ):
            raise InstrumentError(f"{where}: 'options' must be a list of two to {len(LETTERS)} texts")
        letters = LETTERS[: len(options)]
        letter = record["answer_letter"].strip()
        if len(letter) != 1 or letter not in letters:
            raise InstrumentError(f"{where}: answer_letter {letter!r}, expected one of {', '.join(letters)}")
        answer = letters.index(letter)
        if options[answer].strip() != record["answer"].strip():
            raise InstrumentError(f"{where}: the answer is not option {letter}, {options[answer]!r}")
        if record["uuid"] in items:
            raise InstrumentError(f"{where}: uuid {record['uuid']} stands there a second time")
        items[record["uuid"]] = ChoiceItem(
            id=record["uuid"],
            question=record["question"],
            options=tuple(options),
            answer=answer,
            subject=record["discipline"],
        )
    return tuple(items.values())
