"""What is asked: items, their source, licence and hash."""

from pytest_persona.instruments.attack_files import load_attacks
from pytest_persona.instruments.attacks import ATTACKS, FIVE, Attack, TemplateAttack, TranslationAttack, find_attack
from pytest_persona.instruments.darktriad import DARK_TRIAD, darktriad
from pytest_persona.instruments.forbidden import ForbiddenPrompt, ForbiddenSet, forbidden_prompts
from pytest_persona.instruments.items import Instrument, ItemSet, PersonaItem
from pytest_persona.instruments.moral import FOUNDATIONS, MoralInstrument, MoralItem, RolePlayer, moral

__all__ = [
    "ATTACKS",
    "DARK_TRIAD",
    "FIVE",
    "FOUNDATIONS",
    "Attack",
    "ForbiddenPrompt",
    "ForbiddenSet",
    "Instrument",
    "ItemSet",
    "MoralInstrument",
    "MoralItem",
    "PersonaItem",
    "RolePlayer",
    "TemplateAttack",
    "TranslationAttack",
    "darktriad",
    "find_attack",
    "forbidden_prompts",
    "load_attacks",
    "moral",
]
