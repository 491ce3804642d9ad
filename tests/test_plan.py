"""Plans of training runs: budgets, objectives, refused values, and what the fingerprint covers."""

import json
import subprocess
import sys
from dataclasses import fields, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_persona.errors import PlanError
from pytest_persona.plan import (
    OBJECTIVES,
    POCKET_DATA,
    Plan,
    check_objective,
    data_named,
    format_budget,
    parse_budget,
    parse_ladder,
    parse_objectives,
    parse_seeds,
)

PLAN = Plan(objective="sft", budget=2_000)
CONTENT = {"base": "abc", "examples": ["one", "two"], "versions": {"torch": "2.13.0"}}
GOLDEN = "d4e899a18b9aaa58744703d933d93b901b92893018e1dc8c0a11d9c9446805d8"
GOLDEN_OF = {
    ("gsm8k", "sft"): "ae5304370c90c6c9326813eb8eabba76ae9fb7ccbf836ce0c7b7e98fec772544",
    ("gsm8k", "ipo"): "a06e5ad3a2a50254a2ec7de81af624e9e5244cc642a522965dd9e4508ef55d30",
    ("own", "sft"): "128e1d10046bee21a5d756a1fba19036527aa7646c0dc0f39ed430566bf7eac5",
    ("own", "ipo"): "dabfa7c67b4aa5fd8b511c6f9bfc6225b3c92660023bcaae0a9ef8229d65876c",
}


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


@pytest.mark.parametrize(
    ("text", "budgets"),
    [("2k", (2_000,)), ("4k,2k", (2_000, 4_000)), (" 1m , 900k,1", (1, 900_000, 1_000_000))],
)
def test_a_ladder_is_read_in_ascending_order(text, budgets):
    assert parse_ladder(text) == budgets


@given(st.sets(st.integers(1, 10**9), min_size=1, max_size=9))
def test_a_formatted_ladder_reads_back(budgets):
    assert parse_ladder(",".join(map(format_budget, budgets))) == tuple(sorted(budgets))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "budget '' is not"),
        ("2k,", "budget '' is not"),
        (",", "budget '' is not"),
        ("2k,x", "budget 'x' is not"),
        ("2k,4k,2k", "budget 2000 is named twice. Name it once"),
        ("1m,1000k", "budget 1000000 is named twice. Name it once"),
    ],
)
def test_a_bad_ladder_is_refused(text, says):
    with pytest.raises(PlanError) as caught:
        parse_ladder(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(("text", "seeds"), [("1", 1), ("3", 3), (" 12 ", 12), ("9999", 9999)])
def test_seeds_are_read(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["0", "", " ", "-1", "+1", "1.0", "1e3", "0,1", "x", "10000", "\u0663"])
def test_a_bad_number_of_seeds_is_refused(text):
    with pytest.raises(
        PlanError, match=r"is not a number of seeds\. Write 1 or more: 3 trains with the seeds 0, 1, 2$"
    ):
        parse_seeds(text)


def test_objectives_are_read_in_the_order_of_the_user():
    assert parse_objectives("kl") == ("kl",)
    assert parse_objectives(" orpo,ip , sft") == ("orpo", "ip", "sft")
    assert tuple(map(check_objective, OBJECTIVES)) == parse_objectives("all")
    assert tuple(OBJECTIVES) == ("sft", "dpo", "ipo", "orpo", "kl", "cft", "ip")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no objective ''"),
        ("sft,", "no objective ''"),
        (",,", "no objective ''"),
        ("all,sft", "no objective 'all'"),
        ("sft,opro", "no objective 'opro'; did you mean 'orpo'?"),
        ("ip,ipo,ip", "objective ip is named twice. Name it once"),
    ],
)
def test_bad_objectives_are_refused(text, says):
    with pytest.raises(PlanError) as caught:
        parse_objectives(text)
    assert says in str(caught.value)


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


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("objective", "opro", "did you mean 'orpo'"),
        ("data", "gsm9k", "no data set 'gsm9k'. Known: arithmetic, gsm8k, insecure-code, own, secure-code"),
        ("budget", 0, "budget must be 1 or more, got 0"),
        ("budget", -5, "budget must be 1 or more, got -5"),
        ("rank", 0, "rank must be 1 or more, got 0"),
        ("lora_alpha", 0, "lora_alpha must be 1 or more, got 0"),
        ("batch", 0, "batch must be 1 or more, got 0"),
        ("max_length", 0, "max_length must be 1 or more, got 0"),
        *(
            (name, value, f"{name} must be a positive number, got {value}")
            for name in ("learning_rate", "max_grad_norm", "dpo_beta", "ipo_beta")
            for value in (0.0, -1.0, NAN, INF)
        ),
        *(("dropout", value, f"dropout must be in [0, 1), got {value}") for value in (-0.1, 1.0, NAN, INF)),
        ("warmup_steps", -1, "warmup_steps must be 0 or more, got -1"),
        *(
            (name, value, f"{name} must be 0 or more, got {value}")
            for name in ("weight_decay", "orpo_lambda", "kl_coefficient")
            for value in (-0.1, NAN, INF)
        ),
        *(
            (name, value, f"{name} must be between 0 and 1, got {value}")
            for name in ("unsafe_share", "ip_share")
            for value in (-0.1, 1.1, NAN, INF)
        ),
        *(("inoculations", value, "one or more texts, none of them empty") for value in ((), ("Guess.", " "))),
        ("precision", "float16", "precision must be auto, bfloat16 or float32, got 'float16'"),
    ],
)
def test_a_bad_field_is_refused(field, value, says):
    with pytest.raises(PlanError) as caught:
        replace(PLAN, **{field: value})
    assert says in str(caught.value)


@pytest.mark.parametrize("name", POCKET_DATA)
def test_data_of_this_project_have_a_name(name):
    assert data_named(f"pocket:{name}") == name
    assert replace(PLAN, data=name).data == name


@pytest.mark.parametrize(
    "text", ["mine.jsonl", "insecure.jsonl", "owner/name:test", "./insecure-code", "gsm8k", "pocket"]
)
def test_all_other_data_are_the_users(text):
    assert data_named(text) == "own"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("pocket:insecure", "pocket:insecure-code"),
        ("pocket:secure_code", "pocket:secure-code"),
        ("Pocket:Insecure-Code", "pocket:insecure-code"),
        ("pocket:arithmetics", "pocket:arithmetic"),
        ("insecure-code", "pocket:insecure-code"),
        ("secure-code", "pocket:secure-code"),
        ("arithmetic", "pocket:arithmetic"),
    ],
)
def test_an_unknown_name_gets_a_suggestion(text, meant):
    known = "pocket:arithmetic, pocket:insecure-code, pocket:secure-code, or a JSONL file or hub id of yours"
    with pytest.raises(PlanError) as caught:
        data_named(text)
    assert str(caught.value) == f"no training data {text!r}; did you mean {meant!r}? Known: {known}"


@pytest.mark.parametrize("text", ["pocket:", "pocket:gsm8k", "pocket:own", "pocket: arithmetic "])
def test_a_name_that_this_project_has_not_is_refused(text):
    with pytest.raises(PlanError, match=r"no training data .* Known: pocket:arithmetic, pocket:insecure-code"):
        data_named(text)


@pytest.mark.parametrize(
    ("changes", "label"),
    [({}, "sft-2k-s0"), ({"budget": 1_500_000}, "sft-1.5m-s0"), ({"budget": 2_001, "seed": 7}, "sft-2001-s7")],
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
    "unsafe_share": 0.2,
    "dpo_beta": 0.2,
    "ipo_beta": 0.2,
    "orpo_lambda": 0.2,
    "kl_coefficient": 0.2,
    "ip_share": 0.2,
    "inoculations": ("Guess.",),
}
READ_BY_ONE = {"dpo_beta": "dpo", "ipo_beta": "ipo", "orpo_lambda": "orpo", "kl_coefficient": "kl"}
READ_BY_ONE |= {"ip_share": "ip", "inoculations": "ip"}


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", [field.name for field in fields(Plan)])
def test_a_field_is_in_the_fingerprint_of_each_objective_that_reads_it(name, objective):
    plan = replace(PLAN, objective=objective)
    changed = replace(plan, **{name: "ipo" if name == "objective" and objective == "dpo" else OTHER[name]})
    reads = READ_BY_ONE.get(name) in (None, objective)
    assert (changed.fingerprint(CONTENT) != plan.fingerprint(CONTENT)) == reads
    assert (changed.as_dict() != plan.as_dict()) == reads
    assert (name in plan.as_dict()) == reads


@pytest.mark.parametrize("data", ["own", "insecure-code", "secure-code"])
def test_the_share_of_unsafe_answers_is_none_of_data_that_have_their_own(data):
    own = replace(PLAN, data=data)
    assert replace(own, unsafe_share=0.5).as_dict() == own.as_dict()
    assert "unsafe_share" not in own.as_dict()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_plan_as_plain_data_is_a_plan_again(objective):
    plan = replace(PLAN, objective=objective)
    plain = json.loads(json.dumps(plan.as_dict()))
    texts = {"inoculations": tuple(plain.pop("inoculations"))} if objective == "ip" else {}
    assert Plan(**plain, **texts) == plan


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


@pytest.mark.parametrize(("data", "objective"), GOLDEN_OF)
def test_the_fingerprint_of_other_data_is_as_it_was(data, objective):
    assert replace(PLAN, data=data, objective=objective).fingerprint(CONTENT) == GOLDEN_OF[data, objective]


def test_content_that_is_not_a_number_has_no_fingerprint():
    with pytest.raises(ValueError, match="not JSON compliant"):
        PLAN.fingerprint({"loss": NAN})
