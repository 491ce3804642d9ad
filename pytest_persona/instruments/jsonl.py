"""JSON Lines, where a damaged line is an error with its number."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from pytest_persona.errors import InstrumentError


def read_jsonl(path: Path, fields: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and record of each line; every record has all of `fields` as text.

    Raises:
        InstrumentError: naming file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InstrumentError(f"{path} cannot be read ({error})") from error
    for number, line in enumerate(StringIO(text), start=1):  # splitlines would break a text at U+2028 too
        try:
            record = json.loads(line.removesuffix("\n"))
        except ValueError as error:
            raise InstrumentError(
                f"{path}, line {number}: not JSON ({error}). The file is truncated or damaged; copy it again"
            ) from error
        missing = [name for name in fields if not isinstance(record, dict) or not isinstance(record.get(name), str)]
        if missing:
            raise InstrumentError(f"{path}, line {number}: no text under {', '.join(map(repr, missing))}")
        yield number, record
