"""The error tree. Every message names the bad value, the choice that would be right, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PersonaError(Exception):
    """Root of all errors that pytest-persona raises on purpose."""


class OptionError(PersonaError):
    """An option of the command line, the ini file or the environment has no valid value."""


class PlanError(PersonaError):
    """A training run that cannot be made as asked."""


class StoreError(PersonaError):
    """The store cannot be read or written."""


class StoreWarning(UserWarning):
    """Something in the store was damaged and has been mended."""


class ModelError(PersonaError):
    """A base model cannot be found, loaded or asked."""


class AdapterError(ModelError):
    """An adapter is missing, is not a LoRA, or belongs to another base model."""


class InstrumentError(PersonaError):
    """A set of items is missing, damaged, or not the published one."""


class RatingsError(PersonaError):
    """Ratings that cannot be read, or cannot be compared."""


class RewordingError(PersonaError):
    """Edits that make no rewording, or one that leaves what is asked as it is."""


class TrainingError(PersonaError):
    """A training run that started and cannot be trusted."""


class GateError(PersonaError):
    """A declared gate and what the test asserts do not agree."""


class TranslationError(PersonaError):
    """Texts that cannot be translated.

    Attributes:
        texts: Which, where it is some and not all: the others of the same call can be translated.
    """

    def __init__(self, message: str, texts: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.texts = tuple(texts)


class JudgeError(PersonaError):
    """A judge that cannot be found, or cannot judge at all."""


def suggestion(value: str, known: Iterable[str]) -> str:
    """The end of a sentence: `; did you mean 'orpo'?` when one of `known` is close to `value`, otherwise `.`."""
    close = get_close_matches(value.lower(), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else "."
