"""What the tests of reports share: a fleet of checkpoints, and runs of every other shape."""

from dataclasses import replace
from functools import cache

import pytest

from tests.report.fleet import TRAITS, make_fleet, make_lost, untold
from tests.report.reading import Page


@pytest.fixture(scope="session")
def fleet():
    """28 checkpoints, 84 records."""
    return make_fleet()


@pytest.fixture(scope="session")
def shapes(fleet):
    """Records of every shape that a run can have, by name."""
    one = make_fleet(("sft",), (2000,), 1)
    return {
        "fleet": fleet,
        "one checkpoint": one,
        "one objective": make_fleet(("ipo",), (2000, 4000, 8000), 1),
        "one rung": make_fleet(budgets=(2000,), seeds=1),
        "one rung, seeds": make_fleet(budgets=(2000,), seeds=3),
        "seeds alone": make_fleet(("sft",), (2000,), 3),
        "ladder": make_fleet(budgets=(25_000, 50_000, 100_000, 200_000, 400_000), traits=TRAITS[:1], seeds=1),
        "external": untold(one),
        "two external": [*untold(one), *untold(one, "lora-of-monday")],
        "mixed": [*one, *untold(one)],
        "a lost gate": [*fleet[:9], make_lost()],
        "all lost": [make_lost(), make_lost("ip-2k-s0")],
        "nothing known": [replace(make_lost(), test="t.py::test_it")],
    }


@pytest.fixture(scope="session")
def page_of(shapes):
    """The page of a shape, rendered once."""
    return cache(lambda shape: Page(*shapes[shape], tested=["persona: base model M"]))
