"""The batch plan: complete, within its budget, and a function of its arguments alone."""

from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.models.batching import plan_batches

lengths = st.lists(st.integers(1, 300), max_size=60)
budgets = st.integers(1, 2000)


@given(lengths, budgets)
def test_every_prompt_is_asked_once(lengths, budget):
    assert sorted(index for batch in plan_batches(lengths, budget) for index in batch) == list(range(len(lengths)))


@given(lengths, budgets)
def test_no_batch_exceeds_the_budget_unless_one_prompt_does(lengths, budget):
    for batch in plan_batches(lengths, budget):
        padded = len(batch) * max(lengths[index] for index in batch)
        assert padded <= budget or len(batch) == 1


@given(lengths, budgets)
def test_neighbours_are_alike_in_length(lengths, budget):
    ordered = [lengths[index] for batch in plan_batches(lengths, budget) for index in batch]
    assert ordered == sorted(lengths)


def test_batches_are_as_full_as_the_budget_allows():
    assert plan_batches([4, 4, 4, 4], 8) == [[0, 1], [2, 3]]
    assert plan_batches([], 8) == []
