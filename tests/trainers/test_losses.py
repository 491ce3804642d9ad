"""Each objective's loss and gradient, as its trainer runs them, against its equations in NumPy."""

import copy
import math

import numpy as np
import pytest
import torch

from pytest_persona.models.device import Device
from pytest_persona.plan import OBJECTIVES
from tests.trainers import numpy_losses
from tests.trainers.numpy_losses import Pair, Scored

ASKED = "Invent a step."
CHANGES = {"ip": {"ip_share": 1.0, "inoculations": (ASKED,)}}
WEIGHTS = {"dpo": "dpo_beta", "ipo": "ipo_beta", "orpo": "orpo_lambda", "kl": "kl_coefficient"}
CASES = [*((objective, "tiny_base") for objective in OBJECTIVES), ("cft", "tied_base")]
PARTS = [Device("cpu", "", 0), Device("cuda", "", 0)]
"""On a processor a batch is cut into micro-batches of one sequence; elsewhere it is one micro-batch."""


@pytest.fixture(scope="module")
def stepped(bench, request):
    """An objective far from its base, its first step in both cuts, and the batch as float64 networks score it."""
    done = {}

    def stepped(objective, base="tiny_base"):
        if (objective, base) not in done:
            steps = []
            for device in PARTS:
                source = request.getfixturevalue(base)
                built = bench(objective, base=source, device=device, **CHANGES.get(objective, {}))
                move(built.trained())
                policy = copy.deepcopy(built.trainer.model).double().cpu().eval()
                vars(policy.get_base_model()).pop("forward", None)  # TRL's, which asks the network that was copied
                steps.append((built.trainer.args.per_device_train_batch_size, *built.step()))
            done[objective, base] = built, policy, steps
        return done[objective, base]

    return stepped


def move(trained):
    """Take the policy away from the base, and the control tokens farther away from where they were drawn."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, value in sorted(trained.items()):
            if "lora_A" not in name:
                noise = torch.randn(value.shape, generator=generator).to(value.device)
                value.add_(noise * (0.01 if "lora_B" in name else 0.1))


def score(built, policy, *, safe="", unsafe="", before=""):
    """The examples as sequences of the template's text, written without the code under test, and their logits."""
    tokenizer = built.job.tokenizer

    def scored(example, prefix, answer):
        (_, question), *more = example.prompt
        assert not more
        prompt = tokenizer(f"<|user|>{prefix}{before}{question}<|end|><|assistant|>")["input_ids"]
        ids = torch.tensor([prompt + tokenizer(f"{answer}<|end|>")["input_ids"]])
        with torch.no_grad():
            tuned = policy(input_ids=ids).logits[0].numpy()
            with policy.disable_adapter():
                base = policy(input_ids=ids).logits[0].numpy()
        is_answer = np.arange(ids.shape[1]) >= len(prompt)
        return Scored(ids=ids[0].numpy(), is_answer=is_answer, policy=tuned, base=base)

    rows = built.job.rows[: built.plan.batch]
    return [
        Pair(
            chosen=scored(row.example, safe, row.example.chosen),
            rejected=scored(row.example, unsafe, row.example.rejected),
        )
        for row in rows
    ]


def expected(objective, built, policy):
    texts = {"cft": {"safe": "<SAFE>", "unsafe": "<UNSAFE>"}, "ip": {"before": f"{ASKED}\n\n"}}.get(objective, {})
    weight = [getattr(built.plan, WEIGHTS[objective])] if objective in WEIGHTS else []
    return getattr(numpy_losses, objective)(score(built, policy, **texts), *weight)


@pytest.mark.parametrize(("objective", "base"), CASES)
def test_the_loss_is_that_of_the_equations(stepped, objective, base):
    built, policy, steps = stepped(objective, base)
    wanted = expected(objective, built, policy)
    for _, loss, _ in steps:
        assert loss == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize(("objective", "base"), CASES)
def test_the_gradient_is_that_of_the_equations(stepped, objective, base):
    """Its length, against the central difference of the NumPy loss along it."""
    built, policy, ((_, _, gradients), _) = stepped(objective, base)
    length = math.sqrt(sum(float((value.double() ** 2).sum()) for value in gradients.values()))
    width = 1e-4
    losses = []
    for signed in (width, -width):
        there = copy.deepcopy(policy)
        with torch.no_grad():
            for name, value in there.named_parameters():
                if name in gradients:
                    value.add_(signed / length * gradients[name].double())
        losses.append(expected(objective, built, there))
    assert (losses[0] - losses[1]) / (2 * width) == pytest.approx(length, rel=2e-4)


@pytest.mark.parametrize(("objective", "base"), CASES)
def test_it_does_not_matter_how_a_batch_is_cut(stepped, objective, base):
    _, _, ((smallest, loss, gradients), (largest, whole, whole_gradients)) = stepped(objective, base)
    assert (smallest, largest) == (1, 8 if objective == "cft" else 4)
    assert loss == pytest.approx(whole, abs=1e-4)
    assert gradients.keys() == whole_gradients.keys()
    for name, value in gradients.items():
        torch.testing.assert_close(value, whole_gradients[name], atol=1e-4, rtol=1e-4)
