"""The store: made once, checked on every read, never half-written, and clear about what stops it."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.errors import StoreError
from pytest_persona.store import MANIFEST, Store, default_store

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


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def leftovers(store: Store) -> list[Path]:
    return list((store.root / "tmp").iterdir())


def test_an_entry_is_made_once(store):
    make = Maker()
    first = store.get_or_make(KIND, PRINT, make)
    assert store.get_or_make(KIND, PRINT, make) == first == store.get(KIND, PRINT)
    assert Store(store.root).get_or_make(KIND, PRINT, make) == first
    assert make.calls == 1
    assert first.manifest == {"loss": 0.5, "rungs": [1, 2]}
    assert first.files.keys() == {"weights.bin", "deep/notes.txt"}
    assert (first.folder / "weights.bin").read_bytes() == b"weights"
    assert leftovers(store) == []


@pytest.mark.parametrize(("kind", "fingerprint"), [("others", PRINT), (KIND, "e" * 64)])
def test_kinds_and_fingerprints_are_kept_apart(store, kind, fingerprint):
    make = Maker()
    store.get_or_make(KIND, PRINT, make)
    assert store.get(kind, fingerprint) is None
    store.get_or_make(kind, fingerprint, make)
    assert make.calls == 2


def test_an_empty_store_holds_nothing_and_is_not_created(store):
    assert store.get(KIND, PRINT) is None
    assert not store.root.exists()


def rewritten(**changes):
    def spoil(folder: Path) -> None:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        content = {key: value for key, value in (content | changes).items() if value is not None}
        (folder / MANIFEST).write_text(json.dumps(content), encoding="utf-8")

    return spoil


def truncated(folder: Path) -> None:
    text = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).write_bytes(text[: len(text) // 2])


def flipped(folder: Path) -> None:
    (folder / "weights.bin").write_bytes(b"weightz")


SPOILED = {
    "no manifest": lambda folder: (folder / MANIFEST).unlink(),
    "truncated manifest": truncated,
    "empty manifest": lambda folder: (folder / MANIFEST).write_text("", encoding="utf-8"),
    "manifest is a list": lambda folder: (folder / MANIFEST).write_text("[]", encoding="utf-8"),
    "another fingerprint": rewritten(fingerprint="e" * 64),
    "another schema": rewritten(schema=0),
    "no hashes": rewritten(files=None),
    "hashes are a number": rewritten(files=3),
    "no word of the maker": rewritten(manifest=None),
    "one byte changed": flipped,
    "a byte more": lambda folder: (folder / "weights.bin").write_bytes(b"weights\n"),
    "file missing": lambda folder: (folder / "weights.bin").unlink(),
    "file in a subfolder missing": lambda folder: (folder / "deep" / "notes.txt").unlink(),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())
def test_a_spoiled_entry_is_not_used_and_made_again(store, spoil):
    make = Maker()
    good = store.get_or_make(KIND, PRINT, make)
    spoil(good.folder)
    assert store.get(KIND, PRINT) is None
    assert store.get_or_make(KIND, PRINT, make) == good
    assert make.calls == 2
    assert store.get(KIND, PRINT) == good


@pytest.mark.parametrize("error", [RuntimeError("no luck"), KeyboardInterrupt(), PermissionError(errno.EACCES, "no")])
def test_a_maker_that_raises_leaves_nothing(store, error):
    def make(folder: Path):
        (folder / "half").write_text("half", encoding="utf-8")
        raise error

    with pytest.raises(type(error)) as caught:
        store.get_or_make(KIND, PRINT, make)
    assert caught.value is error
    assert store.get(KIND, PRINT) is None
    assert not (store.root / KIND).exists()
    assert leftovers(store) == []
    assert store.get_or_make(KIND, PRINT, Maker()).manifest["loss"] == 0.5  # and the lock is free


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_is_a_store_error(store, code):
    def make(folder: Path):
        raise OSError(code, os.strerror(code))

    with pytest.raises(StoreError, match=r"--persona-store=DIR or \$PERSONA_STORE, or free some space") as caught:
        store.get_or_make(KIND, PRINT, make)
    assert f"the store {store.root} cannot be written ({os.strerror(code)})" in str(caught.value)
    assert leftovers(store) == []


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


def child(script: str, *arguments: object) -> subprocess.Popen:
    """A process that runs `script`, where `store` and `sys` are known."""
    start = (
        "import sys; from pathlib import Path; from pytest_persona.store import Store; store = Store(Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", f"{start}\n{script}", *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


KILLED = f"""
def make(folder):
    (folder / "weights.bin").write_text("half")
    print("making", flush=True)
    sys.stdin.read()
store.get_or_make("{KIND}", "{PRINT}", make)
"""


def test_a_maker_that_is_killed_leaves_no_entry_and_no_lock(store):
    with child(KILLED, store.root) as process:
        assert process.stdout.readline() == "making\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert store.get(KIND, PRINT) is None
    make = Maker()
    assert store.get_or_make(KIND, PRINT, make) == store.get(KIND, PRINT)
    assert make.calls == 1


TOGETHER = f"""
def make(folder):
    print("making", flush=True)
    sys.stdin.readline()
    with open(sys.argv[2], "a") as file:
        file.write("made ")
    (folder / "who").write_text(sys.argv[3])
    return {{}}
print("asking", flush=True)
entry = store.get_or_make("{KIND}", "{PRINT}", make)
print((entry.folder / "who").read_text(), flush=True)
"""


def test_two_processes_that_ask_at_once_make_it_once(store, tmp_path):
    count = tmp_path / "count"
    with child(TOGETHER, store.root, count, "first") as first:
        assert [first.stdout.readline() for _ in range(2)] == ["asking\n", "making\n"]
        with child(TOGETHER, store.root, count, "second") as second:
            assert second.stdout.readline() == "asking\n"  # while the first one holds the lock
            second.stdin.write("\n")
            second.stdin.flush()
            with pytest.raises(subprocess.TimeoutExpired):  # it waits, however long
                second.wait(timeout=0.5)
            first.stdin.write("\n")
            first.stdin.flush()
            assert second.stdout.readline() == "first\n"
        assert first.stdout.readline() == "first\n"
    assert (first.returncode, second.returncode) == (0, 0)
    assert count.read_text(encoding="utf-8") == "made "


def test_memory_is_computed_once_for_each_key(store):
    calls = []

    def answer(key: dict) -> dict:
        return store.remember(
            "answers", key, lambda: calls.append(key) or {"key": key, "values": [0.1, None, True, "é"]}
        )

    keys = [{"model": "a"}, {"model": "b"}, {"model": "a", "batch": 1}, {"model": "a", "batch": "1"}, {}]
    for key in keys * 2:
        assert answer(key) == {"key": key, "values": [0.1, None, True, "é"]}
    assert calls == keys
    assert answer({"batch": 1, "model": "a"})["key"] == {"model": "a", "batch": 1}
    assert store.remember("others", {"model": "a"}, lambda: {"key": 0}) == {"key": 0}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_memory_refuses_what_is_no_number(store, value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.remember("answers", {"model": "a"}, lambda: {"value": [value]})
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.remember("answers", {"threshold": value}, dict)
    assert store.remember("answers", {"model": "a"}, lambda: {"value": 1}) == {"value": 1}


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(key=st.dictionaries(st.text(), PLAIN, max_size=3), data=st.dictionaries(st.text(), PLAIN, max_size=3))
def test_memory_gives_back_what_was_computed(tmp_path_factory, key, data):
    store = Store(tmp_path_factory.mktemp("store"))
    assert store.remember("answers", key, lambda: data) == data
    assert store.remember("answers", key, dict) == data


def test_rates_are_kept_by_name(store):
    assert store.rate("answers") is None
    store.note_rate("answers", 12.5)
    store.note_rate("training", 400)
    store.note_rate("answers", 13.5)
    assert (store.rate("answers"), store.rate("training"), store.rate("other")) == (13.5, 400, None)


@pytest.mark.parametrize("garbage", [b"", b"{", b"[1]", b"null", b"\xff", b'{"answers": "fast"}', b'{"answers": -1}'])
def test_rates_survive_garbage(store, garbage):
    store.root.mkdir()
    (store.root / "rates.json").write_bytes(garbage)
    assert store.rate("answers") is None
    store.note_rate("answers", 2.0)
    assert store.rate("answers") == 2.0


def test_the_default_store(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PERSONA_STORE", "~/mine")
    assert default_store() == tmp_path / "mine"
    monkeypatch.setenv("PERSONA_STORE", "")
    assert default_store() == tmp_path / "cache" / "pytest-persona"
