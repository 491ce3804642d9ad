"""What is asked: items, their source, licence and hash."""

from pytest_persona.instruments.darktriad import DARK_TRIAD, darktriad
from pytest_persona.instruments.items import Instrument, PersonaItem
from pytest_persona.instruments.moral import FOUNDATIONS, MoralInstrument, MoralItem, RolePlayer, moral

__all__ = [
    "DARK_TRIAD",
    "FOUNDATIONS",
    "Instrument",
    "MoralInstrument",
    "MoralItem",
    "PersonaItem",
    "RolePlayer",
    "darktriad",
    "moral",
]
