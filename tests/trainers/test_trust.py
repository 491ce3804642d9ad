"""Training that cannot be trusted is an error that says where; and what is recorded of the rest is sound."""

import json
import math
import shutil
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from pytest_persona.errors import TrainingError
from pytest_persona.models.source import local_or_hub
from pytest_persona.plan import OBJECTIVES
from pytest_persona.trainers.curve import Curve, Step, ends_interval
from tests.trainers.ladders import RUNGS, Ladder, tiny_plan

LOW, MIDDLE, HIGH = RUNGS
NAN, INF = float("nan"), float("inf")


def step(number: int, loss: float = 1.0, **changes) -> Step:
    figures = {"grad_norm": 0.5, "learning_rate": 1e-4, "seconds": 0.25, "memory": 2**20}
    tokens = {"data_tokens": 100 * number, "compute_tokens": 150 * number}
    return Step(number=number, loss=loss, **{**figures, **tokens, **changes})


def noted(*losses: float) -> Curve:
    curve = Curve()
    for number, loss in enumerate(losses, start=1):
        curve.note(step(number, loss))
    return curve


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("field", ["loss", "grad_norm"])
def test_a_figure_that_is_not_finite_is_an_error_with_step_and_rate(field, bad):
    curve = noted(1.0, 0.9)
    with pytest.raises(TrainingError, match=r"training broke at step 3 \(learning rate 0\.0001\).*lower learning rate"):
        curve.note(step(3, **{field: bad}))


@pytest.mark.parametrize("first", [0.0, 0.25, math.log(2), 5.5, -0.5])
def test_a_loss_that_explodes_is_an_error(first):
    limit = 4 * abs(first) + 1
    noted(first, *[limit] * 8)
    with pytest.raises(TrainingError, match=r"step 5 \(learning rate 0\.0001\): the loss exploded from .* to "):
        noted(first, *[limit * 1.001] * 4)


def test_one_wild_step_is_no_explosion_but_four_in_the_mean_are():
    noted(1.0, 1.0, 1.0, 16.9, 1.0, 1.0, 1.0)
    with pytest.raises(TrainingError, match=r"step 4 .* to 5\.025 \(mean of 4 steps; 5 allowed\)"):
        noted(1.0, 1.0, 1.0, 17.1)


def test_a_gradient_that_stays_exactly_zero_is_an_error():
    """So it is where a network has overflowed: its loss is finite, and even lower than at the start."""
    curve = noted(6.0)
    for number, norm in enumerate([0.0, 0.0, 0.0, 1e-30, 0.0, 0.0, 0.0], start=2):
        curve.note(step(number, 5.6, grad_norm=norm))
    with pytest.raises(TrainingError, match=r"step 9 \(learning rate 0\.0001\): the gradient of 4 steps in a row"):
        Curve.from_dict(curve.as_dict()).note(step(9, 5.6, grad_norm=0.0))


@given(
    st.floats(0.01, 12),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0.2, 3)), min_size=1, max_size=80),
)
def test_noisy_falling_losses_are_never_an_error(first, steps):
    """Each step keeps a share of the level, between 0 and 1, and is up to three times as high by chance."""
    level, losses = first, [first]
    for fall, noise in steps:
        level *= 1 - 0.1 * fall
        losses.append(level * noise)
    assert noted(*losses).first_loss == first


def test_intervals_end_at_powers_of_two_and_then_every_64_steps():
    assert [number for number in range(1, 400) if ends_interval(number)] == [4, 8, 16, 32, 64, 128, 192, 256, 320, 384]


@given(st.lists(st.floats(0.5, 1), min_size=4, max_size=200))
def test_intervals_add_up(losses):
    curve, ends = Curve(), []
    for number, loss in enumerate(losses, start=1):
        curve.note(step(number, loss))
        if ends_interval(number):
            curve.close(step(number, loss), 0.5)
            ends.append(number)
        assert curve == Curve.from_dict(json.loads(json.dumps(curve.as_dict())))
    assert [each["step"] for each in curve.intervals] == ends
    for start, each in zip([0, *ends], curve.intervals, strict=False):
        assert each["data_tokens"] == 100 * each["step"]
        assert each["compute_tokens"] == 150 * each["step"]
        assert each["loss"] == pytest.approx(sum(losses[start : each["step"]]) / (each["step"] - start))
        assert each["tokens_per_second"] == pytest.approx(100 / 0.25)
    assert len(curve.open) == len(losses) - ends[-1]
    assert curve.seconds == pytest.approx(0.25 * len(losses))
    assert curve.first_loss == losses[0]


def test_a_look_at_the_open_interval_leaves_it_open():
    curve = noted(1.0, 2.0)
    before = curve.as_dict()
    (seen,) = curve.until(step(2), 0.125)
    assert (seen["step"], seen["loss"], seen["kl_to_base"]) == (2, 1.5, 0.125)
    assert curve.as_dict() == before


def stored(ladder: Ladder) -> list[str]:
    """The labels of all checkpoints."""
    paths = (ladder.store.root / "checkpoints").glob("*/manifest.json")
    return sorted(json.loads(path.read_text(encoding="utf-8"))["manifest"]["label"] for path in paths)


@pytest.fixture(scope="module")
def broken_base(tiny_folder, tmp_path_factory):
    """A tiny model with one weight that is no number."""
    folder = shutil.copytree(tiny_folder, tmp_path_factory.mktemp("broken") / "model")
    state = load_file(folder / "model.safetensors")
    state["model.layers.1.mlp.up_proj.weight"][3, 4] = NAN
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    return local_or_hub(str(folder))


@pytest.mark.parametrize("objective", ["sft", "dpo"])
def test_a_base_model_with_a_weight_that_is_no_number_trains_nothing(broken_base, tmp_path, objective):
    ladder = Ladder(tiny_plan(objective), broken_base, tmp_path)
    with pytest.raises(TrainingError, match=r"training broke at step 1 \(learning rate 0\): loss nan"):
        ladder.train(LOW, *RUNGS)
    assert stored(ladder) == []
    assert not list((tmp_path / "runs").glob("*"))


@pytest.mark.parametrize("objective", ["sft", "dpo"])
def test_a_rate_that_is_far_too_high_is_an_error_and_keeps_the_rungs_before(tiny_base, tmp_path, objective):
    ladder = Ladder(tiny_plan(objective, learning_rate=1e3), tiny_base, tmp_path)
    with pytest.raises(TrainingError, match=r"training broke at step [3-9]\d? \(learning rate \d+\)"):
        ladder.train(HIGH, 1_200)
    assert stored(ladder) == [f"{objective}-1.2k-s0"]
    with pytest.raises(TrainingError, match="training broke at step"):
        ladder.train(HIGH, 1_200)
    assert stored(ladder) == [f"{objective}-1.2k-s0"]


@pytest.mark.parametrize("objective", ["sft", "cft"])
def test_a_budget_of_one_step_is_an_error_because_the_warm_up_begins_at_zero(tiny_base, tmp_path, objective):
    ladder = Ladder(tiny_plan(objective), tiny_base, tmp_path)
    with pytest.raises(TrainingError, match=r"at zero after 1 steps.*ask for a --budget of more than one step"):
        ladder.train(100)
    assert stored(ladder) == []


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_what_a_run_records_is_there_and_finite(tiny_base, tmp_path, objective):
    manifest = Ladder(tiny_plan(objective), tiny_base, tmp_path).train(LOW).manifest
    names = ("loss", "kl_to_base", "grad_norm", "tokens_per_second", "peak_memory_bytes", "learning_rate")
    for interval in manifest["curve"]:
        assert all(math.isfinite(interval[name]) for name in names)
        assert all(interval[name] > 0 for name in names[:1] + names[2:])
        assert interval["compute_tokens"] >= interval["data_tokens"] > 0
    for name in ("step", "data_tokens", "compute_tokens"):
        seen = [interval[name] for interval in manifest["curve"]]
        assert seen == sorted(set(seen))
    last = manifest["curve"][-1]
    assert last["data_tokens"] == manifest["data_tokens"] >= LOW
    assert last["compute_tokens"] == manifest["compute_tokens"]
    assert last["step"] == manifest["steps"]
    assert last["kl_to_base"] > 0
    assert manifest["seconds"] > 0
    assert manifest["tokens_per_second"] == pytest.approx(manifest["data_tokens"] / manifest["seconds"])
    assert manifest["first_loss"] > 0


def test_the_divergence_grows_and_the_loss_falls(tiny_base, tmp_path):
    plan = replace(tiny_plan("sft"), learning_rate=1e-3)
    curve = Ladder(plan, tiny_base, tmp_path).train(HIGH).manifest["curve"]
    assert curve[0]["kl_to_base"] < curve[-1]["kl_to_base"]
    assert curve[0]["loss"] > curve[-1]["loss"]
