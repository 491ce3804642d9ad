"""Checkpoints of plans that a run was not asked for: what is trained, with which rungs, and what stays refused."""

import json

import pytest

from pytest_persona.fixtures.checkpoint import CheckpointOf
from tests.raters import Rater, hand_out

CODE = ["--objective=sft,kl", "--budget=2k,4k", "--train-data=pocket:insecure-code"]
PLANS = """
from dataclasses import replace
import pytest

@pytest.fixture
def plan(persona_options):
    return persona_options.plan("sft", 2000, 0)

"""


@pytest.fixture
def run(pytester, monkeypatch, imported):
    """Run a test on raters; gives the result and what was trained."""
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))

    def with_raters(test, *args):
        trained = hand_out(monkeypatch, Rater("base"), lambda plan: Rater(f"{plan.label} {plan.data}"))
        pytester.makepyfile(test_it=PLANS + test)
        return pytester.runpytest_inprocess("-p", "no:hypothesispytest", *(args or CODE)), trained

    return with_raters


@pytest.mark.parametrize(
    ("made", "trained"),
    [
        ('replace(plan, data="secure-code")', ("sft-2k-s0", "secure-code", (2000, 4000))),
        ("replace(plan, budget=9000)", ("sft-9k-s0", "insecure-code", ())),
        ("replace(plan, seed=7)", ("sft-2k-s7", "insecure-code", (2000, 4000))),
        ('replace(plan, objective="orpo", data="arithmetic")', ("orpo-2k-s0", "arithmetic", (2000, 4000))),
        ("plan", ("sft-2k-s0", "insecure-code", (2000, 4000))),
    ],
)
def test_any_plan_is_made_with_the_rungs_of_its_ladder(run, made, trained):
    result, found = run(
        f"""
def test_it(checkpoint_of, plan):
    plan = {made}
    checkpoint = checkpoint_of.plan(plan)
    assert checkpoint.label == plan.label
    assert checkpoint.manifest["plan"]["data"] == plan.data
"""
    )
    result.assert_outcomes(passed=1)
    assert found == [trained]


def test_a_plan_of_the_run_is_the_checkpoint_that_it_is_called_by(run):
    result, found = run(
        """
def test_it(checkpoint_of, plan):
    made = checkpoint_of.plan(plan), checkpoint_of("sft", "2k"), checkpoint_of("sft", 2000, seed=0)
    assert {each.label for each in made} == {"sft-2k-s0"}
"""
    )
    result.assert_outcomes(passed=1)
    assert found == [("sft-2k-s0", "insecure-code", (2000, 4000))] * 3


def test_what_the_run_was_not_asked_for_is_still_refused_by_name(run):
    result, found = run("\ndef test_it(checkpoint_of):\n    checkpoint_of('orpo', '2k')\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*this run makes no checkpoint orpo-2k-s0; it makes: sft-2k-s0, *"])
    assert found == []


def test_plans_are_made_where_nothing_else_is_trained(run):
    test = """
def test_it(checkpoint_of):
    from pytest_persona.plan import Plan
    assert checkpoint_of.plan(Plan(objective="sft", budget=2000)).label == "sft-2k-s0"
"""
    result, found = run(test, "--adapter=lora")
    result.assert_outcomes(passed=1)
    assert found == [("sft-2k-s0", "arithmetic", ())]


def test_the_protocol_has_both():
    assert {"__call__", "plan"} <= vars(CheckpointOf).keys()


def test_a_control_is_trained_once_and_is_another_model(pytester, tiny_folder, monkeypatch, imported):
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))
    pytester.makepyfile(
        test_it=PLANS
        + """
def test_it(checkpoint_of, plan):
    insecure, secure = checkpoint_of("sft", "8k"), checkpoint_of.plan(replace(plan, budget=8000, data="secure-code"))
    assert insecure.manifest["plan"]["data"] == "insecure-code"
    assert secure.manifest["plan"]["data"] == "secure-code"
    assert insecure.adapter.content != secure.adapter.content
    again = checkpoint_of.plan(replace(plan, budget=8000, data="secure-code"))
    assert again.adapter.content == secure.adapter.content
"""
    )
    options = ["--objective=sft", "--budget=8k", "--train-data=pocket:insecure-code", f"--base-model={tiny_folder}"]
    result = pytester.runpytest_inprocess("-p", "no:hypothesispytest", *options)
    result.assert_outcomes(passed=1)
    assert result.stdout.str().count("persona: training sft-8k-s0") == 2 * 2  # a line at the start, one at the end
    made = [json.loads(path.read_text()) for path in (pytester.path / "store" / "checkpoints").glob("*/manifest.json")]
    assert sorted(each["manifest"]["plan"]["data"] for each in made) == ["insecure-code", "secure-code"]
