"""A sealed folder: a manifest, written last, holds the sha256 of every file, so that half a folder is never used."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_persona.digest import file_sha256

MANIFEST = "manifest.json"
_SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A finished folder of the store.

    Attributes:
        folder: Where the files are.
        manifest: What its maker wrote about it.
        files: File name to sha256.
    """

    folder: Path
    manifest: Mapping[str, Any]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A sealed folder that is no longer what its manifest says.

    Attributes:
        manifest: What its maker wrote about it.
        file: The first file that is not as it was.
        fault: What is wrong with it, as the end of a sentence.
    """

    manifest: Mapping[str, Any]
    file: str
    fault: str

    def __str__(self) -> str:
        return f"{self.file} {self.fault}"


def seal(folder: Path, fingerprint: str, manifest: Mapping[str, Any]) -> None:
    """Hash the files of a folder, bring them to the disk, and write the manifest last.

    Raises:
        OSError: the disk refuses.
        ValueError: the manifest has a number that is not finite.
    """
    inside = sorted(folder.rglob("*"))
    files = {path.relative_to(folder).as_posix(): path for path in inside if path.is_file()}
    content = {
        "schema": _SCHEMA,
        "fingerprint": fingerprint,
        "files": {name: file_sha256(path) for name, path in files.items()},
        "manifest": dict(manifest),
    }
    text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False)
    for path in inside:
        sync(path)
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    sync(folder / MANIFEST)
    sync(folder)


def unseal(folder: Path, fingerprint: str, *, check: bool = True) -> Entry | Damage | None:
    """The sealed folder; None where there is no valid manifest.

    Args:
        check: Whether files are read and hashed; otherwise they need only be there.

    Raises:
        PermissionError: the folder is somebody else's.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files, manifest = content["files"], content["manifest"]
        if content["schema"] != _SCHEMA or content["fingerprint"] != fingerprint:
            return None
    except PermissionError:
        raise
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not (isinstance(files, dict) and isinstance(manifest, dict)):
        return None
    for name, expected in files.items():
        if fault := _fault(folder / name, expected, check):
            return Damage(manifest=manifest, file=name, fault=fault)
    return Entry(folder=folder, manifest=manifest, files=files)


def touch(entry: Entry) -> None:
    """Note that an entry is used now: the time of its manifest. A read-only store keeps no such note."""
    with contextlib.suppress(OSError):
        os.utime(entry.folder / MANIFEST)


def remove(folder: Path) -> None:
    """Remove a folder, manifests first: what is left when that is interrupted has none and is never used.

    Raises:
        OSError: it cannot be removed.
    """
    for manifest in sorted(folder.rglob(MANIFEST)):
        manifest.unlink()
    shutil.rmtree(folder)


def place(folder: Path, target: Path) -> None:
    """Rename a sealed folder to where it is found, and bring the name to the disk.

    Raises:
        OSError: the disk refuses.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(target)
    sync(target.parent)
    sync(target.parent.parent)  # it may be new as well


def sync(path: Path) -> None:
    """Bring a file or the names in a folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fault(path: Path, expected: object, check: bool) -> str | None:
    try:
        if not path.is_file():
            return "is missing"
        return "has another sha256" if check and file_sha256(path) != expected else None
    except PermissionError:
        raise
    except (OSError, ValueError):
        return "cannot be read"
