"""The store: made once, checked on every read, never half-written, and clear about what stops it."""

import errno
import json
import os
import shutil
import signal
import subprocess
import time
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.errors import StoreError, StoreWarning
from pytest_persona.sealed import MANIFEST, Entry
from pytest_persona.store import Store, default_store
from tests.stores import KIND, PRINT, Maker, child, leftovers, refuse


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


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


def in_the_way(folder: Path) -> None:
    (folder / "weights.bin").unlink()
    (folder / "weights.bin").mkdir()


UNFINISHED = {
    "no manifest": lambda folder: (folder / MANIFEST).unlink(),
    "truncated manifest": truncated,
    "empty manifest": lambda folder: (folder / MANIFEST).write_text("", encoding="utf-8"),
    "manifest is a list": lambda folder: (folder / MANIFEST).write_text("[]", encoding="utf-8"),
    "another fingerprint": rewritten(fingerprint="e" * 64),
    "another schema": rewritten(schema=0),
    "no hashes": rewritten(files=None),
    "hashes are a number": rewritten(files=3),
    "no word of the maker": rewritten(manifest=None),
    "only a file of it": lambda folder: [(folder / name).unlink() for name in (MANIFEST, "weights.bin")],
}
DAMAGED = {
    "one byte changed": (flipped, "weights.bin has another sha256"),
    "a byte more": (
        lambda folder: (folder / "weights.bin").write_bytes(b"weights\n"),
        "weights.bin has another sha256",
    ),
    "file missing": (lambda folder: (folder / "weights.bin").unlink(), "weights.bin is missing"),
    "file is a folder": (in_the_way, "weights.bin is missing"),
    "file in a subfolder missing": (lambda folder: shutil.rmtree(folder / "deep"), "deep/notes.txt is missing"),
    "hash is no text": (rewritten(files={"weights.bin": 3}), "weights.bin has another sha256"),
}


@pytest.mark.parametrize("spoil", UNFINISHED.values(), ids=UNFINISHED.keys())
def test_an_unfinished_entry_is_not_used_and_made_again_silently(store, spoil):
    make = Maker()
    good = store.get_or_make(KIND, PRINT, make)
    spoil(good.folder)
    assert store.get(KIND, PRINT) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert store.get_or_make(KIND, PRINT, make) == good
    assert make.calls == 2
    assert store.get(KIND, PRINT) == good


@pytest.mark.parametrize(("spoil", "fault"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_entry_is_not_used_and_made_again_with_one_warning(store, spoil, fault):
    make = Maker()
    good = store.get_or_make(KIND, PRINT, make)
    spoil(good.folder)
    assert store.get(KIND, PRINT) is None
    with pytest.warns(StoreWarning) as caught:
        assert store.get_or_make(KIND, PRINT, make) == good
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert store.get_or_make(KIND, PRINT, make) == good
    assert make.calls == 2
    (warning,) = caught
    assert str(warning.message).startswith(f"{KIND} ffffffffffff was found damaged ({fault}) and has been made again.")
    assert Path(warning.filename).samefile(__file__)
    assert leftovers(store) == []


def test_a_warning_that_is_an_error_comes_when_the_entry_is_whole(store):
    good = store.get_or_make(KIND, PRINT, Maker())
    flipped(good.folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(StoreWarning, match="has been made again"):
            store.get_or_make(KIND, PRINT, Maker())
    assert store.get(KIND, PRINT) == good


def test_a_maker_that_fails_on_a_damaged_entry_reports_no_repair(store):
    flipped(store.get_or_make(KIND, PRINT, Maker()).folder)

    def make(folder: Path):
        raise RuntimeError("no luck")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeError, match="no luck"):
            store.get_or_make(KIND, PRINT, make)


def used(entry: Entry) -> float:
    return (entry.folder / MANIFEST).stat().st_mtime


def test_the_last_use_is_the_time_of_the_manifest(store):
    entry = store.get_or_make(KIND, PRINT, Maker())
    for ask in (store.get, lambda kind, fingerprint: store.get_or_make(kind, fingerprint, Maker())):
        os.utime(entry.folder / MANIFEST, (0, 0))
        start = time.time() - 1
        ask(KIND, PRINT)
        assert used(entry) >= start


def test_a_store_that_cannot_note_the_last_use_is_read_all_the_same(store, monkeypatch):
    entry = store.get_or_make(KIND, PRINT, Maker())
    monkeypatch.setattr(os, "utime", refuse(errno.EROFS))
    assert store.get(KIND, PRINT) == entry


def test_an_entry_of_somebody_else_is_an_error_that_says_whom_to_ask(store, monkeypatch):
    store.get_or_make(KIND, PRINT, Maker())
    monkeypatch.setattr(Path, "read_text", refuse(errno.EACCES))
    with pytest.raises(StoreError, match=r"cannot be read .*Permission denied.*or ask the owner"):
        store.get(KIND, PRINT)


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


KILLED = f"""
import tempfile
def make(folder):
    (folder / "weights.bin").write_text("half")
    with tempfile.TemporaryDirectory(dir=folder.parent):
        print("making", flush=True)
        sys.stdin.read()
store.get_or_make("{KIND}", "{PRINT}", make)
"""


def test_a_maker_that_is_killed_leaves_no_entry_no_lock_and_in_the_end_no_scratch(store):
    with child(KILLED, store.root) as process:
        assert process.stdout.readline() == "making\n"
        with store.scratch(KIND, "e" * 64) as other:  # as of another run that goes on
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert process.returncode == -signal.SIGKILL
            assert store.get(KIND, PRINT) is None
            (left,) = store.leftovers(KIND, PRINT)
            assert set(leftovers(store)) == {left, other}
            make = Maker()
            assert store.get_or_make(KIND, PRINT, make) == store.get(KIND, PRINT)
            assert make.calls == 1
            assert leftovers(store) == [other]


def test_what_a_maker_leaves_beside_its_folder_goes_away(store):
    def make(folder: Path):
        (folder.parent / "download").mkdir()
        return {}

    store.get_or_make(KIND, PRINT, make)
    assert leftovers(store) == []


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


@settings(deadline=None)  # the disk may be slow
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
