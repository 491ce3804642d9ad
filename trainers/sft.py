"""Supervised fine-tuning: maximum likelihood of the chosen answer, on TRL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_persona.trainers.job import Built, Job

NEEDS_REJECTED = False

Pair = tuple[Sequence[int], Sequence[int]]
"""Tokens of a prompt and of the answer that is learnt."""


def build(job: Job) -> Built:
    """A `trl.SFTTrainer` on prompts and chosen answers."""
    sequences = [(row.prompt, row.chosen) for row in job.rows]
    return Built(trainer=make_trainer(job, sequences), compute_tokens=[len(row) for row in job.rows])


def make_trainer(
    job: Job, sequences: Sequence[Pair], *, trainer: Any = None, per_example: int = 1, lora: Any = None
) -> Any:
    """A `trl.SFTTrainer` whose loss covers the tokens of the answers, averaged over all answer tokens of a batch.

    Args:
        sequences: In the order of training.
        trainer: A subclass of `trl.SFTTrainer` to use instead.
        per_example: Sequences that an example makes.
        lora: The adapter's configuration, where it differs from the job's.
    """
    import datasets
    import trl

    table = datasets.Dataset.from_list(
        [
            {"input_ids": [*prompt, *answer], "labels": [-100] * len(prompt) + list(answer)}
            for prompt, answer in sequences
        ]
    )
    return (trainer or trl.SFTTrainer)(
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
