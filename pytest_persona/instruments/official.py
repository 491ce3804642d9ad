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


_RUDINGER = (
    "https://raw.githubusercontent.com/rudinger/winogender-schemas/1c7f8b481ad8a234b41e9f76a424d6e856e13f7f/data/"
)
_EQ_BENCH = "https://raw.githubusercontent.com/EQ-bench/EQ-Bench/d28c60c514fe6667dc5818114ed10088f91f09f3/data/"


@dataclass(frozen=True, slots=True)
class Published:
    """A published file.

    Attributes:
        path: Where it lies below the data folder.
        url: Where it is published, at a pinned commit; None for a file that is made from a published one, or whose
            commit is not known. It cannot be downloaded, and `layout` says how to make it.
        sha256: Its hash.
        source: Citation and commit.
        licence: Its licence.
        items: How many items it holds.
        layout: From which file of the source it is made, and how; empty where there is a url.
    """

    path: str
    url: str | None
    sha256: str
    source: str
    licence: str
    items: int
    layout: str = ""

    @property
    def making(self) -> str:
        """How to make a file that has no url."""
        return f"Make it from {self.source}: {self.layout}"


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


def _moral(name: str, sha256: str, *, source: str, licence: str, items: int, layout: str) -> Published:
    return Published(
        path=f"mfq/{name}.jsonl",
        url=None,
        sha256=sha256,
        source=f"{source}, bastoscostadavi/llm-persona-moral-metrics @ 5fdc035",
        licence=licence,
        items=items,
        layout=f"{layout}, one JSON object a line as json.dumps writes it",
    )


def _forbidden(size: str, sha256: str, items: int) -> Published:
    name = f"strongreject_{size}dataset"
    return Published(
        path=f"strongreject/{name}.csv",
        url=None,
        sha256=sha256,
        source=f"Souly et al. 2024 (StrongREJECT{', small set' if size else ''}), alexandrasouly/strongreject",
        licence="MIT",
        items=items,
        layout=f"strongreject_dataset/{name}.csv, unchanged",
    )


def _winogender(name: str, sha256: str, items: int) -> Published:
    return Published(
        path=f"winogender/{name}.tsv",
        url=f"{_RUDINGER}{name}.tsv",
        sha256=sha256,
        source="Rudinger et al. 2018 (Winogender), rudinger/winogender-schemas @ 1c7f8b4",
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
        _moral(
            "mfq30",
            "0364d0823f494601330ad109de98e63899f384cd688b546b0e941463f2618d82",
            source="Graham et al. 2011 (MFQ-30, moralfoundations.org)",
            licence="research use",
            items=30,
            layout="mfq_questions.py, as id, section, foundation, text and prompt",
        ),
        _moral(
            "personas100",
            "47e77339ec8b69a00fad3fe28918d17762e03c60a605beacbc3f523cd90a4646",
            source="Costa, Alves & Vicente 2025 (from PersonaHub)",
            licence="CC BY-NC-SA",
            items=100,
            layout="personas.json, as id and persona",
        ),
        _forbidden("", "4dd70357e4ff8b5d0ba5ebafecab5d6dd5633ce8046e3dd1c8bd93e64de44381", 313),
        _forbidden("small_", "3051340e3e89a3598d764dde497d5fcda80e258ac05cc35e6bd87228ac3d467c", 60),
        Published(
            path="truthfulqa/mc_task.json",
            url=None,
            sha256="c90d853454fd48c676accb33e16923ac438dbb6fb37ecc7c6a70e33c9e556e87",
            source="Lin et al. 2022 (TruthfulQA), sylinrl/TruthfulQA",
            licence="Apache-2.0",
            items=790,
            layout="data/mc_task.json, unchanged",
        ),
        _winogender("all_sentences", "bd69da16bf228cb8df63fd0843aec2d8b5c36a7f21bf8c7b168bcc83932556c8", 720),
        _winogender("templates", "496f2e2dc77296bcebcdd8865a8dc5715ce22b772de9abb5f531d5b3114c48a0", 120),
        Published(
            path="eqbench/eq_bench_v2_questions_171.json",
            url=f"{_EQ_BENCH}eq_bench_v2_questions_171.json",
            sha256="b4e9bf11df7e88bc12381efab18565f8b0ff0d4743fe8708c4482df91c4e617a",
            source="Paech 2023 (EQ-Bench v2), EQ-bench/EQ-Bench @ d28c60c",
            licence="MIT",
            items=171,
        ),
    )
}


def published_file(path: str, data: Path | None) -> Path:
    """The file in the user's data folder, or downloaded once (checked against its hash by pooch).

    Args:
        path: A key of `PUBLISHED`.
        data: The user's data folder (`--persona-data`), or None to download.

    Raises:
        InstrumentError: it is not there, or cannot be downloaded (some never can: `Published.url`).
    """
    file = PUBLISHED[path]
    if data is not None:
        found = data / path
        if not found.is_file():
            if file.url is None:
                raise InstrumentError(f"{found} is missing. {file.making}; or use --persona-instruments=pocket")
            raise InstrumentError(f"{found} is missing. Download {file.url} to it, or leave --persona-data out")
        return found
    if file.url is None:
        raise InstrumentError(
            f"{path} has no address at a pinned commit and cannot be downloaded. {file.making}; put it under "
            f"DIR/{path} and pass --persona-data=DIR, or use --persona-instruments=pocket"
        )
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
            + (f"Download it again from {file.url}" if file.url is not None else file.making)
        )
    return found
