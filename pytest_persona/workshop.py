"""Where a long job keeps its last resumable state, found whole whenever the job is killed."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_persona.disk import reading, writing
from pytest_persona.errors import StoreWarning
from pytest_persona.sealed import Damage, Entry, place, remove, seal, touch, unseal

_STATE = re.compile(r"state-([0-9]{8,})(?:\.([0-9]+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """The states of one job. `Store.workshop` opens it and holds its lock.

    Attributes:
        root: The store's folder.
        kind: What kind of job it is.
        fingerprint: What the states are made from.
        scratch: A folder that is empty at first and goes away with the context. States are prepared in it.
    """

    root: Path
    kind: str
    fingerprint: str
    scratch: Path

    @property
    def folder(self) -> Path:
        """Where the states are, once there is one."""
        return self.root / self.kind / self.fingerprint

    def latest(self) -> Entry | None:
        """The newest whole state, or None. Damaged ones are removed, each with a StoreWarning.

        Raises:
            StoreError: the store cannot be read or written.
        """
        found: Entry | None = None
        damaged: dict[str, Damage] = {}
        for folder in states(self.folder):
            with reading(self.root):
                state = unseal(folder, self.fingerprint)
            if isinstance(state, Entry):
                touch(state)
                found = state
                break
            if isinstance(state, Damage):
                damaged[folder.name] = state
            with writing(self.root):
                remove(folder)
        next_step = f"The job goes on from {found.folder.name}" if found else "The job begins again"
        for name, damage in damaged.items():
            warnings.warn(
                StoreWarning(
                    f"{name} of {self.kind} {self.fingerprint[:12]} was found damaged ({damage}) and has been removed. "
                    f"{next_step}. Should this come again, check the disk of {self.root}"
                ),
                stacklevel=2,
            )
        return found

    def save(self, number: int, folder: Path, manifest: Mapping[str, Any]) -> None:
        """Keep a state in place of all earlier ones. Killed at any moment, the one or the other is found whole.

        Args:
            number: How far the job has come, 0 or more.
            folder: A finished folder inside `scratch`; it is moved.
            manifest: Plain data, given back by `latest`.

        Raises:
            ValueError: a number below 0, a folder that is not inside `scratch`, a manifest with NaN or infinity.
            StoreError: the store cannot be written.
        """
        if number < 0:
            raise ValueError(f"a state's number is 0 or more, got {number}")
        if self.scratch not in folder.parents:
            raise ValueError(f"a state is prepared inside {self.scratch}, got {folder}")
        with reading(self.root):
            earlier = states(self.folder)
        taken = {state.name for state in earlier}
        name = f"state-{number:08d}"
        names = itertools.chain([name], (f"{name}.{again}" for again in itertools.count(1)))
        with writing(self.root):
            seal(folder, self.fingerprint, manifest)
            place(folder, self.folder / next(name for name in names if name not in taken))
            for state in earlier:
                remove(state)


def states(folder: Path) -> list[Path]:
    """The states in a workshop's folder, newest first.

    Raises:
        PermissionError: the folder is somebody else's.
    """
    try:
        found = {path: match for path in folder.iterdir() if (match := _STATE.fullmatch(path.name))}
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(found, key=lambda path: (int(found[path][1]), int(found[path][2] or 0)), reverse=True)
