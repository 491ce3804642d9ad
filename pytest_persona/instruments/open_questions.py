"""Open questions of a profession, each with the points of a good answer: this project's own, or the user's.

The pocket questions are everyday law in general terms, and how to defend computers; no lawyer has checked them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_persona.errors import InstrumentError, suggestion
from pytest_persona.instruments.item_set import read_own_set, read_pocket_set
from pytest_persona.instruments.items import ItemSet, is_pocket
from pytest_persona.instruments.jsonl import read_jsonl

FIELDS_OF_WORK = ("cyber", "legal")
_POCKET = Path(__file__).parent / "data" / "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """A question without a single right answer.

    Attributes:
        id: Its name in its file.
        question: The question alone.
        reference: The points of a good answer.
    """

    id: str
    question: str
    reference: str


def open_questions(name: str, *, kind: str, data: Path | None = None) -> ItemSet[OpenQuestion]:
    """The pocket's ten questions of a field, or the user's `open/NAME.jsonl`. Nobody publishes them.

    Args:
        name: One of `FIELDS_OF_WORK`.
        kind: `official` for the user's, or `pocket`.
        data: Folder that holds the user's.

    Raises:
        InstrumentError: no such field, unknown kind, or a missing or damaged file.
    """
    if name not in FIELDS_OF_WORK:
        raise InstrumentError(
            f"no open questions {name!r}{suggestion(name, FIELDS_OF_WORK)} Known: {', '.join(FIELDS_OF_WORK)}"
        )
    if is_pocket(kind):
        return read_pocket_set(name, _POCKET / f"{name}.jsonl", read_open_questions)
    path = None if data is None else data / "open" / f"{name}.jsonl"
    if path is None or not path.is_file():
        raise InstrumentError(
            f"there are no published {name} questions. Put your own, a JSON object a line with id, question and "
            f"reference, under DIR/open/{name}.jsonl and pass --persona-data=DIR, or use --persona-instruments=pocket"
        )
    return read_own_set(name, path, "the user's own", "the user's own", read_open_questions)


def read_open_questions(path: Path) -> tuple[OpenQuestion, ...]:
    """Questions of a JSON Lines file: id, question, reference.

    Raises:
        InstrumentError: a damaged line, a missing or empty text, or an id twice.
    """
    items: dict[str, OpenQuestion] = {}
    for number, record in read_jsonl(path, ("id", "question", "reference")):
        texts = {name: record[name].strip() for name in ("id", "question", "reference")}
        empty = [name for name, text in texts.items() if not text]
        if empty:
            raise InstrumentError(f"{path}, line {number}: {' and '.join(empty)} is empty")
        if texts["id"] in items:
            raise InstrumentError(f"{path}, line {number}: id {texts['id']} stands there a second time")
        items[texts["id"]] = OpenQuestion(**texts)
    return tuple(items.values())
