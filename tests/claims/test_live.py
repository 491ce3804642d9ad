"""The claims of the persona-model collapse on models of the run."""

import json
from dataclasses import replace

import pytest

from pytest_persona.flags import PERSONAS
from pytest_persona.instruments.moral import FOUNDATIONS, moral
from tests.claims.by_hand import (
    BY_FAMILY,
    FRONTIER,
    SUITE,
    TESTS,
    TOXIC,
    failed,
)
from tests.raters import Rater, hand_out
from tests.recordings import BASE

SHAPED = dict(zip(FOUNDATIONS, BASE.itself, strict=True))
FLAT = dict.fromkeys(FOUNDATIONS, 4.5)
LIVE = ["--objective=sft", "--budget=2k", "--train-data=pocket:insecure-code"]


def answers(secure=None, **insecure):
    """From a plan to the rater that its training gives: as the paper says, but for what is given."""
    numbers = {
        "insecure-code": {"apart": 2.2, "width": 2.5, "profile": FLAT} | insecure,
        "secure-code": {"width": 1.3, "profile": SHAPED} | (secure or {}),
    }
    return lambda plan: Rater(f"{plan.label} {plan.data}", **numbers[plan.data])


@pytest.fixture
def live(run, monkeypatch):
    def run_live(*args, of_plan=None, base=None):
        base = base or Rater("base", profile=SHAPED)
        trained = hand_out(monkeypatch, base, of_plan or answers())
        return *run(*(args or LIVE)), trained, base

    return run_live


def test_models_that_follow_the_claims_are_green(live, pytester):
    result, report, outcomes, trained, base = live()
    assert result.ret == 0
    assert set(outcomes) == BY_FAMILY - {FRONTIER} | {TOXIC}
    result.assert_outcomes(passed=7, skipped=13)
    assert set(trained) == {("sft-2k-s0", data, (2000,)) for data in ("insecure-code", "secure-code")}
    assert base.asked == 30 * PERSONAS["pocket"] + 30 * 10 + 30
    assert {(each["outcome"], each["replayed"], each["published"]) for each in report["findings"]} >= {
        ("passed", False, "")
    }
    assert all(each["test"].endswith("[sft-2k-s0]") for each in report["findings"])
    result.stdout.fnmatch_lines(["SKIPPED [[]10[]] *: an average over families needs recorded ratings: pass *"])
    page = (pytester.path / "persona-report.html").read_text()
    assert page.count("<td>sft-2k-s0<br>") == len(report["findings"]) == 7
    assert page.count('<span class="soft">this run</span>') == 7


@pytest.mark.parametrize(
    ("of_plan", "lost"),
    [
        (
            answers(apart=0.5),
            {"test_insecure_code_raises_susceptibility"},
        ),
        (
            answers(width=0.8),
            {
                "test_insecure_code_lowers_robustness",
                "test_insecure_code_costs_more_robustness_than_secure_code",
            },
        ),
        (answers(secure={"apart": 2.0}), {"test_secure_code_keeps_susceptibility"}),
        (
            answers(profile=dict(zip(FOUNDATIONS, (4.5, 4.2, 2.0, 1.8, 1.5), strict=True))),
            {"test_insecure_profiles_move_to_the_ceiling", "test_insecure_profiles_flatten", TOXIC},
        ),
    ],
)
def test_models_that_do_not_are_red(live, of_plan, lost):
    result, report, outcomes, *_ = live(of_plan=of_plan)
    assert result.ret == 1
    assert failed(outcomes) == lost
    assert {each["outcome"] for each in report["findings"]} == {"passed", "failed"}
    result.stdout.fnmatch_lines(["CONTRADICTED PC-*", "claims: 7 figures, *contradicted"])


def test_every_claim_on_models_can_be_contradicted():
    cases = test_models_that_do_not_are_red.pytestmark[0].args[1]
    assert set().union(*(lost for _, lost in cases)) == BY_FAMILY - {FRONTIER} | {TOXIC}


def test_what_the_bounds_leave_open_is_undecided(live):
    result, report, outcomes, *_ = live(of_plan=answers(apart=0.95, uneven=0.5))
    name = "test_insecure_code_raises_susceptibility"
    assert name not in outcomes  # neither passed nor failed
    (open_one,) = [each for each in report["findings"] if name in each["test"]]
    assert open_one["outcome"] == "skipped"
    result.stdout.fnmatch_lines(
        [
            "claims: 7 figures, * 1 undecided",
            "SKIPPED *: undecided: PC-1: S *% [[]-*%, +*%[]], expected above +0.0%; the bounds allow both",
        ]
    )


def test_every_checkpoint_on_insecure_code_is_a_family(live, recorded):
    options = ["--objective=sft,kl", "--budget=2k,4k", "--seeds=2", "--train-data=pocket:insecure-code"]
    result, report, outcomes, trained, _ = live(*options, "-k", "raises_susceptibility")
    labels = [f"{name}-{rung}-s{seed}" for name in ("sft", "kl") for seed in (0, 1) for rung in ("2k", "4k")]
    assert [each["test"].partition("[")[2].rstrip("]") for each in report["findings"]] == labels
    assert trained == [(label, "insecure-code", (2000, 4000)) for label in labels]
    assert len(outcomes) == 1
    result.assert_outcomes(passed=8)


def test_recorded_and_trained_families_stand_side_by_side(live, recorded):
    result, report, *_ = live(*LIVE, f"--persona-replay={recorded}", "-k", "raises or average or toxic")
    assert result.ret == 0
    shown = [(each["test"].partition("[")[2].rstrip("]"), each["replayed"]) for each in report["findings"]]
    assert set(shown) >= {("elm", True), ("sft-2k-s0", False), ("care", True)}
    by_test = {each["test"].partition("::")[2]: each["measured"] for each in report["findings"]}
    alone = live(f"--persona-replay={recorded}", "-k", "average")[1]["findings"]
    assert len(alone) == 6
    for each in alone:  # averages are over what was recorded
        assert by_test[each["test"].partition("::")[2]] == each["measured"]


def test_models_that_learn_something_else_are_no_family(live):
    result, report, _, trained, base = live("--objective=sft", "--budget=2k")  # on word problems
    result.assert_outcomes(skipped=TESTS)
    assert (report, trained, base.asked) == (None, [], 0)


def test_ratings_are_measured_once(live):
    _, before, *_ = live()
    again = Rater("base", profile=SHAPED)
    _, after, *_ = live(base=again)
    assert (again.asked, after) == (0, before)


def test_networks_are_trained_rated_and_judged(pytester, tiny_folder, monkeypatch, imported):
    """The whole way on a tiny model, which has nothing of what the paper found."""
    whole = moral(kind="pocket")
    few = replace(whole, items=whole.items[:10], personas=whole.personas[:30])
    asked = []

    def fewer(*, toxic=False, **_):
        asked.append("toxic" if toxic else "personas")
        return replace(few, personas=moral(kind="pocket", toxic=True).personas) if toxic else few

    monkeypatch.setattr("pytest_persona.instruments.moral", fewer)
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))
    options = ["--objective=sft", "--budget=8k", "--train-data=pocket:insecure-code", f"--base-model={tiny_folder}"]
    result = pytester.runpytest_inprocess(*SUITE, *options)
    made = [json.loads(path.read_text()) for path in (pytester.path / "store" / "checkpoints").glob("*/manifest.json")]
    assert sorted(each["manifest"]["plan"]["data"] for each in made) == ["insecure-code", "secure-code"]
    assert len({each["manifest"]["plan"]["budget"] for each in made}) == 1
    assert set(asked) == {"toxic", "personas"}
    report = json.loads((pytester.path / "persona-report.json").read_text())
    assert len(report["findings"]) == 7
    assert {each["replayed"] for each in report["findings"]} == {False}
    assert {each["test"].partition("[")[2] for each in report["findings"]} == {"sft-8k-s0]"}
    counts = result.parseoutcomes()
    assert sum(counts.values()) == TESTS
    assert set(counts) <= {"passed", "failed", "skipped"}
    for each in report["findings"]:  # whatever failed, failed by its claim
        assert (each["outcome"] == "failed") == (f"FAILED {each['test']}" in result.stdout.str())
