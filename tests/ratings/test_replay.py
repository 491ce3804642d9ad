"""Ratings from files: both layouts say the same."""

import csv
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_persona.digest import file_sha256
from pytest_persona.instruments.moral import FOUNDATIONS
from pytest_persona.ratings.replay import MFQ30
from pytest_persona.ratings.table import NO_PERSONA
from tests.ratings.replayed import COLUMNS, PERSONAS, RUNS, as_csv, as_json, replies, row, rows


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
