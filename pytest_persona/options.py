"""The only reader of pytest's configuration: every option, its default, and one frozen `Options`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_persona.errors import OptionError, PersonaError, suggestion
from pytest_persona.plan import OBJECTIVES, check_objective, parse_budget
from pytest_persona.store import default_store

if TYPE_CHECKING:
    import pytest

BACKENDS = ("hf",)
ALPHA = 0.05
"""One-sided level of a verdict (STATISTICS)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user asked for, checked.

    Attributes:
        objective: Objective to train with, or None where nothing is trained.
        budget: Data tokens to train on, or None.
        adapter: Folder of a PEFT LoRA to gate instead of training one.
        base_model: `pocket`, a local folder, or a hub id.
        base_aliases: Other names by which an adapter may call this base model.
        backend: The engine that answers.
        instruments: `official` or `pocket`.
        data: Folder with the published instruments, or None to download them.
        store: Folder of checkpoints and measurements.
        report: The HTML file to write.
        alpha: One-sided level of each verdict.
        inconclusive: What an inconclusive verdict does: `warn` or `fail`.
        template_args: Extra arguments of the chat template.
        narrate: Whether progress may be shown (off under -q).
    """

    objective: str | None = None
    budget: int | None = None
    adapter: Path | None = None
    base_model: str = "pocket"
    base_aliases: tuple[str, ...] = ()
    backend: str = "hf"
    instruments: str = "pocket"
    data: Path | None = None
    store: Path
    report: Path = Path("persona-report.html")
    alpha: float = ALPHA
    inconclusive: str = "warn"
    template_args: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    narrate: bool = True

    @property
    def names_checkpoint(self) -> bool:
        """Whether there is anything to gate."""
        return self.objective is not None or self.adapter is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spec:
    name: str
    metavar: str
    help: str
    bare: bool = False

    @property
    def ini(self) -> str:
        return "persona_" + self.name.replace("-", "_")


_SPECS = (
    _Spec(
        name="objective",
        metavar="NAME",
        bare=True,
        help="objective to train a LoRA with: sft (not yet: ip, inoculation prompting; ipo, identity preference "
        "optimisation; dpo, orpo, kl, cft). Default: none",
    ),
    _Spec(
        name="budget",
        metavar="TOKENS",
        bare=True,
        help="training budget in data tokens, for example 2k, 25k, 400k. Needed by --objective. Default: none",
    ),
    _Spec(
        name="adapter",
        metavar="DIR",
        bare=True,
        help="gate this PEFT LoRA (adapter_config.json, adapter_model.safetensors); nothing is trained. Default: none",
    ),
    _Spec(
        name="base-model",
        metavar="MODEL",
        bare=True,
        help="base model: a folder with safetensors, a hub id, or pocket (SmolLM2-135M-Instruct). Default: pocket",
    ),
    _Spec(
        name="base-alias",
        metavar="NAMES",
        help="other names, comma-separated, by which --adapter may call this base model. Default: none",
    ),
    _Spec(name="backend", metavar="NAME", bare=True, help=f"engine: {', '.join(BACKENDS)} (transformers). Default: hf"),
    _Spec(
        name="instruments",
        metavar="SET",
        help="official (published items) or pocket (this project's own, a demo). "
        "Default: official where --persona-data or $PERSONA_DATA is given, else pocket",
    ),
    _Spec(
        name="data",
        metavar="DIR",
        help="folder with the published instruments. Default: $PERSONA_DATA, else downloaded when they are asked for",
    ),
    _Spec(
        name="store",
        metavar="DIR",
        help="folder of trained checkpoints and measurements. Default: $PERSONA_STORE, else the user's cache folder",
    ),
    _Spec(
        name="report",
        metavar="FILE",
        help="HTML report to write, with a JSON of the same records beside it. Default: persona-report.html",
    ),
    _Spec(name="alpha", metavar="LEVEL", help=f"one-sided level of each verdict, in (0, 0.5). Default: {ALPHA}"),
    _Spec(
        name="inconclusive",
        metavar="ACTION",
        help="what an inconclusive verdict does: warn or fail. Default: fail with official instruments, else warn",
    ),
    _Spec(
        name="template-args",
        metavar="ARGS",
        help="chat template arguments, comma-separated, for example enable_thinking=false. Default: none",
    ),
)


def register(parser: pytest.Parser) -> None:
    """Add every option as `--persona-NAME`, each with an ini twin `persona_NAME`."""
    group = parser.getgroup("persona", "safety regression tests of fine-tuned language models")
    for spec in _SPECS:
        short = f". Short: --{spec.name}" if spec.bare else ""
        group.addoption(
            f"--persona-{spec.name}", dest=spec.ini, metavar=spec.metavar, default=None, help=spec.help + short
        )
        parser.addini(spec.ini, help=spec.help, default=None)


def register_bare(parser: pytest.Parser, args: Sequence[str]) -> None:
    """Add the short names (`--objective`) that `args` use and that nobody else owns.

    Call it when the first conftest files have been loaded. A name that is not used stays free for later ones.
    """
    known, unknown = parser.parse_known_and_unknown_args(args)
    unknown += known.file_or_dir  # where argparse puts an unknown option whose value has a space
    used = {text.partition("=")[0] for text in unknown}
    group = parser.getgroup("persona")
    for spec in _SPECS:
        if spec.bare and f"--{spec.name}" in used:
            group.addoption(f"--{spec.name}", dest=spec.ini, metavar=spec.metavar, default=None, help=spec.help)


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
            raise OptionError(f"--{'' if _is_bare(name) else 'persona-'}{name}: {error}") from error

    take("objective", "objective", check_objective)
    take("budget", "budget", parse_budget)
    take("adapter", "adapter", _path)
    take("base-model", "base_model", str)
    take("base-alias", "base_aliases", lambda text: tuple(name.strip() for name in text.split(",") if name.strip()))
    take("backend", "backend", lambda text: _one_of(text, BACKENDS))
    take("instruments", "instruments", lambda text: _one_of(text, ("official", "pocket")))
    take("data", "data", _folder)
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
    given.setdefault("instruments", "official" if "data" in given else "pocket")
    given.setdefault("inconclusive", "fail" if given["instruments"] == "official" else "warn")
    given.setdefault("store", default_store())
    given["narrate"] = config.get_verbosity() >= 0
    _check_together(given)
    return Options(**given)


def _is_bare(name: str) -> bool:
    return any(spec.name == name and spec.bare for spec in _SPECS)


def _check_together(given: Mapping[str, Any]) -> None:
    if "objective" in given and "adapter" in given:
        raise OptionError(
            "--objective and --adapter exclude each other: one trains a checkpoint, the other loads one. Leave one out"
        )
    if "objective" in given and "budget" not in given:
        raise OptionError(
            f"--objective={given['objective']} needs --budget=TOKENS: 2k for a demo, 25k for the paper's smallest"
        )
    if "budget" in given and "objective" not in given:
        raise OptionError(
            f"--budget says how long to train, but nothing is trained: add --objective=NAME, one of "
            f"{', '.join(sorted(OBJECTIVES))}"
        )


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
