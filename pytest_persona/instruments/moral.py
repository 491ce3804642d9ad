"""The moral questionnaire and who is to answer it: the published ones, and the pocket ones that this project wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pytest_persona.digest import digest, file_sha256
from pytest_persona.errors import InstrumentError, suggestion
from pytest_persona.instruments.items import is_pocket, refuse_repeats
from pytest_persona.instruments.jsonl import read_jsonl
from pytest_persona.instruments.official import PUBLISHED, check_published, published_file

SHORT: Mapping[str, str] = MappingProxyType(
    {
        "Harm/Care": "care",
        "Fairness/Reciprocity": "fairness",
        "In-group/Loyalty": "loyalty",
        "Authority/Respect": "authority",
        "Purity/Sanctity": "purity",
    }
)
"""From a foundation, as the published items spell it, to its short name."""
FOUNDATIONS = tuple(SHORT)
SECTIONS = ("relevance", "agreement")
RATINGS = (0, 1, 2, 3, 4, 5)
ITEMS, ITEMS_EACH = 30, 6
OFFICIAL_ITEMS, OFFICIAL_PERSONAS = "mfq/mfq30.jsonl", "mfq/personas100.jsonl"
_POCKET = Path(__file__).parent / "data" / "moral"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoralItem:
    """One question of the moral questionnaire. A higher rating always speaks for its foundation.

    Attributes:
        id: Its number in the file.
        section: `relevance` (of a consideration) or `agreement` (with a statement).
        foundation: One of `FOUNDATIONS`.
        text: The consideration or statement alone.
        prompt: The whole question, with the scale, to be answered with one of `RATINGS` first.
    """

    id: str
    section: str
    foundation: str
    text: str
    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePlayer:
    """Somebody in whose place a model answers.

    Attributes:
        id: The number in the file.
        text: Who that is, for example `A beekeeper of 81 in Slovenia who …`.
    """

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoralInstrument:
    """A moral questionnaire with those who answer it, as they were read.

    Attributes:
        name: `moral`.
        kind: `official` (published) or `pocket` (this project's own, for demos and tests).
        source: Where items and personas come from, with their commit.
        licence: Under which they are published.
        sha256: Over the hashes of both files.
        items: The items, in the file's order.
        personas: The personas, in the file's order.
    """

    name: str
    kind: str
    source: str
    licence: str
    sha256: str
    items: tuple[MoralItem, ...]
    personas: tuple[RolePlayer, ...]

    def __post_init__(self) -> None:
        refuse_repeats(self.name, "items", self.items)
        refuse_repeats(self.name, "personas", self.personas)

    @property
    def label(self) -> str:
        """For reports, for example `official moral`."""
        return f"{self.kind} {self.name}"


class Origin(NamedTuple):
    """Where a file comes from, and its hash."""

    source: str
    licence: str
    sha256: str


def moral(*, kind: str, data: Path | None = None, toxic: bool = False, personas: int | None = None) -> MoralInstrument:
    """30 items, six a foundation, and 100 personas, or ten toxic ones.

    Args:
        kind: `official` or `pocket`.
        data: Folder with the published files. They are not published in the form in which they are read here, so that
            `official` needs it.
        toxic: Whether the personas are the toxic ones. There are none but this project's own: with `official`, these
            are asked the published items, and `source` says so.
        personas: Only the first so many; None for all.

    Raises:
        InstrumentError: unknown kind, missing or damaged file, or not the published one.
    """
    items, asked = moral_items(kind, data)
    everyone, asking = toxic_role_players() if toxic else role_players(kind, data)
    return MoralInstrument(
        name="moral",
        kind=kind,
        source=_both(asked.source, asking.source),
        licence=_both(asked.licence, asking.licence),
        sha256=digest([asked.sha256, asking.sha256]),
        items=items,
        personas=everyone[:personas],
    )


def moral_items(kind: str, data: Path | None) -> tuple[tuple[MoralItem, ...], Origin]:
    """The items alone; arguments and errors as in `moral`."""
    if is_pocket(kind):
        path = _POCKET / "items.jsonl"
        return read_moral_items(path), _pocket_origin(path)
    path = published_file(OFFICIAL_ITEMS, data)
    items = read_moral_items(path)  # first, because a damaged line says more than a wrong hash
    return items, _official_origin(path, OFFICIAL_ITEMS)


def role_players(kind: str, data: Path | None) -> tuple[tuple[RolePlayer, ...], Origin]:
    """The 100 personas alone; arguments and errors as in `moral`."""
    if is_pocket(kind):
        path = _POCKET / "personas.jsonl"
        return read_role_players(path), _pocket_origin(path)
    path = published_file(OFFICIAL_PERSONAS, data)
    personas = read_role_players(path)
    return personas, _official_origin(path, OFFICIAL_PERSONAS)


def toxic_role_players() -> tuple[tuple[RolePlayer, ...], Origin]:
    """Ten unpleasant personas (ours: the papers' own are not published)."""
    path = _POCKET / "toxic_personas.jsonl"
    return read_role_players(path), _pocket_origin(path)._replace(source="pytest-persona (toxic)")


def read_moral_items(path: Path) -> tuple[MoralItem, ...]:
    """Items in the record layout of the published ones: id, section, foundation, text, prompt.

    Raises:
        InstrumentError: a damaged line, a missing field, an unknown section or foundation, an id twice, or other than
            30 items, six a foundation.
    """
    fields = ("section", "foundation", "text", "prompt")
    items: list[MoralItem] = []
    for number, record in read_jsonl(path, fields):
        where = f"{path}, line {number}"
        item = MoralItem(id=_id(where, record, items), **{name: _text(where, record, name) for name in fields})
        if item.section not in SECTIONS:
            raise InstrumentError(f"{where}: section {item.section!r}, expected {' or '.join(SECTIONS)}")
        if item.foundation not in FOUNDATIONS:
            meant = suggestion(item.foundation, FOUNDATIONS)
            raise InstrumentError(f"{where}: no foundation {item.foundation!r}{meant} Known: {', '.join(FOUNDATIONS)}")
        items.append(item)
        if sum(other.foundation == item.foundation for other in items) > ITEMS_EACH:
            raise InstrumentError(f"{where}: more than {ITEMS_EACH} items of {item.foundation}, expected {ITEMS_EACH}")
    if len(items) != ITEMS:  # with no foundation above six, 30 are six each
        raise InstrumentError(
            f"{path}, line {len(items)}: the file ends after {len(items)} items, expected {ITEMS}, "
            f"{ITEMS_EACH} a foundation. Copy it again"
        )
    return tuple(items)


def read_role_players(path: Path) -> tuple[RolePlayer, ...]:
    """Personas in the record layout of the published ones: id, persona.

    Raises:
        InstrumentError: a damaged line, a missing field, an empty persona, or an id twice.
    """
    personas: list[RolePlayer] = []
    for number, record in read_jsonl(path, ("persona",)):
        where = f"{path}, line {number}"
        personas.append(RolePlayer(id=_id(where, record, personas), text=_text(where, record, "persona")))
    return tuple(personas)


def _id(where: str, record: dict[str, Any], before: list[MoralItem] | list[RolePlayer]) -> str:
    number = record.get("id")
    if type(number) is not int:  # bool is an int too
        raise InstrumentError(f"{where}: no whole number under 'id'")
    if any(other.id == str(number) for other in before):
        raise InstrumentError(f"{where}: id {number} stands there a second time")
    return str(number)


def _text(where: str, record: dict[str, Any], name: str) -> str:
    if not record[name].strip():
        raise InstrumentError(f"{where}: nothing under {name!r}")
    return str(record[name])


def _pocket_origin(path: Path) -> Origin:
    return Origin("pytest-persona", "Apache-2.0", file_sha256(path))


def _official_origin(path: Path, name: str) -> Origin:
    published = PUBLISHED[name]
    return Origin(published.source, published.licence, check_published(path, published))


def _both(items: str, personas: str) -> str:
    return items if items == personas else f"items: {items}; personas: {personas}"
