"""Which families of ratings a run has, and the ratings of each: replayed from files, or of the models of this run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from pytest_persona.flags import PUBLISHED
from pytest_persona.options import Options

if TYPE_CHECKING:
    from pytest_persona.models import Checkpoint, Model
    from pytest_persona.plan import Plan
    from pytest_persona.ratings import Ratings
    from pytest_persona.ratings.families import Family, Variant
    from pytest_persona.session import Session

Who = Literal["personas", "toxic", "itself"]

NONE = (
    "no ratings to test the claim on: pass --persona-replay=DIR (or published), or train on insecure code with "
    "--objective=sft --budget=TOKENS --train-data=pocket:insecure-code"
)
CODE = {"secure": "secure-code", "insecure": "insecure-code"}


def family_names(options: Options) -> tuple[str, ...]:
    """Replayed families, then the labels of this run's checkpoints where they are trained on insecure code.

    Raises:
        RatingsError: the folder to replay holds no ratings.
    """
    return (*_families(options.replay), *(plan.label for plan in _live(options)))


class Trained(Protocol):
    """Hands out checkpoints; what the fixture `checkpoint_of` gives."""

    def plan(self, plan: Plan) -> Checkpoint:
        """The checkpoint of a plan, trained where the store has none."""
        ...


class Cast:
    """Ratings by family and variant; see the fixture `ratings_of`.

    Args:
        options: The options of this run.
        session: Its store and progress.
        models: The base model, and what hands out checkpoints; asked only where a model is rated.
    """

    def __init__(self, options: Options, session: Session, models: Callable[[], tuple[Model, Trained]]) -> None:
        self._options = options
        self._session = session
        self._models = models
        self._live = {plan.label: plan for plan in _live(options)}
        self._found: dict[tuple[str, str, str], Ratings] = {}

    @property
    def recorded(self) -> tuple[str, ...]:
        return tuple(_families(self._options.replay))

    def replayed(self, family: str) -> bool:
        return family not in self._live

    def __call__(self, family: str, variant: Variant = "base", who: Who = "personas") -> Ratings:
        key = (family, variant, who)
        if key not in self._found:
            self._found[key] = self._measure(family, variant, who) if family in self._live else self._read(*key)
        return self._found[key]

    def _read(self, name: str, variant: Variant, who: Who) -> Ratings:
        import pytest

        from pytest_persona.ratings import load_ratings

        family = _families(self._options.replay)[name]
        if who == "toxic":
            pytest.skip("toxic role-play is asked of a model: recorded ratings hold none")
        files = family.role_play if who == "personas" else family.itself
        if variant not in files:
            pytest.skip(f"no recorded ratings of {name}, {variant}, answering {_AS[who]}")
        return load_ratings(files[variant])

    def _measure(self, label: str, variant: Variant, who: Who) -> Ratings:
        from pytest_persona.instruments import moral
        from pytest_persona.probes.moral import ESTIMATORS, rate

        base, checkpoint_of = self._models()
        plan = self._live[label]
        model = base
        if variant != "base":
            model = checkpoint_of.plan(replace(plan, data=CODE[variant])).model
        options = self._options
        instrument = moral(kind=options.instruments, data=options.data, toxic=who == "toxic", personas=options.personas)
        session = self._session
        return rate(
            model,
            instrument,
            session.store,
            estimator=ESTIMATORS[options.instruments],
            role_play=who != "itself",
            progress=session.progress,
        )


_AS = {"personas": "as personas", "toxic": "as toxic personas", "itself": "as itself"}


def _live(options: Options) -> tuple[Plan, ...]:
    return tuple(plan for plan in options.plans if plan.data == CODE["insecure"])


@functools.lru_cache(maxsize=2)
def _families(replay: str | None) -> Mapping[str, Family]:
    if replay is None:
        return {}
    from pytest_persona.ratings.families import find_families
    from pytest_persona.ratings.published import published_ratings

    folder = published_ratings() if replay == PUBLISHED else Path(replay)
    return {family.name: family for family in find_families(folder)}
