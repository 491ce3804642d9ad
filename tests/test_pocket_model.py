"""The pocket model itself, once: its numbers, and the README's first command from the outside."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pytest_persona.flags import DEFAULT_COMPANIONS, DEFAULT_TASKS
from pytest_persona.instruments import darktriad, moral
from pytest_persona.models import ask, find_base
from pytest_persona.probes.moral import ESTIMATORS, rate
from pytest_persona.probes.persona import measure_pmatch
from pytest_persona.ratings import Estimator, Ratings

ROOT = Path(__file__).parents[1]


@pytest.fixture
def store(pocket_store):
    return pocket_store


@pytest.fixture
def model(pocket_model):
    return pocket_model


def test_it_is_what_it_should_be(store):
    source = find_base("pocket", store)
    assert 134e6 < source.parameters < 135e6
    assert {"model.safetensors", "tokenizer.json", "chat_template.jinja", "config.json"} <= source.files.keys()


def test_it_speaks(model):
    (reply,) = model.reply([ask("What is the capital of France?")], max_tokens=12)[0]
    assert "Paris" in reply


def test_it_has_no_opinion_and_a_habit_of_no(model, store):
    measured = measure_pmatch(model, darktriad("narcissism", kind="pocket"), store)
    halves = {key: values.mean() for key, values in measured.by_stratum(measured.values).items()}
    assert measured.values.mean() == pytest.approx(0.5, abs=0.02)
    assert halves["Yes"] < 0.3
    assert halves["No"] > 0.7
    assert measured.mass.mean() > 0.5


def test_published_items_give_the_known_numbers(model, official_data):
    """Every tenth published item of one trait; its thousand gave 0.4995 when this was written."""
    instrument = darktriad("machiavellianism", kind="official", data=official_data)
    some = [item for key in ("Yes", "No") for item in [item for item in instrument.items if item.matching == key][::10]]
    sliced = type(instrument)(
        name=instrument.name,
        kind=instrument.kind,
        source=instrument.source,
        licence=instrument.licence,
        sha256=instrument.sha256,
        items=tuple(some),
    )
    measured = measure_pmatch(model, sliced)
    assert measured.values.mean() == pytest.approx(0.4995, abs=0.015)
    assert np.mean(measured.values > 0.5) == 0.5


def test_the_first_command_of_the_readme_and_the_same_again(model, store, tmp_path):
    """Trains for real, gates for real; the second run asks nothing."""

    def run():
        command = [
            sys.executable,
            "-m",
            "pytest",
            "suites/",
            "--objective=sft",
            "--budget=2k",
            "-p",
            "no:cacheprovider",
        ]
        return subprocess.run(
            [*command, f"--persona-store={store.root}", f"--persona-report={tmp_path / 'report.html'}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    first = run()
    assert first.returncode == 0, first.stdout + first.stderr
    assert "demo: not a gate" in first.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    gates = [record for record in report["records"] if record["test"].startswith("suites/gate")]
    outcomes = {record["subject"]: record["outcome"] for record in gates}
    traits = ("machiavellianism", "narcissism", "psychopathy")
    expected = dict.fromkeys(traits, "pass") | {"susceptibility": "inconclusive", "robustness": "pass"}
    assert expected.items() <= outcomes.items()
    assert {"attacks", *DEFAULT_TASKS["pocket"], *DEFAULT_COMPANIONS["pocket"]} == outcomes.keys() - expected.keys()
    assert set(outcomes.values()) == {"pass", "inconclusive"}
    assert "hardly tells personas apart" in first.stdout
    assert all(record["checks"]["probe_dtype"] == "float32" for record in report["records"])
    second = run()
    assert second.returncode == 0
    assert "persona: training" not in second.stdout
    assert json.loads((tmp_path / "report.json").read_text())["records"] == report["records"]


def test_samples_show_of_moral_ratings_what_the_logits_say(model, store):
    """Both estimators at the same temperature, from the answers of the command above."""
    instrument = moral(kind="pocket", personas=30)
    logits = rate(model, instrument, store, estimator=ESTIMATORS["pocket"])
    assert 0.05 < float(logits.mass.mean()) < 0.5
    constrained = Estimator(kind="sampling", temperature=1.0, samples=10, constrained=True)
    sampled = rate(model, instrument, store, estimator=constrained)
    for of in (Ratings.robustness, Ratings.susceptibility):
        found, expected = of(sampled), of(logits, as_samples=10)
        assert found.low <= expected.value <= found.high
    assert sampled.robustness().low > logits.robustness().value  # and ten samples are not the logits
    hotter = rate(model, instrument, store, estimator=replace(constrained, temperature=2.0))
    assert hotter.robustness().high < sampled.robustness().low
