"""What a disk refuses, said once: any write that the store's disk does not take is one clear StoreError."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from pytest_persona.errors import PersonaError, StoreError

_REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
_NO_SPACE = 2**20  # bytes; with less than this, whatever else an error says, the disk is full
_TORCH = re.compile(r"inline_container.*unexpected pos|PytorchStreamWriter failed writing")  # its words for a full disk


@contextlib.contextmanager
def writing(root: Path) -> Iterator[None]:
    """For a block that writes nothing but the store: each OSError of it is a StoreError."""
    try:
        yield
    except OSError as error:
        raise _cannot_write(root, error.strerror or str(error)) from error


@contextlib.contextmanager
def making(root: Path) -> Iterator[None]:
    """For a block that does other work as well: an error is a StoreError where the store's disk has caused it.

    Libraries report a full disk each in its own way, so the text of an error and the free space count too.
    """
    try:
        yield
    except Exception as error:
        if not isinstance(error, StoreError) and (reason := _refusal(root, error)):
            raise _cannot_write(root, reason) from error
        raise


@contextlib.contextmanager
def reading(root: Path) -> Iterator[None]:
    """For a block that reads the store: a file of somebody else's is a StoreError."""
    try:
        yield
    except PermissionError as error:
        raise StoreError(
            f"the store {root} cannot be read ({error.filename}: {error.strerror}). "
            "Name another folder with --persona-store=DIR or $PERSONA_STORE, or ask the owner of this one for access"
        ) from error


def _cannot_write(root: Path, reason: str) -> StoreError:
    return StoreError(
        f"the store {root} cannot be written ({' '.join(reason.split())}). Name another folder with "
        "--persona-store=DIR or $PERSONA_STORE, or free some space, for example with `pytest-persona store prune`"
    )


def _refusal(root: Path, error: Exception) -> str | None:
    """What the disk said, or None where the error has another cause."""
    for each in (error, error.__cause__):
        if isinstance(each, OSError) and each.errno is not None:
            if each.errno in _REFUSALS and not _elsewhere(root, each.filename):
                return os.strerror(each.errno)
        elif each is not None:
            for code in _REFUSALS:
                if os.strerror(code) in str(each) or f"(os error {code})" in str(each):
                    return os.strerror(code)
            if _TORCH.search(str(each)):
                return "a file was written only in part"
    told = isinstance(error, PersonaError) or (isinstance(error, OSError) and error.errno is not None)
    return None if told or _free(root) >= _NO_SPACE else os.strerror(errno.ENOSPC)


def _elsewhere(root: Path, name: object) -> bool:
    return isinstance(name, str) and not Path(name).resolve().is_relative_to(root.resolve())


def _free(root: Path) -> int:
    try:
        return shutil.disk_usage(root).free
    except OSError:
        return _NO_SPACE
