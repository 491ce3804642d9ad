"""From a plan to a checkpoint: one file per objective, one loop for all."""

from pytest_persona.trainers.loop import train

__all__ = ["train"]
