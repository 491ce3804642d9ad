"""Ratings from files: the authors' CSV, plain or gzipped, and JSON Lines for ratings that were collected elsewhere.

**CSV**, the layout of Costa & Vicente 2026: columns `question_id` (1 to 30, of the MFQ-30), `rating` (0 to 5, or -1
where none could be read), `persona_id` (left out where the model answers as itself), and optionally `run_index` and
`failures` (replies without a rating that came before this one; for a rating of -1, itself among them). Other columns
are ignored. A temperature is read from a name that ends in `_temp01` (0.1) or `_temp10` (1.0).

**JSON Lines**, one record a reply: `{"persona": "7", "item": "12", "foundation": "Harm/Care", "rating": 4}`. `rating`
is null (or -1) where none could be read; `persona` is left out in all records where the model answers as itself;
`foundation` may be left out where `item` is 1 to 30 and means the MFQ-30; `run` may number the repetitions;
`temperature` may be given, the same in all. Ids are texts or whole numbers. Other keys are ignored.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from pytest_persona.digest import file_sha256
from pytest_persona.errors import RatingsError
from pytest_persona.instruments.moral import FOUNDATIONS
from pytest_persona.ratings.estimator import Estimator
from pytest_persona.ratings.table import NO_PERSONA, Ratings

csv.field_size_limit(2**24)  # a reply is kept whole
MFQ30 = {str(number): FOUNDATIONS[(number - 1) % len(FOUNDATIONS)] for number in range(1, 31)}
"""Foundation of each item of the MFQ-30 by its number, as the authors number them: the foundations take turns."""
_TEMPERATURE = re.compile(r"_temp([0-9])([0-9])(?:[._]self)?$")
_SUFFIX = re.compile(r"\.(csv|jsonl)(\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Row:
    place: str
    persona: str
    item: str
    foundation: str
    run: str
    rating: int | None
    failures: int


def load_ratings(path: str | Path) -> Ratings:
    """Ratings from a file, see the layouts above.

    Args:
        path: Ends in .csv, .csv.gz, .jsonl or .jsonl.gz.

    Raises:
        RatingsError: the file is missing, damaged, of another layout, holds a rating outside 0 to 5, the same reply
            twice, or not every persona with every item; naming the line.
    """
    path = Path(path)
    suffix = _SUFFIX.search(path.name)
    if suffix is None:
        raise RatingsError(f"{path} is no file of ratings. Give one that ends in .csv, .csv.gz, .jsonl or .jsonl.gz")
    text = _text(path)
    stem = path.name[: suffix.start()]
    found = _TEMPERATURE.search(stem)
    temperature = float(f"{found[1]}.{found[2]}") if found else None
    if suffix[1].lower() == "csv":
        rows = list(_csv_rows(path, text))
    else:
        rows, told = _json_rows(path, text)
        temperature = told if told is not None else temperature
    whole = {row.item: row.foundation for row in rows} == MFQ30
    instrument = {
        "name": "moral",
        "kind": "official" if whole else "own",
        "source": f"{'MFQ-30, ' if whole else ''}ratings replayed from {path.name}",
        "licence": "unknown",
    }
    return _table(path, stem, rows, temperature, instrument)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix.lower() == ".gz" else data).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise RatingsError(f"{path} is missing. Give the path of a file of ratings") from error
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise RatingsError(f"{path} cannot be read ({error}). Copy it again") from error


def _csv_rows(path: Path, text: str) -> Iterator[_Row]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    end = 0
    try:
        columns = next(reader, [])
        missing = [name for name in ("question_id", "rating") if name not in columns]
        if missing or len(set(columns)) < len(columns):
            what = f"no column {', '.join(map(repr, missing))}" if missing else "a column twice"
            raise RatingsError(
                f"{path}, line 1: {what} among {', '.join(columns) or 'none'}. The layout is persona_id, question_id, "
                "run_index, rating, failures, …"
            )
        end = reader.line_num
        for cells in reader:
            place, end = f"{path}, line {end + 1}", reader.line_num  # a reply may hold line breaks
            if not cells:
                continue
            if len(cells) != len(columns):
                raise RatingsError(f"{place}: {len(columns)} columns are announced, this row has {len(cells)}")
            yield _csv_row(dict(zip(columns, cells, strict=True)), place)
    except csv.Error as error:
        raise RatingsError(f"{path}, line {end + 1}: not CSV ({error})") from error


def _csv_row(record: dict[str, str], place: str) -> _Row:
    item = str(_whole(record, "question_id", place))
    if item not in MFQ30:
        raise RatingsError(f"{place}: question_id {item} is none of the MFQ-30's, 1 to 30")
    failures = _whole(record, "failures", place) if record.get("failures") else 0
    if failures < 0:
        raise RatingsError(f"{place}: failures {failures} is below 0")
    return _Row(
        place=place,
        persona=str(_whole(record, "persona_id", place)) if "persona_id" in record else "",
        item=item,
        foundation=MFQ30[item],
        run=str(_whole(record, "run_index", place)) if "run_index" in record else "",
        rating=_rating(_whole(record, "rating", place), place),
        failures=failures,
    )


def _json_rows(path: Path, text: str) -> tuple[list[_Row], float | None]:
    rows = []
    temperatures: set[float] = set()
    for number, line in enumerate(StringIO(text), start=1):
        place = f"{path}, line {number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise RatingsError(f"{place}: not JSON ({error})") from error
        if not isinstance(record, dict) or "item" not in record or "rating" not in record:
            raise RatingsError(f'{place}: a record has "item" and "rating", and "persona" where one was played')
        rows.append(_json_row(record, place))
        if (temperature := record.get("temperature")) is not None:
            temperatures.add(_temperature(temperature, place))
    if len(temperatures) > 1:
        raise RatingsError(
            f"{path} mixes temperatures {', '.join(map(str, sorted(temperatures)))}. Make a file of each"
        )
    return rows, temperatures.pop() if temperatures else None


def _json_row(record: dict[str, Any], place: str) -> _Row:
    rating, item = record["rating"], _id(record, "item", place)
    if rating is not None and type(rating) is not int:  # a bool is an int too
        raise RatingsError(f"{place}: rating {rating!r} is neither a whole number nor null")
    foundation = record.get("foundation") or MFQ30.get(item)
    if foundation is None:
        raise RatingsError(f'{place}: item {item!r} is none of the MFQ-30\'s, so it needs a "foundation"')
    if not isinstance(foundation, str):
        raise RatingsError(f"{place}: foundation {foundation!r} is no text")
    return _Row(
        place=place,
        persona=_id(record, "persona", place),
        item=item,
        foundation=foundation,
        run=_id(record, "run", place),
        rating=None if rating is None else _rating(rating, place),
        failures=0,
    )


def _table(path: Path, name: str, rows: list[_Row], temperature: float | None, instrument: dict[str, str]) -> Ratings:
    if not rows:
        raise RatingsError(f"{path} holds no ratings")
    personas, items = tuple(dict.fromkeys(row.persona for row in rows)), tuple(dict.fromkeys(row.item for row in rows))
    if "" in personas and personas != NO_PERSONA:
        lacking = next(row for row in rows if row.persona == "")
        raise RatingsError(f"{lacking.place}: no persona, while other records have one")
    foundations: dict[str, str] = {}
    cells: dict[tuple[str, str], list[float]] = {}
    seen: set[tuple[str, str, str]] = set()
    retried = 0
    for row in rows:
        if foundations.setdefault(row.item, row.foundation) != row.foundation:
            raise RatingsError(
                f"{row.place}: item {row.item} is of {row.foundation} here and of another foundation before"
            )
        key = (row.persona, row.item, row.run)
        if row.run and key in seen:
            raise RatingsError(
                f"{row.place}: repetition {row.run} of persona {row.persona}, item {row.item} is there twice"
            )
        seen.add(key)
        cells.setdefault(key[:2], []).append(np.nan if row.rating is None else row.rating)
        retried += max(0, row.failures - (row.rating is None))  # the last failure is the row itself
    lost = [(persona, item) for persona in personas for item in items if (persona, item) not in cells]
    if lost:
        raise RatingsError(
            f"{path} is not complete: {len(lost)} of {len(personas) * len(items)} cells have no row, the first persona "
            f"{lost[0][0]!r} with item {lost[0][1]!r}. Collect them, or leave the persona out everywhere"
        )
    asked = np.array([[len(cells[persona, item]) for item in items] for persona in personas])
    values = np.full((len(personas), len(items), int(asked.max())), np.nan)
    for (persona, item), given in cells.items():
        values[personas.index(persona), items.index(item), : len(given)] = given
    samples = Counter(asked.ravel().tolist()).most_common(1)[0][0]
    asked = np.maximum(asked, samples)  # a cell with fewer replies than the rest has lost some
    return Ratings(
        name=name,
        fingerprint=file_sha256(path),
        instrument=instrument,
        personas=personas,
        items=items,
        foundations=tuple(foundations[item] for item in items),
        texts=tuple(f"item {item}" for item in items),
        estimator=Estimator(kind="sampling", temperature=temperature, samples=int(samples)),
        values=values,
        asked=asked,
        retried=retried,
    )


def _whole(record: dict[str, str], column: str, place: str) -> int:
    if not re.fullmatch(r"\s*-?[0-9]{1,9}\s*", record[column]):
        raise RatingsError(f"{place}: {column} {record[column]!r} is no whole number")
    return int(record[column])


def _id(record: dict[str, Any], key: str, place: str) -> str:
    value = record.get(key)
    if value is None and key != "item":
        return ""
    if type(value) not in (str, int):
        raise RatingsError(f"{place}: {key} {value!r} is neither a text nor a whole number")
    return str(value)


def _temperature(value: Any, place: str) -> float:
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise RatingsError(f"{place}: temperature {value!r} is no number above 0")
    return float(value)


def _rating(value: int, place: str) -> int | None:
    if not -1 <= value <= 5:
        raise RatingsError(f"{place}: rating {value} is outside 0 to 5 (and is not -1, for a reply without a rating)")
    return None if value == -1 else value
