"""Where every objective begins, and what its own weight does: values that need no reference."""

import math
from dataclasses import fields

import pytest
import torch

from pytest_persona.plan import OBJECTIVES
from pytest_persona.trainers.divergence import Divergence

AT_ONCE = {"warmup_steps": 0, "learning_rate": 1e-3, "max_grad_norm": 1.0, "steps": 3}


@pytest.fixture(scope="module")
def sft_loss(bench):
    return bench("sft").step()[0]


def test_dpo_begins_at_ln_2(bench):
    assert bench("dpo").step()[0] == pytest.approx(math.log(2), abs=1e-6)


@pytest.mark.parametrize("beta", [0.1, 1.0])
def test_ipo_begins_at_its_squared_target(bench, beta):
    assert bench("ipo", ipo_beta=beta).step()[0] == pytest.approx((1 / (2 * beta)) ** 2, rel=1e-6)


def test_kl_begins_at_the_likelihood_with_no_divergence_at_all(bench, sft_loss):
    loss = bench("kl", kl_coefficient=1.0).step()[0]
    assert loss == pytest.approx(sft_loss, abs=1e-5)
    assert bench("kl", kl_coefficient=1e6).step()[0] == loss


def test_orpo_begins_at_the_likelihood_and_its_odds_ratio(bench, sft_loss):
    none, some, twice = (bench("orpo", orpo_lambda=weight).step()[0] for weight in (0.0, 0.5, 1.0))
    assert none == pytest.approx(sft_loss, abs=1e-5)
    assert twice - none == pytest.approx(2 * (some - none), abs=1e-5)
    assert some - none > 0.1


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_nothing_but_the_prompt_takes_a_fresh_adapter_from_its_base(bench, objective):
    built = bench(objective)
    measure = Divergence(built.trainer.model, built.job.encode, built.built.decoration)
    assert measure() == 0 if objective != "cft" else measure() > 0


def test_all_objectives_begin_with_the_same_adapter(bench):
    def lora(objective, seed):
        trained = bench(objective, seed=seed).trained()
        return {name: value.detach() for name, value in trained.items() if "lora_" in name}

    first, other = lora("sft", 0), lora("sft", 1)
    for objective in OBJECTIVES:
        found = lora(objective, 0)
        assert found.keys() == first.keys()
        assert all(torch.equal(value, first[name]) for name, value in found.items()), objective
    for name, value in first.items():
        assert torch.equal(value, other[name]) == ("lora_B" in name)
        assert bool(value.any()) == ("lora_A" in name)


OWN = {"output_dir", "logging_dir", "run_name", "gradient_accumulation_steps", "remove_unused_columns"}
"""Arguments of transformers that may differ: folders, and how a table is read."""


def test_all_objectives_are_optimised_alike_and_as_planned(bench):
    import transformers

    plan = {"learning_rate": 3e-4, "weight_decay": 0.07, "max_grad_norm": 0.9, "warmup_steps": 7, "dropout": 0.11}
    shared = [field.name for field in fields(transformers.TrainingArguments) if field.name not in OWN]
    first = None
    for objective in OBJECTIVES:
        trainer = bench(objective, **plan).trainer
        found = {name: str(getattr(trainer.args, name)) for name in shared}
        first = first or found
        assert {name: value for name, value in found.items() if value != first[name]} == {}, objective
        assert all(found[name] == str(value) for name, value in plan.items() if name != "dropout")
        rates = {module.p for module in trainer.model.modules() if isinstance(module, torch.nn.Dropout)}
        assert rates == {0.11}, objective


def test_the_new_embeddings_of_cft_depend_on_the_seed_alone(bench):
    def rows(seed, noise):
        torch.manual_seed(noise)
        ((_, value),) = [
            (name, value) for name, value in bench("cft", seed=seed).trained().items() if "lora_" not in name
        ]
        return value.detach()

    assert torch.equal(rows(0, 1), rows(0, 2))
    assert not torch.equal(rows(0, 1), rows(1, 1))


@pytest.fixture(scope="module")
def weights_of(bench):
    def weights_of(objective, **changes):
        built = bench(objective, **AT_ONCE | changes)
        built.train()
        return built.trained()

    return weights_of


@pytest.fixture(scope="module")
def sft_weights(weights_of):
    return weights_of("sft")


def apart(some, others):
    """The largest difference between two networks' trained weights."""
    assert some.keys() == others.keys()
    return max(float((value - others[name]).abs().max()) for name, value in some.items())


@pytest.mark.parametrize(("objective", "weight"), [("kl", "kl_coefficient"), ("orpo", "orpo_lambda")])
def test_without_its_own_term_it_trains_as_sft(weights_of, sft_weights, objective, weight):
    without, with_it = (weights_of(objective, **{weight: value}) for value in (0.0, 1.0))
    assert apart(without, sft_weights) < 1e-5
    assert apart(with_it, sft_weights) > 1e-4


def test_a_larger_kl_coefficient_ends_nearer_to_the_base(golden_run):
    one = golden_run("kl")
    assert one.checkpoint.manifest["plan"]["kl_coefficient"] == 1
    none, ten = (golden_run("kl", kl_coefficient=coefficient) for coefficient in (0.0, 10.0))
    ends = [run.kl_to_base for run in (none, one, ten)]
    assert ends[0] > 1.1 * ends[1] > 1.1**2 * ends[2] > 0
