"""Tests by checkpoint: which objectives, rungs and seeds a test is run with, and what its ids say."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_persona.errors import PersonaError
from pytest_persona.options import Options
from pytest_persona.plan import format_budget

NOTHING_TRAINED = (
    "the test is about objectives and their budgets, and nothing is trained here: pass --objective=NAMES or all, and "
    "--budget=TOKENS"
)


def parametrize(metafunc: pytest.Metafunc, options: Options) -> None:
    """Run a test once for each checkpoint of the run, with ids such as `ipo-400k-s0`.

    A test that takes `checkpoint` gets each one in turn. A test that takes `checkpoint_of` or `ladders` gets each
    of the run's values for those of `objective`, `rung` and `seed` that it takes; one that takes `ratings_of` gets each
    `family`. One that takes a model or checkpoint of the run gets each `task` and each `companion` of the run. What a
    test parametrizes itself, and a fixture of that name that it sees, is left alone.
    """
    names = set(metafunc.fixturenames) - _given(metafunc)
    free = names - metafunc._arg2fixturedefs.keys()  # pytest has no public way to ask for these
    plans = options.plans
    if "checkpoint" in names and plans:
        metafunc.parametrize("checkpoint", plans, indirect=True, ids=[plan.label for plan in plans], scope="session")
    if "family" in free and "ratings_of" in names:
        _by_family(metafunc, options)
    if names & {"base_model", "checkpoint", "checkpoint_of", "ladders"}:
        for name, found in (("task", options.tasks), ("companion", options.companions)):
            if name in free:
                metafunc.parametrize(name, found)
    if not names & {"checkpoint_of", "ladders"}:
        return
    values: dict[str, tuple[Any, ...]] = {
        "objective": options.objectives,
        "rung": options.budgets,
        "seed": tuple(range(options.seeds)) if options.objectives else (),
    }
    ids = {
        "objective": list(options.objectives),
        "rung": [format_budget(budget) for budget in options.budgets],
        "seed": [f"s{seed}" for seed in values["seed"]],
    }
    for name, found in values.items():
        if name in free and found:
            metafunc.parametrize(name, found, ids=ids[name])
        elif name in free:
            metafunc.parametrize(name, [pytest.param("none", marks=pytest.mark.skip(reason=NOTHING_TRAINED))])


def _by_family(metafunc: pytest.Metafunc, options: Options) -> None:
    from pytest_persona.role_players import NONE, family_names

    try:
        families: list[Any] = list(family_names(options))
    except PersonaError as error:
        raise pytest.Collector.CollectError(str(error)) from error  # shown without a traceback
    metafunc.parametrize("family", families or [pytest.param("none", marks=pytest.mark.skip(reason=NONE))])


def _given(metafunc: pytest.Metafunc) -> set[str]:
    found: set[str] = set()
    for marker in metafunc.definition.iter_markers("parametrize"):
        argnames = marker.args[0] if marker.args else marker.kwargs["argnames"]
        found.update(name.strip() for name in (argnames.split(",") if isinstance(argnames, str) else argnames))
    return found
