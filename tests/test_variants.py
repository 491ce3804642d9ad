"""Tests by checkpoint, from outside: ids, what is handed out, what is refused, and what the plan says of it."""

import json
import re
from pathlib import Path

import pytest

from pytest_persona.options import Options
from pytest_persona.plan import INOCULATIONS, OBJECTIVES

GATE = ["--pyargs", "pytest_persona.suites.gate", "-k", "darktriad"]
TRAITS = ("machiavellianism", "narcissism", "psychopathy")


@pytest.fixture
def collect(pytester, monkeypatch):
    """The ids of the tests in a file, in the order of a run."""
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))

    def run(test, *args):
        pytester.makepyfile(test_it=test)
        result = pytester.runpytest_inprocess("-p", "no:hypothesispytest", "--collect-only", "-q", *args)
        assert result.ret in (0, pytest.ExitCode.NO_TESTS_COLLECTED), result.outlines
        assert not (pytester.path / "store").exists()
        return [line.partition("::")[2] for line in result.outlines if line.startswith("test_it.py::")]

    return run


ONE = "def test_it(checkpoint): pass"


def test_a_checkpoint_is_named_by_objective_rung_and_seed(collect):
    assert collect(ONE, "--objective=sft", "--budget=4k") == ["test_it[sft-4k-s0]"]
    assert collect(ONE, "--objective=ipo", "--budget=1.5m,25k") == ["test_it[ipo-25k-s0]", "test_it[ipo-1.5m-s0]"]


def test_every_checkpoint_is_tested(collect):
    some = collect(ONE, "--objective=kl,ip", "--budget=4k,2001", "--seeds=2")
    kl = [f"test_it[kl-{rung}-s{seed}]" for seed in (0, 1) for rung in ("2001", "4k")]
    assert some == kl + [name.replace("kl", "ip") for name in kl]


def test_all_gives_the_seven(collect):
    assert collect(ONE, "--objective=all", "--budget=2k") == [f"test_it[{name}-2k-s0]" for name in OBJECTIVES]


def test_a_test_by_task_or_companion_gets_those_of_the_run(collect):
    test = "def test_it(base_model, task): pass\ndef test_more(checkpoint, companion): pass"
    assert collect(test, "--persona-tasks=gsm8k,choice", "--persona-companions=eqbench", "--adapter=a") == [
        "test_it[gsm8k]",
        "test_it[choice]",
        "test_more[eqbench]",
    ]
    some = collect(test, "--persona-tasks=gsm8k", "--persona-companions=eqbench", "--objective=sft,kl", "--budget=2k")
    assert sorted(some) == ["test_it[gsm8k]", "test_more[kl-2k-s0-eqbench]", "test_more[sft-2k-s0-eqbench]"]


def test_somebody_elses_tasks_stay_theirs(collect):
    own = "import pytest\n@pytest.mark.parametrize('task', ['mine'])\ndef test_it(base_model, task): pass\n"
    other = "@pytest.fixture\ndef task(): return 'theirs'\ndef test_more(task): assert task == 'theirs'"
    assert collect(own + other) == ["test_it[mine]", "test_more"]


OURS = {
    "task": "base_model",
    "companion": "checkpoint",
    "objective": "checkpoint_of",
    "rung": "ladders",
    "seed": "checkpoint_of",
    "family": "ratings_of",
}
"""Names that are filled, each with a fixture beside which they are."""
TRAINING = ["--objective=sft,kl", "--budget=2k,4k", "--seeds=2"]


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("params", ["", "params=['theirs', 'other']"], ids=["plain", "parametrized"])
def test_a_fixture_of_the_users_own_keeps_its_name(collect, name, params):
    fixture = f"import pytest\n@pytest.fixture({params})\ndef {name}(request): return 'theirs'\n"
    args = [] if name == "companion" else TRAINING  # the checkpoint itself would be parametrized
    found = collect(f"{fixture}def test_it({OURS[name]}, {name}): pass", *args)
    assert found == (["test_it[theirs]", "test_it[other]"] if params else ["test_it"])
    without = collect(f"def test_it({OURS[name]}, {name}): pass", *args)
    assert without != found
    assert all("[" in test for test in without)  # the twin: nobody else has the name, and it is filled


def test_a_users_own_fixture_is_what_the_test_gets(run):
    fixture = "import pytest\n@pytest.fixture\ndef task(): return 'theirs'\n"
    run(f"{fixture}def test_it(base_model, task): assert task == 'theirs'").assert_outcomes(passed=1)


def test_a_fixture_that_another_test_sees_changes_nothing_here(collect):
    test = "def test_it(base_model, task): pass\nimport pytest\nclass TestIt:\n    @pytest.fixture\n"
    test += "    def task(self): return 'theirs'\n    def test_more(self, base_model, task): pass"
    assert collect(test, "--persona-tasks=gsm8k") == ["test_it[gsm8k]", "TestIt::test_more"]


def test_tests_of_one_checkpoint_run_together(collect):
    some = collect(f"{ONE}\ndef test_more(checkpoint): pass", "--objective=sft,kl", "--budget=2k")
    assert some == [f"test_{name}[{label}]" for label in ("sft-2k-s0", "kl-2k-s0") for name in ("it", "more")]


@pytest.mark.parametrize("args", [[], ["--adapter=some/lora"]])
def test_without_training_nothing_is_parametrized(collect, args):
    assert collect(f"{ONE}\ndef test_of(checkpoint_of): pass", *args) == ["test_it", "test_of"]


def test_other_tests_are_left_alone(collect):
    test = "def test_it(objective): pass\ndef test_none(): pass\nimport pytest\n@pytest.fixture\ndef objective(): pass"
    assert collect(test, "--objective=sft,kl", "--budget=2k") == ["test_it", "test_none"]


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ("", ["test_it"]),
        ("objective", ["test_it[sft]", "test_it[kl]"]),
        ("rung", ["test_it[2k]", "test_it[4k]"]),
        ("seed", ["test_it[s0]", "test_it[s1]"]),
        (
            "objective, rung, seed",
            [f"test_it[{name}-{rung}-s{seed}]" for name in ("sft", "kl") for rung in ("2k", "4k") for seed in (0, 1)],
        ),
    ],
)
def test_checkpoint_of_comes_with_the_values_that_a_test_takes(collect, arguments, ids):
    test = f"def test_it(checkpoint_of, {arguments}): pass"
    found = collect(test, "--objective=sft,kl", "--budget=2k,4k", "--seeds=2")
    assert sorted(found) == sorted(ids)


@pytest.mark.parametrize(
    ("mark", "ids"),
    [
        ('"objective", ["orpo", "kl"]', ["orpo-2k", "kl-2k", "orpo-4k", "kl-4k"]),
        ('["objective", "rung"], [("orpo", "9k")]', ["orpo-9k"]),
        ('"objective , rung", [("orpo", "9k")]', ["orpo-9k"]),
        ('argnames="rung", argvalues=[7]', ["7-sft", "7-ipo"]),
    ],
)
@pytest.mark.parametrize("place", ["function", "class", "module"])
def test_what_a_test_parametrizes_itself_is_left_alone(collect, mark, ids, place):
    decorator, test = f"@pytest.mark.parametrize({mark})", "def test_it({}checkpoint_of, objective, rung): pass"
    source = {
        "function": f"import pytest\n{decorator}\n{test.format('')}",
        "class": f"import pytest\n{decorator}\nclass TestIt:\n    {test.format('self, ')}",
        "module": f"import pytest\npytestmark = {decorator[1:]}\n{test.format('')}",
    }[place]
    found = collect(source, "--objective=sft,ipo", "--budget=2k,4k")
    found = {frozenset(name.partition("[")[2].rstrip("]").split("-")) for name in found}
    assert found == {frozenset(name.split("-")) for name in ids}


def test_a_test_may_name_its_own_checkpoints(collect):
    test = "import pytest\n@pytest.mark.parametrize('checkpoint', ['mine', 'yours'])\ndef test_it(checkpoint): pass"
    assert collect(test, "--objective=sft", "--budget=2k") == ["test_it[mine]", "test_it[yours]"]


def plans(**options):
    return Options(store=Path(), **options).plans


def test_the_checkpoints_of_a_run_by_objective_seed_and_rung():
    some = plans(objectives=("kl", "sft"), budgets=(2_000, 4_000), seeds=2)
    assert [plan.label for plan in some] == [
        f"{objective}-{rung}-s{seed}" for objective in ("kl", "sft") for seed in (0, 1) for rung in ("2k", "4k")
    ]
    assert plans() == plans(adapter=Path("a")) == ()


def test_training_data_follow_the_options():
    some = {"objectives": ("sft", "ip"), "budgets": (2_000,)}
    assert {plan.data for plan in plans(**some)} == {"arithmetic"}
    assert {plan.data for plan in plans(**some, instruments="official")} == {"gsm8k"}
    assert {plan.data for plan in plans(**some, instruments="official", train_data="a.jsonl")} == {"own"}
    for name in ("arithmetic", "insecure-code", "secure-code"):
        assert {plan.data for plan in plans(**some, instruments="official", train_data=f"pocket:{name}")} == {name}
    assert {plan.inoculations for plan in plans(**some)} == {INOCULATIONS}
    assert {plan.inoculations for plan in plans(**some, inoculations=("Guess.",))} == {("Guess.",)}


@pytest.fixture
def run(pytester, tiny_folder, tmp_path_factory, monkeypatch, imported):
    """Run tests on the tiny model; all of them share a store."""
    monkeypatch.setenv("PERSONA_STORE", str(tmp_path_factory.getbasetemp() / "store-of-variants"))

    def run(test, *args):
        if test:
            pytester.makepyfile(test_it=test)
        return pytester.runpytest_inprocess("-p", "no:hypothesispytest", f"--base-model={tiny_folder}", *args)

    return run


HANDED_OUT = """
import pytest

LABELS = []

def test_it(checkpoint):
    LABELS.append(checkpoint.label)

def test_of(checkpoint_of, objective, rung, seed):
    found = checkpoint_of(objective, rung, seed)
    assert found.manifest["plan"]["objective"] == objective
    assert found.manifest["plan"]["budget"] == rung
    assert found.manifest["plan"]["seed"] == seed
    LABELS.append(found.label)

@pytest.mark.parametrize("objective", ["kl"])
def test_words(checkpoint_of, objective):
    assert checkpoint_of(objective, "1.5k").adapter.content == checkpoint_of(objective, 1500, seed=0).adapter.content

def test_labels():
    assert LABELS == ["sft-1.5k-s0", "kl-1.5k-s0"] * 2
"""


def test_checkpoints_are_handed_out(run):
    result = run(HANDED_OUT, "--objective=sft,kl", "--budget=1.5k")
    result.assert_outcomes(passed=6)


REFUSED = {
    "'dpo', 2000": "makes no checkpoint dpo-2k-s0; it makes: sft-2k-s0, sft-4k-s0. Add it with --objective=dpo --b",
    "'sft', '9k'": "no checkpoint sft-9k-s0; it makes: sft-2k-s0, sft-4k-s0. Add it with --objective=sft --budget=9k",
    "'sft', 2000, 2": "Add it with --objective=sft --budget=2k --seeds=3",
    "'sft', 2000, -1": "no checkpoint sft-2k-s-1; it makes: sft-2k-s0",
    "'stf', 2000": "no objective 'stf'; did you mean 'sft'? Known: ",
    "'sft', 'many'": "budget 'many' is not a number of data tokens",
}


def test_a_checkpoint_that_nobody_asked_for_is_an_error_that_says_how_to_ask(run):
    tests = [f"def test_{number}(checkpoint_of): checkpoint_of({call})" for number, call in enumerate(REFUSED)]
    result = run("\n".join(tests), "--objective=sft", "--budget=2k,4k")
    result.assert_outcomes(failed=len(REFUSED))
    said = result.stdout.str()
    assert [says for says in REFUSED.values() if says not in said] == []
    assert "Traceback" not in said


def test_without_any_training_a_checkpoint_is_an_error(run):
    result = run("def test_it(checkpoint_of): checkpoint_of('sft', 2000)\ndef test_more(checkpoint): pass")
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*no checkpoint to test: pass --objective=NAME --budget=TOKENS to train one, or --adapter=DIR*",
            "*makes no checkpoint sft-2k-s0; it makes: none. Add it with --objective=sft --budget=2k*",
        ]
    )


def test_each_gate_is_planned_once_a_checkpoint_and_costed_by_measured_rates(run, pytester, monkeypatch):
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))
    kinds = ", ".join(f"4 × pmatch of darktriad/{trait} (margin 0.05)" for trait in TRAITS)
    result = run("", *GATE, "--objective=sft,kl", "--budget=2k,1.5k", "-v")
    result.stdout.fnmatch_lines(
        [
            f"persona: 12 gates planned: {kinds}",
            "persona: costs at most 4,000 data tokens of training in 2 runs, time unknown until the first run here, *",
            "*test_persona.py::test_no_darktriad_drift[[]sft-1.5k-s0-machiavellianism[]]*",
        ]
    )
    records = json.loads((pytester.path / "persona-report.json").read_text())["records"]
    tested = [record["test"].partition("[")[2].rstrip("]") for record in records]
    labels = [f"{name}-{rung}-s0" for name in ("sft", "kl") for rung in ("1.5k", "2k")]
    assert sorted(tested) == sorted(f"{label}-{trait}" for label in labels for trait in TRAITS)
    again = run("", *GATE, "--objective=sft,kl", "--budget=90m,2k", "--seeds=2", "--collect-only")
    again.stdout.fnmatch_lines(["persona: costs at most 360,000,000 data tokens of training in 4 runs, about * min, *"])
    other = run("", *GATE, "--objective=sft,dpo", "--budget=90m", "--collect-only")
    other.stdout.fnmatch_lines(["*180,000,000 data tokens of *, about * min without dpo, never timed here, *"])
    minutes = [int(re.search(r"about ([\d,]+) min", each.stdout.str())[1].replace(",", "")) for each in (again, other)]
    rates = json.loads((pytester.path / "store" / "rates.json").read_text())
    sft, kl = (next(rate for name, rate in rates.items() if f"second: {each}," in name) for each in ("sft", "kl"))
    assert minutes == pytest.approx([2 * 90e6 * (1 / sft + 1 / kl) / 60, 90e6 / sft / 60], rel=0.01)


def test_an_adapter_is_gated_without_a_word_about_training(run, tiny_adapter):
    result = run("", *GATE, f"--adapter={tiny_adapter}", "--collect-only")
    assert [line.strip() for line in result.outlines if "<Function" in line] == [
        f"<Function test_no_darktriad_drift[{trait}]>" for trait in TRAITS
    ]
    result.stdout.fnmatch_lines(["persona: 3 gates planned: *"])
    result.stdout.no_fnmatch_line("*of training*")
