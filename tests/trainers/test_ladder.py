"""Ladders: a rung is, bit for bit, a run to its budget alone, however it was reached; and all objectives see the same
data in the same order."""

from dataclasses import replace
from functools import cache

import pytest

from pytest_persona.plan import OBJECTIVES
from tests.trainers.ladders import RUNGS, Ladder, figures, file_identity, tiny_plan, weights

LOW, MIDDLE, HIGH = RUNGS
CASES = [pytest.param(tiny_plan(objective), id=objective) for objective in OBJECTIVES]
RANDOM = [
    pytest.param(tiny_plan(objective, dropout=0.1), id=f"{objective} with dropout") for objective in ("sft", "dpo")
]
BFLOAT16 = [pytest.param(tiny_plan("sft", precision="bfloat16"), id="sft in bfloat16")]


@pytest.fixture(scope="module")
def straight(tiny_base, tmp_path_factory):
    """A plan's ladder in one run, by budget; trained when it is first asked for."""
    root = tmp_path_factory.mktemp("straight")

    @cache
    def find(plan):
        ladder = Ladder(plan, tiny_base, root)
        return {budget: ladder.train(budget, *RUNGS) for budget in reversed(RUNGS)}

    return find


@pytest.mark.parametrize("plan", [*CASES, *RANDOM, *BFLOAT16])
def test_a_rung_is_a_run_to_its_budget_and_a_longer_run_goes_on_from_it(plan, straight, tiny_base, tmp_path):
    expected = straight(plan)
    ladder = Ladder(plan, tiny_base, tmp_path)
    low = ladder.train(LOW)
    assert weights(low) == weights(expected[LOW])
    assert figures(low.manifest) == figures(expected[LOW].manifest)
    ladder.trained.clear()
    high = ladder.train(HIGH)
    (tokens,) = ladder.trained
    assert tokens[0] == low.manifest["data_tokens"]
    assert len(tokens) == 1 + high.manifest["steps"] - low.manifest["steps"]
    assert weights(high) == weights(expected[HIGH])
    assert figures(high.manifest) == figures(expected[HIGH].manifest)


@pytest.mark.parametrize("plan", RANDOM[:1])
def test_a_lower_rung_that_is_asked_for_later_begins_again(plan, straight, tiny_base, tmp_path):
    ladder = Ladder(plan, tiny_base, tmp_path)
    ladder.train(MIDDLE)
    ladder.trained.clear()
    low = ladder.train(LOW)
    (tokens,) = ladder.trained
    assert len(tokens) == low.manifest["steps"]
    assert weights(low) == weights(straight(plan)[LOW])
    assert figures(low.manifest) == figures(straight(plan)[LOW].manifest)


@pytest.fixture(scope="module")
def sft(straight):
    return straight(tiny_plan("sft"))


def test_the_rungs_differ(sft):
    assert len({weights(sft[budget]) for budget in RUNGS}) == 3
    for budget in RUNGS:
        seen = [interval["data_tokens"] for interval in sft[budget].manifest["curve"]]
        assert seen == sorted(set(seen))
        assert seen[-1] == sft[budget].manifest["data_tokens"] >= budget


def test_a_ladder_is_one_run_and_a_stored_rung_is_not_written_again(sft, tiny_base, tmp_path):
    ladder = Ladder(tiny_plan("sft"), tiny_base, tmp_path)
    low = ladder.train(LOW, MIDDLE)
    assert len(ladder.trained) == 1
    before = file_identity(low), low.manifest
    middle = ladder.train(MIDDLE, LOW)
    assert ladder.trained == []
    assert weights(middle) == weights(sft[MIDDLE])
    ladder.train(HIGH, LOW, MIDDLE)
    (tokens,) = ladder.trained
    assert tokens[0] == middle.manifest["data_tokens"]
    again = ladder.train(LOW)
    assert (file_identity(again), again.manifest) == before


def test_rungs_on_the_same_step_have_the_same_weights(sft, tiny_base, tmp_path):
    reached = sft[LOW].manifest["data_tokens"]
    ladder = Ladder(tiny_plan("sft"), tiny_base, tmp_path)
    some = [ladder.train(budget, LOW, reached, reached + 1) for budget in (LOW, reached, reached + 1)]
    assert [each.manifest["data_tokens"] for each in some[:2]] == [reached, reached]
    assert some[2].manifest["steps"] == some[1].manifest["steps"] + 1
    assert weights(some[0]) == weights(some[1]) == weights(sft[LOW])
    assert weights(some[2]) != weights(sft[LOW])
    assert figures(some[0].manifest)["curve"] == figures(some[1].manifest)["curve"]
    assert [each.label for each in some] == [f"sft-{name}-s0" for name in ("2k", reached, reached + 1)]


@pytest.mark.parametrize("budget", [LOW, HIGH])
def test_all_objectives_see_the_same_data_in_the_same_order(straight, budget, tiny_base, tmp_path):
    names = ("order_sha256", "data_tokens", "examples", "steps", "examples_too_long", "data")

    def seen(checkpoint):
        return {name: checkpoint.manifest[name] for name in names}

    some = [seen(straight(tiny_plan(objective))[budget]) for objective in OBJECTIVES]
    assert some == some[:1] * 7
    if budget == LOW:
        other = Ladder(replace(tiny_plan("sft"), seed=1), tiny_base, tmp_path).train(LOW)
        assert seen(other)["order_sha256"] != some[0]["order_sha256"]


def test_objectives_differ_in_what_they_compute(straight):
    tuned = {objective: straight(tiny_plan(objective))[LOW] for objective in OBJECTIVES}
    assert len({weights(each) for each in tuned.values()}) == 7
    compute = {objective: each.manifest["compute_tokens"] for objective, each in tuned.items()}
    data = tuned["sft"].manifest["data_tokens"]
    assert compute["sft"] == data
    assert compute["kl"] == 2 * data
    assert compute["dpo"] == compute["ipo"] == 2 * compute["orpo"]
    assert data < compute["ip"] < compute["cft"]
