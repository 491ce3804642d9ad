"""Trains in processes of its own: imports the libraries once, then forks a child for each run that is asked for.

Reads a line of JSON from its standard input: a list of runs to make at once; answers with a line when all have ended. A
run has `plan`, `rungs`, `store`, `base`, `log` (a file that gets a line for whatever happens) and may say how it is
killed: `after` (seconds), or `at` (a line of the log, and for the how manieth time). Nothing computes in this process:
the threads of OpenMP do not survive a fork.
"""

import gc
import json
import os
import shutil
import signal
import sys
import time
from functools import partial
from pathlib import Path

import datasets  # noqa: F401
import peft
import safetensors.torch
import torch
import transformers  # noqa: F401
from trl import DPOTrainer, SFTTrainer  # noqa: F401

from pytest_persona.models.source import local_or_hub
from pytest_persona.plan import Plan
from pytest_persona.store import Store
from pytest_persona.trainers import run as run_module
from pytest_persona.trainers import train
from pytest_persona.trainers.data import examples
from pytest_persona.trainers.run import Run

OPERATIONS = (
    (os, "fsync"),
    (os, "rename"),
    (os, "unlink"),
    (shutil, "rmtree"),
    (torch, "save"),
    (safetensors.torch, "save_file"),
    (peft.PeftModel, "save_pretrained"),
)


class Log:
    """A line for each step and operation; kills the process at the one that is asked for."""

    def __init__(self, path: str, at: list | None) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.at = tuple(at) if at else None
        self.doing = ""
        self.counts: dict[str, int] = {}

    def note(self, what: str) -> None:
        os.write(self.file, f"{os.getpid()} {what}\n".encode())
        self.counts[what] = self.counts.get(what, 0) + 1
        if (what, self.counts[what]) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def during(self, doing: str, call, *args):
        before, self.doing = self.doing, doing
        try:
            return call(*args)
        finally:
            self.doing = before

    def counted(self, name: str, call):
        def noted(*args, **kwargs):
            if self.doing:
                self.note(f"{self.doing} {name}")
            return call(*args, **kwargs)

        return noted


def patch(log: Log) -> None:
    """Note what a run does, and save a state after each step."""
    run_module.STATE_SECONDS = 0.0
    for owner, name in OPERATIONS:
        setattr(owner, name, log.counted(name, getattr(owner, name)))
    last_state, after_step, save_rung, save_state = Run._last_state, Run._after_step, Run._save_rung, Run._save_state

    def told_last_state(self):
        found = last_state(self)
        log.note(f"begins after {found[0]}")
        return found

    def told_after_step(self, step, *args):
        log.note(f"step {step.number}")
        after_step(self, step, *args)

    Run._last_state, Run._after_step = told_last_state, told_after_step
    Run._save_rung = lambda self, *args: log.during("rung", partial(save_rung, self), *args)
    Run._save_state = lambda self, *args: log.during("state", partial(save_state, self), *args)


def child(request: dict) -> None:
    patch(Log(request["log"], request.get("at")))
    train(
        Plan(**request["plan"]),
        local_or_hub(request["base"]),
        Store(Path(request["store"])),
        rungs=request.get("rungs", ()),
    )


def start(request: dict) -> int:
    process = os.fork()
    if process:
        return process
    try:
        child(request)
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def main() -> None:
    for line in sys.stdin:
        requests = json.loads(line)
        for request in requests:
            examples(Plan(**request["plan"]), None)  # drawn once for all children
        gc.collect()
        gc.freeze()
        began = time.monotonic()
        children = [start(request) for request in requests]
        if after := requests[0].get("after"):
            time.sleep(after)
            os.kill(children[0], signal.SIGKILL)
        codes = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in children]
        print(json.dumps({"codes": codes, "seconds": time.monotonic() - began}), flush=True)


if __name__ == "__main__":
    main()
