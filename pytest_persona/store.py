"""A content-addressed store: one folder per fingerprint, written aside, hashed, and renamed into place."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_persona.digest import digest
from pytest_persona.disk import making, reading, writing
from pytest_persona.errors import StoreError, StoreWarning
from pytest_persona.sealed import Damage, Entry, place, remove, seal, touch, unseal
from pytest_persona.workshop import Workshop

_LOCKS, _SCRATCH, _RATES = "locks", "tmp", "rates.json"
_RATES_LOCK = ("rates", "0" * 64)

OWN_FOLDERS = (_LOCKS, _SCRATCH)
"""Folders of the store that are no kind of entry."""


def default_store() -> Path:
    """`$PERSONA_STORE`, else the user's cache folder."""
    if os.environ.get("PERSONA_STORE"):
        return Path(os.environ["PERSONA_STORE"]).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("pytest-persona"))


class Store:
    """Checkpoints, base models and measurements, found again by what they were made from.

    A folder without a valid manifest does not exist. One whose files do not have the hashes of its manifest is
    damaged: it is never used, and made again with a warning.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, kind: str, fingerprint: str) -> Entry | None:
        """The finished entry, or None. Reads and hashes all its files, and notes that it was used.

        Raises:
            StoreError: the store may not be read.
        """
        entry = self._look(kind, fingerprint)
        if not isinstance(entry, Entry):
            return None
        touch(entry)
        return entry

    def get_or_make(self, kind: str, fingerprint: str, make: Callable[[Path], Mapping[str, Any]]) -> Entry:
        """The finished entry; if there is none, `make(folder)` fills an empty folder and returns its manifest.

        Processes that ask for the same entry at once wait for the first of them. What `make` leaves in
        `folder.parent` goes away. A damaged entry that was made again is reported as a StoreWarning.

        Raises:
            StoreError: the store cannot be read or written.
        """
        if entry := self.get(kind, fingerprint):
            return entry
        with self.lock(kind, fingerprint):
            before = self._look(kind, fingerprint)
            if isinstance(before, Entry):
                return before
            with self.scratch(kind, fingerprint) as scratch:
                folder = scratch / "new"
                with writing(self.root):
                    folder.mkdir()
                with making(self.root):
                    manifest = make(folder)
                with writing(self.root):
                    seal(folder, fingerprint, manifest)
                    if self.folder(kind, fingerprint).exists():  # damaged or unfinished
                        remove(self.folder(kind, fingerprint))
                    place(folder, self.folder(kind, fingerprint))
            made = self._look(kind, fingerprint)
        if not isinstance(made, Entry):
            raise StoreError(f"what was just written to {self.root} reads back differently; check the disk")
        if isinstance(before, Damage):
            warnings.warn(
                StoreWarning(
                    f"{kind} {fingerprint[:12]} was found damaged ({before}) and has been made again. "
                    f"Should this come again, check the disk of {self.root}"
                ),
                stacklevel=2,
            )
        return made

    def remember(self, kind: str, key: Mapping[str, Any], compute: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Plain data found under everything that it depends on; computed and kept when it is not there."""

        def make(folder: Path) -> Mapping[str, Any]:
            (folder / "data.json").write_text(json.dumps(compute(), allow_nan=False), encoding="utf-8")
            return dict(key)

        entry = self.get_or_make(kind, digest(dict(key)), make)
        data: dict[str, Any] = json.loads((entry.folder / "data.json").read_text(encoding="utf-8"))
        return data

    @contextlib.contextmanager
    def workshop(self, kind: str, fingerprint: str) -> Iterator[Workshop]:
        """Where a long job keeps its last resumable state; its lock is held until the context ends.

        The state stays, so that a later and longer job can go on from it. A kind is either of entries or of
        workshops.

        Raises:
            StoreError: the store cannot be written.
        """
        with self.lock(kind, fingerprint), self.scratch(kind, fingerprint) as scratch, making(self.root):
            yield Workshop(root=self.root, kind=kind, fingerprint=fingerprint, scratch=scratch)

    def rate(self, name: str) -> float | None:
        """A speed that was measured here before, or None."""
        found = self._rates().get(name)
        return float(found) if isinstance(found, (int, float)) and found > 0 else None

    def note_rate(self, name: str, value: float) -> None:
        """Keep a measured speed, for estimates of cost."""
        with self.lock(*_RATES_LOCK), self.scratch(*_RATES_LOCK) as scratch, writing(self.root):
            text = json.dumps(self._rates() | {name: value}, indent=2, sort_keys=True)
            (scratch / _RATES).write_text(text, encoding="utf-8")
            (scratch / _RATES).rename(self.root / _RATES)

    def folder(self, kind: str, fingerprint: str) -> Path:
        """Where an entry or a workshop is, if it is there."""
        return self.root / kind / fingerprint

    @contextlib.contextmanager
    def lock(self, kind: str, fingerprint: str, *, wait: bool = True) -> Iterator[bool]:
        """Hold the lock of an entry. Gives whether it is held: without `wait` it may be somebody else's.

        Raises:
            StoreError: the store cannot be written.
        """
        from filelock import FileLock, Timeout

        with writing(self.root):
            (self.root / _LOCKS).mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.root / _LOCKS / f"{kind}-{fingerprint}.lock")
            try:
                lock.acquire(timeout=-1 if wait else 0)
                held = True
            except Timeout:
                held = False
        try:
            yield held
        finally:
            lock.release()

    @contextlib.contextmanager
    def scratch(self, kind: str, fingerprint: str) -> Iterator[Path]:
        """An empty folder that goes away with the context. Hold the lock: what a killed run left goes first.

        Raises:
            StoreError: the store cannot be written.
        """
        with writing(self.root):
            for left in self.leftovers(kind, fingerprint):
                shutil.rmtree(left, ignore_errors=True)
            (self.root / _SCRATCH).mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=f"{kind}-{fingerprint}-", dir=self.root / _SCRATCH))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def leftovers(self, kind: str, fingerprint: str) -> list[Path]:
        """Scratch folders of an entry. Whoever holds its lock and has opened none finds those of killed runs."""
        return sorted(path for path in self.all_scratch() if path.name.startswith(f"{kind}-{fingerprint}-"))

    def all_scratch(self) -> list[Path]:
        """Scratch folders of all entries, each named kind-fingerprint-random."""
        try:
            return sorted((self.root / _SCRATCH).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _look(self, kind: str, fingerprint: str) -> Entry | Damage | None:
        with reading(self.root):
            return unseal(self.folder(kind, fingerprint), fingerprint)

    def _rates(self) -> dict[str, Any]:
        try:
            found = json.loads((self.root / _RATES).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
