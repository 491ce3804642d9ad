"""Identity preference optimisation (not ip; Azar et al. 2023), on TRL.

Per example, with h the log-ratio of the policy to the base, AVERAGED over an answer's tokens, as TRL does where the
paper sums:

    loss = (h(chosen) - h(rejected) - 1 / (2β))²

At the first step the loss is 1 / (2β)². A sum would give long answers the same target gap as short ones.
"""

from __future__ import annotations

from typing import Any

from pytest_persona.trainers.dpo import build_preference
from pytest_persona.trainers.job import Built, Job

NEEDS_REJECTED = True


def build(job: Job) -> Built:
    """A `trl.DPOTrainer` with the ipo loss."""

    def squared_loss(chosen: Any, rejected: Any, lengths: Any) -> Any:
        return (chosen / lengths[0] - rejected / lengths[1] - 1 / (2 * job.plan.ipo_beta)) ** 2

    return build_preference(job, squared_loss, loss_type=["ipo"], beta=job.plan.ipo_beta)
