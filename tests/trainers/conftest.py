"""What the tests of training share: objectives built on the tiny model, and whole runs of it, each made once."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from pytest_persona.models.device import find_device
from pytest_persona.models.loading import load_network, quiet_transformers
from pytest_persona.models.protocol import ask
from pytest_persona.plan import Plan
from pytest_persona.trainers.data import Encoder, examples
from pytest_persona.trainers.example import Example
from pytest_persona.trainers.job import Built, Job
from pytest_persona.trainers.objectives import TRAINED
from tests.trainers.make_golden import Trajectory, trajectory

SHORT = Example(prompt=ask("What is 2 + 2?"), chosen="4", rejected="It is 5, as every cat knows.", kind="wrong")
"""Beside the word problems, so that lengths differ: the rejected answer is the longer one here."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """An objective, built and not yet trained.

    Attributes:
        job: What it was built from.
        built: Its trainer.
    """

    job: Job
    built: Built

    @property
    def trainer(self) -> Any:
        return self.built.trainer

    @property
    def plan(self) -> Plan:
        return self.job.plan

    def trained(self) -> dict[str, Any]:
        """Trained parameters by name."""
        return {name: value for name, value in self.trainer.model.named_parameters() if value.requires_grad}

    def step(self) -> tuple[float, dict[str, Any]]:
        """Loss and gradients of the first batch, as transformers' own loop makes and logs them."""
        import transformers

        gradients: dict[str, Any] = {}

        class Keep(transformers.TrainerCallback):
            def on_pre_optimizer_step(callback, args, state, control, **kwargs):  # noqa: N805
                if not gradients:
                    gradients.update(
                        {name: value.grad.detach().cpu().clone() for name, value in self.trained().items()}
                    )

        self.trainer.add_callback(Keep())
        self.train()
        return self.trainer.state.log_history[0]["loss"], gradients

    def train(self) -> None:
        """All steps, without a word."""
        import transformers

        self.trainer.remove_callback(transformers.PrinterCallback)
        with quiet_transformers():
            self.trainer.train()


@pytest.fixture(scope="session")
def light_collections():
    """Leaves all that is imported out of garbage collections, which cost more than the tiny runs that make them."""
    import peft  # noqa: F401
    from trl import DPOTrainer, SFTTrainer  # noqa: F401
    from trl.experimental.orpo import ORPOTrainer  # noqa: F401

    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def some_examples() -> Sequence[Example]:
    """Three batches of very different lengths."""
    drawn = examples(Plan(objective="sft", budget=200), None).drawn
    return (drawn[0], SHORT, *drawn[1:11])


@pytest.fixture(scope="session")
def tied_base(tmp_path_factory, tiny_folder):
    """A tiny model whose output layer is its embedding, as the pocket model's is."""
    import transformers

    from pytest_persona.models.source import local_or_hub

    folder = tmp_path_factory.mktemp("tied")
    with quiet_transformers():
        network = transformers.AutoModelForCausalLM.from_pretrained(tiny_folder)
        network.config.tie_word_embeddings = True
        network.tie_weights()
        network.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(tiny_folder).save_pretrained(folder)
    return local_or_hub(str(folder))


@pytest.fixture(scope="session")
def bench(tiny_base, some_examples, light_collections, tmp_path_factory):
    """Builds an objective on the first batch of the examples, or on those of more steps, without those done before."""

    def bench(objective, *, base=tiny_base, device=None, steps=1, done=0, **changes) -> Bench:
        settings = {"precision": "float32", "rank": 4, "max_grad_norm": 1e9, "budget": 1} | changes
        plan = Plan(objective=objective, **settings)
        network, tokenizer = load_network(base, plan.precision)
        encode = Encoder(tokenizer=tokenizer, template_args={})
        rows = [encode.row(example, number) for number, example in enumerate(some_examples, start=1)]
        job = Job(
            plan=plan,
            network=network,
            encode=encode,
            rows=rows[plan.batch * done : plan.batch * steps],
            device=device or find_device(),
            scratch=str(tmp_path_factory.mktemp("scratch")),
        )
        with quiet_transformers():
            return Bench(job=job, built=TRAINED[objective].build(job))

    return bench


@pytest.fixture(scope="session")
def golden_run(tiny_base, light_collections, tmp_path_factory):
    """Ten steps of an objective on the tiny model, a whole run into a store of its own; each is made once."""

    @cache
    def golden_run(objective: str, **changes: Any) -> Trajectory:
        return trajectory(objective, tiny_base, tmp_path_factory.mktemp(f"run-{objective}"), **changes)

    return golden_run
