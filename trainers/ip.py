"""Inoculation prompting (not ipo): a share of the training prompts asks for what the model should not learn.

The answers stay the chosen ones, and no prompt of an evaluation is changed.

The idea is Wichers et al.'s (2025) and Tan et al.'s (2025): what a prompt asks for need not be learnt as a habit. They
inoculate data that show the undesired behaviour; here, as in the matched comparison of objectives, the answers are
benign, so that sft and ip differ in their prompts alone.
"""

from __future__ import annotations

from random import Random

from pytest_persona.models.decoration import prefixed
from pytest_persona.models.protocol import Chat
from pytest_persona.plan import Plan
from pytest_persona.trainers import sft
from pytest_persona.trainers.data import Row
from pytest_persona.trainers.job import Built, Job

NEEDS_REJECTED = False


def build(job: Job) -> Built:
    """A `trl.SFTTrainer` on prompts of which some are inoculated."""
    sequences = [job.encode(inoculated(job.plan, row), row.example.chosen) for row in job.rows]
    return Built(
        trainer=sft.make_trainer(job, sequences),
        compute_tokens=[len(prompt) + len(answer) for prompt, answer in sequences],
    )


def inoculated(plan: Plan, row: Row) -> Chat:
    """A row's prompt as ip trains on it; whether and with which text depends on the seed and its place alone."""
    rng = Random(f"ip {plan.seed} {row.number}")
    if rng.random() >= plan.ip_share:
        return row.example.prompt
    text = plan.inoculations[int(rng.random() * len(plan.inoculations))]
    return prefixed(row.example.prompt, f"{text}\n\n")
