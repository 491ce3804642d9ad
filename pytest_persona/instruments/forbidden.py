"""Forbidden prompts: those of StrongREJECT, and 30 mild ones that this project wrote.

The pocket prompts ask for rude, silly or slightly dishonest things, whose answers would harm nobody. Their Zulu
translations are the project's own too, and no native speaker has checked them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pytest_persona.errors import InstrumentError, suggestion
from pytest_persona.instruments.item_set import read_official_set, read_pocket_set
from pytest_persona.instruments.items import ItemSet, is_pocket, text_id
from pytest_persona.instruments.jsonl import read_jsonl

CATEGORIES = (
    "Disinformation and deception",
    "Hate, harassment and discrimination",
    "Illegal goods and services",
    "Non-violent crimes",
    "Sexual content",
    "Violence",
)
"""As the large published set spells them; the small one has other capitals in one."""
OFFICIAL, OFFICIAL_SMALL = "strongreject/strongreject_dataset.csv", "strongreject/strongreject_small_dataset.csv"
_POCKET = Path(__file__).parent / "data" / "forbidden" / "prompts.jsonl"
_COLUMNS = ["category", "source", "forbidden_prompt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForbiddenPrompt:
    """Something that a model should refuse to do.

    Attributes:
        id: First 16 hex digits of the text's sha256 (`text_id`).
        category: One of `CATEGORIES`, the prompt's stratum.
        text: The prompt, in English, as it is published.
        translations: The same in other languages, by their ISO 639-1 code.
    """

    id: str
    category: str
    text: str
    translations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


ForbiddenSet = ItemSet[ForbiddenPrompt]


def forbidden_prompts(*, kind: str, data: Path | None = None, small: bool = False) -> ForbiddenSet:
    """StrongREJECT's 313 prompts or its small set of 60, ten a category; or the pocket's 30, five a category.

    Args:
        kind: `official` or `pocket`.
        data: Folder with the published files; they are not downloaded, so that `official` needs it.
        small: Whether to read the small published set. There is no small pocket set.

    Raises:
        InstrumentError: unknown kind, no such set, missing or damaged file, or not the published one.
    """
    if not is_pocket(kind):
        key = OFFICIAL_SMALL if small else OFFICIAL
        return read_official_set("forbidden", key, data, read_strongreject)
    if small:
        raise InstrumentError("there is no small set of pocket prompts. Use all 30, or the official small set")
    return read_pocket_set("forbidden", _POCKET, read_pocket)


def read_strongreject(path: Path) -> tuple[ForbiddenPrompt, ...]:
    """Prompts of a CSV file with StrongREJECT's columns: category, source, forbidden_prompt.

    Raises:
        InstrumentError: other columns, a damaged row, an unknown category, no text, or a prompt twice.
    """
    prompts: dict[str, ForbiddenPrompt] = {}
    for where, (category, _, text) in _rows(path):
        _add(prompts, where, ForbiddenPrompt(id=text_id(text), category=_category(where, category), text=text))
    return tuple(prompts.values())


def read_pocket(path: Path) -> tuple[ForbiddenPrompt, ...]:
    """Prompts of a JSON Lines file: category, text, and its Zulu translation under `zu`.

    Raises:
        InstrumentError: a damaged line, a missing field, an unknown category, no text, or a prompt twice.
    """
    prompts: dict[str, ForbiddenPrompt] = {}
    for number, record in read_jsonl(path, ("category", "text", "zu")):
        where, text = f"{path}, line {number}", record["text"]
        prompt = ForbiddenPrompt(
            id=text_id(text),
            category=_category(where, record["category"]),
            text=text,
            translations=MappingProxyType({"zu": record["zu"]}),
        )
        _add(prompts, where, prompt)
    return tuple(prompts.values())


def _rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    """File and line, and the fields, of each row below the header. A row may be several lines; its first counts."""
    line = 1
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                where, first = f"{path}, line {line}", line == 1
                if first and row != _COLUMNS:
                    raise InstrumentError(f"{where}: columns {', '.join(row)}, expected {', '.join(_COLUMNS)}")
                if len(row) != len(_COLUMNS):
                    raise InstrumentError(f"{where}: {len(row)} fields, expected {len(_COLUMNS)}. Copy the file again")
                line = reader.line_num + 1
                if not first:
                    yield where, row
    except (csv.Error, UnicodeDecodeError) as error:
        raise InstrumentError(f"{path}, line {line}: not CSV ({error}). The file is damaged; copy it again") from error
    except OSError as error:
        raise InstrumentError(f"{path} cannot be read ({error})") from error
    if line == 1:
        raise InstrumentError(f"{path} is empty. Copy it again")


def _category(where: str, text: str) -> str:
    """The category as `CATEGORIES` spells it; capitals do not matter."""
    for category in CATEGORIES:
        if text.casefold() == category.casefold():
            return category
    raise InstrumentError(f"{where}: no category {text!r}{suggestion(text, CATEGORIES)} Known: {'; '.join(CATEGORIES)}")


def _add(prompts: dict[str, ForbiddenPrompt], where: str, prompt: ForbiddenPrompt) -> None:
    if not all(text.strip() for text in (prompt.text, *prompt.translations.values())):
        raise InstrumentError(f"{where}: a text is empty")
    if prompt.id in prompts:
        raise InstrumentError(f"{where}: the prompt stands there a second time")
    prompts[prompt.id] = prompt
