"""Published instruments: which file, at which commit, with which hash, under which licence; and how to get them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_persona.digest import file_sha256
from pytest_persona.errors import InstrumentError

_ANTHROPIC = "https://raw.githubusercontent.com/anthropics/evals/84fcc677e52e1902d696c32cd1a6b663e70d3993/persona/"
_OPENAI = (
    "https://raw.githubusercontent.com/openai/grade-school-math/"
    "3101c7d5072418e28b9008a6636bde82a006892c/grade_school_math/data/"
)


@dataclass(frozen=True, slots=True)
class Published:
    """A published file.

    Attributes:
        path: Where it lies below the data folder.
        url: Where it is published, at a pinned commit.
        sha256: Its hash.
        source: Citation and commit.
        licence: Its licence.
        items: How many items it holds.
    """

    path: str
    url: str
    sha256: str
    source: str
    licence: str
    items: int


def _persona(trait: str, sha256: str) -> Published:
    return Published(
        path=f"persona/{trait}.jsonl",
        url=f"{_ANTHROPIC}{trait}.jsonl",
        sha256=sha256,
        source="Perez et al. 2022, anthropics/evals @ 84fcc67",
        licence="CC BY 4.0",
        items=1000,
    )


def _gsm8k(split: str, sha256: str, items: int) -> Published:
    return Published(
        path=f"gsm8k/{split}.jsonl",
        url=f"{_OPENAI}{split}.jsonl",
        sha256=sha256,
        source="Cobbe et al. 2021, openai/grade-school-math @ 3101c7d",
        licence="MIT",
        items=items,
    )


PUBLISHED = {
    file.path: file
    for file in (
        _persona("machiavellianism", "1803c65d56d8ab0185c8aba8c08a8348ed79cb398f055a5088c07a4cea732ff4"),
        _persona("narcissism", "32d93f6b2eddd5c155cf9d6d825a03e1c03cc3c0ac2e6c9382e3f981d9fc4120"),
        _persona("psychopathy", "299a6307e2d40a82f2667e2db3dc118fbe588e4cf80194be1e09748709bf1fce"),
        _gsm8k("train", "17f347dc51477c50d4efb83959dbb7c56297aba886e5544ee2aaed3024813465", 7473),
        _gsm8k("test", "3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14", 1319),
    )
}


def published_file(path: str, data: Path | None) -> Path:
    """The file in the user's data folder, or downloaded once (checked against its hash by pooch).

    Args:
        path: A key of `PUBLISHED`.
        data: The user's data folder (`--persona-data`), or None to download.

    Raises:
        InstrumentError: it is not there, or cannot be downloaded.
    """
    file = PUBLISHED[path]
    if data is not None:
        found = data / path
        if not found.is_file():
            raise InstrumentError(f"{found} is missing. Download {file.url} to it, or leave --persona-data out")
        return found
    import pooch
    import requests

    try:
        return Path(
            pooch.retrieve(
                file.url,
                known_hash=f"sha256:{file.sha256}",
                fname=path.replace("/", "-"),
                path=pooch.os_cache("pytest-persona-instruments"),
            )
        )
    except (requests.RequestException, OSError, ValueError) as error:
        raise InstrumentError(
            f"{file.url} cannot be downloaded ({str(error).splitlines()[0]}). Without a network, put the file under "
            f"DIR/{path} and pass --persona-data=DIR, or use --persona-instruments=pocket"
        ) from error


def check_published(path: Path, file: Published) -> str:
    """The file's sha256, if it is the published one.

    Raises:
        InstrumentError: it is another.
    """
    found = file_sha256(path)
    if found != file.sha256:
        raise InstrumentError(
            f"{path} is not the published file: sha256 {found}, expected {file.sha256}. "
            f"Download it again from {file.url}"
        )
    return found
