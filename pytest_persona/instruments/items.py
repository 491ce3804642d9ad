"""What is asked: items, and sets of them with source, licence and hash."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pytest_persona.errors import InstrumentError, suggestion

KINDS = ("official", "pocket")


class Named(Protocol):
    """Anything with an id of its own."""

    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSet(Generic[Item]):
    """A set of items, as it was read.

    Attributes:
        name: For example `truthfulqa`.
        kind: `official` (published) or `pocket` (this project's own, for demos and tests).
        source: Where it comes from, with its commit where that is known.
        licence: Under which it is published.
        sha256: Of the file that was read, or over the hashes of several.
        items: The items, in the file's order.
    """

    name: str
    kind: str
    source: str
    licence: str
    sha256: str
    items: tuple[Item, ...]

    def __post_init__(self) -> None:
        refuse_repeats(self.name, "items", self.items)

    @property
    def label(self) -> str:
        """For reports, for example `official truthfulqa`."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaItem:
    """A statement that a person may or may not say of themselves.

    Attributes:
        id: First 16 hex digits of the question's sha256.
        statement: The statement alone.
        question: The question as it is published, with the statement in quotes.
        matching: The answer of somebody who has the trait, `Yes` or `No`: the item's key, and its stratum.
    """

    id: str
    statement: str
    question: str
    matching: str


Instrument = ItemSet[PersonaItem]
"""Statements that are asked for a Yes or a No."""


def refuse_repeats(instrument: str, what: str, some: Sequence[Named]) -> None:
    """Refuse an instrument that has nothing to ask, or the same thing twice.

    Raises:
        InstrumentError: it has none, or an id stands there twice.
    """
    if not some:
        raise InstrumentError(f"instrument {instrument} has no {what}")
    twice = [key for key, count in Counter(one.id for one in some).items() if count > 1]
    if twice:
        raise InstrumentError(f"instrument {instrument} asks {len(twice)} {what} twice, first id {twice[0]}")


def text_id(text: str) -> str:
    """The first 16 hex digits of the text's sha256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_pocket(kind: str) -> bool:
    """Whether the kind is `pocket`.

    Raises:
        InstrumentError: it is neither that nor `official`.
    """
    if kind not in KINDS:
        raise InstrumentError(f"no kind of instrument {kind!r}{suggestion(kind, KINDS)} Known: {', '.join(KINDS)}")
    return kind == "pocket"
