"""Training that is killed goes on or begins again, and ends with the weights of a run that nobody killed."""

import signal
from random import Random

import pytest

from pytest_persona.errors import StoreWarning
from tests.trainers.ladders import RUNGS, WEIGHTS, Ladder, Runs, figures, tiny_plan, weights

LOW, MIDDLE, _ = RUNGS
KILLED = -signal.SIGKILL
KILLS = (
    ("step 2", 1),
    ("state save", 1),
    ("state fsync", 2),
    ("state rename", 2),
    ("state fsync", 6),  # the new state is in its place, and so is the old one
    ("state unlink", 2),
    ("rung save_pretrained", 1),
    ("rung fsync", 2),
    ("rung rename", 1),
    ("rung fsync", 5),  # the rung is in its place; the state is that of the step before
    ("rung rename", 1),
)
"""Each is the death of one run: what it was about to do, for the how manieth time. The next one finds what it left."""


@pytest.fixture(scope="module")
def straight(tiny_base, tmp_path_factory):
    """What a run in this process makes, which nobody kills: weights and figures by label."""

    def make(plan):
        ladder = Ladder(plan, tiny_base, tmp_path_factory.mktemp("straight"))
        made = [ladder.train(budget, *RUNGS) for budget in reversed(RUNGS)]
        return {each.label: (weights(each), figures(each.manifest)) for each in made}

    return make


def beginnings(runs: Runs) -> list[int]:
    """After how many steps each run began."""
    return [int(line.removeprefix("begins after ")) for line in runs.told() if line.startswith("begins after ")]


def steps(runs: Runs) -> list[int]:
    return [int(line.removeprefix("step ")) for line in runs.told() if line.startswith("step ")]


def test_killed_at_any_time(straight, tiny_base, tmp_path):
    plan = tiny_plan("cft", dropout=0.1)
    expected = straight(plan)
    runs, rng = Runs(plan, tiny_base, tmp_path / "store"), Random("kills")
    codes = [runs.run(at=("step 3", 1))]
    seconds = runs.seconds
    while codes[-1] != 0:
        assert codes[-1] == KILLED
        assert runs.whole().items() <= expected.items()
        codes.append(runs.run(after=seconds * (rng.uniform(0.7, 1.1) + 0.1 * len(codes))))
    assert runs.whole() == expected
    assert max(beginnings(runs)) >= 2


def test_killed_while_saving_and_renaming(straight, tiny_base, tmp_path):
    plan = tiny_plan("dpo", dropout=0.1)
    expected = straight(plan)
    runs = Runs(plan, tiny_base, tmp_path / "store")
    for kill in KILLS:
        assert runs.run(at=kill) == KILLED, kill
        assert runs.whole().items() <= expected.items()
    assert runs.run() == 0
    assert runs.whole() == expected
    begun = beginnings(runs)
    assert len(begun) == len(KILLS) + 1
    assert begun == sorted(begun)  # no state is ever lost
    assert len(set(begun)) >= 6
    assert sorted(set(steps(runs))) == list(range(1, 12))
    assert len(steps(runs)) <= 11 + len(KILLS)
    assert [path for folder in runs.scratch() for path in folder.rglob("*")] == []


def flip(path) -> None:
    """Change one byte in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.fixture(scope="module")
def whole(tiny_base, tmp_path_factory):
    """A ladder that nothing happened to."""
    ladder = Ladder(tiny_plan("sft", dropout=0.1), tiny_base, tmp_path_factory.mktemp("whole"))
    return {budget: ladder.train(budget, *RUNGS) for budget in RUNGS}


@pytest.fixture
def ladder(whole, tiny_base, tmp_path):
    """The same plan in another store, trained to its lowest rung."""
    ladder = Ladder(tiny_plan("sft", dropout=0.1), tiny_base, tmp_path)
    ladder.train(LOW)
    ladder.trained.clear()
    return ladder


@pytest.mark.parametrize("name", ["weights.safetensors", "trainer.pt"])
def test_a_damaged_state_is_told_and_never_used(ladder, whole, name):
    (state,) = (ladder.store.root / "runs").glob("*/state-*")
    flip(state / name)
    with pytest.warns(StoreWarning, match=rf"damaged \({name} has another sha256\).*The job begins again"):
        made = ladder.train(MIDDLE)
    (tokens,) = ladder.trained
    assert len(tokens) == made.manifest["steps"]
    assert weights(made) == weights(whole[MIDDLE])
    assert figures(made.manifest) == figures(whole[MIDDLE].manifest)


def test_a_damaged_checkpoint_is_told_and_made_again(ladder, whole):
    before = weights(whole[LOW])
    made = ladder.train(LOW)
    flip(made.adapter.folder / WEIGHTS)
    assert weights(made) != before
    with pytest.warns(StoreWarning, match=rf"damaged \({WEIGHTS} has another sha256\) and has been made again"):
        again = ladder.train(LOW)
    assert weights(again) == before
    assert figures(again.manifest) == figures(whole[LOW].manifest)


def test_a_folder_without_a_manifest_is_never_used(ladder, whole):
    """Neither a state nor a checkpoint, however much they look like one."""
    (state,) = (ladder.store.root / "runs").glob("*/state-*")
    (state / "manifest.json").unlink()
    flip(state / "trainer.pt")
    low = ladder.train(LOW)
    (low.adapter.folder / "manifest.json").unlink()
    flip(low.adapter.folder / WEIGHTS)
    made = ladder.train(MIDDLE, LOW)
    (tokens,) = ladder.trained
    assert len(tokens) == made.manifest["steps"]
    assert weights(made) == weights(whole[MIDDLE])
    assert weights(ladder.train(LOW)) == weights(whole[LOW])
    assert ladder.trained == []
