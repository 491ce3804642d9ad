"""Direct preference optimisation (Rafailov et al. 2023), on TRL.

Per example, with h the log-ratio of the policy to the base, summed over an answer's tokens:

    loss = -log σ(β (h(chosen) - h(rejected)))

The base is the network with its adapter off. At the first step the loss is ln 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_persona.trainers.divergence import answer_logprobs, of_targets
from pytest_persona.trainers.job import Built, Job, rejected_of

NEEDS_REJECTED = True

PairLoss = Callable[[Any, Any, Any], Any]
"""From the summed log-ratios of chosen and of rejected answers, (n,) each, and their lengths in tokens, (2, n), to the
losses of the examples, (n,)."""


def build(job: Job) -> Built:
    """A `trl.DPOTrainer` with the sigmoid loss."""

    def sigmoid_loss(chosen: Any, rejected: Any, _: Any) -> Any:
        import torch

        return -torch.nn.functional.logsigmoid(job.plan.dpo_beta * (chosen - rejected))

    return build_preference(job, sigmoid_loss, loss_type=["sigmoid"], beta=job.plan.dpo_beta)


def build_preference(job: Job, pair_loss: PairLoss, **same: Any) -> Built:
    """A `trl.DPOTrainer`.

    Args:
        pair_loss: The loss of each example, for a processor: there TRL puts prompts through the output layer too.
        same: Arguments of `trl.DPOConfig` that say the same loss.
    """
    import datasets
    import trl

    on_cpu = job.device.kind == "cpu"

    class Trainer(trl.DPOTrainer):  # type: ignore[misc]  # trl is untyped here
        def _prepare_dataset(self, dataset: Any, *args: Any) -> Any:
            return dataset  # tokens already

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            if on_cpu:
                return preference_loss(model, inputs, pair_loss)
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

    table = datasets.Dataset.from_list(
        [
            {"prompt_ids": list(row.prompt), "chosen_ids": list(row.chosen), "rejected_ids": list(rejected_of(row))}
            for row in job.rows
        ]
    )
    trainer = Trainer(
        model=job.network,
        args=job.arguments(trl.DPOConfig, max_length=None, disable_dropout=False, **same),
        train_dataset=table,
        processing_class=job.tokenizer,
        peft_config=job.lora(),
    )
    return Built(
        trainer=trainer,
        compute_tokens=[2 * (2 * len(row.prompt) + len(row.chosen) + len(rejected_of(row))) for row in job.rows],
    )


def preference_loss(network: Any, inputs: Any, pair_loss: PairLoss) -> Any:
    """Mean over a micro-batch's examples.

    Args:
        network: A PEFT model; its base is the network with the adapter off.
        inputs: input_ids, attention_mask and completion_mask, (2n, tokens) each: n chosen above n rejected sequences.
    """
    import torch

    answers = inputs | {"labels": inputs["input_ids"].masked_fill(inputs["completion_mask"] == 0, -100)}
    with torch.no_grad(), network.disable_adapter():
        base, targets, is_answer = answer_logprobs(network, answers)
        reference = (of_targets(base, targets) * is_answer).sum(-1)
        del base
    policy, _, _ = answer_logprobs(network, answers)
    ratios = (of_targets(policy, targets) * is_answer).sum(-1) - reference
    chosen, rejected = ratios.chunk(2)
    return pair_loss(chosen, rejected, is_answer.sum(-1).view(2, -1)).mean()
