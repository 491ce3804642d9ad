"""From the text of an option to its value, one option at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pytest_persona.errors import OptionError, suggestion
from pytest_persona.flags import (
    ATTACK_FILES,
    ATTACK_GROUP,
    ATTACKS,
    FORBIDDEN,
    JUDGE_GROUP,
    JUDGES,
    PERSONAS,
    PUBLISHED,
)
from pytest_persona.plan import data_named


def train_data(text: str) -> str:
    """Data of this project by their name, or the user's own."""
    data_named(text)
    return text


def words(text: str) -> tuple[str, ...]:
    """The words between commas, each there once."""
    found = tuple(word.strip() for word in text.split(","))
    if "" in found:
        raise OptionError(f"{text!r} has a comma too many. Write NAME, or NAME,NAME …")
    twice = [word for word in found if found.count(word) > 1]
    if twice:
        raise OptionError(f"{twice[0]!r} is named twice. Name it once")
    return found


def some_of(text: str, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Words that are all known."""
    found = words(text)
    for word in found:
        if word not in known:
            raise OptionError(f"no {what} {word!r}{suggestion(word, known)} Known: {', '.join(known)}")
    return found


def attacks(text: str) -> tuple[str, ...]:
    """Names of attacks, built in or of installed packages, and paths of files of templates, which are there."""
    found = words(text)
    for word in found:
        if word in ATTACKS:
            continue
        if word.endswith(ATTACK_FILES):
            if not as_path(word).is_file():
                raise OptionError(f"{word!r} is not a file. Name one with templates of attacks")
            continue
        known = (*ATTACKS, *_installed(ATTACK_GROUP))
        if word not in known:
            raise OptionError(
                f"no attack {word!r}{suggestion(word, known)} Known: {', '.join(known)}, or a file of templates that "
                f"ends in {', '.join(ATTACK_FILES)}"
            )
    return found


def translator(text: str) -> str:
    """A folder or a hub id, which a translation model has, or a file of translations."""
    if not as_path(text).exists() and not re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", text):
        raise OptionError(
            f"{text!r} is neither a file, a folder nor a hub id (OWNER/NAME). Name a translation model such as NLLB, "
            "or a JSONL file of translations"
        )
    return str(as_path(text)) if as_path(text).exists() else text


def forbidden(text: str) -> int:
    """The size of a set of forbidden prompts."""
    sizes = sorted({size for some in FORBIDDEN.values() for size in some})
    if not text.isdecimal() or int(text) not in sizes:
        raise OptionError(f"there is no set of {text!r} forbidden prompts. Known: {_sizes()}")
    return int(text)


def check_forbidden(size: int, instruments: str) -> None:
    """Refuse a size that the instruments do not have."""
    if size not in FORBIDDEN[instruments]:
        raise OptionError(
            f"--persona-forbidden={size}, but the instruments are {instruments}. Known: {_sizes()}. Change "
            "--persona-instruments, or leave --persona-forbidden out"
        )


def _sizes() -> str:
    return "; ".join(f"{kind} {' or '.join(map(str, sizes))}" for kind, sizes in FORBIDDEN.items())


def judge(text: str) -> str:
    """Name of a judge, built in or of an installed package."""
    if text in JUDGES:
        return text
    known = (*JUDGES, *_installed(JUDGE_GROUP))
    if text not in known:
        raise OptionError(f"no judge {text!r}{suggestion(text, known)} Known: {', '.join(known)}")
    return text


def _installed(group: str) -> tuple[str, ...]:
    return tuple(sorted({point.name for point in metadata.entry_points(group=group)}))


def one_of(text: str, known: tuple[str, ...]) -> str:
    """A word that is known."""
    if text not in known:
        raise OptionError(f"no such value {text!r}{suggestion(text, known)} Known: {', '.join(known)}")
    return text


def as_path(text: str) -> Path:
    """A path, `~` resolved."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise OptionError(f"{text!r} begins with nobody's home folder. Write the whole path") from error


def as_folder(text: str) -> Path:
    """The data folder, which is there."""
    path = as_path(text)
    if not path.is_dir():
        raise OptionError(f"{text!r} is not a folder. Name the one that holds persona/, gsm8k/ …")
    return path


def personas(text: str) -> int:
    """How many personas."""
    least, most = min(PERSONAS.values()), max(PERSONAS.values())
    if not text.isdecimal() or not least <= int(text) <= most:
        raise OptionError(f"{text!r} is no number of personas. Give {least} (fewer bound nothing) to {most}")
    return int(text)


def replay(text: str) -> str:
    """A folder of recorded ratings, which is there, or `published`."""
    if text != PUBLISHED and not as_path(text).is_dir():
        raise OptionError(
            f"{text!r} is neither a folder nor {PUBLISHED!r}. Name the one that holds base/, insecure-code/ …"
        )
    return text if text == PUBLISHED else str(as_path(text))


def lines(text: str) -> tuple[str, ...]:
    """The lines of a text file that are not empty."""
    path = as_path(text)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"{text!r} cannot be read ({error}). Name a text file in UTF-8, one text a line") from error
    texts = tuple(line.strip() for line in lines if line.strip())
    if not texts:
        raise OptionError(f"{text!r} holds no text. Write one inoculation a line")
    return texts


def report(text: str) -> Path:
    """An HTML file."""
    path = as_path(text)
    if path.suffix.lower() not in (".html", ".htm"):
        raise OptionError(f"{text!r} does not end in .html; the JSON is written beside it under the same name")
    return path


def level(text: str) -> float:
    """A one-sided level."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 0.5:
        raise OptionError(f"{text!r} is not a level. Give a number between 0 and 0.5, for example 0.05")
    return value


_WORDS = {"true": True, "false": False}


def arguments(text: str) -> Mapping[str, Any]:
    """Names and values between commas."""
    pairs: dict[str, Any] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (key.isidentifier() and equals and value):
            raise OptionError(f"{part!r} is not NAME=VALUE. Write, for example, enable_thinking=false")
        pairs[key] = _WORDS.get(value.lower(), int(value) if re.fullmatch(r"-?[0-9]+", value) else value)
    return MappingProxyType(pairs)
