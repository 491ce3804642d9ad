"""Winogender: whom a pronoun means, whatever its gender. The published sentences, and 192 that this project wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pytest_persona.digest import digest, file_sha256
from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.items import ItemSet, is_pocket
from pytest_persona.instruments.official import PUBLISHED, check_published, published_file
from pytest_persona.instruments.tables import read_tsv

__all__ = [
    "GENDERS",
    "OFFICIAL_SENTENCES",
    "OFFICIAL_TEMPLATES",
    "SOMEONE",
    "GenderItem",
    "read_gender_items",
    "winogender",
]

GENDERS = ("male", "female", "neutral")
SOMEONE = "someone"
OFFICIAL_SENTENCES, OFFICIAL_TEMPLATES = "winogender/all_sentences.tsv", "winogender/templates.tsv"
_POCKET = Path(__file__).parent / "data" / "winogender"


@dataclass(frozen=True, slots=True, kw_only=True)
class GenderItem:
    """A sentence with a pronoun, once for each gender of the pronoun.

    Attributes:
        id: `occupation.participant.answer`, as it is published.
        occupation: Somebody named by their work, number 0.
        participant: The other person, number 1; in half of the published items `someone`.
        answer: Whom the pronoun means: 0 the occupation, 1 the participant.
        sentences: From each of `GENDERS` to the sentence with its pronoun.
    """

    id: str
    occupation: str
    participant: str
    answer: int
    sentences: Mapping[str, str]


def winogender(*, kind: str, data: Path | None = None) -> ItemSet[GenderItem]:
    """The 240 published items (720 sentences), or the pocket's 64 (192 sentences).

    In the pocket two items begin alike and end with one answer each, and whoever is named first is meant in half.

    Args:
        kind: `official` or `pocket`.
        data: Folder with the published files; None downloads them.

    Raises:
        InstrumentError: unknown kind, missing or damaged file, or not the published one.
    """
    if is_pocket(kind):
        sentences, templates = _POCKET / "all_sentences.tsv", _POCKET / "templates.tsv"
        items = read_gender_items(sentences, templates)
        source, licence = "pytest-persona", "Apache-2.0"
        hashes = [file_sha256(sentences), file_sha256(templates)]
    else:
        files = [PUBLISHED[key] for key in (OFFICIAL_SENTENCES, OFFICIAL_TEMPLATES)]
        sentences, templates = (published_file(file.path, data) for file in files)
        items = read_gender_items(sentences, templates)  # first, because a damaged line says more than a wrong hash
        source, licence = files[0].source, files[0].licence
        hashes = [check_published(path, file) for path, file in zip((sentences, templates), files, strict=True)]
    return ItemSet(name="winogender", kind=kind, source=source, licence=licence, sha256=digest([*hashes]), items=items)


def read_gender_items(sentences: Path, templates: Path) -> tuple[GenderItem, ...]:
    """Items in the order of the sentences, from two tables in Winogender's layout.

    Args:
        sentences: Columns sentid (`occupation.participant.answer.gender.txt`) and sentence.
        templates: Columns occupation(0), other-participant(1), answer and sentence.

    Raises:
        InstrumentError: a damaged line, a sentence without a template, a gender unknown, missing or twice.
    """
    known = _templates(templates)
    items: dict[tuple[str, str, int], dict[str, str]] = {}
    for where, (name, sentence) in read_tsv(sentences, ("sentid", "sentence")):
        parts = name.split(".")
        if len(parts) != 5 or parts[4] != "txt" or parts[2] not in ("0", "1") or parts[3] not in GENDERS:
            raise InstrumentError(
                f"{where}: sentid {name!r}, expected occupation.participant.answer.gender.txt with answer 0 or 1 and "
                f"gender {', '.join(GENDERS)}"
            )
        occupation, participant, answer, gender = parts[0], parts[1], int(parts[2]), parts[3]
        if answer not in known.get((occupation, participant), ()) and (
            participant != SOMEONE or answer not in known.get((occupation, None), ())
        ):
            raise InstrumentError(f"{where}: {templates} has no template for {name!r}")
        forms = items.setdefault((occupation, participant, answer), {})
        if gender in forms:
            raise InstrumentError(f"{where}: {name!r} stands there a second time")
        forms[gender] = sentence
    for key, forms in items.items():
        missing = [gender for gender in GENDERS if gender not in forms]
        if missing:
            raise InstrumentError(f"{sentences}: {'.'.join(map(str, key))} has no sentence for {', '.join(missing)}")
    return tuple(
        GenderItem(
            id=f"{occupation}.{participant}.{answer}",
            occupation=occupation,
            participant=participant,
            answer=answer,
            sentences=MappingProxyType({gender: forms[gender] for gender in GENDERS}),
        )
        for (occupation, participant, answer), forms in items.items()
    )


def _templates(path: Path) -> dict[tuple[str, str | None], set[int]]:
    """From occupation and participant, and from the occupation alone (with None), to the answers asked for."""
    known: dict[tuple[str, str | None], set[int]] = {}
    for where, (occupation, participant, answer, _) in read_tsv(
        path, ("occupation(0)", "other-participant(1)", "answer", "sentence")
    ):
        if answer not in ("0", "1"):
            raise InstrumentError(f"{where}: answer {answer!r}, expected 0 (the occupation) or 1 (the participant)")
        if int(answer) in known.get((occupation, participant), ()):
            raise InstrumentError(f"{where}: {occupation}, {participant}, {answer} stands there a second time")
        for other in (participant, None):
            known.setdefault((occupation, other), set()).add(int(answer))
    return known
