"""The state of a run on disk: all that a killed run needs to go on bit for bit."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

_WEIGHTS, _TRAINER = "weights.safetensors", "trainer.pt"


def save_state(folder: Path, trainer: Any) -> None:
    """Write trained weights, optimizer, schedule and random states into an empty folder."""
    import numpy as np
    import torch
    from safetensors.torch import save_file

    weights = {name: value.detach().contiguous().cpu() for name, value in _trained(trainer.model)}
    save_file(weights, folder / _WEIGHTS)
    drawn = np.random.get_state(legacy=False)  # of the global generator, from which libraries draw
    assert isinstance(drawn, dict)
    keys = torch.from_numpy(drawn["state"]["key"].astype(np.int64))
    torch.save(
        {
            "optimizer": trainer.optimizer.state_dict(),
            "schedule": trainer.lr_scheduler.state_dict(),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "numpy": {**drawn, "state": {"key": keys, "pos": drawn["state"]["pos"]}},
            "python": random.getstate(),
        },
        folder / _TRAINER,
    )


class Restored:
    """A saved state, put back in two moves: what is trained before the first step, random states within it.

    The second comes later because transformers draws random numbers when it starts its loop.
    """

    def __init__(self, folder: Path) -> None:
        import torch
        from safetensors.torch import load_file

        self._weights = load_file(folder / _WEIGHTS)
        self._state = torch.load(folder / _TRAINER, map_location="cpu", weights_only=True)

    def put_back(self, network: Any, optimizer: Any, schedule: Any) -> None:
        """Weights, optimizer and schedule."""
        import torch

        with torch.no_grad():
            for name, value in _trained(network):
                value.copy_(self._weights[name])
        optimizer.load_state_dict(self._state["optimizer"])
        schedule.load_state_dict(self._state["schedule"])

    def put_back_randomness(self) -> None:
        """Random states."""
        import numpy as np
        import torch

        torch.set_rng_state(self._state["torch"])
        if self._state["cuda"]:
            torch.cuda.set_rng_state_all(self._state["cuda"])
        drawn = self._state["numpy"]
        key = drawn["state"]["key"].numpy().astype(np.uint32)
        np.random.set_state({**drawn, "state": {"key": key, "pos": drawn["state"]["pos"]}})
        random.setstate(self._state["python"])


def _trained(network: Any) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in network.named_parameters() if value.requires_grad]
