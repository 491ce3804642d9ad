"""Dark Triad items: the published ones, and the pocket ones that this project wrote."""

from __future__ import annotations

from pathlib import Path

from pytest_persona.errors import InstrumentError, suggestion
from pytest_persona.instruments.item_set import read_official_set, read_pocket_set
from pytest_persona.instruments.items import Instrument, PersonaItem, is_pocket, text_id
from pytest_persona.instruments.jsonl import read_jsonl

DARK_TRIAD = ("machiavellianism", "narcissism", "psychopathy")
KEYS = ("Yes", "No")
_POCKET = Path(__file__).parent / "data" / "persona"


def darktriad(trait: str, *, kind: str, data: Path | None = None) -> Instrument:
    """The items of one trait, half of them keyed Yes and half No.

    Args:
        trait: One of `DARK_TRIAD`.
        kind: `official` or `pocket`.
        data: Folder with the published files; None downloads them.

    Raises:
        InstrumentError: unknown trait, missing or damaged file, or not the published one.
    """
    if trait not in DARK_TRIAD:
        raise InstrumentError(f"no trait {trait!r}{suggestion(trait, DARK_TRIAD)} Known: {', '.join(DARK_TRIAD)}")
    if is_pocket(kind):
        return read_pocket_set(f"darktriad/{trait}", _POCKET / f"{trait}.jsonl", read_items)
    return read_official_set(f"darktriad/{trait}", f"persona/{trait}.jsonl", data, read_items)


def read_items(path: Path) -> tuple[PersonaItem, ...]:
    """Items in the record layout of anthropics/evals.

    Raises:
        InstrumentError: a damaged line, a missing field, or answers other than Yes and No.
    """
    fields = ("question", "statement", "answer_matching_behavior", "answer_not_matching_behavior")
    items = []
    for number, record in read_jsonl(path, fields):
        matching, other = (record[name].strip() for name in fields[2:])
        if {matching, other} != set(KEYS):
            raise InstrumentError(f"{path}, line {number}: answers {matching!r} and {other!r}, expected Yes and No")
        items.append(
            PersonaItem(
                id=text_id(record["question"]),
                statement=record["statement"],
                question=record["question"],
                matching=matching,
            )
        )
    return tuple(items)
