"""Instruments by name, for plans that are made before anything is read."""

from __future__ import annotations

from pytest_persona.errors import InstrumentError, suggestion
from pytest_persona.instruments.darktriad import DARK_TRIAD, darktriad
from pytest_persona.instruments.moral import ITEMS, OFFICIAL_PERSONAS, moral
from pytest_persona.instruments.official import PUBLISHED

NAMES = (*(f"darktriad/{trait}" for trait in DARK_TRIAD), "moral")


def item_count(name: str, kind: str) -> int:
    """How many questions a model is asked with an instrument: items, by personas where it is asked of some.

    Args:
        name: One of `NAMES`.
        kind: `official` or `pocket`.

    Raises:
        InstrumentError: there is no instrument of that name.
    """
    if name not in NAMES:
        raise InstrumentError(f"no instrument {name!r}{suggestion(name, NAMES)} Known: {', '.join(NAMES)}")
    if name == "moral":
        asked = moral(kind="pocket") if kind == "pocket" else None
        return len(asked.items) * len(asked.personas) if asked else ITEMS * PUBLISHED[OFFICIAL_PERSONAS].items
    trait = name.rsplit("/", 1)[-1]
    return len(darktriad(trait, kind=kind).items) if kind == "pocket" else PUBLISHED[f"persona/{trait}.jsonl"].items
