"""A set of items of any kind, with where it comes from; and how one is read, published or pocket."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pytest_persona.digest import file_sha256
from pytest_persona.errors import InstrumentError, suggestion
from pytest_persona.instruments.darktriad import KINDS
from pytest_persona.instruments.official import PUBLISHED, check_published, published_file


class _Named(Protocol):
    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=_Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSet(Generic[Item]):
    """A set of items, as it was read.

    Attributes:
        name: For example `truthfulqa`.
        kind: `official` (published) or `pocket` (this project's own, for demos and tests).
        source: Where it comes from, with its commit where that is known.
        licence: Under which it is published.
        sha256: Of the file that was read, or over the hashes of several.
        items: The items, in the file's order.
    """

    name: str
    kind: str
    source: str
    licence: str
    sha256: str
    items: tuple[Item, ...]

    def __post_init__(self) -> None:
        if not self.items:
            raise InstrumentError(f"instrument {self.name} has no items")
        twice = [key for key, count in Counter(item.id for item in self.items).items() if count > 1]
        if twice:
            raise InstrumentError(f"instrument {self.name} asks {len(twice)} items twice, first id {twice[0]}")

    @property
    def label(self) -> str:
        """For reports, for example `official truthfulqa`."""
        return f"{self.kind} {self.name}"


def text_id(text: str) -> str:
    """The first 16 hex digits of the text's sha256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_pocket(kind: str) -> bool:
    """Whether the kind is `pocket`.

    Raises:
        InstrumentError: it is neither that nor `official`.
    """
    if kind not in KINDS:
        raise InstrumentError(f"no kind of instrument {kind!r}{suggestion(kind, KINDS)} Known: {', '.join(KINDS)}")
    return kind == "pocket"


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
