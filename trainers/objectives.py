"""The objectives by name, one module each."""

from __future__ import annotations

from typing import Protocol

from pytest_persona.trainers import cft, dpo, ip, ipo, kl, orpo, sft
from pytest_persona.trainers.job import Built, Job


class Objective(Protocol):
    """What an objective's module has.

    Attributes:
        NEEDS_REJECTED: Whether every example must have a rejected answer.
    """

    NEEDS_REJECTED: bool

    def build(self, job: Job) -> Built:
        """A trainer for the job's rows."""
        ...


TRAINED: dict[str, Objective] = {"sft": sft, "dpo": dpo, "ipo": ipo, "orpo": orpo, "kl": kl, "cft": cft, "ip": ip}
