"""KL-regularised fine-tuning: the likelihood of the chosen answer, held near the base model.

Over a batch's answer tokens t, with π the policy and π₀ the base (the same network with its adapter off):

    loss = mean over t of ( -log π(t) + λ Σ_v π(v) (log π(v) - log π₀(v)) )

v runs over the whole vocabulary: the reverse KL divergence in nats a token, exact, not sampled. At the
first step it is 0.
"""

from __future__ import annotations

from typing import Any

from pytest_persona.trainers import sft
from pytest_persona.trainers.divergence import answer_logprobs, of_targets, reverse_kl
from pytest_persona.trainers.job import Built, Job

NEEDS_REJECTED = False


def build(job: Job) -> Built:
    """A `trl.SFTTrainer` whose loss has the divergence added."""

    def loss(network: Any, inputs: Any, answer_tokens: Any) -> Any:
        return regularised_loss(network, inputs, job.plan.kl_coefficient, answer_tokens)

    sequences = [(row.prompt, row.chosen) for row in job.rows]
    return Built(trainer=sft.make_trainer(job, sequences, loss=loss), compute_tokens=[2 * len(row) for row in job.rows])


def regularised_loss(network: Any, inputs: Any, coefficient: float, answer_tokens: Any) -> Any:
    """The loss above on one micro-batch.

    Args:
        network: A PEFT model.
        inputs: input_ids, attention_mask and labels, (n, tokens) each; -100 marks what is no answer.
        coefficient: λ.
        answer_tokens: Of the whole batch, of which this may be a part.
    """
    import torch

    with torch.no_grad(), network.disable_adapter():
        base, _, _ = answer_logprobs(network, inputs)
    policy, targets, is_answer = answer_logprobs(network, inputs)
    per_token = coefficient * reverse_kl(policy, base) - of_targets(policy, targets)
    return (per_token * is_answer).sum() / answer_tokens
