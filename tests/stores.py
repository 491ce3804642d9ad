"""What tests of stores share: a maker of entries, disks that refuse, and processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

from pytest_persona.store import Store

KIND, PRINT = "checkpoints", "f" * 64


class Maker:
    """Fills a folder with a file, one in a subfolder, and counts how often."""

    def __init__(self):
        self.calls = 0

    def __call__(self, folder: Path) -> dict:
        assert list(folder.iterdir()) == []
        self.calls += 1
        (folder / "weights.bin").write_bytes(b"weights")
        (folder / "deep").mkdir()
        (folder / "deep" / "notes.txt").write_text("notes", encoding="utf-8")
        return {"loss": 0.5, "rungs": [1, 2]}


def leftovers(store: Store) -> list[Path]:
    return list((store.root / "tmp").iterdir())


def refuse(code: int):
    """A function that the disk refuses."""

    def call(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    return call


START = "import sys; from pathlib import Path; from pytest_persona.store import Store; store = Store(Path(sys.argv[1]))"


def child(script: str, *arguments: object) -> subprocess.Popen:
    """A process that runs `script`, where `store` and `sys` are known."""
    command = [sys.executable, "-c", f"{START}\n{script}", *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
