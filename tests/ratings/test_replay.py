"""Ratings from files: both layouts say the same, and whatever is malformed is named with file and line."""

import csv
import gzip
import io
import json
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_persona.digest import file_sha256
from pytest_persona.errors import RatingsError
from pytest_persona.instruments.moral import FOUNDATIONS
from pytest_persona.ratings import load_ratings
from pytest_persona.ratings.replay import MFQ30
from pytest_persona.ratings.table import NO_PERSONA

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


@pytest.fixture
def load(tmp_path):
    """Writes a text under a name and loads it."""

    def write(text, name="ratings.csv"):
        data = text if isinstance(text, bytes) else text.encode()
        path = tmp_path / name
        path.write_bytes(gzip.compress(data) if name.lower().endswith(".gz") and not isinstance(text, bytes) else data)
        return load_ratings(path)

    return write


@pytest.fixture
def refused(load, tmp_path):
    """What is said of a text that is not read; it begins with the path of the file."""

    def tell(text, name="ratings.csv"):
        with pytest.raises(RatingsError) as caught:
            load(text, name)
        message = str(caught.value)
        assert message.startswith(str(tmp_path / name))
        return message.removeprefix(str(tmp_path / name))

    return tell


def line_of(text, part):
    """The number of the line in which a part of the text begins, as an editor counts."""
    return text[: text.index(part)].count("\n") + 1


# what is read


def test_each_rating_has_its_place(load, tmp_path):
    found = load(as_csv(rows()), "gpt-x_temp01.csv")
    assert (found.personas, found.items) == (PERSONAS, tuple(MFQ30))
    assert found.foundations == tuple(FOUNDATIONS[at % 5] for at in range(30))
    assert found.values.shape == (3, 30, RUNS)
    for persona in range(3):
        for item in range(30):
            expected = [(int(PERSONAS[persona]) + item + 1 + run) % 6 for run in (1, 2)]
            assert found.values[persona, item].tolist() == expected
    assert (found.asked == RUNS).all()
    assert str(found.estimator) == "2 samples at temperature 0.1"
    assert (found.name, found.failures, found.retried) == ("gpt-x_temp01", 0, 0)
    assert found.fingerprint == file_sha256(tmp_path / "gpt-x_temp01.csv")
    assert found.instrument["kind"] == "official"
    assert found.instrument["source"] == "MFQ-30, ratings replayed from gpt-x_temp01.csv"
    assert found.role_play


def test_the_foundations_take_turns():
    assert [MFQ30[str(number)] for number in (1, 2, 3, 4, 5, 6, 30)] == [*FOUNDATIONS, FOUNDATIONS[0], FOUNDATIONS[4]]
    assert len(MFQ30) == 30


def test_both_layouts_packed_or_not_are_the_same(load):
    records = rows()
    records[5]["rating"] = -1
    random.Random(0).shuffle(records)
    texts = {"csv": as_csv(records), "jsonl": as_json(replies(records))}
    found = [load(texts[kind], f"r.{kind}{gz}") for kind in texts for gz in ("", ".gz")]
    for other in found[1:]:
        assert np.array_equal(found[0].values, other.values, equal_nan=True)
        for field in ("personas", "items", "foundations", "estimator", "retried", "failures"):
            assert getattr(found[0], field) == getattr(other, field)
        assert (found[0].asked == other.asked).all()
        assert other.instrument["kind"] == "official"
    assert found[0].failures == 1


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_responses_in_any_order_are_read_alike(load, data):
    """Line breaks, quotes, commas and what else is in a reply are no part of the layout."""
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    records = [each | {"response": data.draw(texts)} for each in rows(("0",), range(1, 7))]
    found = load(as_csv(data.draw(st.permutations(records)), quoting=csv.QUOTE_ALL))
    again = found.only(items=("1", "2", "3", "4", "5", "6"))
    for item, cell in zip(range(1, 7), again.values[0], strict=True):
        assert sorted(cell) == sorted((item + run) % 6 for run in (1, 2))


def test_minus_one_is_a_failure(load):
    records = rows()
    records[0]["rating"] = records[3]["rating"] = -1
    found = load(as_csv(records))
    assert found.failures == 2
    assert (found.asked == RUNS).all()
    assert found.rated[0, :2].tolist() == [1, 1]


def test_failures_were_retried(load):
    """A reply without a rating that came before this one; of a row that is itself one, all but itself."""
    records = rows()
    records[0]["failures"], records[1]["failures"] = 3, 1
    records[2] |= {"failures": 5, "rating": -1}
    records[3] |= {"failures": 1, "rating": -1}
    records[4] |= {"failures": 0, "rating": -1}
    records[5]["failures"] = ""
    found = load(as_csv(records))
    assert (found.retried, found.failures) == (3 + 1 + 4, 3)
    assert found.retried_share == 8 / (180 + 8)


def test_columns_may_be_left_out_moved_or_added(load):
    expected = load(as_csv(rows()))
    for columns in (
        ("rating", "question_id", "persona_id"),
        ("mood", "persona_id", "rating", "run_index", "question_id"),
    ):
        found = load(as_csv([each | {"mood": "a,b"} for each in rows()], columns))
        assert (found.values == expected.values).all()


def test_without_personas_the_model_answers_as_itself(load):
    columns = tuple(name for name in COLUMNS if name != "persona_id")
    by_csv = load(as_csv(rows(("0",)), columns), "gpt-x_self.csv")
    by_json = load(
        as_json([{k: v for k, v in each.items() if k != "persona"} for each in replies(rows(("0",)))]), "x.jsonl"
    )
    for found in (by_csv, by_json):
        assert (found.personas, found.role_play) == (NO_PERSONA, False)
        assert found.values.shape == (1, 30, RUNS)
    assert (by_csv.values == by_json.values).all()


def test_cells_may_have_more_repetitions_than_others(load):
    found = load(as_csv([*rows(), row("7", 4, 3, 5)]))
    assert found.values.shape == (3, 30, 3)
    assert found.asked[1, 3] == 3
    assert np.isnan(found.values[0, 0, 2])
    assert (found.failures, found.estimator.samples) == (0, RUNS)


@pytest.mark.parametrize(
    ("name", "stem", "temperature"),
    [
        ("a_temp01.csv", "a_temp01", 0.1),
        ("a_temp10.csv", "a_temp10", 1.0),
        ("a_temp07_self.csv.gz", "a_temp07_self", 0.7),
        ("a_temp01.self.csv", "a_temp01.self", 0.1),
        ("a.self.csv.gz", "a.self", None),
        ("a_temp01-secure.csv", "a_temp01-secure", None),
        ("a.CSV", "a", None),
        ("a.csv.notes.csv", "a.csv.notes", None),
    ],
)
def test_the_name_tells_model_and_temperature(load, name, stem, temperature):
    found = load(as_csv(rows()), name)
    assert (found.name, found.estimator.temperature) == (stem, temperature)


def test_the_end_of_a_name_decides_the_layout(load):
    assert load(as_json(replies(rows())), "from.csv.jsonl").name == "from.csv"
    assert load(as_csv(rows()), "from.jsonl.csv").name == "from.jsonl"


def test_json_tells_the_temperature_itself(load):
    records = [each | {"temperature": 0.7} for each in replies(rows())]
    assert load(as_json(records), "a_temp01.jsonl").estimator.temperature == 0.7
    assert load(as_json(replies(rows())), "a_temp01.jsonl").estimator.temperature == 0.1
    assert load(as_json(replies(rows())), "a.jsonl").estimator.temperature is None
    some = [records[0] | {"temperature": None}, *records[1:]]
    assert load(as_json(some), "a.jsonl").estimator.temperature == 0.7


def test_ids_of_json_are_texts_or_numbers(load):
    expected = load(as_json(replies(rows())), "a.jsonl")
    records = [each | {"persona": int(each["persona"]), "item": int(each["item"])} for each in replies(rows())]
    assert (load(as_json(records), "b.jsonl").values == expected.values).all()


def test_numbered_repetitions_and_unnumbered_ones_are_read(load):
    expected = load(as_json(replies(rows())), "a.jsonl")
    for runs in ((1, 2), ("a", "b"), (None, None), (None, 0)):
        records = [each | {"run": runs[at % 2]} for at, each in enumerate(replies(rows()))]
        assert (load(as_json(records), "b.jsonl").values == expected.values).all()


def test_the_users_own_items_have_their_own_foundations(load):
    records = [
        {"persona": persona, "item": item, "foundation": foundation, "rating": 4, "note": "x"}
        for persona in ("one", "two")
        for item, foundation in (("kindness", "Care"), ("12", "Order"))
    ]
    found = load(as_json(records), "own.jsonl")
    assert (found.items, found.foundations) == (("kindness", "12"), ("Care", "Order"))
    assert found.instrument["kind"] == "own"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_part_of_the_questionnaire_is_not_the_questionnaire(load, kind):
    records = rows(items=range(1, 30))
    found = load(as_csv(records) if kind == "csv" else as_json(replies(records)), f"part.{kind}")
    assert found.instrument["kind"] == "own"
    assert "MFQ-30" not in found.instrument["source"]


def test_a_byte_order_mark_and_other_line_ends_are_read(load):
    expected = load(as_csv(rows()))
    assert (load("\ufeff" + as_csv(rows())).values == expected.values).all()
    assert (load(as_csv(rows()).replace("\n", "\r\n")).values == expected.values).all()
    assert (load(as_json(replies(rows())).replace("\n", "\r\n"), "a.jsonl").values == expected.values).all()
    assert (load(as_csv(rows()) + "\n\n").values == expected.values).all()


# what is refused: CSV


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


# what is refused: files


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


# what is refused: JSON Lines


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
