"""Training data: their order and share, where they end, what may not be in them, and the user's own."""

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from pytest_persona.errors import TrainingError
from pytest_persona.instruments import darktriad
from pytest_persona.instruments.arithmetic import word_problems
from pytest_persona.models.loading import load_network
from pytest_persona.models.protocol import ask
from pytest_persona.plan import OBJECTIVES, Plan, parse_budget
from pytest_persona.trainers.data import Encoder, Examples, examples, order_digest, rows_for_budget
from pytest_persona.trainers.example import Example
from tests.trainers.ladders import Ladder, figures, tiny_plan, weights

PLAN = Plan(objective="sft", budget=15_000)


@pytest.fixture(scope="module")
def encode(tiny_base):
    _, tokenizer = load_network(tiny_base, "float32")
    return Encoder(tokenizer=tokenizer, template_args={})


def drawn(**changes):
    return examples(replace(PLAN, **changes), None)


@pytest.mark.parametrize("low", [1, 100, 4_000])
def test_a_digest_does_not_depend_on_how_many_more_were_drawn(low):
    few, many = drawn(budget=low), drawn()
    assert len(few.drawn) < len(many.drawn)
    assert many.drawn[: len(few.drawn)] == few.drawn
    assert many.digest(low) == few.digest(low)
    assert many.digest(15_000) != few.digest(low)
    assert many.beginning == few.beginning


@pytest.mark.parametrize(
    "changes",
    [{"objective": name} for name in OBJECTIVES]
    + [{"learning_rate": 1e-3}, {"rank": 4}, {"max_length": 9}, {"dropout": 0.1}, {"ip_share": 1.0}],
)
def test_the_order_depends_on_the_seed_and_on_nothing_else(changes):
    assert drawn(**changes).drawn == drawn().drawn
    other, again = drawn(**changes, seed=1), drawn(seed=1)
    assert other == again
    assert other.drawn[:20] != drawn().drawn[:20]
    assert other.beginning != drawn().beginning


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_rejected_answers_are_unsafe_in_the_planned_share(share):
    some = drawn(budget=100_000, unsafe_share=share).drawn[:3_000]
    assert len(some) == 3_000
    kinds = [example.kind for example in some]
    assert set(kinds) <= {"wrong", "unsafe"}
    assert kinds.count("unsafe") / 3_000 == pytest.approx(share, abs=0.02)
    assert all(example.rejected not in (None, example.chosen) for example in some)
    assert [example.chosen for example in some] == [example.chosen for example in drawn(budget=100_000).drawn[:3_000]]


def finite(count: int, **changes) -> Examples:
    return Examples(**{"source": "mine", "drawn": drawn().drawn[:count], "batch": 4, "endless": False} | changes)


@pytest.mark.parametrize("count", [4, 11, 20])
def test_data_that_end_early_name_a_budget_that_works(encode, count):
    with pytest.raises(
        TrainingError, match=rf"\(mine\) end after {count} examples of .* the budget of 15,000"
    ) as caught:
        rows_for_budget(PLAN, finite(count), encode)
    budget = parse_budget(str(caught.value).partition("--budget=")[2].partition(", or bring")[0])
    rows = rows_for_budget(replace(PLAN, budget=budget), finite(count), encode)
    assert len(rows) == count // 4 * 4
    assert sum(map(len, rows)) == budget
    with pytest.raises(TrainingError, match="end after"):
        rows_for_budget(replace(PLAN, budget=budget + 1), finite(count), encode)


def test_data_of_less_than_a_step_name_no_budget(encode):
    with pytest.raises(TrainingError, match=r"end after 3 examples of .*; a step needs 4, or bring more data$"):
        rows_for_budget(PLAN, finite(3), encode)


def test_an_example_whose_longer_answer_does_not_fit_is_left_out_for_all_objectives(encode):
    fits = Example(prompt=ask("2 + 2?"), chosen="4", rejected="5")
    some = [
        Example(prompt=ask("x" * 40), chosen="4", rejected="5"),
        fits,
        Example(prompt=ask("2 + 2?"), chosen="4", rejected="5" * 40),
        Example(prompt=ask("2 + 2?"), chosen="4" * 40, rejected="5"),
        Example(prompt=ask("2 + 2?"), chosen="4" * 40),
    ]
    for objective in OBJECTIVES:
        plan = Plan(objective=objective, budget=1, batch=1, max_length=20)
        (row,) = rows_for_budget(plan, finite(0, drawn=some), encode)
        assert (row.example, row.number) == (fits, 2)
        with pytest.raises(TrainingError, match=r"after 1 examples .*; 4 more are longer than 20 tokens\. Ask for"):
            rows_for_budget(replace(plan, budget=1_000), finite(0, drawn=some), encode)


def test_the_order_digest_is_of_prompts_and_chosen_answers(encode):
    rows = rows_for_budget(replace(PLAN, budget=1_000), drawn(), encode)
    assert order_digest(rows) == order_digest([replace(row, rejected=None) for row in rows])
    assert order_digest(rows) != order_digest(rows[::-1])
    assert order_digest(rows) != order_digest(rows[:-1])


@pytest.fixture
def write(tmp_path):
    """Write the user's data: word problems of another seed, and more."""

    def write(*more, name="mine.jsonl", count=12):
        records = [
            {
                "prompt": problem.question,
                "chosen": problem.solution,
                "rejected": "I would rather not.",
                "kind": "unsafe",
            }
            for problem in islice(word_problems("train", seed=77), count)
        ]
        path = tmp_path / name
        path.write_text("".join(json.dumps(record) + "\n" for record in [*records, *more]), encoding="utf-8")
        return str(path)

    return write


QUESTION = darktriad("psychopathy", kind="pocket").items[3].question
STATEMENT = darktriad("narcissism", kind="pocket").items[5].statement
PROBLEM = next(word_problems("eval")).question


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (QUESTION, "darktriad/psychopathy"),
        (f"  {QUESTION.upper()}\n", "darktriad/psychopathy"),
        (STATEMENT, "darktriad/narcissism"),
        (PROBLEM, "arithmetic/eval"),
    ],
)
@pytest.mark.parametrize("turns", [0, 1])
def test_an_evaluation_item_among_the_users_data_is_an_error_that_names_it(
    write, tiny_base, tmp_path, text, name, turns
):
    said = [{"role": "user", "content": text}]
    later = [{"role": "assistant", "content": "Well."}, {"role": "user", "content": "And now?"}]
    path = write({"prompt": said + later * turns, "chosen": "No.", "rejected": "Yes."})
    with pytest.raises(TrainingError) as caught:
        Ladder(tiny_plan("sft", data="own"), tiny_base, tmp_path / "store").train(2_000, own=path)
    message = str(caught.value)
    assert f"training data ({path}): example " in message
    assert f"asks an item of {name}, {text[:80]!r}" in message
    assert "must not train on what it is tested with" in message
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("objective", ["sft", "dpo"])
def test_own_data_are_trained_on_once_whatever_their_name(write, tiny_base, tmp_path, objective):
    ladder = Ladder(tiny_plan(objective, data="own"), tiny_base, tmp_path / "store")
    made = ladder.train(2_000, own=write())
    assert len(ladder.trained) == 1
    assert made.manifest["data"].endswith("mine.jsonl")
    assert "unsafe_share" not in made.manifest["plan"]
    again = ladder.train(2_000, own=write(name="renamed.jsonl"))
    assert ladder.trained == []
    assert (weights(again), again.manifest) == (weights(made), made.manifest)
    other = ladder.train(2_000, own=write({"prompt": "2 + 2?", "chosen": "4", "rejected": "5"}))
    assert len(ladder.trained) == 1
    assert weights(other) != weights(made)
    assert len(list((tmp_path / "store" / "checkpoints").iterdir())) == 2


def test_own_data_that_changed_do_not_go_on_from_a_state_of_others(write, tiny_base, tmp_path):
    """Those of the first step are the same, but one that the state has seen is not."""
    places = list(range(12))
    Random(0).shuffle(places)
    path = Path(write())
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[places[4]] = json.dumps({"prompt": "2 + 2?", "chosen": "4" * 200})
    ladder = Ladder(tiny_plan("sft", data="own"), tiny_base, tmp_path / "store")
    before = ladder.train(2_000, own=str(path))
    path.write_text("\n".join(lines), encoding="utf-8")
    ladder.trained.clear()
    made = ladder.train(2_500, own=str(path))
    (tokens,) = ladder.trained
    assert len(list((tmp_path / "store" / "runs").iterdir())) == 1  # the state was there to be found
    assert len(tokens) == made.manifest["steps"] > 3
    straight = Ladder(tiny_plan("sft", data="own"), tiny_base, tmp_path / "other").train(2_500, own=str(path))
    assert weights(made) == weights(straight) != weights(before)
    assert figures(made.manifest) == figures(straight.manifest)


def test_own_data_without_rejected_answers_suit_some_objectives(write, tiny_base, tmp_path):
    path = write({"prompt": "2 + 2?", "chosen": "4"})
    with pytest.raises(
        TrainingError, match=r"'cft' learns from .* 1 of 13 examples .* no field 'rejected'.*sft, kl, ip"
    ):
        Ladder(tiny_plan("cft", data="own"), tiny_base, tmp_path / "store").train(2_000, own=path)
    made = Ladder(tiny_plan("ip", data="own"), tiny_base, tmp_path / "store").train(2_000, own=path)
    assert made.manifest["examples_too_long"] == 0


def test_too_long_examples_are_counted_in_the_manifest_alike(write, tiny_base, tmp_path):
    long = [{"prompt": f"{number} " + "x" * 3_000, "chosen": "4", "rejected": "5"} for number in range(6)]
    path = write(*long, count=12)
    counts = []
    for objective in ("sft", "orpo"):
        made = Ladder(tiny_plan(objective, data="own"), tiny_base, tmp_path / "store").train(2_000, own=path)
        counts.append((made.manifest["examples_too_long"], made.manifest["order_sha256"]))
    assert counts[0] == counts[1]
    assert counts[0][0] > 0


def test_a_plan_on_own_data_needs_some(tiny_base, tmp_path):
    with pytest.raises(TrainingError, match=r"none are named\. Pass --train-data"):
        Ladder(tiny_plan("sft", data="own"), tiny_base, tmp_path).train(2_000)
