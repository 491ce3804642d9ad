"""A content-addressed store: one folder per fingerprint, written aside, hashed, and renamed into place."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_persona.digest import digest, file_sha256
from pytest_persona.errors import StoreError

MANIFEST = "manifest.json"
_SCHEMA = 1
_RATES = "rates.json"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def default_store() -> Path:
    """`$PERSONA_STORE`, else the user's cache folder."""
    if os.environ.get("PERSONA_STORE"):
        return Path(os.environ["PERSONA_STORE"]).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("pytest-persona"))


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished folder of the store, every file of it checked against its hash.

    Attributes:
        folder: Where the files are.
        manifest: What its maker wrote about it.
        files: File name to sha256.
    """

    folder: Path
    manifest: Mapping[str, Any]
    files: Mapping[str, str]


class Store:
    """Checkpoints, base models and measurements, found again by what they were made from.

    A folder without a valid manifest does not exist; a folder whose files do not have the hashes of its manifest is
    removed and made again.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, kind: str, fingerprint: str) -> Entry | None:
        """The finished entry, or None. Reads and hashes all its files."""
        folder = self._folder(kind, fingerprint)
        try:
            content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            files, manifest = dict(content["files"]), dict(content["manifest"])
            if content["schema"] != _SCHEMA or content["fingerprint"] != fingerprint:
                return None
            if any(file_sha256(folder / name) != expected for name, expected in files.items()):
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Entry(folder=folder, manifest=manifest, files=files)

    def get_or_make(self, kind: str, fingerprint: str, make: Callable[[Path], Mapping[str, Any]]) -> Entry:
        """The finished entry; if there is none, `make(folder)` fills an empty folder and returns its manifest.

        Processes that ask for the same entry at once wait for the first of them.

        Raises:
            StoreError: the store cannot be written.
        """
        if entry := self.get(kind, fingerprint):
            return entry
        with self._lock(kind, fingerprint):
            if entry := self.get(kind, fingerprint):
                return entry
            with self._scratch() as scratch:
                try:
                    manifest = make(scratch)
                except OSError as error:
                    if error.errno in _FULL:
                        raise _cannot_write(self.root, error) from error
                    raise
                with _writing(self.root):
                    self._finish(scratch, kind, fingerprint, manifest)
        entry = self.get(kind, fingerprint)
        if entry is None:
            raise StoreError(f"what was just written to {self.root} reads back differently; check the disk")
        return entry

    def remember(self, kind: str, key: Mapping[str, Any], compute: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Plain data found under everything that it depends on; computed and kept when it is not there."""

        def make(folder: Path) -> Mapping[str, Any]:
            (folder / "data.json").write_text(json.dumps(compute(), allow_nan=False), encoding="utf-8")
            return dict(key)

        entry = self.get_or_make(kind, digest(dict(key)), make)
        data: dict[str, Any] = json.loads((entry.folder / "data.json").read_text(encoding="utf-8"))
        return data

    def rate(self, name: str) -> float | None:
        """A speed that was measured here before, or None."""
        found = self._rates().get(name)
        return float(found) if isinstance(found, (int, float)) and found > 0 else None

    def note_rate(self, name: str, value: float) -> None:
        """Keep a measured speed, for estimates of cost."""
        rates = self._rates() | {name: value}
        with _writing(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            handle, path = tempfile.mkstemp(dir=self.root)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(rates, file, indent=2, sort_keys=True)
            Path(path).rename(self.root / _RATES)

    def _rates(self) -> dict[str, Any]:
        try:
            found = json.loads((self.root / _RATES).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _folder(self, kind: str, fingerprint: str) -> Path:
        return self.root / kind / fingerprint

    @contextlib.contextmanager
    def _lock(self, kind: str, fingerprint: str) -> Iterator[None]:
        from filelock import FileLock

        folder = self.root / "locks"
        with _writing(self.root):
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / f"{kind}-{fingerprint}.lock")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        with _writing(self.root):
            (self.root / "tmp").mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self.root / "tmp"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _finish(self, scratch: Path, kind: str, fingerprint: str, manifest: Mapping[str, Any]) -> None:
        files = {path.relative_to(scratch).as_posix(): path for path in sorted(scratch.rglob("*")) if path.is_file()}
        content = {
            "schema": _SCHEMA,
            "fingerprint": fingerprint,
            "files": {name: file_sha256(path) for name, path in files.items()},
            "manifest": dict(manifest),
        }
        for path in files.values():
            _sync(path)
        last = scratch / MANIFEST
        last.write_text(json.dumps(content, indent=2, sort_keys=True, allow_nan=False), encoding="utf-8")
        _sync(last)
        _sync(scratch)
        target = self._folder(kind, fingerprint)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():  # unfinished or damaged: get() has just refused it
            shutil.rmtree(target)
        scratch.rename(target)
        _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _writing(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _cannot_write(root, error) from error


def _cannot_write(root: Path, error: OSError) -> StoreError:
    return StoreError(
        f"the store {root} cannot be written ({error.strerror or error}). "
        "Name another folder with --persona-store=DIR or $PERSONA_STORE, or free some space"
    )
