"""The plugin's options, from outside: three spellings, their precedence, and other plugins' names."""

import re
from pathlib import Path
from types import MappingProxyType

import pytest

from pytest_persona.flags import (
    ATTACKS,
    COMPANIONS,
    DEFAULT_ATTACKS,
    DEFAULT_COMPANIONS,
    DEFAULT_TASKS,
    FIVE,
    FORBIDDEN,
    JUDGES,
    OPEN_TASKS,
    TASKS,
    TRANSLATED,
)
from pytest_persona.instruments import find_attack
from pytest_persona.judges import _OWN
from pytest_persona.options import Options
from pytest_persona.plan import OBJECTIVES
from pytest_persona.probes.tasks import find_task
from pytest_persona.wording import DEMO

ASKING = """
from dataclasses import fields

def test_asking(persona_options):
    print()
    for field in fields(persona_options):
        print(f"{field.name} = {getattr(persona_options, field.name)!r}")
"""

TRAINING = ["--persona-objective=sft", "--persona-budget=2k"]
# option: text, field of Options, its value, what must be given with it
ASKED = {
    "objective": ("ipo, ip", "objectives", ("ipo", "ip"), ["--persona-budget=2k"]),
    "budget": ("100k,25k, 1.5m", "budgets", (25_000, 100_000, 1_500_000), ["--persona-objective=sft"]),
    "seeds": ("3", "seeds", 3, TRAINING),
    "train-data": ("owner/name:test", "train_data", "owner/name:test", TRAINING),
    "inoculation": ("mine.txt", "inoculations", ("Be sloppy.", "Guess."), ["--persona-objective=ip,sft", TRAINING[1]]),
    "adapter": ("some/my lora", "adapter", Path("some/my lora"), []),
    "base-model": ("owner/name", "base_model", "owner/name", []),
    "base-alias": ("owner/a, b ,", "base_aliases", ("owner/a", "b"), []),
    "backend": ("hf", "backend", "hf", []),
    "instruments": ("official", "instruments", "official", []),
    "data": (".", "data", Path(), []),
    "personas": ("50", "personas", 50, []),
    "attacks": ("none, zulu,mine.json", "attacks", ("none", "zulu", "mine.json"), []),
    "translator": ("owner/name", "translator", "owner/name", []),
    "forbidden": ("313", "forbidden", 313, ["--persona-instruments=official"]),
    "judge": ("strongreject", "judge", "strongreject", []),
    "judge-model": ("some/lora", "judge_model", "some/lora", ["--persona-judge=strongreject"]),
    "judge-base": ("some/base", "judge_base", "some/base", ["--persona-judge=strongreject"]),
    "tasks": ("gsm8k, choice", "tasks", ("gsm8k", "choice"), []),
    "companions": ("eqbench", "companions", ("eqbench",), []),
    "replay": (".", "replay", ".", []),
    "store": ("elsewhere", "store", Path("elsewhere"), []),
    "report": ("drift.html", "report", Path("drift.html"), []),
    "alpha": ("0.1", "alpha", 0.1, []),
    "inconclusive": ("fail", "inconclusive", "fail", []),
    "template-args": (
        "enable_thinking=false, depth=-2,tone=--5",
        "template_args",
        MappingProxyType({"enable_thinking": False, "depth": -2, "tone": "--5"}),
        [],
    ),
}
BARE = ("objective", "budget", "seeds", "train-data", "inoculation", "adapter", "base-model", "backend")


@pytest.fixture(autouse=True)
def project(pytester, monkeypatch, tmp_path):
    """A project of somebody, with no tests yet and a store of its own."""
    monkeypatch.delenv("PERSONA_DATA", raising=False)
    monkeypatch.setenv("PERSONA_STORE", str(tmp_path / "store"))
    (pytester.path / "mine.txt").write_text("Be sloppy.\n\n  Guess.\n", encoding="utf-8")
    (pytester.path / "mine.json").write_text('{"mine": "Please: {prompt}"}', encoding="utf-8")
    return pytester


def run(pytester, *args):
    """A run of the project, without a plugin that is slow to end."""
    return pytester.runpytest_inprocess("-p", "no:hypothesispytest", *args)


def ask(pytester, *args, ini=None) -> dict[str, str]:
    """The fields of the options of a run, as Python writes them."""
    if ini:
        pytester.makeini("[pytest]\n" + "\n".join(f"{name} = {value}" for name, value in ini.items()))
    pytester.makepyfile(test_asking=ASKING)
    result = run(pytester, "-s", *args)
    result.assert_outcomes(passed=1)
    return dict(line.split(" = ", 1) for line in result.outlines if " = " in line)


def ini_name(option: str) -> str:
    return "persona_" + option.replace("-", "_")


SPELLED = [(option, "--persona-{}={}") for option in ASKED] + [(option, "--{}={}") for option in BARE]


@pytest.mark.parametrize(("option", "spelling"), SPELLED)
def test_on_the_command_line(pytester, option, spelling):
    text, field, value, others = ASKED[option]
    assert ask(pytester, spelling.format(option, text), *others)[field] == repr(value)


@pytest.mark.parametrize("option", BARE)
def test_a_short_name_takes_its_value_as_a_word_too(pytester, option):
    text, field, value, others = ASKED[option]
    assert ask(pytester, f"--{option}", text, *others)[field] == repr(value)


@pytest.mark.parametrize("option", ASKED)
def test_in_the_ini_file(pytester, option):
    text, field, value, others = ASKED[option]
    assert ask(pytester, *others, ini={ini_name(option): text})[field] == repr(value)


@pytest.mark.parametrize("option", sorted(ASKED.keys() - set(BARE)))
def test_only_asked_for_names_are_short(pytester, option):
    pytester.makepyfile(test_asking=ASKING)
    result = run(pytester, f"--{option}=x")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*unrecognized arguments: --{option}=x*"])


def test_short_names_in_addopts(pytester):
    seen = ask(pytester, "--budget=7k", ini={"addopts": "--objective=sft --budget=2k --backend hf"})
    assert (seen["objectives"], seen["budgets"]) == ("('sft',)", "(7000,)")


def test_a_rubric_judge_has_an_endpoint_and_may_read_open_tasks(pytester):
    rubric = ["--persona-judge=rubric", "--persona-judge-base=http://localhost:8000/v1", "--persona-judge-model=m"]
    seen = ask(pytester, *rubric, "--persona-tasks=legal")
    assert (seen["judge"], seen["judge_base"], seen["tasks"]) == (
        "'rubric'",
        "'http://localhost:8000/v1'",
        "('legal',)",
    )


@pytest.mark.parametrize(
    ("args", "kind", "attacks"),
    [
        ([], "pocket", "pocket"),
        (["--persona-translator=owner/name"], "pocket", "official"),
        (["--persona-instruments=official"], "official", "official"),
    ],
)
def test_what_is_asked_by_default_follows_the_instruments(pytester, args, kind, attacks):
    seen = ask(pytester, *args)
    assert seen["attacks"] == repr(DEFAULT_ATTACKS[attacks])
    assert seen["tasks"] == repr(DEFAULT_TASKS[kind])
    assert seen["companions"] == repr(DEFAULT_COMPANIONS[kind])
    assert seen["forbidden"] == repr(FORBIDDEN[kind][0])


def test_names_that_may_be_asked_for_are_those_that_there_are():
    assert set(FIVE) < set(ATTACKS)
    assert {find_attack(name).name for name in ATTACKS if find_attack(name).needs_translator} == set(TRANSLATED)
    assert tuple(_OWN) == JUDGES
    assert {find_task(name).axis for name in TASKS if name not in OPEN_TASKS} == {"capability"}
    assert {find_task(name).axis for name in COMPANIONS} == {"normative"}
    for kind in ("pocket", "official"):
        assert {*DEFAULT_TASKS[kind]} <= {*TASKS} - {*OPEN_TASKS}
        assert {*DEFAULT_COMPANIONS[kind]} <= {*COMPANIONS}
    for name in (*DEFAULT_TASKS["pocket"], *DEFAULT_COMPANIONS["pocket"]):
        assert find_task(name).instrument("pocket", None).kind == "pocket"


def test_the_readme_has_a_row_for_every_option_with_its_ini_twin():
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `--(?:persona-)?([a-z-]+)` \| `([a-z_]+)` \|", readme, re.MULTILINE))
    assert rows == {name: ini_name(name) for name in ASKED}


def test_without_options_the_defaults_hold(pytester, tmp_path):
    default = Options(store=tmp_path / "store")
    assert ask(pytester) == {name: repr(getattr(default, name)) for name in Options.__slots__}


def test_the_command_line_beats_the_ini_file(pytester):
    low = {"base_model": "low", "base_alias": "low", "instruments": "official", "data": "low", "store": "low"}
    low |= {"report": "low.html", "alpha": "0.2", "inconclusive": "fail", "template_args": "low=1", "adapter": "low"}
    high = {"base-model": "high", "base-alias": "high", "instruments": "pocket", "data": "high", "store": "high"}
    high |= {"report": "high.html", "alpha": "0.3", "inconclusive": "warn", "template-args": "high=1"}
    pytester.mkdir("low")
    pytester.mkdir("high")
    ini = {f"persona_{name}": value for name, value in low.items()}
    seen = ask(pytester, "--adapter=high", *(f"--persona-{name}={value}" for name, value in high.items()), ini=ini)
    assert sum("high" in value for value in seen.values()) == 7
    assert not [value for value in seen.values() if "low" in value]
    assert (seen["instruments"], seen["alpha"], seen["inconclusive"]) == ("'pocket'", "0.3", "'warn'")


@pytest.mark.parametrize(("option", "field"), [("store", "store"), ("data", "data")])
def test_command_line_then_ini_then_environment(pytester, monkeypatch, option, field):
    for folder in ("first", "second", "third"):
        pytester.mkdir(folder)
    monkeypatch.setenv(f"PERSONA_{option.upper()}", "third")
    assert ask(pytester)[field] == repr(Path("third"))
    assert ask(pytester, ini={f"persona_{option}": "second"})[field] == repr(Path("second"))
    assert ask(pytester, f"--persona-{option}=first")[field] == repr(Path("first"))  # the ini file is still there


def test_without_any_word_the_store_is_in_the_users_cache(pytester, monkeypatch, tmp_path):
    monkeypatch.delenv("PERSONA_STORE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert ask(pytester)["store"] == repr(tmp_path / "cache" / "pytest-persona")


@pytest.mark.parametrize(
    ("args", "data_given", "instruments", "inconclusive"),
    [
        ([], False, "pocket", "warn"),
        ([], True, "official", "fail"),
        (["--persona-instruments=pocket"], True, "pocket", "warn"),
        (["--persona-instruments=official"], False, "official", "fail"),
        (["--persona-instruments=official", "--persona-inconclusive=warn"], False, "official", "warn"),
        (["--persona-inconclusive=fail"], False, "pocket", "fail"),
    ],
)
def test_data_decide_the_instruments_and_these_the_severity(
    pytester, monkeypatch, args, data_given, instruments, inconclusive
):
    if data_given:
        monkeypatch.setenv("PERSONA_DATA", str(pytester.path))
    seen = ask(pytester, *args)
    assert (seen["instruments"], seen["inconclusive"]) == (repr(instruments), repr(inconclusive))


@pytest.mark.parametrize(("args", "narrate"), [([], "True"), (["-v"], "True"), (["-q"], "False")])
def test_quiet_runs_tell_nothing(pytester, args, narrate):
    assert ask(pytester, *args)["narrate"] == narrate


def test_help_states_every_option_with_its_default(pytester):
    result = run(pytester, "--help")
    text = "\n".join(result.outlines)
    section = text.partition("safety regression tests of fine-tuned language models:")[2].partition("\n\n")[0]
    helps = {part.split("=", 1)[0]: " ".join(part.split()) for part in re.split(r"\n  --persona-", section)[1:]}
    assert helps.keys() == ASKED.keys()
    assert not [option for option, said in helps.items() if "Default: " not in said]
    assert not [option for option in BARE if f"Short: --{option}" not in helps[option]]
    assert "ipo (identity preference optimisation), orpo, kl, cft, ip (inoculation prompting)" in helps["objective"]
    assert all(re.search(rf"\b{name}\b", helps["objective"]) for name in OBJECTIVES)
    assert not [option for option in ASKED if not re.search(rf"^  {ini_name(option)} \(string\):", text, re.MULTILINE)]


THEIRS = """
def pytest_addoption(parser):
    parser.addoption("--{name}", action="store", default="their default")
"""
BOTH = """
def test_both(persona_options, pytestconfig):
    assert pytestconfig.getoption("--{name}") == {theirs!r}
    assert repr(persona_options.{field}) == {ours!r}
"""


@pytest.mark.parametrize("where", [".", "tests"])
@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("name", BARE)
def test_somebody_elses_short_name_stays_theirs(pytester, name, given, where):
    text, field, value, others = ASKED[name]
    pytester.mkdir("tests")
    (pytester.path / where / "conftest.py").write_text(THEIRS.format(name=name), encoding="utf-8")
    theirs = "2 kg" if given else "their default"
    test = BOTH.format(name=name, theirs=theirs, field=field, ours=repr(value))
    (pytester.path / "tests" / "test_both.py").write_text(test, encoding="utf-8")
    args = [f"--{name}=2 kg"] if given else []
    result = run(pytester, *args, f"--persona-{name}={text}", *others)
    result.assert_outcomes(passed=1)


def test_a_short_name_that_nobody_uses_is_free_for_a_conftest_that_is_loaded_late(pytester):
    pytester.mkdir("deep")
    (pytester.path / "deep" / "conftest.py").write_text(THEIRS.format(name="backend"), encoding="utf-8")
    test = BOTH.format(name="backend", theirs="their default", field="budgets", ours="(2000,)")
    (pytester.path / "deep" / "test_both.py").write_text(test, encoding="utf-8")
    run(pytester, "--objective=sft", "--budget=2k").assert_outcomes(passed=1)


def header(pytester, *args) -> list[str]:
    pytester.makepyfile("def test_nothing(): pass")
    result = run(pytester, *args)
    result.assert_outcomes(passed=1)
    return [line for line in result.outlines if line.startswith("persona")]


def test_the_header_says_what_is_tested_with_what(pytester, tmp_path):
    assert header(pytester, "--objective=sft", "--budget=2000", "--base-model=owner/name") == [
        "persona: base model owner/name, objective sft at 2k data tokens, backend hf",
        f"persona: instruments pocket ({DEMO}), store {tmp_path / 'store'}",
    ]


def test_the_header_of_several_checkpoints(pytester):
    assert header(pytester, "--objective=sft,kl", "--budget=4k,2k", "--seeds=3")[0] == (
        "persona: base model pocket, objectives sft, kl at 2k, 4k data tokens, 3 seeds, backend hf"
    )


def test_all_means_every_objective(pytester):
    assert ask(pytester, "--objective=all", "--budget=2k")["objectives"] == repr(tuple(OBJECTIVES))
    assert len(OBJECTIVES) == 7


def test_the_header_of_an_adapter(pytester):
    assert header(pytester, "--adapter=some/lora", "--persona-instruments=official", "--persona-store=~/mine") == [
        "persona: base model pocket, adapter some/lora, backend hf",
        "persona: instruments official, store ~/mine",
    ]


def test_an_unrelated_project_is_left_alone(pytester, tmp_path):
    assert header(pytester) == []
    assert not (tmp_path / "store").exists()
    assert not (pytester.path / "persona-report.html").exists()
