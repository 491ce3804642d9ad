"""A store on a disk that refuses: full, read-only, or in the way; it says where and what to do."""

import errno
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_persona.errors import ModelError, StoreError, TrainingError
from pytest_persona.store import Store
from tests.stores import KIND, PRINT, START, Maker, child, leftovers, refuse


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_is_a_store_error(store, code):
    def make(folder: Path):
        raise OSError(code, os.strerror(code))

    with pytest.raises(StoreError, match=r"--persona-store=DIR or \$PERSONA_STORE, or free some space") as caught:
        store.get_or_make(KIND, PRINT, make)
    assert f"the store {store.root} cannot be written ({os.strerror(code)})" in str(caught.value)
    assert leftovers(store) == []


class SafetensorError(Exception):
    """As safetensors has it: no OSError."""


FULL = {
    "torch": RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534"),
    "torch's writer": RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed"),
    "safetensors": SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    "a number alone": SafetensorError("I/O error (os error 122)"),
    "pip": ModelError("cannot be fetched (ERROR: [Errno 28] No space left on device)"),
    "no number": OSError("No space left on device"),
    "a file of the store": OSError(errno.ENOSPC, "No space left on device", "tmp/x"),
}


def raising(error: BaseException):
    def make(folder: Path):
        if isinstance(error, OSError) and error.filename:
            error.filename = str(folder.parent / "x")
        raise error

    return make


@pytest.mark.parametrize("error", FULL.values(), ids=FULL.keys())
def test_a_full_disk_is_known_by_what_the_libraries_say(store, error):
    with pytest.raises(StoreError, match="cannot be written") as caught:
        store.get_or_make(KIND, PRINT, raising(error))
    assert caught.value.__cause__ is error
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("error", [RuntimeError("failed"), SafetensorError("failed")])
def test_a_full_disk_is_known_by_the_space_that_is_left(store, monkeypatch, error):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2**20 - 1))
    with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\)"):
        store.get_or_make(KIND, PRINT, raising(error))


@pytest.mark.parametrize(
    "error", [TrainingError("the loss is nan"), KeyboardInterrupt(), FileNotFoundError(errno.ENOENT, "no")]
)
def test_other_errors_stay_what_they_are_on_a_full_disk(store, monkeypatch, error):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    with pytest.raises(type(error)) as caught:
        store.get_or_make(KIND, PRINT, raising(error))
    assert caught.value is error


def test_another_full_disk_is_not_the_store(store, tmp_path):
    def make(folder: Path):
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "elsewhere"))

    with pytest.raises(OSError, match="elsewhere"):
        store.get_or_make(KIND, PRINT, make)


@pytest.mark.parametrize("name", ["mkdir", "fsync", "rename"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO])
def test_each_step_that_the_disk_refuses_is_a_store_error(store, monkeypatch, name, code):
    monkeypatch.setattr(os, name, refuse(code))
    with pytest.raises(StoreError, match=f"cannot be written .{re.escape(os.strerror(code))}.*--persona-store=DIR"):
        store.get_or_make(KIND, PRINT, lambda folder: {"loss": 0.5})
    monkeypatch.undo()
    assert store.get(KIND, PRINT) is None
    assert store.get_or_make(KIND, PRINT, Maker()).manifest["loss"] == 0.5
    assert leftovers(store) == []


@pytest.mark.parametrize("where", ["locks", "tmp", KIND])
def test_a_file_where_a_folder_should_be_is_a_store_error(store, where):
    store.root.mkdir()
    (store.root / where).write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError, match=r"cannot be written .*--persona-store=DIR"):
        store.get_or_make(KIND, PRINT, Maker())


LIMITED = f"""
import resource
from pytest_persona.errors import StoreError
def make(folder):
    (folder / "weights.bin").write_bytes(bytes(3 * 2**20))
    return {{}}
if sys.argv[2] == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
try:
    store.get_or_make("{KIND}", "{PRINT}", make)
except StoreError as error:
    print(error)
assert store.get("{KIND}", "{PRINT}") is None
assert list((store.root / "tmp").iterdir()) == []
"""


def test_a_file_that_the_disk_cannot_hold_is_a_store_error(store):
    with child(LIMITED, store.root, "limit") as process:
        output = process.stdout.read()
    assert process.returncode == 0
    assert output.startswith(f"the store {store.root} cannot be written (File too large). Name another folder")


def test_a_disk_that_is_full_is_a_store_error(tmp_path):
    """On a real disk of 1 MiB, in a mount namespace of its own."""
    mount = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mounted = f"mount -t tmpfs -o size=1m tmpfs {shlex.quote(str(tmp_path))}"
    try:
        subprocess.run([*mount, mounted], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a disk of its own")
    command = [sys.executable, "-c", f"{START}\n{LIMITED}", str(tmp_path), "no limit"]
    result = subprocess.run(
        [*mount, f"{mounted} && exec {shlex.join(command)}"], check=True, capture_output=True, text=True
    )
    assert result.stdout.startswith(f"the store {tmp_path} cannot be written (No space left on device). Name another")


def write_entry(store: Store) -> None:
    store.get_or_make(KIND, PRINT, Maker())


def write_memory(store: Store) -> None:
    store.remember(KIND, {"model": "a"}, dict)


def write_rate(store: Store) -> None:
    store.note_rate("speed", 1.0)


@pytest.mark.parametrize("write", [write_entry, write_memory, write_rate])
def test_a_store_that_cannot_be_written_says_where_and_what_to_do(tmp_path, write):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    store = Store(tmp_path / "file" / "store")
    with pytest.raises(StoreError, match=r"--persona-store=DIR or \$PERSONA_STORE") as caught:
        write(store)
    assert f"the store {store.root} cannot be written" in str(caught.value)
    assert store.get(KIND, PRINT) is store.rate("speed") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into every folder")
@pytest.mark.parametrize("write", [write_entry, write_memory, write_rate])
def test_a_read_only_store_says_where_and_what_to_do(tmp_path, write):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match=r"cannot be written .*--persona-store=DIR or \$PERSONA_STORE"):
            write(Store(tmp_path))
    finally:
        tmp_path.chmod(0o700)
