"""The pocket model itself does a part of the pocket's sums, so that losing them can be seen."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_persona.models import find_base, hf_model
from pytest_persona.probes.tasks import find_task
from pytest_persona.store import Store
from tests.capability.by_hand import CHOICES, SUMS


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """From a store that `$PERSONA_POCKET_STORE` keeps from one run of the tests to the next."""
    store = Store(Path(os.environ.get("PERSONA_POCKET_STORE") or tmp_path_factory.mktemp("store")))
    return hf_model(find_base("pocket", store))


def test_it_does_some_sums_and_answers_with_numbers(model):
    """Every third of the 60; it did 33 of them when this was written."""
    scores = find_task("arithmetic").measure(model, replace(SUMS, items=SUMS.items[::3]))
    assert 0.25 < scores.values.mean() < 0.9
    assert scores.details["no_number"] < 0.2


def test_it_answers_with_letters(model):
    scores = find_task("choice").measure(model, replace(CHOICES, items=CHOICES.items[:8]))
    assert scores.mass > 0.3
    assert scores.unscored_share == 0
