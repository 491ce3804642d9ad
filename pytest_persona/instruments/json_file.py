"""JSON files that hold one document, where a name that stands there twice is an error and not silently the last one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytest_persona.errors import InstrumentError


def read_json(path: Path) -> Any:
    """The document.

    Raises:
        InstrumentError: no such file, no JSON (with the line), or a name twice in one object.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InstrumentError(f"{path} cannot be read ({error})") from error

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice = [name for position, name in enumerate(names) if name in names[:position]]
        if twice:
            raise InstrumentError(f"{path}: {twice[0]!r} stands twice in one object. Copy the file again")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise InstrumentError(
            f"{path}, line {error.lineno}: not JSON ({error.msg}). The file is truncated or damaged; copy it again"
        ) from error


def text_under(record: Any, name: str, where: str) -> str:
    """The text under `name` of a record.

    Args:
        record: What should be an object.
        name: Of the field.
        where: File and place, for the message.

    Raises:
        InstrumentError: no object, or no text there, or only blanks.
    """
    text = record.get(name) if isinstance(record, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise InstrumentError(f"{where}: no text under {name!r}")
    return text
