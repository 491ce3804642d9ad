"""How a set of items is read: a published one, one of this project's own, or the user's copy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytest_persona.digest import file_sha256
from pytest_persona.instruments.items import Item, ItemSet
from pytest_persona.instruments.official import PUBLISHED, check_published, published_file


def read_pocket_set(name: str, path: Path, read: Callable[[Path], tuple[Item, ...]]) -> ItemSet[Item]:
    """A set of this project's own.

    Args:
        name: Of the instrument.
        path: The file.
        read: Its reader.
    """
    return ItemSet(
        name=name,
        kind="pocket",
        source="pytest-persona",
        licence="Apache-2.0",
        sha256=file_sha256(path),
        items=read(path),
    )


def read_official_set(
    name: str, key: str, data: Path | None, read: Callable[[Path], tuple[Item, ...]]
) -> ItemSet[Item]:
    """A published set, found in the user's folder or downloaded.

    Args:
        name: Of the instrument.
        key: Of `PUBLISHED`.
        data: Folder with the published files; None downloads it, where it can be.
        read: The file's reader.

    Raises:
        InstrumentError: missing or damaged file, or not the published one.
    """
    published = PUBLISHED[key]
    path = published_file(key, data)
    items = read(path)  # first, because a damaged line says more than a wrong hash
    return ItemSet(
        name=name,
        kind="official",
        source=published.source,
        licence=published.licence,
        sha256=check_published(path, published),
        items=items,
    )


def read_own_set(
    name: str, path: Path, source: str, licence: str, read: Callable[[Path], tuple[Item, ...]]
) -> ItemSet[Item]:
    """A published set whose hash this project does not know, from the user's copy: the set's own hash says which it is.

    Args:
        name: Of the instrument.
        path: The user's copy.
        source: Who published it.
        licence: Under which.
        read: The file's reader.

    Raises:
        InstrumentError: missing or damaged file.
    """
    items = read(path)
    return ItemSet(name=name, kind="official", source=source, licence=licence, sha256=file_sha256(path), items=items)
