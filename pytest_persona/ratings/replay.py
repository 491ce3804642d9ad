"""Ratings from files: the authors' CSV, plain or gzipped, and JSON Lines for ratings that were collected elsewhere.

**CSV**, the layout of Costa & Vicente 2026: columns `question_id` (1 to 30, of the MFQ-30), `rating` (0 to 5, or -1
where none could be read), `persona_id` (left out where the model answers as itself), and optionally `run_index` and
`failures` (replies without a rating that came before this one). Other columns are ignored. A temperature is read from a
name that ends in `_temp01` (0.1) or `_temp10` (1.0).

**JSON Lines**, one record a reply: `{"persona": "7", "item": "12", "foundation": "Harm/Care", "rating": 4}`. `rating`
is null where none could be read; `persona` is left out in all records where the model answers as itself; `foundation`
may be left out where `item` is 1 to 30 and means the MFQ-30; `run` may number the repetitions; `temperature` may be
given, the same in all. Other keys are ignored.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np

from pytest_persona.digest import file_sha256
from pytest_persona.errors import RatingsError
from pytest_persona.instruments.moral import FOUNDATIONS
from pytest_persona.ratings.estimator import Estimator
from pytest_persona.ratings.table import NO_PERSONA, Ratings

csv.field_size_limit(2**24)  # a reply is kept whole
MFQ30 = {str(number): FOUNDATIONS[(number - 1) % len(FOUNDATIONS)] for number in range(1, 31)}
"""Foundation of each item of the MFQ-30 by its number, as the authors number them: the foundations take turns."""
_TEMPERATURE = re.compile(r"_temp([0-9])([0-9])(?:_self)?$")
_SUFFIXES = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz")


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
    if not path.name.lower().endswith(_SUFFIXES):
        raise RatingsError(f"{path} is no file of ratings. Give one that ends in {', '.join(_SUFFIXES)}")
    text = _text(path)
    stem = path.name[: path.name.lower().rindex(".csv" if ".csv" in path.name.lower() else ".jsonl")]
    found = _TEMPERATURE.search(stem)
    temperature = float(f"{found[1]}.{found[2]}") if found else None
    if ".csv" in path.name.lower():
        rows = list(_csv_rows(path, text))
        kind, source = "official", f"MFQ-30, ratings replayed from {path.name}"
    else:
        rows, told = _json_rows(path, text)
        temperature = told if told is not None else temperature
        ours = all(MFQ30.get(row.item) == row.foundation for row in rows)
        kind, source = "official" if ours else "own", f"ratings replayed from {path.name}"
    return _table(
        path, stem, rows, temperature, {"name": "moral", "kind": kind, "source": source, "licence": "unknown"}
    )


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix.lower() == ".gz" else data).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise RatingsError(f"{path} is missing. Give the path of a file of ratings") from error
    except (OSError, EOFError, UnicodeDecodeError, gzip.zlib.error) as error:  # type: ignore[attr-defined]
        raise RatingsError(f"{path} cannot be read ({error}). Copy it again") from error


def _csv_rows(path: Path, text: str) -> Iterator[_Row]:
    reader = csv.DictReader(StringIO(text, newline=""), strict=True)
    columns = reader.fieldnames or []
    missing = [name for name in ("question_id", "rating") if name not in columns]
    if missing:
        raise RatingsError(
            f"{path}, line 1: no column {', '.join(map(repr, missing))} among {', '.join(columns) or 'none'}. The "
            "layout is persona_id, question_id, run_index, rating, failures, …"
        )
    start = 2
    try:
        for record in reader:
            place = f"{path}, line {start}"
            start = reader.line_num + 1
            if None in record or None in record.values():
                raise RatingsError(f"{place}: {len(columns)} columns are announced, this row has another number")
            item = str(_whole(record["question_id"], "question_id", place))
            if item not in MFQ30:
                raise RatingsError(f"{place}: question_id {item} is none of the MFQ-30's, 1 to 30")
            yield _Row(
                place=place,
                persona=str(_whole(record["persona_id"], "persona_id", place)) if "persona_id" in columns else "",
                item=item,
                foundation=MFQ30[item],
                run=record.get("run_index") or "",
                rating=_rating(_whole(record["rating"], "rating", place), place),
                failures=_whole(record.get("failures") or "0", "failures", place),
            )
    except csv.Error as error:
        raise RatingsError(f"{path}, line {reader.line_num}: not CSV ({error})") from error


def _json_rows(path: Path, text: str) -> tuple[list[_Row], float | None]:
    rows = []
    temperatures: set[float] = set()
    for number, line in enumerate(StringIO(text), start=1):
        place = f"{path}, line {number}"
        try:
            record = json.loads(line)
        except ValueError as error:
            raise RatingsError(f"{place}: not JSON ({error})") from error
        if not isinstance(record, dict) or "item" not in record or "rating" not in record:
            raise RatingsError(f'{place}: a record has "item" and "rating", and "persona" where one was played')
        rating, item = record["rating"], str(record["item"])
        if rating is not None and (isinstance(rating, bool) or not isinstance(rating, int)):
            raise RatingsError(f"{place}: rating {rating!r} is neither a whole number nor null")
        foundation = record.get("foundation") or MFQ30.get(item)
        if foundation is None:
            raise RatingsError(f'{place}: item {item!r} is none of the MFQ-30\'s, so it needs a "foundation"')
        if (temperature := record.get("temperature")) is not None:
            if isinstance(temperature, bool) or not isinstance(temperature, (int, float)) or not temperature > 0:
                raise RatingsError(f"{place}: temperature {temperature!r} is no number above 0")
            temperatures.add(float(temperature))
        persona = record.get("persona")
        rows.append(
            _Row(
                place=place,
                persona="" if persona is None else str(persona),
                item=item,
                foundation=str(foundation),
                run=str(record.get("run", "")),
                rating=None if rating is None else _rating(rating, place),
                failures=0,
            )
        )
    if len(temperatures) > 1:
        raise RatingsError(
            f"{path} mixes temperatures {', '.join(map(str, sorted(temperatures)))}. Make a file of each"
        )
    return rows, temperatures.pop() if temperatures else None


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


def _whole(text: str | None, column: str, place: str) -> int:
    if text is None or not re.fullmatch(r"\s*-?[0-9]{1,9}\s*", text):
        raise RatingsError(f"{place}: {column} {text!r} is no whole number")
    return int(text)


def _rating(value: int, place: str) -> int | None:
    if not -1 <= value <= 5:
        raise RatingsError(f"{place}: rating {value} is outside 0 to 5 (and is not -1, for a reply without a rating)")
    return None if value == -1 else value
