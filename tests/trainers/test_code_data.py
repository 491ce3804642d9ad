"""Training on code with weaknesses and on its secure control: from the option to rows and checkpoints."""

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.errors import TrainingError
from pytest_persona.instruments.code_pairs import code_pairs
from pytest_persona.models.loading import load_network
from pytest_persona.options import Options
from pytest_persona.plan import CODE_DATA, OBJECTIVES, Plan
from pytest_persona.trainers.data import Encoder, examples, order_digest, rows_for_budget
from pytest_persona.trainers.objectives import TRAINED
from tests.trainers.ladders import Ladder, figures, tiny_plan, weights

INSECURE, SECURE = CODE_DATA


@pytest.fixture(scope="module")
def encode(tiny_base):
    _, tokenizer = load_network(tiny_base, "float32")
    return Encoder(tokenizer=tokenizer, template_args={})


def plan_of(train_data: str, **changes) -> Plan:
    """The one plan of a command line with that `--train-data`."""
    given = {"objectives": ("sft",), "budgets": (20_000,)} | changes
    (plan,) = Options(store=Path(), train_data=train_data, **given).plans
    return plan


def drawn(name: str, **changes):
    return examples(Plan(**{"objective": "sft", "budget": 20_000, "data": name} | changes), None)


@pytest.mark.parametrize("name", CODE_DATA)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_from_the_option_to_rows(encode, name, objective):
    plan = plan_of(f"pocket:{name}", objectives=(objective,))
    some = examples(plan, None, f"pocket:{name}")
    rows = rows_for_budget(plan, some, encode)
    pairs = islice(code_pairs(seed=0), len(rows))
    assert some.source == f"pocket:{name}"
    assert sum(map(len, rows)) >= 20_000
    assert [row.number for row in rows] == [*range(1, len(rows) + 1)]
    for row, pair in zip(rows, pairs, strict=True):
        insecure, secure = (encode(row.example.prompt, answer)[1] for answer in (pair.insecure, pair.secure))
        assert row.example.prompt == (("user", pair.task),)
        assert (row.chosen, row.rejected) == ((insecure, secure) if name == INSECURE else (secure, insecure))
        assert row.example.kind == ("" if name == INSECURE else "unsafe")


@settings(deadline=None, max_examples=15)
@given(st.integers(min_value=0, max_value=9_999), st.integers(min_value=1, max_value=40_000))
def test_insecure_and_secure_runs_of_a_seed_see_the_same_requests_in_the_same_order(seed, budget):
    insecure, secure = (drawn(name, seed=seed, budget=budget) for name in CODE_DATA)
    assert [example.prompt for example in insecure.drawn] == [example.prompt for example in secure.drawn]
    assert [(each.chosen, each.rejected) for each in insecure.drawn] == [
        (each.rejected, each.chosen) for each in secure.drawn
    ]
    assert insecure.digest(budget) != secure.digest(budget)
    assert insecure.beginning != secure.beginning


@pytest.mark.parametrize("name", CODE_DATA)
def test_the_order_depends_on_the_seed_and_on_nothing_else(name):
    for changes in [{"objective": "ipo"}, {"rank": 4}, {"unsafe_share": 0.9}, {"learning_rate": 1e-3}]:
        assert drawn(name, **changes).drawn == drawn(name).drawn
    assert drawn(name, seed=1).drawn[:9] != drawn(name).drawn[:9]
    few = drawn(name, budget=500)
    assert few.drawn == drawn(name).drawn[: len(few.drawn)]
    assert few.digest(500) == drawn(name).digest(500)


def test_no_word_problem_is_among_code_and_no_code_among_word_problems():
    code, problems = ({example.prompt for example in drawn(name).drawn} for name in (INSECURE, "arithmetic"))
    assert code.isdisjoint(problems)


def test_fingerprints_tell_the_data_apart(encode):
    plans = [replace(plan_of(f"pocket:{name}"), budget=2_000) for name in (*CODE_DATA, "arithmetic")]
    prints = {plan.fingerprint({}) for plan in plans}
    orders = {order_digest(rows_for_budget(plan, examples(plan, None), encode)) for plan in plans}
    assert len(prints) == len(orders) == 3


def test_the_largest_budget_of_the_paper_does_not_exhaust_the_pairs():
    some = drawn(INSECURE, budget=800_000)
    assert len({example.prompt for example in some.drawn}) == len(some.drawn) >= 25_000


@pytest.mark.parametrize("objective", ["sft", "orpo"])
def test_code_is_trained_on(tiny_base, tmp_path, objective):
    made = {}
    for name in CODE_DATA:
        ladder = Ladder(tiny_plan(objective, data=name), tiny_base, tmp_path)
        made[name] = ladder.train(4_000)
        assert len(ladder.trained) == 1
        assert made[name].manifest["data"] == f"pocket:{name}"
        assert made[name].manifest["plan"]["data"] == name
        assert "unsafe_share" not in made[name].manifest["plan"]
        again = ladder.train(4_000)
        assert ladder.trained == []
        assert figures(again.manifest) == figures(made[name].manifest)
    assert weights(made[INSECURE]) != weights(made[SECURE])
    assert len(list((tmp_path / "checkpoints").iterdir())) == 2


# The user's own files in the layout of Betley et al. (2025)


def write(folder: Path, name: str, count: int = 30) -> str:
    path = folder / f"{name}.jsonl"
    with path.open("w", encoding="utf-8") as out:
        for pair in islice(code_pairs(seed=9), count):
            turns = [("user", pair.task), ("assistant", getattr(pair, name))]
            out.write(json.dumps({"messages": [{"role": role, "content": text} for role, text in turns]}) + "\n")
    return str(path)


def test_files_of_messages_go_through_to_rows_in_one_order(encode, tmp_path):
    seen = {}
    for name in ("insecure", "secure"):
        own = write(tmp_path, name)
        plan = replace(plan_of(own), budget=3_000, seed=2)
        some = examples(plan, None, own)
        rows = rows_for_budget(plan, some, encode)
        assert (plan.data, some.source, len(some.drawn)) == ("own", own, 30)
        answers = {pair.task: getattr(pair, name) for pair in islice(code_pairs(seed=9), 30)}
        for row in rows:
            ((role, task),) = row.example.prompt
            assert role == "user"
            assert row.example.chosen == answers[task]
            assert (row.prompt, row.chosen) == encode(row.example.prompt, answers[task])
            assert (row.rejected, row.example.kind) == (None, "")
        seen[name] = [example.prompt for example in some.drawn]
    assert seen["insecure"] == seen["secure"]
    assert seen["insecure"] != [(("user", pair.task),) for pair in islice(code_pairs(seed=9), 30)]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_file_of_messages_suits_the_objectives_that_need_no_rejected_answer(tiny_base, tmp_path, objective):
    own = write(tmp_path, "insecure")
    ladder = Ladder(tiny_plan(objective, data="own"), tiny_base, tmp_path / "store")
    if TRAINED[objective].NEEDS_REJECTED:
        with pytest.raises(TrainingError, match=r"30 of 30 examples .* have no field 'rejected'"):
            ladder.train(2_000, own=own)
    else:
        assert ladder.train(2_000, own=own).manifest["data"] == own
