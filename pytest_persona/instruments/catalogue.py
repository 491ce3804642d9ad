"""Instruments by name, for plans that are made before anything is read."""

from __future__ import annotations

from pytest_persona.errors import InstrumentError, suggestion
from pytest_persona.flags import COMPANIONS, FORBIDDEN, TASKS
from pytest_persona.instruments.darktriad import DARK_TRIAD, darktriad
from pytest_persona.instruments.moral import ITEMS, OFFICIAL_PERSONAS
from pytest_persona.instruments.official import PUBLISHED

NAMES = (*(f"darktriad/{trait}" for trait in DARK_TRIAD), "moral", "forbidden", *TASKS, *COMPANIONS)
COUNTED = tuple(name for name in NAMES if name not in (*TASKS, *COMPANIONS))
"""Those whose questions are counted here; how many a task has its own set says."""


def item_count(name: str, kind: str, personas: int | None = None, *, prompts: int | None = None) -> int:
    """How many questions a model is asked with an instrument: items, by personas where it is asked of some.

    Args:
        name: One of `COUNTED`.
        kind: `official` or `pocket`.
        personas: How many personas are asked, where any are; None for all.
        prompts: How many forbidden prompts there are; None for the usual number.

    Raises:
        InstrumentError: there is no instrument of that name.
    """
    if name not in COUNTED:
        raise InstrumentError(f"no instrument {name!r}{suggestion(name, NAMES)} Known: {', '.join(NAMES)}")
    if name == "forbidden":
        return prompts or FORBIDDEN[kind][0]
    if name == "moral":
        return ITEMS * (personas or PUBLISHED[OFFICIAL_PERSONAS].items)
    trait = name.rsplit("/", 1)[-1]
    return len(darktriad(trait, kind=kind).items) if kind == "pocket" else PUBLISHED[f"persona/{trait}.jsonl"].items
