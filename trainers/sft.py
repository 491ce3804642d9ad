"""Supervised fine-tuning: maximum likelihood of the chosen answer, on TRL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_persona.trainers.data import Row


def make_trainer(
    network: Any, tokenizer: Any, rows: Sequence[Row], arguments: Mapping[str, Any], callbacks: Sequence[Any]
) -> Any:
    """A `trl.SFTTrainer` whose loss covers the tokens of the answers, averaged over a batch's answer tokens.

    Args:
        network: A PEFT model whose adapter is trained.
        rows: In the order of training.
        arguments: The training arguments that all objectives share.
    """
    import datasets
    import trl

    table = datasets.Dataset.from_list(
        [
            {
                "input_ids": [*row.prompt, *row.answer],
                "labels": [-100] * len(row.prompt) + list(row.answer),
            }
            for row in rows
        ]
    )
    return trl.SFTTrainer(
        model=network,
        args=trl.SFTConfig(**arguments, max_length=None, dataset_kwargs={"skip_prepare_dataset": True}),
        train_dataset=table,
        processing_class=tokenizer,
        callbacks=list(callbacks),
    )
