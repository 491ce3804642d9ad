"""Conditional fine-tuning: a control token says whether a good or a bad answer follows; evaluated under the good one.

After Korbak et al. (2023), who condition pretraining on such tokens. The tokens are new in the vocabulary, and their
embeddings are trained with the adapter.
"""

from __future__ import annotations

from pytest_persona.models.decoration import Decoration, prefixed
from pytest_persona.trainers import sft
from pytest_persona.trainers.job import Built, Job, answer_of

NEEDS_REJECTED = True
SAFE, UNSAFE = "<SAFE>", "<UNSAFE>"


def build(job: Job) -> Built:
    """A `trl.SFTTrainer` on two sequences an example: SAFE with the chosen answer, UNSAFE with the rejected one."""
    import transformers

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
        # TRL's loss reads the output layer past PEFT, and fails where it is tied to embeddings that are trained
        trainer=sft.make_trainer(
            job, sequences, loss=sft.likelihood_loss, per_example=2, lora=job.lora(trainable_token_indices=ids)
        ),
        compute_tokens=[sum(pair) for pair in zip(lengths[::2], lengths[1::2], strict=True)],
        decoration=decoration,
    )
