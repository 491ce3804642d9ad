"""Odds ratio preference optimisation (Hong et al. 2024), on TRL.

Per batch, with p the per-token geometric mean of an answer's probability and odds(p) = p / (1 - p):

    loss = - mean over answer tokens of log π(chosen)
           - λ mean over examples of log σ(log odds(chosen) - log odds(rejected))

TRL's own likelihood covers prompt and answer; here it covers the answer, as for the other objectives.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

from pytest_persona.trainers.divergence import answer_logprobs, of_targets
from pytest_persona.trainers.job import Built, Job, rejected_of

NEEDS_REJECTED = True

Triple = tuple[Sequence[int], Sequence[int], Sequence[int]]
"""Tokens of a prompt, of its chosen and of its rejected answer."""


def build(job: Job) -> Built:
    """A `trl.experimental.orpo.ORPOTrainer` whose likelihood covers the answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is experimental; the tested version is pinned
        from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    class Trainer(ORPOTrainer):  # type: ignore[misc]  # trl is untyped here
        loss_is_scaled_for_ga = True  # by the whole batch's tokens and examples

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            return orpo_loss(self, model, inputs, num_items_in_batch, job.plan.batch)

    trainer = Trainer(
        model=job.network,
        args=job.arguments(
            ORPOConfig,
            max_length=job.plan.max_length,
            disable_dropout=False,
            remove_unused_columns=False,
            beta=job.plan.orpo_lambda,
        ),
        data_collator=partial(collate, pad=job.tokenizer.pad_token_id),
        train_dataset=_Tokens((row.prompt, row.chosen, rejected_of(row)) for row in job.rows),
        processing_class=job.tokenizer,
        peft_config=job.lora(),
    )
    return Built(
        trainer=trainer,
        compute_tokens=[2 * len(row.prompt) + len(row.chosen) + len(rejected_of(row)) for row in job.rows],
    )


class _Tokens(list[Triple]):
    """A table that TRL's own tokenisation leaves as it is."""

    def map(self, *_: Any, **__: Any) -> _Tokens:
        return self


def collate(rows: Sequence[Triple], *, pad: int) -> dict[str, Any]:
    """Chosen sequences above rejected ones, (2n, tokens), padded at the end; `labels` are the n chosen answers', by
    which transformers counts a batch's answer tokens."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    pairs = [(prompt, chosen) for prompt, chosen, _ in rows] + [(prompt, rejected) for prompt, _, rejected in rows]
    ids = [torch.tensor([*prompt, *answer]) for prompt, answer in pairs]
    answers = [torch.tensor([-100] * len(prompt) + list(answer)) for prompt, answer in pairs]
    targets = pad_sequence(answers, batch_first=True, padding_value=-100)
    return {
        "input_ids": pad_sequence(ids, batch_first=True, padding_value=pad),
        "attention_mask": pad_sequence([torch.ones_like(row) for row in ids], batch_first=True),
        "targets": targets,
        "labels": targets[: len(rows)],
    }


def orpo_loss(trainer: Any, network: Any, inputs: Any, answer_tokens: Any, examples: int) -> Any:
    """The loss above on one micro-batch, as `collate` makes it.

    Args:
        trainer: An `ORPOTrainer`, for its odds ratio.
        answer_tokens: Of the chosen answers of the whole batch, of which this may be a part.
        examples: Of the whole batch.
    """
    logprobs, targets, is_answer = answer_logprobs(network, inputs | {"labels": inputs["targets"]})
    likelihood = of_targets(logprobs, targets) * is_answer
    chosen, rejected = (likelihood.sum(-1) / is_answer.sum(-1)).chunk(2)
    weighted_ratio = trainer.odds_ratio_loss(chosen, rejected)[0]
    return -likelihood.chunk(2)[0].sum() / answer_tokens - weighted_ratio.sum() / examples
