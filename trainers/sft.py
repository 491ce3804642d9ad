"""Supervised fine-tuning: maximum likelihood of the chosen answer, on TRL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pytest_persona.trainers.divergence import answer_logprobs, of_targets
from pytest_persona.trainers.job import Built, Job

NEEDS_REJECTED = False

Pair = tuple[Sequence[int], Sequence[int]]
"""Tokens of a prompt and of the answer that is learnt."""

Loss = Callable[[Any, Any, Any], Any]
"""From a network, the inputs of a micro-batch and the answer tokens of its whole batch to a loss."""


def build(job: Job) -> Built:
    """A `trl.SFTTrainer` on prompts and chosen answers."""
    sequences = [(row.prompt, row.chosen) for row in job.rows]
    return Built(trainer=make_trainer(job, sequences), compute_tokens=[len(row) for row in job.rows])


def make_trainer(
    job: Job, sequences: Sequence[Pair], *, loss: Loss | None = None, per_example: int = 1, lora: Any = None
) -> Any:
    """A `trl.SFTTrainer` whose loss covers the tokens of the answers, averaged over all answer tokens of a batch.

    Args:
        sequences: In the order of training.
        loss: Of a micro-batch, in place of the likelihood.
        per_example: Sequences that an example makes.
        lora: The adapter's configuration, where it differs from the job's.
    """
    import datasets
    import trl

    if loss is None and job.device.kind == "cpu":
        loss = likelihood_loss  # there TRL puts prompts through the output layer too, and takes twice as long for it

    class Trainer(trl.SFTTrainer):  # type: ignore[misc]  # trl is untyped here
        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            if loss is None:
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            return loss(model, inputs, num_items_in_batch)

    table = datasets.Dataset.from_list(
        [
            {"input_ids": [*prompt, *answer], "labels": [-100] * len(prompt) + list(answer)}
            for prompt, answer in sequences
        ]
    )
    return Trainer(
        model=job.network,
        args=job.arguments(
            trl.SFTConfig,
            sequences=per_example,
            max_length=None,
            dataset_kwargs={"skip_prepare_dataset": True},
        ),
        train_dataset=table,
        processing_class=job.tokenizer,
        peft_config=lora or job.lora(),
    )


def likelihood_loss(network: Any, inputs: Any, answer_tokens: Any) -> Any:
    """Mean over a batch's answer tokens of -log π, on one micro-batch, from the network's own output layer.

    Args:
        inputs: input_ids, attention_mask and labels, (n, tokens) each; -100 marks what is no answer.
        answer_tokens: Of the whole batch, of which this may be a part.
    """
    logprobs, targets, is_answer = answer_logprobs(network, inputs)
    return -(of_targets(logprobs, targets) * is_answer).sum() / answer_tokens
