"""Supervised fine-tuning on the tiny model: the budget, the loss, the same weights twice, and what is refused."""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from pytest_persona.errors import TrainingError
from pytest_persona.models.loading import load_network
from pytest_persona.plan import Plan
from pytest_persona.store import Store
from pytest_persona.trainers import train
from pytest_persona.trainers.data import Example, examples, rows_for_budget
from pytest_persona.trainers.watch import make_watch

PLAN = Plan(objective="sft", budget=6000, precision="float32", rank=4)


@pytest.fixture(scope="module")
def run(tiny_base, tmp_path_factory):
    return train(PLAN, tiny_base, Store(tmp_path_factory.mktemp("store")))


@pytest.fixture(scope="module")
def rows(tiny_base):
    _, tokenizer = load_network(tiny_base, "float32")
    return rows_for_budget(PLAN, examples(PLAN, None), tokenizer, {})[0]


def test_training_stops_with_the_step_that_reaches_the_budget(run, rows):
    manifest = run.manifest
    seen = [point["data_tokens"] for point in manifest["curve"]]
    assert seen[-1] == manifest["data_tokens"] == sum(map(len, rows))
    assert seen[-1] >= PLAN.budget > seen[-2]
    assert manifest["examples"] == PLAN.batch * manifest["steps"]


def test_a_smaller_budget_sees_the_first_of_the_same_examples(tiny_base, rows):
    _, tokenizer = load_network(tiny_base, "float32")
    smaller = Plan(objective="sft", budget=2000)
    fewer = rows_for_budget(smaller, examples(smaller, None), tokenizer, {})[0]
    assert fewer == rows[: len(fewer)]
    other = Plan(objective="sft", budget=2000, seed=1)
    assert rows_for_budget(other, examples(other, None), tokenizer, {})[0] != fewer


def test_the_first_loss_is_the_mean_over_answer_tokens(run, rows, tiny_base):
    """An independent NumPy computation of the negative log-likelihood of the first batch's answers."""
    network, _ = load_network(tiny_base, "float32")
    total = tokens = 0
    for row in rows[: PLAN.batch]:
        with torch.inference_mode():
            logits = network(input_ids=torch.tensor([[*row.prompt, *row.answer]])).logits[0].double().numpy()
        for place, token in enumerate(row.answer, start=len(row.prompt)):
            scores = logits[place - 1] - logits[place - 1].max()
            total += np.log(np.exp(scores).sum()) - scores[token]
        tokens += len(row.answer)
    assert run.manifest["curve"][0]["loss"] == pytest.approx(total / tokens, abs=1e-4)


def test_it_learns(run):
    curve = [point["loss"] for point in run.manifest["curve"]]
    assert np.mean(curve[-2:]) < np.mean(curve[:2])


def test_the_same_plan_gives_the_same_weights_and_another_seed_others(run, tiny_base, tmp_path):
    again = train(PLAN, tiny_base, Store(tmp_path / "again"))
    assert again.adapter.files == run.adapter.files
    other = train(Plan(objective="sft", budget=2000, precision="float32", rank=4, seed=1), tiny_base, Store(tmp_path))
    assert other.adapter.files != run.adapter.files


def test_a_stored_run_is_not_trained_again(run, tiny_base, monkeypatch):
    monkeypatch.setattr("pytest_persona.trainers.loop._run", None)
    again = train(PLAN, tiny_base, Store(run.adapter.folder.parents[1]))
    assert again.adapter.content == run.adapter.content


def test_the_adapter_names_its_base_and_not_a_machine(run, tiny_base):
    config = json.loads((run.adapter.folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == tiny_base.spec
    assert config["target_modules"] == sorted(config["target_modules"])
    assert not (run.adapter.folder / "README.md").exists()


def test_the_adapter_is_trained_in_float32_also_on_bfloat16_weights(tiny_base, tmp_path):
    made = train(Plan(objective="sft", budget=2000, rank=4), tiny_base, Store(tmp_path))
    weights = load_file(made.adapter.folder / "adapter_model.safetensors")
    assert {value.dtype.name for value in weights.values()} == {"float32"}
    assert any(np.abs(value).max() > 0 for name, value in weights.items() if "lora_B" in name)


def test_data_that_end_before_the_budget_are_an_error(tiny_base):
    _, tokenizer = load_network(tiny_base, "float32")
    few = [Example(prompt="2 + 2?", chosen="4")] * 6
    with pytest.raises(TrainingError, match=r"ends after 6 examples of \d+ tokens, before the budget of 6,000"):
        rows_for_budget(PLAN, few, tokenizer, {})


def test_examples_that_are_too_long_are_left_out_and_counted(tiny_base):
    _, tokenizer = load_network(tiny_base, "float32")
    plan = Plan(objective="sft", budget=10, batch=1, max_length=40)
    some = [Example(prompt="x" * 100, chosen="4"), Example(prompt="2 + 2?", chosen="4")]
    rows, left_out = rows_for_budget(plan, some, tokenizer, {})
    assert (len(rows), left_out) == (1, 1)


@pytest.mark.parametrize("broken", ["loss", "grad_norm"])
def test_a_lost_loss_stops_with_step_and_rate(broken):
    watch = make_watch([10, 20], lambda done: None)
    state = type("State", (), {"global_step": 1})
    good = {"loss": 1.0, "grad_norm": 1.0, "learning_rate": 1e-4}
    watch.on_log(None, state, None, logs=good)
    with pytest.raises(TrainingError, match=r"step 1: loss .*learning rate 0\.0001"):
        watch.on_log(None, state, None, logs=good | {broken: float("nan")})


def test_training_on_broken_weights_is_an_error_and_stores_nothing(tiny_base, tmp_path, monkeypatch):
    def broken(base, dtype):
        network, tokenizer = load_network(base, dtype)
        torch.nn.init.constant_(network.lm_head.weight, float("nan"))
        return network, tokenizer

    monkeypatch.setattr("pytest_persona.trainers.loop.load_network", broken)
    with pytest.raises(TrainingError, match="training broke at step 1: loss nan"):
        train(PLAN, tiny_base, Store(tmp_path))
    assert not (tmp_path / "checkpoints").exists()


def test_a_budget_of_one_step_is_an_error_because_the_warm_up_begins_at_zero(tiny_base, tmp_path):
    with pytest.raises(TrainingError, match=r"at zero after 1 steps.*--budget"):
        train(Plan(objective="sft", budget=100, precision="float32", rank=4), tiny_base, Store(tmp_path))
