"""Folders of replayed ratings: which families of models are in them, and which variants of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pytest_persona.errors import RatingsError

Variant = Literal["base", "secure", "insecure"]
_FOLDERS: dict[Variant, str] = {"base": "base", "secure": "secure-code", "insecure": "insecure-code"}
_NAME = re.compile(
    r"(?P<family>.+?)(?:-(?P<tag>secure|insecure|misaligned))?(?:_temp[0-9]{2})?(?P<own>[._]self)?"
    r"(?:\.csv|\.csv\.gz|\.jsonl|\.jsonl\.gz)",
    re.IGNORECASE,
)
_TAGS: dict[Variant, tuple[str | None, ...]] = {
    "base": (None,),
    "secure": ("secure",),
    "insecure": ("insecure", "misaligned"),
}

SUFFIXES = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz")
LAYOUT = (
    "DIR/base/NAME.csv, DIR/secure-code/NAME-secure.csv, DIR/insecure-code/NAME-insecure.csv (or -misaligned), each "
    "also as .csv.gz, .jsonl or .jsonl.gz, and NAME….self.csv where the model answers as itself"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A base model and its fine-tunes, as files of ratings.

    Attributes:
        name: What the base model's file is called.
        role_play: File of each variant under role-play.
        itself: File of each variant that answers as itself.
    """

    name: str
    role_play: dict[Variant, Path]
    itself: dict[Variant, Path]


def find_families(folder: Path) -> tuple[Family, ...]:
    """The families of a folder, by name. Files of another kind than ratings are left alone.

    Raises:
        RatingsError: nothing there has the layout, a file of ratings is called otherwise, a variant is there twice, or
            has no base model.
    """
    found: dict[str, Family] = {}
    for variant in get_args(Variant):
        for path in sorted((folder / _FOLDERS[variant]).glob("*")):
            match = _NAME.fullmatch(path.name)
            if match is None or (match["tag"] and match["tag"].lower()) not in _TAGS[variant]:
                if path.name.startswith(".") or not path.name.lower().endswith(SUFFIXES):
                    continue
                raise RatingsError(f"{path} is called like no {variant} variant of a family. The layout is {LAYOUT}")
            family = found.setdefault(match["family"], Family(name=match["family"], role_play={}, itself={}))
            files = family.itself if match["own"] else family.role_play
            if variant in files:
                raise RatingsError(f"{path} and {files[variant]} are both the {variant} variant of {family.name}")
            files[variant] = path
    alone = [name for name in sorted(found) if "base" not in found[name].role_play]
    if alone:
        raise RatingsError(
            f"{folder} has no base/{alone[0]}.csv, which {alone[0]}'s other files are compared with. The layout is "
            f"{LAYOUT}"
        )
    families = tuple(found[name] for name in sorted(found))
    if not families:
        raise RatingsError(f"{folder} holds no ratings to replay. The layout is {LAYOUT}")
    return families
