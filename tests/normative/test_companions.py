"""All companions alike: their names, what they remember, and what they do not mix up."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from pytest_persona import flags
from pytest_persona.errors import InstrumentError
from pytest_persona.probes.normative import COMPANIONS, find_companion
from pytest_persona.store import Store
from tests.normative.told import Told, by_chance

TWINS = [("truthfulqa_mc1", "truthfulqa_mc2"), ("winogender_accuracy", "winogender_consistency")]


def rates(chat):
    """Four intensities for the emotions that a dialogue asks for, by chance; none for some dialogues."""
    asked = [line.split(":")[0] for line in chat.splitlines() if line.endswith(": <score>")]
    return "" if "Nadia" in chat else "\n".join(f"{emotion}: {round(-by_chance(emotion) / 2)}" for emotion in asked)


@pytest.fixture(params=COMPANIONS)
def task(request):
    return COMPANIONS[request.param]()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def model(name="told"):
    return Told(name, writes=rates)


def test_the_options_know_them():
    assert set(COMPANIONS) == set(flags.COMPANIONS)


def test_each_is_a_companion_by_its_name(task):
    assert (find_companion(task.name), task.axis) == (task, "normative")
    some = task.instrument("pocket", None)
    found = task.measure(model(), some)
    assert (found.task, found.model, found.instrument) == (task.name, "told", some)
    assert len(found.values) == len(found.texts) == len(some.items)
    known = found.values[~np.isnan(found.values)]
    assert known.size
    assert found.span[0] <= known.min() <= known.max() <= found.span[1]
    assert found.seconds >= 0


def test_a_name_nobody_has_is_refused():
    with pytest.raises(InstrumentError, match="did you mean 'toxigen'"):
        find_companion("toxigem")


def test_what_is_stored_is_not_asked_again_and_is_the_same(task, store):
    some = task.instrument("pocket", None)
    first, second = model(), model()
    fresh = task.measure(first, some, store)
    again = task.measure(second, some, store)
    assert first.asked
    assert not second.asked
    np.testing.assert_array_equal(again.values, fresh.values)
    assert (again.details, again.mass, again.seconds) == (fresh.details, fresh.mass, fresh.seconds)
    np.testing.assert_array_equal(task.measure(model(), some).values, fresh.values)


def test_without_a_store_it_is_asked_again(task):
    """The twin."""
    some, asked = task.instrument("pocket", None), model()
    for count in (1, 2):
        task.measure(asked, some)
        assert len(asked.asked) == count * len(asked.asked[: len(asked.asked) // count])
    assert asked.asked[: len(asked.asked) // 2] == asked.asked[len(asked.asked) // 2 :]


def test_another_model_and_fewer_items_are_asked_anew(task, store):
    some = task.instrument("pocket", None)
    task.measure(model(), some, store)
    other, fewer = model("other"), model()
    task.measure(other, some, store)
    task.measure(fewer, replace(some, items=some.items[:2]), store)
    assert other.asked
    assert 0 < len(fewer.asked) < len(other.asked)


@pytest.mark.parametrize(("one", "two"), [*TWINS, *(pair[::-1] for pair in TWINS)])
def test_the_second_of_two_that_share_their_questions_asks_nothing(one, two, store):
    some, first, second = COMPANIONS[one]().instrument("pocket", None), model(), model()
    kept = COMPANIONS[one]().measure(first, some, store), COMPANIONS[two]().measure(second, some, store)
    assert first.asked
    assert not second.asked
    np.testing.assert_array_equal(kept[1].values, COMPANIONS[two]().measure(model(), some).values)


@pytest.mark.parametrize("others", ["toxigen", "truthfulqa_mc1", "eqbench"])
def test_those_that_do_not_share_ask(others, store):
    """The twin: the store does not take one companion's answers for another's."""
    COMPANIONS["winogender_accuracy"]().measure(
        model(), COMPANIONS["winogender_accuracy"]().instrument("pocket", None), store
    )
    second = model()
    COMPANIONS[others]().measure(second, COMPANIONS[others]().instrument("pocket", None), store)
    assert second.asked


def test_progress_is_shown_while_a_model_is_asked_and_only_then(task, store):
    class Seen:
        def __init__(self):
            self.tasks, self.done = [], []

        @contextmanager
        def task(self, label, total, unit):
            self.tasks.append((label, total))
            yield self.done.append

    some, first, second = task.instrument("pocket", None), Seen(), Seen()
    task.measure(model(), some, store, progress=first)
    task.measure(model(), some, store, progress=second)
    assert [label for label, _ in first.tasks] == [f"{some.label} of told"]
    assert first.done[-1] == first.tasks[0][1]
    assert second.tasks == []
