"""What is in a store, and what of it can go."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pytest_persona.disk import reading, writing
from pytest_persona.errors import StoreError, suggestion
from pytest_persona.sealed import MANIFEST, Damage, Entry, remove, unseal
from pytest_persona.store import OWN_FOLDERS, Store
from pytest_persona.workshop import states

State = Literal["whole", "resumable", "damaged", "unfinished", "scratch"]

_FINGERPRINT = re.compile("[0-9a-f]{64}")
_SCRATCH = re.compile(r"(?P<kind>.+)-(?P<fingerprint>[0-9a-f]{64})-[^-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One folder of a store.

    Attributes:
        kind: Kind of entry.
        fingerprint: What it was made from, 64 hex digits.
        label: What it is in words, "" where nothing says so.
        folder: Where it is.
        bytes: Size of its files.
        last_used: When it was last asked for, in UTC.
        state: "whole" can be used, "resumable" can be gone on from; "damaged" has other files than it was finished
            with, "unfinished" was never finished, "scratch" belongs to a run that goes on or that was killed.
    """

    kind: str
    fingerprint: str
    label: str
    folder: Path
    bytes: int
    last_used: datetime
    state: State


def listing(store: Store, *, check: bool = False) -> list[Kept]:
    """Everything in the store, by kind and fingerprint. Writes nothing.

    Args:
        check: Whether every file is read and hashed; otherwise a file that has changed is not noticed.

    Raises:
        StoreError: the store cannot be read.
    """
    return [kept for key in _keys(store) for kept in _kept(store, *key, check=check)]


def prune(store: Store, *, older_than: timedelta | None, kinds: Collection[str] | None, dry_run: bool) -> list[Kept]:
    """Remove what no run can use, and, where an age is given, what no run has used for so long; tell what that was.

    Reads and hashes every file. An entry whose lock somebody holds is left alone.

    Args:
        older_than: How long a whole or resumable entry must have been unused to go; None keeps all of them.
        kinds: The kinds of which whole and resumable entries may go; None is all.
        dry_run: Remove nothing.

    Raises:
        StoreError: the store cannot be read or written, or has no such kind.
    """
    if kinds is not None:
        _check_kinds(store, kinds)
    before = datetime.now(UTC) - older_than if older_than is not None else None
    gone: list[Kept] = []
    for key in _keys(store):
        with store.lock(*key, wait=False) as held:
            if not held:
                continue
            for kept in _kept(store, *key, check=True):
                usable = kept.state in ("whole", "resumable")
                old = before is not None and kept.last_used <= before and (kinds is None or kept.kind in kinds)
                if usable and not old:
                    continue
                if not dry_run:
                    with writing(store.root):
                        remove(kept.folder)
                gone.append(kept)
    return gone


def _check_kinds(store: Store, kinds: Collection[str]) -> None:
    with reading(store.root):
        known = [folder.name for folder in _kinds(store)]
    for kind in kinds:
        if known and kind not in known:
            raise StoreError(
                f"the store {store.root} has no kind {kind!r}{suggestion(kind, known)} Known: {', '.join(known)}"
            )


def _kinds(store: Store) -> list[Path]:
    try:
        inside = sorted(store.root.iterdir())
    except FileNotFoundError:
        return []
    except NotADirectoryError as error:
        raise StoreError(f"the store {store.root} is not a folder. Name the folder of the store") from error
    return [path for path in inside if path.is_dir() and path.name not in OWN_FOLDERS]


def _keys(store: Store) -> list[tuple[str, str]]:
    """Kind and fingerprint of what is there. Folders that a store does not make are not looked at."""
    with reading(store.root):
        keys = {
            (kind.name, path.name)
            for kind in _kinds(store)
            for path in kind.iterdir()
            if _FINGERPRINT.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
        }
        for path in store.all_scratch():
            if match := _SCRATCH.fullmatch(path.name):
                keys.add((match["kind"], match["fingerprint"]))
    return sorted(keys)


def _kept(store: Store, kind: str, fingerprint: str, *, check: bool) -> list[Kept]:
    with reading(store.root):
        found: list[tuple[Path, State, Mapping[str, Any]]] = []
        folder = store.folder(kind, fingerprint)
        if folder.is_dir():
            found.append((folder, *_examine(folder, fingerprint, check)))
        found += [(left, "scratch", {}) for left in store.leftovers(kind, fingerprint)]
        return [
            Kept(
                kind=kind,
                fingerprint=fingerprint,
                label=_label(manifest),
                folder=path,
                bytes=measured[0],
                last_used=measured[1],
                state=state,
            )
            for path, state, manifest in found
            if (measured := _measure(path))
        ]


def _examine(folder: Path, fingerprint: str, check: bool) -> tuple[State, Mapping[str, Any]]:
    there = [unseal(state, fingerprint, check=check) for state in states(folder)]
    for state in there:
        if isinstance(state, Entry):
            return "resumable", state.manifest
    for each in (*there, unseal(folder, fingerprint, check=check)):
        if each is not None:
            return "damaged" if isinstance(each, Damage) else "whole", each.manifest
    return "unfinished", {}


def _measure(folder: Path) -> tuple[int, datetime] | None:
    """Bytes, and the time of the newest manifest, else of the folder; None when a run has just removed it."""
    size, used = 0, []
    for path in (Path(where) / name for where, _, names in os.walk(folder) for name in names):
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue
        size += status.st_size
        if path.name == MANIFEST:
            used.append(status.st_mtime)
    try:
        return size, datetime.fromtimestamp(max(used) if used else folder.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def _label(manifest: Mapping[str, Any]) -> str:
    for key in ("label", "name"):
        if isinstance(manifest.get(key), str):
            return str(manifest[key])
    probe, model = manifest.get("probe"), manifest.get("model")
    words = [str(probe)] if isinstance(probe, str) else []
    return " of ".join([*words, f"model {model[:12]}"] if isinstance(model, str) else words)
