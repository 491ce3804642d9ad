"""Direct preference optimisation (Rafailov et al. 2023), on TRL.

Per example, with h the log-ratio of the policy to the base, summed over an answer's tokens:

    loss = -log σ(β (h(chosen) - h(rejected)))

The base is the network with its adapter off. At the first step the loss is ln 2.
"""

from __future__ import annotations

from typing import Any

from pytest_persona.trainers.job import Built, Job, rejected_of

NEEDS_REJECTED = True


def build(job: Job) -> Built:
    """A `trl.DPOTrainer` with the sigmoid loss."""
    return build_preference(job, loss_type=["sigmoid"], beta=job.plan.dpo_beta)


def build_preference(job: Job, **loss: Any) -> Built:
    """A `trl.DPOTrainer`.

    Args:
        loss: Arguments of `trl.DPOConfig` that say which loss.
    """
    import datasets
    import trl

    class Trainer(trl.DPOTrainer):  # type: ignore[misc]  # trl is untyped here
        def _prepare_dataset(self, dataset: Any, *args: Any) -> Any:
            return dataset  # tokens already

    table = datasets.Dataset.from_list(
        [
            {"prompt_ids": list(row.prompt), "chosen_ids": list(row.chosen), "rejected_ids": list(rejected_of(row))}
            for row in job.rows
        ]
    )
    trainer = Trainer(
        model=job.network,
        args=job.arguments(trl.DPOConfig, max_length=None, disable_dropout=False, **loss),
        train_dataset=table,
        processing_class=job.tokenizer,
        peft_config=job.lora(),
    )
    return Built(
        trainer=trainer,
        compute_tokens=[2 * (2 * len(row.prompt) + len(row.chosen) + len(rejected_of(row))) for row in job.rows],
    )
