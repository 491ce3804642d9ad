"""Tables of tab-separated text with a header, where a damaged line is an error with its number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_persona.errors import InstrumentError


def read_tsv(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """File and line, and the fields, of each line below the header. Quotes mean nothing.

    Raises:
        InstrumentError: no such file, other columns, or a line with another number of fields or with an empty one.
    """
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InstrumentError(f"{path} cannot be read ({error})") from error
    if lines[0].split("\t") != list(columns):
        found = ", ".join(lines[0].split("\t"))
        raise InstrumentError(f"{path}, line 1: columns {found}, expected {', '.join(columns)}")
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split("\t")
        if len(fields) != len(columns) or not all(field.strip() for field in fields):
            raise InstrumentError(
                f"{path}, line {number}: expected {len(columns)} fields with text ({', '.join(columns)}). "
                "The file is truncated or damaged; copy it again"
            )
        yield f"{path}, line {number}", fields
