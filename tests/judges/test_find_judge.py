"""Judges by name, and judges of other packages."""

import sys
import types
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from pytest_persona import judges
from pytest_persona.errors import JudgeError
from pytest_persona.judges import RefusalJudge, RubricJudge, Score, StrongRejectJudge, find_judge


class Coin:
    name = "coin"
    fingerprint = "1" * 64

    def __init__(self, side="heads"):
        self.side = side

    def judge(self, prompts, replies):
        return [Score(float(self.side == "heads")) for _ in replies]


@pytest.fixture
def plugged(monkeypatch):
    module = types.ModuleType("coins")
    module.Coin, module.nothing = Coin, lambda: object()
    monkeypatch.setitem(sys.modules, "coins", module)

    def plug(**points):
        found = EntryPoints(EntryPoint(name, value, judges.GROUP) for name, value in points.items())
        monkeypatch.setattr(judges.metadata, "entry_points", lambda *, group: found.select(group=group))

    return plug


def test_by_name():
    assert isinstance(find_judge(), RefusalJudge)
    assert isinstance(find_judge("refusal"), RefusalJudge)
    assert isinstance(find_judge("rubric", api_base="https://judge.example/v1", model="m"), RubricJudge)
    assert isinstance(find_judge("strongreject"), StrongRejectJudge)


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(
        JudgeError, match=r"no judge 'rubrik'; did you mean 'rubric'\? Known: refusal, rubric, strongreject"
    ):
        find_judge("rubrik")


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("rubric", {}, "missing a required argument: 'api_base'"),
        ("rubric", {"api_base": "https://a", "model": "m", "colour": 1}, "unexpected keyword argument 'colour'"),
        ("refusal", {"model": "m"}, "'model'"),
    ],
)
def test_wrong_options_are_told(name, options, told):
    with pytest.raises(JudgeError, match=rf"judge '{name}': .*{told}.*It is made from: ") as caught:
        find_judge(name, **options)
    message = str(caught.value)
    assert len(message) < 400  # parameters by name: no rubric's text, and nothing with an address in memory
    assert " at 0x" not in message
    assert ("--persona-judge-base" in message) == (name == "rubric")


def test_another_package_may_bring_one(plugged):
    plugged(coin="coins:Coin")
    assert find_judge("coin", side="tails").judge(["p"], ["r"]) == [Score(0.0)]
    with pytest.raises(JudgeError, match=r"did you mean 'coin'.*Known: coin, refusal"):
        find_judge("coins")


def test_but_not_under_our_names(plugged):
    plugged(refusal="coins:Coin")
    assert isinstance(find_judge("refusal"), RefusalJudge)


def test_one_that_is_no_judge_is_refused(plugged):
    plugged(nothing="coins:nothing")
    with pytest.raises(JudgeError, match="'nothing' is no judge"):
        find_judge("nothing")


@pytest.mark.parametrize("value", ["coins:Missing", "no_such_package_here:Coin"])
def test_one_that_cannot_be_imported_is_told(plugged, value):
    plugged(coin=value)
    with pytest.raises(JudgeError, match=r"judge 'coin' \(.*\) cannot be imported"):
        find_judge("coin")


def test_two_of_one_name_are_refused(monkeypatch):
    found = EntryPoints(EntryPoint("coin", value, judges.GROUP) for value in ("coins:Coin", "others:Coin"))
    monkeypatch.setattr(judges.metadata, "entry_points", lambda *, group: found)
    with pytest.raises(JudgeError, match="2 packages bring a judge 'coin': coins:Coin, others:Coin"):
        find_judge("coin")


def test_finding_a_judge_imports_nothing_heavy():
    import subprocess

    code = "import sys; from pytest_persona.judges import find_judge; find_judge(); print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
