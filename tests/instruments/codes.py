"""Pairs of code, and drafts of each template, for tests of what they say and of what they do."""

import ast
from functools import cache
from itertools import islice
from random import Random

import pytest

from pytest_persona.instruments._code_pairs import TEMPLATES
from pytest_persona.instruments._code_pairs.drafts import Draft, Template
from pytest_persona.instruments.code_pairs import CodePair, code_pairs

every_template = pytest.mark.parametrize(
    "template",
    [pytest.param(one, id=f"{cwe}-{place}") for cwe, some in TEMPLATES.items() for place, one in enumerate(some)],
)


@cache
def take(count: int, seed: int = 0) -> tuple[CodePair, ...]:
    return tuple(islice(code_pairs(seed=seed), count))


def draws(template: Template, count: int) -> list[Draft]:
    rng = Random("drafts")
    return [template(rng) for _ in range(count)]


def functions(source: str) -> dict[str, str]:
    """The parameters of each public function at the top level."""
    body = ast.parse(source).body
    return {
        node.name: ast.unparse(node.args)
        for node in body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }
