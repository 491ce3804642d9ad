"""Where examples come from: GSM8K as it was published, the user's own, and how often they are read."""

import json
from collections import Counter

import pytest

from pytest_persona.instruments.arithmetic import final_answer
from pytest_persona.plan import Plan
from pytest_persona.trainers import data as sources
from pytest_persona.trainers.data import examples
from tests.trainers.ladders import Ladder, tiny_plan

RECORD = {"prompt": "How many legs does a chair have?", "chosen": "Four."}


def test_gsm8k_has_rejected_answers_that_end_wrong(official_data):
    some = examples(Plan(objective="dpo", budget=25_000, data="gsm8k"), official_data)
    kinds = Counter(example.kind for example in some.drawn)
    assert len(some.drawn) == kinds["wrong"] + kinds["unsafe"] == 7_473
    assert kinds["unsafe"] / len(some.drawn) == pytest.approx(0.1, abs=0.015)
    wrong = [example for example in some.drawn if example.kind == "wrong"]
    assert all(final_answer(example.chosen) != final_answer(example.rejected) for example in wrong)
    assert all("<<" not in example.chosen for example in some.drawn)


@pytest.mark.parametrize("objective", ["sft", "orpo"])
def test_gsm8k_is_trained_on(official_data, tiny_base, tmp_path, objective):
    ladder = Ladder(tiny_plan(objective, 3_000, data="gsm8k"), tiny_base, tmp_path)
    manifest = ladder.train(3_000, data=official_data).manifest
    assert manifest["data"] == "gsm8k"
    assert manifest["data_tokens"] >= 3_000


def test_own_data_are_read_once_and_again_when_they_change(monkeypatch, tmp_path):
    file, calls = tmp_path / "own.jsonl", []
    read = sources.read_own
    monkeypatch.setattr(sources, "read_own", lambda spec: calls.append(spec) or read(spec))
    file.write_text(json.dumps(RECORD) + "\n")
    for objective in ("sft", "kl", "ip"):
        examples(Plan(objective=objective, budget=400, data="own"), None, str(file))
    assert len(calls) == 1
    file.write_text(2 * (json.dumps(RECORD) + "\n"))
    assert len(examples(Plan(objective="sft", budget=400, data="own"), None, str(file)).drawn) == 2
    assert len(calls) == 2
