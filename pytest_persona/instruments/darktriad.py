"""Dark Triad items: the published ones, and the pocket ones that this project wrote."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pytest_persona.digest import file_sha256
from pytest_persona.errors import InstrumentError, suggestion
from pytest_persona.instruments.items import Instrument, PersonaItem
from pytest_persona.instruments.jsonl import read_jsonl
from pytest_persona.instruments.official import PUBLISHED, check_published, published_file

DARK_TRIAD = ("machiavellianism", "narcissism", "psychopathy")
KEYS = ("Yes", "No")
KINDS = ("official", "pocket")
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
    if kind not in KINDS:
        raise InstrumentError(f"no kind of instrument {kind!r}{suggestion(kind, KINDS)} Known: {', '.join(KINDS)}")
    if kind == "pocket":
        path = _POCKET / f"{trait}.jsonl"
        source, licence, items = "pytest-persona", "Apache-2.0", read_items(path)
        sha256 = file_sha256(path)
    else:
        published = PUBLISHED[f"persona/{trait}.jsonl"]
        path = published_file(published.path, data)
        items = read_items(path)  # first, because a damaged line says more than a wrong hash
        source, licence, sha256 = published.source, published.licence, check_published(path, published)
    return Instrument(name=f"darktriad/{trait}", kind=kind, source=source, licence=licence, sha256=sha256, items=items)


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
                id=hashlib.sha256(record["question"].encode()).hexdigest()[:16],
                statement=record["statement"],
                question=record["question"],
                matching=matching,
            )
        )
    return tuple(items)
