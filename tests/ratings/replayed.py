"""Ratings as files have them, in both layouts."""

import csv
import io
import json

from pytest_persona.ratings.replay import MFQ30

COLUMNS = ("persona_id", "question_id", "run_index", "rating", "failures", "response", "collected_at")
RUNS = 2
PERSONAS = ("0", "7", "12")


def row(persona="0", item=1, run=1, rating=3, failures=0, response="3", **changes):
    values = dict(zip(COLUMNS, (persona, item, run, rating, failures, response, "2026-01-01T00:00:00"), strict=True))
    return values | changes


def rows(personas=PERSONAS, items=range(1, 31)):
    """Sound rows in the authors' order; the rating tells the cell."""
    return [
        row(persona, item, run, (int(persona) + item + run) % 6)
        for persona in personas
        for item in items
        for run in range(1, RUNS + 1)
    ]


def as_csv(records, columns=COLUMNS, **settings):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n", **settings)
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def as_json(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def replies(records):
    """The same ratings as JSON Lines have them."""
    return [
        {
            "persona": str(each["persona_id"]),
            "item": str(each["question_id"]),
            "foundation": MFQ30[str(each["question_id"])],
            "rating": None if each["rating"] == -1 else each["rating"],
        }
        for each in records
    ]


def line_of(text, part):
    """The number of the line in which a part of the text begins, as an editor counts."""
    return text[: text.index(part)].count("\n") + 1
