"""Writes the golden trajectories anew: `python -m tests.trainers.make_golden`, from the project's folder.

Do so when training is meant to change, or when the pinned versions do, and say in the commit why the numbers moved.
"""

import json
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest import mock

GOLDEN = Path(__file__).parent / "golden.json"
HOW = "python -m tests.trainers.make_golden"
STEPS, BUDGET = 10, 12_500
LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "tokenizers", "numpy")


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """A whole run.

    Attributes:
        checkpoint: What it stored.
        losses: Of each step.
    """

    checkpoint: Any
    losses: list[float]

    @property
    def kl_to_base(self) -> float:
        """At its end."""
        return float(self.checkpoint.manifest["curve"][-1]["kl_to_base"])


def trajectory(objective: str, base: Any, store: Path, **changes: Any) -> Trajectory:
    """Train an objective for ten steps on the tiny model, in float32, all else as plans have it."""
    from pytest_persona.plan import Plan
    from pytest_persona.store import Store
    from pytest_persona.trainers import train
    from pytest_persona.trainers.curve import Curve

    losses = []
    note = Curve.note

    def collect(curve: Curve, step: Any) -> None:
        losses.append(step.loss)
        note(curve, step)

    plan = Plan(objective=objective, budget=BUDGET, precision="float32", **changes)
    with mock.patch.object(Curve, "note", collect):
        checkpoint = train(plan, base, Store(store))
    assert len(losses) == STEPS
    return Trajectory(checkpoint=checkpoint, losses=losses)


def made_with() -> dict[str, str]:
    """What the numbers depend on: versions without their local part, and the kind of device."""
    from pytest_persona.models.device import find_device

    return {name: metadata.version(name).split("+")[0] for name in LIBRARIES} | {"device": find_device().kind}


def main() -> None:
    """Write `GOLDEN`."""
    from pytest_persona.models.source import local_or_hub
    from pytest_persona.plan import OBJECTIVES
    from pytest_persona.testing import write_tiny_model

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        (model := Path(folder) / "model").mkdir()
        base = local_or_hub(str(write_tiny_model(model)))
        for objective in OBJECTIVES:
            made = trajectory(objective, base, Path(folder) / objective)
            found[objective] = {"losses": made.losses, "kl_to_base": made.kl_to_base}
    golden = {"written_by": HOW, "made_with": made_with(), "trajectories": found}
    GOLDEN.write_text(json.dumps(golden, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
