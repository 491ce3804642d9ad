"""What is asked: items, and sets of them with source, licence and hash."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pytest_persona.errors import InstrumentError


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A set of items, as it was read.

    Attributes:
        name: For example `darktriad/narcissism`.
        kind: `official` (published) or `pocket` (this project's own, for demos and tests).
        source: Where it comes from, with its commit.
        licence: Under which it is published.
        sha256: Of the file that was read.
        items: The items, in the file's order.
    """

    name: str
    kind: str
    source: str
    licence: str
    sha256: str
    items: tuple[PersonaItem, ...]

    def __post_init__(self) -> None:
        if not self.items:
            raise InstrumentError(f"instrument {self.name} has no items")
        twice = [key for key, count in Counter(item.id for item in self.items).items() if count > 1]
        if twice:
            raise InstrumentError(f"instrument {self.name} asks {len(twice)} items twice, first id {twice[0]}")

    @property
    def label(self) -> str:
        """For reports, for example `official darktriad/narcissism`."""
        return f"{self.kind} {self.name}"
