"""The workshop: a job goes on from its last whole state, and only that one is kept."""

import errno
import os
import shutil
import time
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.errors import StoreError, StoreWarning
from pytest_persona.sealed import MANIFEST
from pytest_persona.store import Store

KIND, PRINT = "runs", "f" * 64


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def shop(store):
    with store.workshop(KIND, PRINT) as workshop:
        yield workshop


def save(shop, number: int, text: str = "state") -> None:
    folder = shop.scratch / "state"
    (folder / "deep").mkdir(parents=True)
    (folder / "weights.bin").write_text(text, encoding="utf-8")
    (folder / "deep" / "trainer.json").write_text("{}", encoding="utf-8")
    shop.save(number, folder, {"step": number})


def text(shop) -> str:
    return (shop.latest().folder / "weights.bin").read_text(encoding="utf-8")


def names(shop) -> list[str]:
    return sorted(path.name for path in shop.folder.iterdir())


def copy_of_state(shop, number: int) -> Path:
    """An older state, as a kill just after the newer one was put in its place leaves it."""
    (state,) = shop.folder.iterdir()
    return Path(shutil.copytree(state, shop.folder / f"state-{number:08d}"))


def test_a_job_without_a_state_begins_at_the_beginning(store, shop):
    assert shop.latest() is None
    assert not shop.folder.exists()
    assert shop.scratch.is_dir()
    assert list(shop.scratch.iterdir()) == []


def test_a_state_is_found_again_by_a_later_job(store):
    with store.workshop(KIND, PRINT) as shop:
        save(shop, 3)
        first = shop.latest()
    with Store(store.root).workshop(KIND, PRINT) as shop:
        assert shop.latest() == first
    assert first.manifest == {"step": 3}
    assert first.folder.name == "state-00000003"
    assert first.files.keys() == {"weights.bin", "deep/trainer.json"}
    with store.workshop(KIND, "e" * 64) as shop:
        assert shop.latest() is None


def test_only_the_newest_state_is_kept(shop):
    for number in (1, 20, 300):
        save(shop, number)
        assert shop.latest().manifest == {"step": number}
        assert names(shop) == [f"state-{number:08d}"]
        assert list(shop.scratch.iterdir()) == []


def test_the_same_number_again_takes_the_place_of_the_first(shop):
    for attempt in ("first", "second", "third"):
        save(shop, 7, attempt)
        assert text(shop) == attempt
        assert len(names(shop)) == 1


@settings(deadline=None, max_examples=30)  # the disk may be slow
@given(sessions=st.lists(st.lists(st.integers(0, 10**9), max_size=3), max_size=4))
def test_the_last_one_saved_is_the_one_found(tmp_path_factory, sessions):
    store = Store(tmp_path_factory.mktemp("store"))
    last = None
    for numbers in sessions:
        with store.workshop(KIND, PRINT) as shop:
            assert (shop.latest() and shop.latest().manifest["step"]) == last
            for last in numbers:
                save(shop, last)
                assert len(names(shop)) == 1


def test_a_damaged_state_is_reported_and_the_one_before_is_taken(shop):
    save(shop, 2)
    newer = copy_of_state(shop, 3)
    (newer / "weights.bin").write_text("damaged", encoding="utf-8")
    with pytest.warns(
        StoreWarning,
        match=r"^state-00000003 of runs ffffffffffff was found damaged \(weights.bin has another sha256\) and has been "
        r"removed\. The job goes on from state-00000002\.",
    ):
        assert shop.latest().manifest == {"step": 2}
    assert names(shop) == ["state-00000002"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert shop.latest().manifest == {"step": 2}


def test_where_all_are_damaged_the_job_begins_again(shop):
    save(shop, 2)
    (shop.latest().folder / "weights.bin").unlink()
    copy_of_state(shop, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(StoreWarning, match="The job begins again"):
            shop.latest()
        assert shop.latest() is None
    assert names(shop) == []


def test_an_unfinished_state_goes_silently(shop):
    save(shop, 2)
    (copy_of_state(shop, 3) / MANIFEST).unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert shop.latest().manifest == {"step": 2}
    assert names(shop) == ["state-00000002"]


def test_the_newest_of_two_with_one_number_is_taken(shop):
    save(shop, 2, "first")
    shutil.copytree(shop.folder / "state-00000002", shop.folder / "state-00000002.9")
    shutil.copytree(shop.folder / "state-00000002", shop.folder / "state-00000002.10")
    assert shop.latest().folder.name == "state-00000002.10"


def test_the_scratch_is_empty_each_time_and_goes_away(store):
    with store.workshop(KIND, PRINT) as shop:
        (shop.scratch / "half").mkdir()
    assert not shop.scratch.exists()
    left = store.root / "tmp" / f"{KIND}-{PRINT}-killed"
    (left / "half").mkdir(parents=True)
    with store.workshop(KIND, PRINT) as shop:
        assert list(shop.scratch.iterdir()) == []
        assert not left.exists()


def test_its_lock_is_held_until_the_end(store):
    with store.workshop(KIND, PRINT), store.lock(KIND, PRINT, wait=False) as held:
        assert not held
    with store.lock(KIND, PRINT, wait=False) as held:
        assert held


def test_the_last_use_is_noted(shop):
    save(shop, 1)
    manifest = shop.latest().folder / MANIFEST
    os.utime(manifest, (0, 0))
    shop.latest()
    assert manifest.stat().st_mtime >= time.time() - 5


def test_what_cannot_be_a_state_is_refused(shop, tmp_path):
    (shop.scratch / "state").mkdir()
    with pytest.raises(ValueError, match="0 or more, got -1"):
        shop.save(-1, shop.scratch / "state", {})
    for folder in (tmp_path, shop.scratch):
        with pytest.raises(ValueError, match="prepared inside"):
            shop.save(1, folder, {})
    with pytest.raises(ValueError, match="not JSON compliant"):
        shop.save(1, shop.scratch / "state", {"loss": float("nan")})
    assert shop.latest() is None


@pytest.mark.parametrize("name", ["fsync", "rename"])
def test_a_disk_that_refuses_a_state_leaves_the_one_before(shop, monkeypatch, name):
    save(shop, 1)

    def refuse(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, name, refuse)
    with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\).*--persona-store=DIR"):
        save(shop, 2)
    monkeypatch.undo()
    assert shop.latest().manifest == {"step": 1}


def test_a_full_disk_in_the_middle_of_the_job_is_a_store_error(store):
    error = RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534")
    with pytest.raises(StoreError, match="cannot be written") as caught, store.workshop(KIND, PRINT):
        raise error
    assert caught.value.__cause__ is error
