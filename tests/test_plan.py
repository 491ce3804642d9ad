"""Plans of training runs: budgets, objectives, refused values, and what the fingerprint covers."""

import json
import subprocess
import sys
from dataclasses import fields, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_persona.errors import PlanError
from pytest_persona.plan import AVAILABLE, OBJECTIVES, Plan, check_objective, format_budget, parse_budget

PLAN = Plan(objective="sft", budget=2_000)
CONTENT = {"base": "abc", "examples": ["one", "two"], "versions": {"torch": "2.13.0"}}
GOLDEN = "dbc0da4c9a81c49cecebb43941c3208adac10cb8614a5d9179f45e881e135ca8"


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("1", 1),
        ("2000", 2_000),
        ("2k", 2_000),
        ("2K", 2_000),
        ("25k", 25_000),
        ("400k", 400_000),
        ("1.5m", 1_500_000),
        ("1M", 1_000_000),
        ("0.5k", 500),
        ("0.001k", 1),
        ("1.0", 1),
        ("  7k ", 7_000),
    ],
)
def test_a_budget_is_read(text, tokens):
    assert parse_budget(text) == tokens


NO_NUMBERS = ["400kk", "", " ", "k", "1e3", "nan", "inf", "2 k", "2,000", "2g", "+2k", "0x10", "1_000", ".5k", "2.k"]
NO_TOKENS = ["-1", "-2k", "0", "0k", "0.5", "0.0001k", "1.5", "1.0005k"]


@pytest.mark.parametrize("text", [*NO_NUMBERS, *NO_TOKENS])
def test_a_bad_budget_is_refused_with_good_ones(text):
    with pytest.raises(PlanError, match=r"Write a whole number of 1 or more.*2k.*400k") as caught:
        parse_budget(text)
    assert f"budget {text!r}" in str(caught.value)


@given(st.integers(1, 10**10))
@example(1_100)
@example(1_234_500)
@example(10**10)
def test_a_formatted_budget_reads_back(tokens):
    assert parse_budget(format_budget(tokens)) == tokens


@pytest.mark.parametrize(
    ("tokens", "text"),
    [(1, "1"), (999, "999"), (2_000, "2k"), (2_500, "2.5k"), (2_550, "2550"), (1_000_000, "1m"), (1_500_000, "1.5m")],
)
def test_a_budget_is_written_short(tokens, text):
    assert format_budget(tokens) == text


def test_an_available_objective_is_returned():
    assert AVAILABLE == ("sft",)
    assert check_objective("sft") == "sft"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("opro", "orpo"), ("SFT", "sft"), ("sfft", "sft"), ("ipp", "ip"), ("iqo", "ipo"), ("dop", "dpo")],
)
def test_an_unknown_objective_gets_a_suggestion_and_the_list(name, meant):
    with pytest.raises(PlanError) as caught:
        check_objective(name)
    message = str(caught.value)
    assert f"no objective {name!r}; did you mean {meant!r}? Known: " in message
    assert "ip (inoculation prompting)" in message
    assert "ipo (identity preference optimisation)" in message
    assert all(f"{known} (" in message for known in OBJECTIVES)


def test_an_objective_like_no_other_gets_the_list_only():
    with pytest.raises(PlanError, match=r"^no objective 'zzz'\. Known: cft \(conditional fine-tuning\), dpo"):
        check_objective("zzz")


@pytest.mark.parametrize("name", sorted(set(OBJECTIVES) - set(AVAILABLE)))
def test_an_objective_of_a_later_version_says_what_there_is(name):
    with pytest.raises(PlanError, match=r"it has: sft.*--adapter=PATH") as caught:
        check_objective(name)
    assert f"objective {name!r} ({OBJECTIVES[name]}) cannot be trained" in str(caught.value)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("objective", "opro", "did you mean 'orpo'"),
        ("objective", "dpo", "cannot be trained by this version"),
        ("data", "gsm9k", "no data set 'gsm9k'. Known: arithmetic, gsm8k"),
        ("budget", 0, "budget must be 1 or more, got 0"),
        ("budget", -5, "budget must be 1 or more, got -5"),
        ("rank", 0, "rank must be 1 or more, got 0"),
        ("lora_alpha", 0, "lora_alpha must be 1 or more, got 0"),
        ("batch", 0, "batch must be 1 or more, got 0"),
        ("max_length", 0, "max_length must be 1 or more, got 0"),
        *(
            (name, value, f"{name} must be a positive number, got {value}")
            for name in ("learning_rate", "max_grad_norm")
            for value in (0.0, -1.0, NAN, INF)
        ),
        *(("dropout", value, f"dropout must be in [0, 1), got {value}") for value in (-0.1, 1.0, NAN, INF)),
        ("warmup_steps", -1, "warmup_steps must be 0 or more, got -1"),
        *(("weight_decay", value, f"weight_decay must be 0 or more, got {value}") for value in (-0.1, NAN, INF)),
        ("precision", "float16", "precision must be bfloat16 or float32, got 'float16'"),
    ],
)
def test_a_bad_field_is_refused(field, value, says):
    with pytest.raises(PlanError) as caught:
        replace(PLAN, **{field: value})
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "sft-2k-s0"),
        ({"budget": 1_500_000}, "sft-1.5m-s0"),
        ({"budget": 2_001, "seed": 7}, "sft-2001-s7"),
    ],
)
def test_the_label_names_objective_budget_and_seed(changes, label):
    assert replace(PLAN, **changes).label == label


OTHER = {
    "objective": "dpo",
    "budget": 2_001,
    "data": "gsm8k",
    "seed": 1,
    "rank": 16,
    "lora_alpha": 32,
    "rslora": False,
    "target_modules": "q_proj",
    "dropout": 0.1,
    "learning_rate": 2e-4,
    "warmup_steps": 6,
    "batch": 8,
    "weight_decay": 0.01,
    "max_grad_norm": 0.5,
    "max_length": 1024,
    "precision": "float32",
}


@pytest.mark.parametrize("name", [field.name for field in fields(Plan)])
def test_every_field_is_in_the_fingerprint(name, monkeypatch):
    monkeypatch.setattr("pytest_persona.plan.AVAILABLE", tuple(OBJECTIVES))
    changed = replace(PLAN, **{name: OTHER[name]})
    assert changed.fingerprint(CONTENT) != PLAN.fingerprint(CONTENT)


@pytest.mark.parametrize(
    "content",
    [
        {},
        CONTENT | {"base": "abd"},
        CONTENT | {"examples": ["two", "one"]},
        CONTENT | {"versions": {"torch": "2.13.1"}},
        CONTENT | {"more": None},
    ],
)
def test_all_content_is_in_the_fingerprint(content):
    assert PLAN.fingerprint(content) != PLAN.fingerprint(CONTENT)


def test_equal_plans_on_equal_content_have_one_fingerprint():
    again = Plan(seed=0, budget=parse_budget("2k"), objective="sft")
    assert again.fingerprint(dict(reversed(CONTENT.items()))) == PLAN.fingerprint(CONTENT)


def test_the_fingerprint_is_the_same_in_every_process():
    """A golden value: when this changes, every stored checkpoint is forgotten."""
    script = (
        "import json, sys; from pytest_persona.plan import Plan; "
        "print(Plan(objective='sft', budget=2000).fingerprint(json.loads(sys.argv[1])))"
    )
    command = [sys.executable, "-c", script, json.dumps(CONTENT)]
    elsewhere = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert elsewhere == PLAN.fingerprint(CONTENT) == GOLDEN


def test_content_that_is_not_a_number_has_no_fingerprint():
    with pytest.raises(ValueError, match="not JSON compliant"):
        PLAN.fingerprint({"loss": NAN})
