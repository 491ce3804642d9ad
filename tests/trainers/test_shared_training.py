"""Processes that ask for the same runs at once train each of them once."""

import json
import sys

import pytest

from tests.trainers.ladders import RUNGS, Runs, driver, tiny_plan

LOW, MIDDLE, _ = RUNGS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the store's locks are tested on Linux")


@pytest.mark.parametrize("ladders", [([MIDDLE], [MIDDLE]), ([], [MIDDLE])], ids=["equal", "overlapping"])
def test_two_processes_train_each_step_once(tiny_base, tmp_path, ladders):
    """The low rung is asked for by both; whoever comes second finds it, or a state to go on from."""
    plans = [tiny_plan("kl", max([LOW, *rungs])) for rungs in ladders]
    runs = [Runs(plan, tiny_base, tmp_path / "store", [LOW, plan.budget]) for plan in plans]
    answer = driver().run(*(each.request() for each in runs))
    assert answer["codes"] == [0, 0]
    steps = [line for line in runs[0].told() if line.startswith("step ")]
    assert len(steps) == len(set(steps)) == runs[0].whole()[f"kl-{MIDDLE // 1000}k-s0"][1]["steps"]
    assert runs[0].scratch() == []


CHECKPOINT = """
def test_it(checkpoint):
    assert checkpoint.manifest["plan"]["objective"] in ("sft", "kl")
"""
TELL = """
from pathlib import Path

def pytest_configure():
    from pytest_persona.trainers.run import Run
    go = Run.go

    def told(self):
        with Path({log!r}).open("a") as log:
            log.write(" ".join(rung.plan.label for rung in self.rungs) + "\\n")
        go(self)

    Run.go = told
"""


def test_workers_of_xdist_train_each_ladder_once(pytester, tiny_folder, monkeypatch):
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))
    pytester.makeconftest(TELL.format(log=str(pytester.path / "log")))
    pytester.makepyfile(CHECKPOINT)
    result = pytester.runpytest_subprocess(
        "-n2", "-v", "-p", "no:hypothesispytest", "--objective=sft,kl", "--budget=2k,4k", f"--base-model={tiny_folder}"
    )
    result.assert_outcomes(passed=4)
    assert len({line.split("]")[0] for line in result.outlines if "PASSED" in line}) == 2
    assert sorted((pytester.path / "log").read_text().splitlines()) == ["kl-2k-s0 kl-4k-s0", "sft-2k-s0 sft-4k-s0"]
    manifests = [json.loads(path.read_text()) for path in (pytester.path / "store").glob("checkpoints/*/manifest.json")]
    assert len(manifests) == 4
