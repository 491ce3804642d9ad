"""What the terminal says before and after the tests."""

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_persona.options import Options
from pytest_persona.report.terminal import closing, header
from pytest_persona.verdict import Outcome
from pytest_persona.wording import DEMO, headline
from tests.report.by_hand import LOST, record
from tests.report.fleet import make_lost


@pytest.mark.parametrize(
    ("shown", "exit_code", "last"),
    [
        ([record(), record(Outcome.INVALID)], 11, "exit code 11: nothing failed, but something was not validly"),
        ([record(Outcome.INCONCLUSIVE)], 10, "exit code 10: nothing failed, but something could not be decided"),
        ([record(labels=(DEMO,))], 0, f"{DEMO}: pocket instruments show how it works; they are not the published ones"),
        ([record(Outcome.FAIL)], 1, "FAIL         " + headline(record(Outcome.FAIL))),
    ],
)
def test_the_closing_lines(shown, exit_code, last):
    lines = closing(shown, exit_code)
    assert lines[: len(shown)] == [f"{one.outcome.upper():<12} {headline(one)}" for one in shown]
    assert lines[-1].startswith(last)


def test_the_header_says_what_is_tested_with_what(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/me"))
    trained = Options(objectives=("sft",), budgets=(25_000,), store=Path("/home/me/store"))
    assert header(trained) == [
        "persona: base model pocket, objective sft at 25k data tokens, backend hf",
        f"persona: instruments pocket ({DEMO}), store ~/store",
    ]
    several = replace(trained, objectives=("sft", "dpo"), budgets=(2000, 4000), seeds=2)
    assert "objectives sft, dpo at 2k, 4k data tokens, 2 seeds, backend" in header(several)[0]
    assert "pocket, models of the tests' own, backend" in header(Options(store=Path("/store")))[0]
    loaded = Options(adapter=Path("lora"), instruments="official", store=Path("/store"), base_model="O/N")
    assert header(loaded) == [
        "persona: base model O/N, adapter lora, backend hf",
        "persona: instruments official, store /store",
    ]


def test_of_several_checkpoints_passes_are_summarised_and_the_rest_listed(fleet):
    shown = [*fleet, make_lost()]
    lines = closing(shown, 1)
    passes = [line for line in lines if line.startswith("PASS ")]
    others = [one for one in shown if one.outcome is not Outcome.PASS]
    passed = [one for one in shown if one.outcome is Outcome.PASS]
    assert passes[0] == (
        "PASS         sft-2k-s0: 3 of 3 verdicts; moved by "
        + ", ".join(f"{one.subject} {one.change.value:+.3f}" for one in fleet[:3])
    )
    assert len(passes) == len({one.checkpoint["label"] for one in passed}) < len(passed)
    for one in others:
        label = one.checkpoint.get("label", "ip-4k-s1")
        assert f"{one.outcome.upper():<12} {headline(one, label)}" in lines
    assert len(lines) == len(passes) + len(others) + 2  # what they come to, and that it is a demo
    assert lines[-2].startswith(f"{len(shown)} verdicts on 28 checkpoints: {len(passed)} pass, ")


def test_what_no_checkpoint_is_known_of_is_listed_too(fleet):
    lines = closing([*fleet[:6], LOST], 11)
    assert "INVALID      narcissism: the measurement does not count: not measured: it was skipped" in lines
    assert "7 verdicts on 2 checkpoints: 6 pass, 1 invalid" in lines
