"""Golden trajectories: ten steps of each objective on the tiny model give the losses that they gave before.

In CI the constraints pin the versions that `golden.json` was made with, so that these tests run there and are never
skipped; anywhere else another version may move the numbers, and the skip names it. The numbers are written anew with
`python -m tests.trainers.make_golden`.
"""

import itertools
import json

import pytest

from pytest_persona.plan import OBJECTIVES
from tests.trainers.make_golden import GOLDEN, HOW, STEPS, made_with

STORED = json.loads(GOLDEN.read_text(encoding="utf-8"))


def differences(stored, here):
    """What the numbers depend on and has changed, as `name then, now here`."""
    return [f"{name} {version}, here {here[name]}" for name, version in stored.items() if here[name] != version]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_trajectory_is_the_golden_one(golden_run, objective):
    if changed := differences(STORED["made_with"], made_with()):
        pytest.skip(f"the golden numbers were made with {'; '.join(changed)}")
    made, golden = golden_run(objective), STORED["trajectories"][objective]
    assert made.losses == pytest.approx(golden["losses"], abs=1e-4)
    assert made.kl_to_base == pytest.approx(golden["kl_to_base"], abs=1e-4)


def test_the_golden_numbers_are_complete_and_tell_objectives_apart():
    assert STORED["written_by"] == HOW
    runs = STORED["trajectories"]
    assert list(runs) == list(OBJECTIVES)
    assert {len(run["losses"]) for run in runs.values()} == {STEPS}
    for some, others in itertools.combinations(runs.values(), 2):
        assert max(abs(one - two) for one, two in zip(some["losses"], others["losses"], strict=True)) > 1e-3


def test_a_difference_is_named():
    then = {"torch": "2.13.0", "trl": "1.16.0"}
    assert differences(then, then) == []
    assert differences(then, then | {"trl": "1.17.0"}) == ["trl 1.16.0, here 1.17.0"]
