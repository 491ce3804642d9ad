"""The pocket model itself does a part of the pocket's sums, so that losing them can be seen."""

from dataclasses import replace

from pytest_persona.probes.tasks import find_task
from tests.capability.by_hand import CHOICES, SUMS


def test_it_does_some_sums_and_answers_with_numbers(pocket_model):
    """Every third of the 60; it did 33 of them when this was written."""
    scores = find_task("arithmetic").measure(pocket_model, replace(SUMS, items=SUMS.items[::3]))
    assert 0.25 < scores.values.mean() < 0.9
    assert scores.details["no_number"] < 0.2


def test_it_answers_with_letters(pocket_model):
    scores = find_task("choice").measure(pocket_model, replace(CHOICES, items=CHOICES.items[:8]))
    assert scores.mass > 0.3
    assert scores.unscored_share == 0
