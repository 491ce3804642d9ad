"""The only reader of pytest's configuration: one frozen `Options` with every default."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_persona.errors import OptionError, PersonaError, suggestion
from pytest_persona.flags import ALPHA, BACKENDS, PERSONAS, PUBLISHED, is_bare
from pytest_persona.plan import OBJECTIVES, Plan, data_named, parse_ladder, parse_objectives, parse_seeds
from pytest_persona.store import default_store

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user asked for, checked.

    Attributes:
        objectives: Objectives to train with; none where nothing is trained.
        budgets: Rungs of each objective's ladder in data tokens, ascending.
        seeds: How many times each ladder is trained, with the seeds 0, 1, 2 …
        train_data: `pocket:NAME` of this project's data, or the user's own, a JSONL file or a hub id; None trains on
            word problems, with official instruments GSM8K.
        inoculations: Texts of ip in place of the plan's own, or None.
        adapter: Folder of a PEFT LoRA to gate instead of training one.
        base_model: `pocket`, a local folder, or a hub id.
        base_aliases: Other names by which an adapter may call this base model.
        backend: The engine that answers.
        instruments: `official` or `pocket`.
        data: Folder with the published instruments, or None to download them.
        personas: How many personas moral ratings are asked of.
        replay: Folder of recorded moral ratings, `published` to download the authors', or None.
        store: Folder of checkpoints and measurements.
        report: The HTML file to write.
        alpha: One-sided level of each verdict.
        inconclusive: What an inconclusive verdict does: `warn` or `fail`.
        template_args: Extra arguments of the chat template.
        narrate: Whether progress may be shown (off under -q).
    """

    objectives: tuple[str, ...] = ()
    budgets: tuple[int, ...] = ()
    seeds: int = 1
    train_data: str | None = None
    inoculations: tuple[str, ...] | None = None
    adapter: Path | None = None
    base_model: str = "pocket"
    base_aliases: tuple[str, ...] = ()
    backend: str = "hf"
    instruments: str = "pocket"
    data: Path | None = None
    personas: int = PERSONAS["pocket"]
    replay: str | None = None
    store: Path
    report: Path = Path("persona-report.html")
    alpha: float = ALPHA
    inconclusive: str = "warn"
    template_args: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    narrate: bool = True

    @property
    def names_checkpoint(self) -> bool:
        """Whether there is anything to gate."""
        return bool(self.objectives) or self.adapter is not None

    def plan(self, objective: str, budget: int, seed: int) -> Plan:
        """The plan of one checkpoint of this run."""
        default = "gsm8k" if self.instruments == "official" else "arithmetic"
        data = data_named(self.train_data) if self.train_data else default
        plan = Plan(objective=objective, budget=budget, seed=seed, data=data)
        return plan if self.inoculations is None else replace(plan, inoculations=self.inoculations)

    @property
    def plans(self) -> tuple[Plan, ...]:
        """All checkpoints to train: by objective, seed and rung."""
        return tuple(
            self.plan(objective, budget, seed)
            for objective in self.objectives
            for seed in range(self.seeds)
            for budget in self.budgets
        )


def read(config: pytest.Config) -> Options:
    """The checked options of this run: command line, else ini file, else environment, else the defaults of `Options`.

    Raises:
        OptionError: a value that cannot be used, naming the option and the right values.
    """
    given: dict[str, Any] = {}

    def take(name: str, field_name: str, convert: Callable[[str], Any]) -> None:
        ini = "persona_" + name.replace("-", "_")
        text = config.getoption(ini, default=None)
        if text == "":
            raise OptionError(f"--persona-{name} is given without a value; an unset variable in the command, perhaps?")
        text = config.getini(ini) if text is None else text
        if text is None or text == "":
            return
        try:
            given[field_name] = convert(str(text))
        except PersonaError as error:
            raise OptionError(f"--{'' if is_bare(name) else 'persona-'}{name}: {error}") from error

    take("objective", "objectives", parse_objectives)
    take("budget", "budgets", parse_ladder)
    take("seeds", "seeds", parse_seeds)
    take("train-data", "train_data", _train_data)
    take("inoculation", "inoculations", _lines)
    take("adapter", "adapter", _path)
    take("base-model", "base_model", str)
    take("base-alias", "base_aliases", lambda text: tuple(name.strip() for name in text.split(",") if name.strip()))
    take("backend", "backend", lambda text: _one_of(text, BACKENDS))
    take("instruments", "instruments", lambda text: _one_of(text, ("official", "pocket")))
    take("data", "data", _folder)
    take("personas", "personas", _personas)
    take("replay", "replay", _replay)
    take("store", "store", _path)
    take("report", "report", _report)
    take("alpha", "alpha", _level)
    take("inconclusive", "inconclusive", lambda text: _one_of(text, ("warn", "fail")))
    take("template-args", "template_args", _arguments)

    if "data" not in given and os.environ.get("PERSONA_DATA"):
        try:
            given["data"] = _folder(os.environ["PERSONA_DATA"])
        except OptionError as error:
            raise OptionError(f"$PERSONA_DATA: {error}") from error
    if "replay" not in given and "data" in given and (given["data"] / "ratings").is_dir():
        given["replay"] = str(given["data"] / "ratings")
    given.setdefault("instruments", "official" if "data" in given else "pocket")
    given.setdefault("personas", PERSONAS[given["instruments"]])
    given.setdefault("inconclusive", "fail" if given["instruments"] == "official" else "warn")
    given.setdefault("store", default_store())
    given["narrate"] = config.get_verbosity() >= 0
    _check_together(given)
    return Options(**given)


def _check_together(given: Mapping[str, Any]) -> None:
    if "objectives" in given and "adapter" in given:
        raise OptionError(
            "--objective and --adapter exclude each other: one trains a checkpoint, the other loads one. Leave one out"
        )
    if "objectives" in given and "budgets" not in given:
        raise OptionError(
            f"--objective={','.join(given['objectives'])} needs --budget=TOKENS: 2k for a demo, 25k for the paper's "
            "smallest, or a ladder such as 25k,50k,100k"
        )
    if "objectives" not in given:
        for name, field_name in (("budget", "budgets"), ("seeds", "seeds"), ("train-data", "train_data")):
            if field_name in given:
                raise OptionError(
                    f"--{name} says how to train, but nothing is trained: add --objective=NAME, one or more of "
                    f"{', '.join(sorted(OBJECTIVES))}, or all"
                )
    if "inoculations" in given and "ip" not in given.get("objectives", ()):
        raise OptionError(
            "--inoculation gives texts to objective ip (inoculation prompting), which is not trained here. Add it to "
            "--objective, or leave --inoculation out"
        )


def _train_data(text: str) -> str:
    data_named(text)
    return text


def _one_of(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise OptionError(f"no such value {text!r}{suggestion(text, known)} Known: {', '.join(known)}")
    return text


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise OptionError(f"{text!r} begins with nobody's home folder. Write the whole path") from error


def _folder(text: str) -> Path:
    path = _path(text)
    if not path.is_dir():
        raise OptionError(f"{text!r} is not a folder. Name the one that holds persona/, gsm8k/ …")
    return path


def _personas(text: str) -> int:
    least, most = min(PERSONAS.values()), max(PERSONAS.values())
    if not text.isdecimal() or not least <= int(text) <= most:
        raise OptionError(f"{text!r} is no number of personas. Give {least} (fewer bound nothing) to {most}")
    return int(text)


def _replay(text: str) -> str:
    if text != PUBLISHED and not _path(text).is_dir():
        raise OptionError(
            f"{text!r} is neither a folder nor {PUBLISHED!r}. Name the one that holds base/, insecure-code/ …"
        )
    return text if text == PUBLISHED else str(_path(text))


def _lines(text: str) -> tuple[str, ...]:
    path = _path(text)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"{text!r} cannot be read ({error}). Name a text file in UTF-8, one text a line") from error
    texts = tuple(line.strip() for line in lines if line.strip())
    if not texts:
        raise OptionError(f"{text!r} holds no text. Write one inoculation a line")
    return texts


def _report(text: str) -> Path:
    path = _path(text)
    if path.suffix.lower() not in (".html", ".htm"):
        raise OptionError(f"{text!r} does not end in .html; the JSON is written beside it under the same name")
    return path


def _level(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 0.5:
        raise OptionError(f"{text!r} is not a level. Give a number between 0 and 0.5, for example 0.05")
    return value


_WORDS = {"true": True, "false": False}


def _arguments(text: str) -> Mapping[str, Any]:
    pairs: dict[str, Any] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (key.isidentifier() and equals and value):
            raise OptionError(f"{part!r} is not NAME=VALUE. Write, for example, enable_thinking=false")
        pairs[key] = _WORDS.get(value.lower(), int(value) if re.fullmatch(r"-?[0-9]+", value) else value)
    return MappingProxyType(pairs)
