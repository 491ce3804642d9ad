"""Runs of the claims suite, and recordings for it."""

import json

import pytest

from tests.claims.by_hand import (
    FAMILIES,
    SUITE,
    outcomes_of,
)
from tests.recordings import FAMILY, write_families


@pytest.fixture
def run(pytester, monkeypatch, imported):
    """Run the claims suite in this process; gives the result, the report and outcomes by test."""
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))

    def run_suite(*args, suite=True):
        result = pytester.runpytest_inprocess(*(SUITE if suite else ()), *map(str, args))
        report = pytester.path / "persona-report.json"
        return result, json.loads(report.read_text()) if report.exists() else None, outcomes_of(result)

    return run_suite


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    return write_families(tmp_path_factory.mktemp("recorded"), FAMILIES)


@pytest.fixture
def elm(tmp_path):
    return write_families(tmp_path, {"elm": FAMILY})
