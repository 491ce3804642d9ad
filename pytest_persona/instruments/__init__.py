"""What is asked: items, their source, licence and hash."""

from pytest_persona.instruments.darktriad import DARK_TRIAD, darktriad
from pytest_persona.instruments.items import Instrument, PersonaItem

__all__ = ["DARK_TRIAD", "Instrument", "PersonaItem", "darktriad"]
