"""The only reader of pytest's configuration: one frozen `Options` with every default."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_persona import option_values as values
from pytest_persona.errors import OptionError, PersonaError
from pytest_persona.flags import (
    ALPHA,
    BACKENDS,
    COMPANIONS,
    DEFAULT_ATTACKS,
    DEFAULT_COMPANIONS,
    DEFAULT_TASKS,
    FIVE,
    FORBIDDEN,
    OPEN_TASKS,
    PERSONAS,
    TASKS,
    is_bare,
)
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
        attacks: Names of attacks, and files of templates.
        translator: A translation model's folder or hub id, or a file of translations; None where no attack needs one.
        forbidden: How many forbidden prompts there are, which says which set.
        judge: Name of who scores replies.
        judge_model: rubric's model, or the adapter of strongreject; None where the judge needs none.
        judge_base: rubric's endpoint, or the base model of strongreject; None where the judge needs none.
        tasks: Capability tasks.
        companions: Normative companions.
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
    attacks: tuple[str, ...] = DEFAULT_ATTACKS["pocket"]
    translator: str | None = None
    forbidden: int = FORBIDDEN["pocket"][0]
    judge: str = "refusal"
    judge_model: str | None = None
    judge_base: str | None = None
    tasks: tuple[str, ...] = DEFAULT_TASKS["pocket"]
    companions: tuple[str, ...] = DEFAULT_COMPANIONS["pocket"]
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
    take("train-data", "train_data", values.train_data)
    take("inoculation", "inoculations", values.lines)
    take("adapter", "adapter", values.as_path)
    take("base-model", "base_model", str)
    take("base-alias", "base_aliases", lambda text: tuple(name.strip() for name in text.split(",") if name.strip()))
    take("backend", "backend", lambda text: values.one_of(text, BACKENDS))
    take("instruments", "instruments", lambda text: values.one_of(text, ("official", "pocket")))
    take("data", "data", values.as_folder)
    take("personas", "personas", values.personas)
    take("attacks", "attacks", values.attacks)
    take("translator", "translator", values.translator)
    take("forbidden", "forbidden", values.forbidden)
    take("judge", "judge", values.judge)
    take("judge-model", "judge_model", str)
    take("judge-base", "judge_base", str)
    take("tasks", "tasks", lambda text: values.some_of(text, TASKS, "task"))
    take("companions", "companions", lambda text: values.some_of(text, COMPANIONS, "companion"))
    take("replay", "replay", values.replay)
    take("store", "store", values.as_path)
    take("report", "report", values.report)
    take("alpha", "alpha", values.level)
    take("inconclusive", "inconclusive", lambda text: values.one_of(text, ("warn", "fail")))
    take("template-args", "template_args", values.arguments)

    if "data" not in given and os.environ.get("PERSONA_DATA"):
        try:
            given["data"] = values.as_folder(os.environ["PERSONA_DATA"])
        except OptionError as error:
            raise OptionError(f"$PERSONA_DATA: {error}") from error
    if "replay" not in given and "data" in given and (given["data"] / "ratings").is_dir():
        given["replay"] = str(given["data"] / "ratings")
    given.setdefault("instruments", "official" if "data" in given else "pocket")
    kind = given["instruments"]
    given.setdefault("personas", PERSONAS[kind])
    given.setdefault("attacks", FIVE if "translator" in given else DEFAULT_ATTACKS[kind])
    given.setdefault("forbidden", FORBIDDEN[kind][0])
    given.setdefault("tasks", DEFAULT_TASKS[kind])
    given.setdefault("companions", DEFAULT_COMPANIONS[kind])
    given.setdefault("inconclusive", "fail" if kind == "official" else "warn")
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
    values.check_forbidden(given["forbidden"], given["instruments"])
    _check_judge(given)


def _check_judge(given: Mapping[str, Any]) -> None:
    judge = given.get("judge", "refusal")
    told = [f"--persona-{name}" for name in ("judge-model", "judge-base") if name.replace("-", "_") in given]
    if judge == "rubric" and len(told) < 2:
        raise OptionError(
            "--persona-judge=rubric needs --persona-judge-base=URL, where the endpoint is, for example "
            "http://localhost:8000/v1, and --persona-judge-model=NAME, what the model is called there"
        )
    if judge not in ("rubric", "strongreject") and told:
        raise OptionError(
            f"{' and '.join(told)}: judge {judge} takes none. Add --persona-judge=rubric (an endpoint) or "
            "--persona-judge=strongreject (its model), or leave it out"
        )
    open_tasks = [name for name in given["tasks"] if name in OPEN_TASKS]
    if open_tasks and judge != "rubric":
        raise OptionError(
            f"--persona-tasks: the answers to {', '.join(open_tasks)} are open, and only a rubric judge marks them. "
            "Add --persona-judge=rubric, or leave the task out"
        )
