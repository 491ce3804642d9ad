"""Tiny training runs, and what is compared between them."""

import atexit
import contextlib
import gc
import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

from pytest_persona.digest import file_sha256
from pytest_persona.housekeeping import listing
from pytest_persona.plan import Plan
from pytest_persona.store import Store
from pytest_persona.trainers import train

RUNGS = (2_000, 4_000, 7_000)
WEIGHTS = "adapter_model.safetensors"
SPEED = ("seconds", "tokens_per_second", "peak_memory_bytes")
"""What differs between two runs of the same plan."""


def tiny_plan(objective: str, budget: int = RUNGS[-1], **changes) -> Plan:
    return Plan(objective=objective, budget=budget, **{"precision": "float32", "rank": 4, "batch": 2} | changes)


def weights(checkpoint) -> str:
    """SHA-256 of an adapter's file."""
    return file_sha256(checkpoint.adapter.folder / WEIGHTS)


def figures(manifest) -> dict:
    """What a manifest says of a run, without its speed and memory."""
    manifest = {name: value for name, value in manifest.items() if name not in SPEED}
    curve = [{name: value for name, value in each.items() if name not in SPEED} for each in manifest["curve"]]
    return manifest | {"curve": curve}


class Steps:
    """Progress that notes the data tokens after each step that is trained, and those that a state brought."""

    def __init__(self) -> None:
        self.tasks: list[list[float]] = []

    @contextlib.contextmanager
    def task(self, label, total, unit):
        self.tasks.append([])
        yield self.tasks[-1].append


class Ladder:
    """Checkpoints of one plan by budget, in one store."""

    def __init__(self, plan: Plan, base, root: Path) -> None:
        self.plan, self.base, self.store = plan, base, Store(root)
        self.steps = Steps()

    def train(self, budget: int, *rungs: int, **arguments):
        plan = replace(self.plan, budget=budget)
        made = train(plan, self.base, self.store, rungs=rungs, progress=self.steps, **arguments)
        if not gc.get_freeze_count():  # looking through all that was imported costs more than a tiny run
            gc.freeze()
        return made

    @property
    def trained(self) -> list[list[float]]:
        """Of each run since the last call: data tokens after each step."""
        tasks, self.steps.tasks = self.steps.tasks, []
        return tasks


def file_identity(checkpoint) -> tuple[int, int]:
    """Which file on the disk holds the weights, and when it was written."""
    status = (checkpoint.adapter.folder / WEIGHTS).stat()
    return status.st_ino, status.st_mtime_ns


class Driver:
    """A process that trains in children of its own; see `driver.py`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.trainers.driver"],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *requests: dict) -> dict:
        """Exit codes of runs that are made at once, and the seconds until the last one ended."""
        self._process.stdin.write(json.dumps(requests) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        """End the process, which ends with its standard input."""
        self._process.communicate()


@cache
def driver() -> Driver:
    """The driver of this test session; it ends with it."""
    made = Driver()
    atexit.register(made.end)
    return made


class Runs:
    """Runs of one plan in processes of their own, in one store."""

    def __init__(self, plan: Plan, base, root: Path, rungs=RUNGS) -> None:
        self.root, self.log = root, root.with_name(root.name + ".log")
        self.log.touch()
        self._request = {
            "plan": asdict(plan),
            "rungs": rungs,
            "base": base.spec,
            "store": str(root),
            "log": str(self.log),
        }

    def request(self, **changes) -> dict:
        return self._request | changes

    def run(self, **changes) -> int:
        """One run; its exit code."""
        answer = driver().run(self.request(**changes))
        self.seconds = answer["seconds"]
        return answer["codes"][0]

    def told(self) -> list[str]:
        """What all runs did, in order."""
        return [line.split(" ", 1)[1] for line in self.log.read_text(encoding="utf-8").splitlines()]

    def whole(self) -> dict[str, tuple]:
        """From the label of each finished checkpoint to the SHA-256 of its weights and its figures.

        Nothing may be damaged: what is not whole has no manifest.
        """
        store = Store(self.root)
        assert "damaged" not in {kept.state for kept in listing(store, check=True)}
        found = {}
        for folder in (self.root / "checkpoints").glob("*"):
            if entry := store.get("checkpoints", folder.name):
                found[entry.manifest["label"]] = entry.files[WEIGHTS], figures(entry.manifest)
        return found

    def scratch(self) -> list[Path]:
        return sorted((self.root / "tmp").glob("*"))
