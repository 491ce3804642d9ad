"""Killed at any step that changes the disk, the store and the workshop hold the old or the new, and hold it whole."""

import itertools
import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from pytest_persona.housekeeping import listing
from pytest_persona.store import Store

KIND, PRINT = "checkpoints", "f" * 64

START = """
import os, signal, sys, warnings
from pathlib import Path
import filelock
from pytest_persona import sealed, workshop
from pytest_persona.store import Store
from pytest_persona.workshop import Workshop

store, left = Store(Path(sys.argv[1])), int(sys.argv[2])
warnings.simplefilter("ignore")

def step():
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1

def counted(call):
    def stepped(*args, **kwargs):
        step()
        return call(*args, **kwargs)
    return stepped

for name in ("fsync", "mkdir", "rename", "rmdir", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
write_text = Path.write_text

def write_in_two(path, text, **kwargs):
    write_text(path, text[: len(text) // 2], **kwargs)
    step()
    write_text(path, text, **kwargs)

Path.write_text = write_in_two
"""

MAKE = f"""
def make(folder):
    (folder / "deep").mkdir()
    (folder / "deep" / "weights.bin").write_text("new", encoding="utf-8")
    return {{"is": "new"}}
store.get_or_make("{KIND}", "{PRINT}", make)
"""

SAVE = f"""
with store.workshop("{KIND}", "{PRINT}") as shop:
    folder = shop.scratch / "state"
    folder.mkdir()
    (folder / "weights.bin").write_text("new", encoding="utf-8")
    shop.save(int(sys.argv[3]), folder, {{"is": "new"}})
"""

REMOVE_FIRST = """
def save(self, number, folder, manifest):
    for state in workshop.states(self.folder):
        sealed.remove(state)
    sealed.seal(folder, self.fingerprint, manifest)
    sealed.place(folder, self.folder / f"state-{number:08d}")
Workshop.save = save
"""

PRUNE = """
from datetime import timedelta
from pytest_persona.housekeeping import prune
prune(store, older_than=timedelta(0), kinds=None, dry_run=False)
"""


def killed_at_every_step(script: str, before: Path, tmp_path: Path, *arguments: object):
    """The store after each kill, and at last after the run that nothing killed."""
    for steps in itertools.count():
        store = Store(tmp_path / str(steps))
        shutil.copytree(before, store.root)
        command = [sys.executable, "-c", START + script, str(store.root), str(steps), *map(str, arguments)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            assert steps > 4
            yield store
            return
        assert result.returncode == -signal.SIGKILL, result.stderr
        yield store


@pytest.fixture
def before(tmp_path):
    """A store before the run that is killed."""
    store = Store(tmp_path / "before")
    store.root.mkdir()
    return store


def fill(folder: Path) -> dict:
    (folder / "weights.bin").write_text("old", encoding="utf-8")
    return {"is": "old"}


def make_new(folder: Path) -> dict:
    (folder / "weights.bin").write_text("newer", encoding="utf-8")
    return {"is": "newer"}


def save_old(store: Store, number: int) -> None:
    with store.workshop(KIND, PRINT) as shop:
        (shop.scratch / "state").mkdir()
        shop.save(number, shop.scratch / "state", fill(shop.scratch / "state"))


def no_scratch(store: Store) -> bool:
    return list((store.root / "tmp").iterdir()) == []


@pytest.mark.parametrize("damaged", [False, True], ids=["absent", "damaged"])
def test_an_entry_is_there_whole_or_not_at_all(before, tmp_path, damaged):
    if damaged:
        entry = before.get_or_make(KIND, PRINT, fill)
        (entry.folder / "weights.bin").write_text("damaged", encoding="utf-8")
    found = []
    for store in killed_at_every_step(MAKE, before.root, tmp_path):
        entry = store.get(KIND, PRINT)
        assert entry is None or entry.manifest == {"is": "new"}
        assert entry is None or (entry.folder / "deep" / "weights.bin").read_text(encoding="utf-8") == "new"
        found.append(entry is not None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = store.get_or_make(KIND, PRINT, make_new)
        assert made.manifest == ({"is": "new"} if entry else {"is": "newer"})
        assert entry or no_scratch(store)
    assert found == sorted(found)  # once it is there, it stays
    assert found[-1]


def states_after_kills(script: str, before: Store, tmp_path: Path, number: int) -> list[str | None]:
    found = []
    for store in killed_at_every_step(script, before.root, tmp_path, number):
        with store.workshop(KIND, PRINT) as shop, warnings.catch_warnings():
            warnings.simplefilter("error")  # a kill damages nothing
            state = shop.latest()
            found.append(state and state.manifest["is"])
            if state:
                assert (state.folder / "weights.bin").read_text(encoding="utf-8") == found[-1]
            (shop.scratch / "state").mkdir()
            shop.save(9, shop.scratch / "state", make_new(shop.scratch / "state"))
            assert shop.latest().manifest == {"is": "newer"}
            assert len(list(shop.folder.iterdir())) == 1
        assert no_scratch(store)
    return found


@pytest.mark.parametrize("number", [2, 1], ids=["a new number", "the same number"])
def test_the_old_or_the_new_state_is_there_whole(before, tmp_path, number):
    save_old(before, 1)
    found = states_after_kills(SAVE, before, tmp_path, number)
    assert set(found) == {"old", "new"}
    assert found == sorted(found, reverse=True)


def test_the_first_state_is_there_whole_or_not_at_all(before, tmp_path):
    assert set(states_after_kills(SAVE, before, tmp_path, 1)) == {None, "new"}


def test_the_check_can_fail(before, tmp_path):
    save_old(before, 1)
    assert None in states_after_kills(REMOVE_FIRST + SAVE, before, tmp_path, 2)


def test_what_an_interrupted_prune_leaves_is_never_damaged(before, tmp_path):
    before.get_or_make("others", PRINT, fill)
    save_old(before, 1)
    states = []
    for store in killed_at_every_step(PRUNE, before.root, tmp_path):
        states += [kept.state for kept in listing(store, check=True)]
    assert set(states) == {"resumable", "whole", "unfinished"}
    assert listing(store) == []
