"""Housekeeping: what is in the store, told without touching it, and removed only where no run can want it."""

import os
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.errors import StoreError
from pytest_persona.housekeeping import listing, prune
from pytest_persona.sealed import MANIFEST
from pytest_persona.store import Store

DAY = timedelta(days=1)
WHOLE, CHANGED, LACKING, HALF, LEFT, RESUMABLE, SPENT = (digit * 64 for digit in "1234567")
STATES = {
    WHOLE: "whole",
    CHANGED: "damaged",
    LACKING: "damaged",
    HALF: "unfinished",
    LEFT: "scratch",
    RESUMABLE: "resumable",
    SPENT: "damaged",
}


def fill(folder: Path) -> dict:
    (folder / "weights.bin").write_bytes(bytes(1000))
    return {"label": "sft 25k"}


def save(store: Store, fingerprint: str) -> Path:
    with store.workshop("runs", fingerprint) as shop:
        (shop.scratch / "state").mkdir()
        shop.save(5, shop.scratch / "state", fill(shop.scratch / "state"))
        return shop.latest().folder


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def full(store):
    """A store with one folder in each state."""
    for fingerprint in (WHOLE, CHANGED, LACKING, HALF):
        store.get_or_make("checkpoints", fingerprint, fill)
    (store.folder("checkpoints", CHANGED) / "weights.bin").write_bytes(b"changed")
    (store.folder("checkpoints", LACKING) / "weights.bin").unlink()
    (store.folder("checkpoints", HALF) / MANIFEST).unlink()
    (store.root / "tmp" / f"checkpoints-{LEFT}-abc_12" / "new").mkdir(parents=True)
    save(store, RESUMABLE)
    (save(store, SPENT) / "weights.bin").unlink()
    return store


def everything(root: Path) -> list[tuple[str, float]]:
    return sorted((str(path), path.lstat().st_mtime) for path in root.rglob("*"))


def states(found) -> dict[str, str]:
    return {kept.fingerprint: kept.state for kept in found}


def set_age(store: Store, kind: str, fingerprint: str, age: timedelta) -> None:
    then = (datetime.now(UTC) - age).timestamp()
    for manifest in store.folder(kind, fingerprint).rglob(MANIFEST):
        os.utime(manifest, (then, then))


def test_the_listing_tells_each_state_and_touches_nothing(full):
    before = everything(full.root)
    assert states(listing(full, check=True)) == STATES
    assert states(listing(full)) == STATES | {CHANGED: "whole"}  # only its bytes tell
    assert everything(full.root) == before


def test_the_listing_tells_size_age_and_name(store):
    entry = store.get_or_make("checkpoints", WHOLE, fill)
    set_age(store, "checkpoints", WHOLE, 3 * DAY)
    (kept,) = listing(store)
    assert (kept.kind, kept.fingerprint, kept.label, kept.folder) == ("checkpoints", WHOLE, "sft 25k", entry.folder)
    assert kept.bytes == 1000 + (entry.folder / MANIFEST).stat().st_size
    assert kept.last_used.tzinfo is UTC
    assert abs(datetime.now(UTC) - kept.last_used - 3 * DAY) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("manifest", "label"),
    [
        ({"label": "sft 2k", "name": "other"}, "sft 2k"),
        ({"name": "SmolLM2"}, "SmolLM2"),
        ({"probe": "pmatch", "model": "a" * 64}, "pmatch of model aaaaaaaaaaaa"),
        ({"model": "a" * 64, "recipe": 1}, "model aaaaaaaaaaaa"),
        ({"probe": "pmatch"}, "pmatch"),
        ({"label": 3, "model": None}, ""),
        ({}, ""),
    ],
)
def test_an_entry_is_called_by_what_its_maker_wrote(store, manifest, label):
    store.get_or_make("answers", WHOLE, lambda folder: manifest)
    assert [kept.label for kept in listing(store)] == [label]


def test_what_a_store_does_not_make_is_neither_listed_nor_removed(store):
    """The store may be a folder with other things in it, even `/` or the home folder."""
    for name in ("projects/thesis", "tmp/download", "tmp/x-y", "locks/note", f"projects/{'F' * 64}", "projects/123"):
        (store.root / name).mkdir(parents=True)
    (store.root / "projects" / WHOLE).symlink_to(store.root / "projects" / "thesis")
    (store.root / "notes.txt").write_text("mine", encoding="utf-8")
    before = everything(store.root)
    assert listing(store, check=True) == []
    assert prune(store, older_than=timedelta(0), kinds=None, dry_run=False) == []
    assert everything(store.root) == before


def test_an_absent_store_is_empty_and_stays_absent(store):
    assert listing(store) == prune(store, older_than=DAY, kinds=["checkpoints"], dry_run=False) == []
    assert not store.root.exists()


def test_a_file_is_no_store(store):
    store.root.write_text("a file", encoding="utf-8")
    with pytest.raises(StoreError, match="is not a folder"):
        listing(store)


def test_what_no_run_can_use_goes(full):
    whole = full.get("checkpoints", WHOLE)
    gone = prune(full, older_than=None, kinds=None, dry_run=False)
    assert states(gone) == {key: state for key, state in STATES.items() if state not in ("whole", "resumable")}
    assert states(listing(full, check=True)) == {WHOLE: "whole", RESUMABLE: "resumable"}
    assert full.get("checkpoints", WHOLE) == whole
    assert (full.root / "locks" / f"checkpoints-{HALF}.lock").exists()
    assert prune(full, older_than=None, kinds=None, dry_run=False) == []


def test_a_dry_run_tells_the_same_and_removes_nothing(full):
    before = states(listing(full, check=True))
    told = prune(full, older_than=timedelta(0), kinds=None, dry_run=True)
    assert states(listing(full, check=True)) == before
    assert prune(full, older_than=timedelta(0), kinds=None, dry_run=False) == told
    assert listing(full) == []


def test_what_was_not_used_for_long_goes(store):
    for fingerprint, age in ((WHOLE, 10 * DAY), (CHANGED, 10 * DAY), (LACKING, 2 * DAY)):
        store.get_or_make("checkpoints", fingerprint, fill)
        set_age(store, "checkpoints", fingerprint, age)
    save(store, RESUMABLE)
    set_age(store, "runs", RESUMABLE, 10 * DAY)
    store.get("checkpoints", CHANGED)  # used now
    gone = prune(store, older_than=5 * DAY, kinds=None, dry_run=False)
    assert states(gone) == {WHOLE: "whole", RESUMABLE: "resumable"}
    assert states(listing(store)) == {CHANGED: "whole", LACKING: "whole"}


def test_only_the_kinds_that_are_named_go_for_their_age(full):
    full.get_or_make("answers", WHOLE, fill)
    gone = prune(full, older_than=timedelta(0), kinds=["answers", "runs"], dry_run=False)
    assert {(kept.kind, kept.state) for kept in gone if kept.state in ("whole", "resumable")} == {
        ("answers", "whole"),
        ("runs", "resumable"),
    }
    assert states(listing(full, check=True)) == {WHOLE: "whole"}


def test_a_kind_that_is_not_there_names_those_that_are(full):
    with pytest.raises(
        StoreError, match=r"no kind 'checkpoint'; did you mean 'checkpoints'\? Known: checkpoints, runs"
    ):
        prune(full, older_than=DAY, kinds=["checkpoint"], dry_run=False)


def test_what_a_run_works_on_is_left_alone(full):
    before = states(listing(full, check=True))
    with full.lock("checkpoints", HALF), full.lock("checkpoints", WHOLE), full.workshop("runs", RESUMABLE) as shop:
        (shop.scratch / "half").mkdir()
        prune(full, older_than=timedelta(0), kinds=None, dry_run=False)
        assert shop.scratch.exists()
        assert states(kept for kept in listing(full) if kept.state != "scratch") == {
            key: before[key] for key in (HALF, WHOLE, RESUMABLE)
        }


def test_an_entry_that_is_pruned_is_made_again_silently(full):
    prune(full, older_than=timedelta(0), kinds=None, dry_run=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert full.get_or_make("checkpoints", WHOLE, fill).manifest == {"label": "sft 25k"}


def test_a_folder_that_cannot_be_removed_is_a_store_error(full, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(StoreError, match=r"cannot be written \(Permission denied\)"):
        prune(full, older_than=timedelta(0), kinds=None, dry_run=False)


@settings(deadline=None, max_examples=25)  # the disk may be slow
@given(ages=st.lists(st.integers(0, 20), min_size=1, max_size=6), limit=st.integers(1, 20))
def test_prune_and_listing_share_what_there_is(tmp_path_factory, ages, limit):
    store = Store(tmp_path_factory.mktemp("store"))
    for number, age in enumerate(ages):
        fingerprint = f"{number:064x}"
        store.get_or_make("answers", fingerprint, fill)
        set_age(store, "answers", fingerprint, age * DAY + timedelta(hours=1))
    before = listing(store)
    gone = prune(store, older_than=limit * DAY, kinds=None, dry_run=False)
    assert [kept for kept in before if kept not in gone] == listing(store)
    assert len(gone) == sum(age >= limit for age in ages)
