"""Files of ratings that are not read: whatever is malformed is named with file and line."""

import gzip
import json

import pytest

from pytest_persona.errors import RatingsError
from pytest_persona.ratings import load_ratings
from tests.ratings.replayed import COLUMNS, as_csv, as_json, line_of, replies, row, rows

BAD_ROWS = {
    "too high": ({"rating": 6}, "rating 6 is outside 0 to 5"),
    "too low": ({"rating": -2}, "rating -2 is outside 0 to 5 (and is not -1, for a reply without a rating)"),
    "not whole": ({"rating": "3.5"}, "rating '3.5' is no whole number"),
    "whole with a point": ({"rating": "3.0"}, "rating '3.0' is no whole number"),
    "no rating": ({"rating": ""}, "rating '' is no whole number"),
    "a word": ({"rating": "three"}, "rating 'three' is no whole number"),
    "not a number": ({"rating": "nan"}, "rating 'nan' is no whole number"),
    "other digits": ({"rating": "٣"}, "rating '٣' is no whole number"),
    "an unknown question": ({"question_id": 31}, "question_id 31 is none of the MFQ-30's, 1 to 30"),
    "question nought": ({"question_id": 0}, "question_id 0 is none of the MFQ-30's"),
    "a question by name": ({"question_id": "care"}, "question_id 'care' is no whole number"),
    "no persona": ({"persona_id": ""}, "persona_id '' is no whole number"),
    "no run": ({"run_index": ""}, "run_index '' is no whole number"),
    "fewer than no failures": ({"failures": -1}, "failures -1 is below 0"),
    "failures in words": ({"failures": "many"}, "failures 'many' is no whole number"),
}


@pytest.mark.parametrize("kind", BAD_ROWS)
@pytest.mark.parametrize("at", [0, 40, 179])
def test_a_malformed_row_is_named_with_its_line(refused, kind, at):
    changes, message = BAD_ROWS[kind]
    records = rows()
    records[at] |= changes
    assert refused(as_csv(records)).startswith(f", line {at + 2}: {message}")


def test_rows_of_another_number_of_columns_are_named(refused):
    lines = as_csv(rows()).splitlines()
    for cells, count in ((lines[7] + ",more", 8), (lines[7].rpartition(",")[0], 6), ("x", 1)):
        text = "\n".join([*lines[:7], cells, *lines[8:]])
        assert refused(text) == f", line 8: 7 columns are announced, this row has {count}"


@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
def test_replies_of_several_lines_count_as_such(refused, breaks):
    records = rows()
    for at in range(10):
        records[at]["response"] = breaks.join(['4, "surely"', "", "because", "it is"])
    records[10] |= {"rating": 9, "response": f"fine{breaks}then"}
    text = as_csv(records)
    number = line_of(text, "0,6,1,9,")
    assert number == 2 + 10 * 4
    assert refused(text).startswith(f", line {number}: rating 9")


def test_blank_lines_are_counted(refused):
    lines = as_csv([*rows()[:3], row(rating=9)]).splitlines()
    assert refused("\n".join([lines[0], "", *lines[1:4], "", "", lines[4]])).startswith(", line 8: rating 9")


def test_a_heading_of_several_lines_is_counted(refused):
    text = as_csv([row(rating=9)]).replace("collected_at", '"collected\nat"', 1)
    assert refused(text).startswith(", line 3: rating 9")


@pytest.mark.parametrize(("lost", "named"), [("rating", "'rating'"), ("question_id", "'question_id'")])
def test_a_missing_column_is_named(refused, lost, named):
    columns = tuple(name for name in COLUMNS if name != lost)
    message = refused(as_csv(rows(), columns))
    assert message.startswith(f", line 1: no column {named} among {', '.join(columns)}. The layout is persona_id")


@pytest.mark.parametrize("text", ["", "\n\n", "x,y\n1,2\n"])
def test_a_file_without_the_columns_says_so(refused, text):
    assert refused(text).startswith(", line 1: no column 'question_id', 'rating' among ")


def test_a_column_that_is_there_twice_is_refused(refused):
    text = as_csv(rows()).replace("response", "rating", 1)
    assert refused(text).startswith(", line 1: a column twice among persona_id")


def test_a_repetition_that_is_there_twice_is_named(refused):
    for again in (row("7", 4, 2, 1), row("7", "04", " 2", 1)):
        text = as_csv([*rows(), again])
        assert refused(text) == ", line 182: repetition 2 of persona 7, item 4 is there twice"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_cell_that_is_missing_is_named(refused, kind):
    records = [each for each in rows() if (each["persona_id"], each["question_id"]) not in {("7", 4), ("12", 30)}]
    text = as_csv(records) if kind == "csv" else as_json(replies(records))
    assert refused(text, f"r.{kind}").startswith(
        " is not complete: 2 of 90 cells have no row, the first persona '7' with item '4'. Collect them, or leave"
    )


@pytest.mark.parametrize(("end", "line"), [('0,1,1,3,0,"open', 182), ('0,1,1,3,0,"a"b,x\n', 182)])
def test_quotes_that_do_not_close_are_named(refused, end, line):
    assert refused(as_csv(rows()) + end).startswith(f", line {line}: not CSV (")


def test_only_a_heading_is_no_ratings(refused):
    assert refused(",".join(COLUMNS) + "\n") == " holds no ratings"
    assert refused("", "a.jsonl") == " holds no ratings"


@pytest.mark.parametrize(
    "name", ["ratings.txt", "ratings.json", "csv", "ratings.csv.zip", "ratings.csv.bak", "a.jsonlx"]
)
def test_another_kind_of_file_is_refused(refused, name):
    message = refused("x", name)
    assert message == " is no file of ratings. Give one that ends in .csv, .csv.gz, .jsonl or .jsonl.gz"


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(RatingsError, match=r"absent\.csv is missing\. Give the path"):
        load_ratings(str(tmp_path / "absent.csv"))


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(RatingsError, match=r"folder\.csv cannot be read"):
        load_ratings(tmp_path / "folder.csv")


PACKED = gzip.compress(as_csv(rows()).encode())


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PACKED[:-20], id="cut off"),
        pytest.param(PACKED[: len(PACKED) // 2], id="half of it"),
        pytest.param(PACKED[:10] + b"\xff" * 20 + PACKED[30:], id="overwritten"),
        pytest.param(PACKED[:-8] + b"\0" * 4 + PACKED[-4:], id="another checksum"),
        pytest.param(PACKED + b"more", id="something behind"),
        pytest.param(b"persona_id,question_id", id="not packed"),
    ],
)
def test_a_damaged_packed_file_says_so(refused, data):
    message = refused(data, "r.csv.gz")
    assert message.startswith(" cannot be read (")
    assert message.endswith("). Copy it again")


def test_an_empty_packed_file_holds_no_columns(refused):
    assert refused(b"", "r.csv.gz").startswith(", line 1: no column")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_file_in_another_encoding_says_so(refused, name):
    assert refused(b"\xff\xfea\0", name).startswith(" cannot be read (")


BAD_RECORDS = {
    "not JSON": ('{"item": "1", ', "not JSON ("),
    "a blank line": ("", "not JSON ("),
    "too deep": ("[" * 100_000, "not JSON ("),
    "a list": ("[1, 2]", 'a record has "item" and "rating", and "persona" where one was played'),
    "a number": ("3", 'a record has "item" and "rating"'),
    "null": ("null", 'a record has "item" and "rating"'),
    "no rating": ({"rating": ...}, 'a record has "item" and "rating"'),
    "no item": ({"item": ...}, 'a record has "item" and "rating"'),
    "no persona": ({"persona": ...}, "no persona, while other records have one"),
    "persona null": ({"persona": None}, "no persona, while other records have one"),
    "persona empty": ({"persona": ""}, "no persona, while other records have one"),
    "persona a list": ({"persona": ["7"]}, "persona ['7'] is neither a text nor a whole number"),
    "persona a bool": ({"persona": True}, "persona True is neither a text nor a whole number"),
    "item null": ({"item": None}, "item None is neither a text nor a whole number"),
    "item a float": ({"item": 1.0}, "item 1.0 is neither a text nor a whole number"),
    "run a float": ({"run": 1.5}, "run 1.5 is neither a text nor a whole number"),
    "too high": ({"rating": 6}, "rating 6 is outside 0 to 5"),
    "too low": ({"rating": -2}, "rating -2 is outside 0 to 5"),
    "true": ({"rating": True}, "rating True is neither a whole number nor null"),
    "false": ({"rating": False}, "rating False is neither a whole number nor null"),
    "a float": ({"rating": 4.0}, "rating 4.0 is neither a whole number nor null"),
    "a text": ({"rating": "4"}, "rating '4' is neither a whole number nor null"),
    "not a number": ({"rating": float("nan")}, "rating nan is neither a whole number nor null"),
    "an unknown item": ({"item": "31", "foundation": ...}, "item '31' is none of the MFQ-30's, so it needs a"),
    "foundation a number": ({"foundation": 3}, "foundation 3 is no text"),
    "another foundation": ({"foundation": "Honour"}, "item 1 is of Honour here and of another foundation before"),
    "no temperature": ({"temperature": 0}, "temperature 0 is no number above 0"),
    "a bool of warmth": ({"temperature": True}, "temperature True is no number above 0"),
    "endless warmth": ({"temperature": float("inf")}, "temperature inf is no number above 0"),
    "warmth not a number": ({"temperature": float("nan")}, "temperature nan is no number above 0"),
    "warmth in words": ({"temperature": "warm"}, "temperature 'warm' is no number above 0"),
}


@pytest.mark.parametrize("kind", BAD_RECORDS)
def test_a_malformed_record_is_named_with_its_line(refused, kind):
    bad, message = BAD_RECORDS[kind]
    lines = as_json(replies(rows())).splitlines()
    at = 60  # the second persona's first item
    if isinstance(bad, dict):
        changed = json.loads(lines[at]) | bad
        bad = json.dumps({key: value for key, value in changed.items() if value is not ...})
    assert refused("\n".join([*lines[:at], bad, *lines[at + 1 :]]), "r.jsonl").startswith(f", line {at + 1}: {message}")


def test_a_separator_of_lines_within_a_text_is_none(refused):
    records = [each | {"note": "one\u2028two\x85three"} for each in replies(rows())]
    records[9]["rating"] = 6
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    assert refused(text, "r.jsonl").startswith(", line 10: rating 6")


def test_a_numbered_reply_that_is_there_twice_is_named(refused):
    records = [each | {"run": 1 + at % 2} for at, each in enumerate(replies(rows()))]
    assert refused(as_json([*records, records[0]]), "r.jsonl") == (
        ", line 181: repetition 1 of persona 0, item 1 is there twice"
    )


def test_temperatures_are_not_mixed(refused):
    records = [each | {"temperature": (0.1, 1)[at % 2]} for at, each in enumerate(replies(rows()))]
    assert refused(as_json(records), "r.jsonl") == " mixes temperatures 0.1, 1.0. Make a file of each"


def test_minus_one_is_a_failure_in_json_too(load):
    records = replies(rows())
    records[0]["rating"], records[2]["rating"] = -1, None
    assert load(as_json(records), "r.jsonl").failures == 2
