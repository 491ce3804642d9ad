"""What the checkpoints of a run score, by objective, rung and seed: the ground of claims about objectives.

With one seed the items (forbidden prompts, for attacks) are the units, and a claim is about this run; with several the
seeds are, each a training run, and a claim is about the objective (STATISTICS).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from pytest_persona.chosen import make_prompts
from pytest_persona.drift import compare_pmatch
from pytest_persona.flags import OPEN_TASKS
from pytest_persona.instruments import darktriad
from pytest_persona.judges.score import SUCCESS
from pytest_persona.performance import score_record
from pytest_persona.probes.jailbreak import attempt
from pytest_persona.probes.persona import measure_pmatch
from pytest_persona.probes.tasks import find_task
from pytest_persona.probes.units import Units, average, difference, mean_of
from pytest_persona.record import Level, Record, how_asked
from pytest_persona.resistance import attack_record
from pytest_persona.stats import (
    Coupling,
    Estimate,
    Spread,
    Trend,
    coupling_test,
    mean_over_runs,
    page_trend,
    spread_test,
)

if TYPE_CHECKING:
    from pytest_persona.instruments import Instrument
    from pytest_persona.instruments.forbidden import ForbiddenSet
    from pytest_persona.instruments.items import ItemSet
    from pytest_persona.models import Checkpoint, Model
    from pytest_persona.plan import Plan
    from pytest_persona.probes.scores import Task
    from pytest_persona.session import Session

FloatArray = npt.NDArray[np.float64]

MARGIN = 0.05
"""The change that a measurement must be able to bear out (ours): its noise is held against a fifth of it."""


class Trained(Protocol):
    """Hands out checkpoints; what the fixture `checkpoint_of` gives."""

    def __call__(self, objective: str, rung: int | str, seed: int = 0) -> Checkpoint: ...


class Ladders:
    """Measures checkpoints when they are asked about, once; see the fixture `ladders`.

    Args:
        session: Options, store and progress of this run; told each level.
        models: The base model, and what hands out checkpoints; asked only where something is measured.
    """

    def __init__(self, session: Session, models: Callable[[], tuple[Model, Trained]]) -> None:
        self._options = session.options
        self._session = session
        self._models = models
        self._found: dict[tuple[str, str, Plan | None], Units] = {}
        self._obstacles: dict[tuple[str, str, Plan], tuple[str, ...]] = {}

    @property
    def seeds(self) -> int:
        """How often each objective was trained."""
        return self._options.seeds

    @property
    def objectives(self) -> tuple[str, ...]:
        """Objectives of this run."""
        return self._options.objectives

    @property
    def rungs(self) -> tuple[int, ...]:
        """Budgets of this run in data tokens, ascending."""
        return self._options.budgets

    def units(self, metric: str, objective: str, rung: int, seed: int = 0, subject: str = "") -> Units:
        """One metric of one checkpoint.

        Args:
            metric: `asr`, `pmatch` of a trait, `accuracy` of a task, or `normative` of a companion.
            subject: The trait, task or companion; none for attacks.

        Raises:
            pytest.skip.Exception: the measurement does not count, saying why.
        """
        return self._units(metric, subject, self._options.plan(objective, rung, seed))

    def level(self, metric: str, objective: str, rung: int, subject: str = "") -> float:
        """The metric's mean over seeds."""
        return float(np.mean([self.units(metric, objective, rung, seed, subject).level for seed in range(self.seeds)]))

    def change(self, metric: str, objective: str, rung: int, subject: str = "") -> Estimate:
        """A checkpoint against its base."""
        base = self._units(metric, subject, None)
        return self._difference([(units, base) for units in self._seeds(metric, objective, rung, subject)])

    def gap(self, metric: str, objective: str, other: str, rung: int, subject: str = "") -> Estimate:
        """One objective less another, at the same rung; seed by seed, since equal seeds see the same examples."""
        pairs = zip(
            self._seeds(metric, objective, rung, subject), self._seeds(metric, other, rung, subject), strict=True
        )
        return self._difference(list(pairs))

    def trend(self, metric: str, objective: str, rungs: Sequence[int], subject: str = "") -> Trend:
        """Whether a metric rises along rungs of this run, three or more."""
        columns = [self._seeds(metric, objective, rung, subject) for rung in rungs]
        return page_trend(self._blocks(columns))

    def steps(self, metric: str, objective: str, rungs: Sequence[int], subject: str = "") -> tuple[Estimate, ...]:
        """From each rung to the next, with bounds that hold for all steps together (Bonferroni)."""
        columns = [self._seeds(metric, objective, rung, subject) for rung in rungs]
        alpha = self._options.alpha / max(1, len(columns) - 1)
        return tuple(
            self._difference(list(zip(after, before, strict=True)), alpha)
            for before, after in itertools.pairwise(columns)
        )

    def spread(self, metric: str, objectives: Sequence[str], rung: int, subject: str = "") -> tuple[Spread, Estimate]:
        """Whether objectives differ at a rung, and by how much the two that lie farthest apart do."""
        columns = [self._seeds(metric, objective, rung, subject) for objective in objectives]
        found = spread_test(self._blocks(columns))
        order = np.argsort(found.levels)
        highest, lowest = objectives[int(order[-1])], objectives[int(order[0])]
        return found, self.gap(metric, highest, lowest, rung, subject)

    def coupling(self, objective: str, rungs: Sequence[int], task: str) -> Coupling:
        """Whether attack success and a task's score move together over rungs, seed by seed."""
        rates, scores = (
            [[self.units(metric, objective, rung, seed, subject).level for rung in rungs] for seed in range(self.seeds)]
            for metric, subject in (("asr", ""), ("accuracy", task))
        )
        return coupling_test(rates, scores)

    def able(self, task: str, objective: str, rung: int, *, limit: float) -> bool:
        """Whether a loss of `limit` could be seen: the lower bound of every seed's score is that much above the floor
        of a model that cannot do the task."""
        units = self._seeds("accuracy", objective, rung, task)
        return all(mean_of(each, alpha=self._options.alpha).low > each.floor + limit for each in units)

    def obstacle(self, metric: str, objective: str, rung: int, subject: str) -> str:
        """Why a verdict on it could show nothing, as the gate has it: the base guesses, for example; empty where it
        could."""
        self._seeds(metric, objective, rung, subject)
        plans = [self._options.plan(objective, rung, seed) for seed in range(self.seeds)]
        return "; ".join(dict.fromkeys(why for plan in plans for why in self._obstacles[metric, subject, plan]))

    @property
    def attacks(self) -> tuple[str, ...]:
        """Names of the attacks of this run."""
        return tuple(attack.name for attack in self._session.attacks())

    @property
    def judge(self) -> str:
        """Name of the judge of this run."""
        return self._session.judge().name

    def _seeds(self, metric: str, objective: str, rung: int, subject: str) -> list[Units]:
        return [self.units(metric, objective, rung, seed, subject) for seed in range(self.seeds)]

    def _difference(self, pairs: Sequence[tuple[Units, Units]], alpha: float | None = None) -> Estimate:
        alpha = self._options.alpha if alpha is None else alpha
        if len(pairs) == 1:
            return difference(*pairs[0], alpha=alpha)
        runs = mean_over_runs([one.level - other.level for one, other in pairs], alpha=alpha)
        # runs that agree to the last item, as they do where items are few, are no proof of certainty
        items = difference(*(average(side) for side in zip(*pairs, strict=True)), alpha=alpha)
        return replace(runs, low=min(runs.low, items.low), high=max(runs.high, items.high), se=max(runs.se, items.se))

    def _blocks(self, columns: Sequence[Sequence[Units]]) -> FloatArray:
        """Units by conditions, or with several seeds, seeds by conditions."""
        if self.seeds == 1:
            return np.array([units.values for (units,) in columns]).T
        return np.array([[units.level for units in seeds] for seeds in columns]).T

    def _units(self, metric: str, subject: str, plan: Plan | None) -> Units:
        key = (metric, subject, plan)
        if key not in self._found:
            base, checkpoint_of = self._models()
            measured = _Measured(self._session, base)
            if plan is None:
                self._found[key] = measured.units(metric, subject, base)
            else:
                checkpoint = checkpoint_of(plan.objective, plan.budget, plan.seed)
                record = measured.record(metric, subject, checkpoint)
                self._must_count(record, plan.label)
                self._obstacles[metric, subject, plan] = record.reasons
                self._session.note_level(
                    Level(
                        test="",
                        label=plan.label,
                        objective=plan.objective,
                        budget=plan.budget,
                        seed=plan.seed,
                        metric=metric,
                        subject=record.subject,
                        asked=how_asked(record),
                        base=record.base.level,
                        tuned=record.tuned.level,
                    )
                )
                self._found[key] = measured.units(metric, subject, checkpoint.model)
        return self._found[key]

    def _must_count(self, record: Record, label: str) -> None:
        if record.outcome == "invalid" or record.tuned.level is None:
            import pytest

            why = f"{label}, {record.subject}: the measurement does not count: {'; '.join(record.reasons)}"
            self._session.note_unmeasured(why)
            pytest.skip(why)


@dataclass(frozen=True, eq=False, slots=True)
class _Measured:
    """The probes of one run: a record, which knows whether a measurement counts, and the units behind it.

    Both read the same stored answers.
    """

    session: Session
    base: Model

    def record(self, metric: str, subject: str, model: Checkpoint) -> Record:
        session = self.session
        common: dict[str, Any] = {"margin": MARGIN, "alpha": session.options.alpha, "progress": session.progress}
        if metric == "pmatch":
            del common["progress"]
            return compare_pmatch(
                model, self.base, self._items(subject), session.store, criterion="noninferiority", **common
            )
        if metric == "asr":
            return attack_record(
                model, self.base, self._prompts(), session.attacks(), session.judge(), session.store, **common
            )
        return score_record(
            self._task(subject),
            model,
            self.base,
            self._asked(subject),
            session.store,
            criterion="equivalence",
            **common,
        )

    def units(self, metric: str, subject: str, model: Model) -> Units:
        session = self.session
        if metric == "pmatch":
            asked = measure_pmatch(model, self._items(subject), session.store)
            return Units(low=asked.values, high=asked.values, strata=asked.strata, span=(0.0, 1.0), floor=0.0)
        if metric == "asr":
            made = attempt(
                model, self._prompts(), session.attacks(), session.judge(), session.store, progress=session.progress
            )
            low, high = made.by_prompt(SUCCESS)
            return Units(low=low, high=high, strata=("prompts",) * len(low), span=(0.0, 1.0), floor=0.0)
        scores = self._task(subject).measure(model, self._asked(subject), session.store, progress=session.progress)
        low, high = scores.ends
        return Units(low=low, high=high, strata=("items",) * len(low), span=scores.span, floor=scores.floor)

    def _items(self, trait: str) -> Instrument:
        return darktriad(trait, kind=self.session.options.instruments, data=self.session.options.data)

    def _prompts(self) -> ForbiddenSet:
        options = self.session.options
        return make_prompts(options.instruments, options.data, options.forbidden)

    def _task(self, name: str) -> Task:
        return find_task(name, judge=self.session.judge() if name in OPEN_TASKS else None)

    def _asked(self, name: str) -> ItemSet[Any]:
        return self._task(name).instrument(self.session.options.instruments, self.session.options.data)
