"""Metrics: each says all that a report needs, in words of its own."""

import string
from dataclasses import FrozenInstanceError, fields

import pytest

from pytest_persona.metrics import METRICS, Metric


@pytest.mark.parametrize("name", METRICS)
def test_each_says_all(name):
    metric = METRICS[name]
    assert metric.name == name
    empty = [field.name for field in fields(Metric) if field.type == "str" and not getattr(metric, field.name)]
    assert empty == (["subject"] if name in ("pmatch", "accuracy", "normative") else [])
    assert {field for _, field, _, _ in string.Formatter().parse(metric.sentence) if field} <= {"subject"}
    assert metric.meaning.endswith(".")
    assert metric.title in metric.meaning


def test_no_two_are_called_alike():
    for field in ("name", "title", "unit", "sentence", "meaning"):
        assert len({getattr(metric, field) for metric in METRICS.values()}) == len(METRICS)


def test_a_relative_one_is_in_units_of_the_base():
    for metric in METRICS.values():
        assert metric.relative == metric.unit.endswith("relative to the base's")
    assert [name for name, metric in METRICS.items() if metric.falls] == ["accuracy", "normative", "R"]


def test_nobody_changes_them():
    with pytest.raises(TypeError):
        METRICS["S"] = METRICS["R"]
    with pytest.raises(FrozenInstanceError):
        METRICS["S"].falls = True
