"""Conditional fine-tuning: a control token says whether a good or a bad answer follows; evaluated under the good one.

After Korbak et al. (2023), who condition pretraining on such tokens. The tokens are new in the vocabulary, and their
embeddings are trained with the adapter.
"""

from __future__ import annotations

from typing import Any

from pytest_persona.models.decoration import Decoration, prefixed
from pytest_persona.trainers import sft
from pytest_persona.trainers.divergence import answer_logprobs, of_targets
from pytest_persona.trainers.job import Built, Job, answer_of

NEEDS_REJECTED = True
SAFE, UNSAFE = "<SAFE>", "<UNSAFE>"


def build(job: Job) -> Built:
    """A `trl.SFTTrainer` on two sequences an example: SAFE with the chosen answer, UNSAFE with the rejected one."""
    import transformers
    import trl

    class Trainer(trl.SFTTrainer):  # type: ignore[misc]  # trl is untyped here
        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            return likelihood_loss(model, inputs, num_items_in_batch)

    decoration = Decoration(tokens=(SAFE, UNSAFE), prefix=SAFE)
    transformers.set_seed(job.plan.seed)  # the new embeddings are drawn at random
    ids = decoration.add_tokens(job.network, job.tokenizer)
    sequences = [
        job.encode(prefixed(row.example.prompt, token), answer)
        for row in job.rows
        for token, answer in ((SAFE, row.example.chosen), (UNSAFE, answer_of(row.example)))
    ]
    lengths = [len(prompt) + len(answer) for prompt, answer in sequences]
    return Built(
        trainer=sft.make_trainer(
            job, sequences, trainer=Trainer, per_example=2, lora=job.lora(trainable_token_indices=ids)
        ),
        compute_tokens=[sum(pair) for pair in zip(lengths[::2], lengths[1::2], strict=True)],
        decoration=decoration,
    )


def likelihood_loss(network: Any, inputs: Any, answer_tokens: Any) -> Any:
    """Mean over a batch's answer tokens of -log π, on one micro-batch, from the network's own output layer.

    TRL reads the output layer's weights past PEFT, which fails where they are tied to embeddings that are trained.

    Args:
        inputs: input_ids, attention_mask and labels, (n, tokens) each; -100 marks what is no answer.
        answer_tokens: Of the whole batch, of which this may be a part.
    """
    logprobs, targets, is_answer = answer_logprobs(network, inputs)
    return -(of_targets(logprobs, targets) * is_answer).sum() / answer_tokens
