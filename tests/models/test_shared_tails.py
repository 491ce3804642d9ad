"""Many replies to one chat, their beginnings computed once, against the plain padded way in float32."""

import functools
import random
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_persona.models import ask, scoring, shared
from pytest_persona.testing import tiny_model

TOLERANCE = 1e-4
"""A token that the two ways may differ by in float32."""


@functools.cache
def tiny():
    return tiny_model().loaded


def words(seed, count):
    return random.Random(seed).choices(range(4, 260), k=count)


def questions(count, answers, *, head=20, question=9, answer=12):
    """Prompts and tails as a set of questions with answers has them: a head, a question, answers that begin alike."""
    start = words(0, head)
    pairs = [
        (start + words(100 + q, question + q % 4), words(500 + q, a % 3) + words(1000 * q + a, 1 + (7 * a) % answer))
        for q in range(count)
        for a in range(answers)
    ]
    return [prompt for prompt, _ in pairs], [tail for _, tail in pairs]


def both(loaded, prompts, tails, *, budget, worth=1):
    with mock.patch.object(shared, "_WORTH", worth):
        found = shared.continuations(replace(loaded, token_budget=budget), prompts, tails)
    return found, scoring.plain_sums(loaded, prompts, tails)


CHAIN = words(1, 40)
EDGES = {
    "questions": questions(4, 6),
    "long answers": questions(2, 4, answer=80),
    "the same answer twice": ([CHAIN[:9]] * 3, [CHAIN[9:14], CHAIN[9:14], CHAIN[9:13]]),
    "an answer that begins another": ([CHAIN[:9]] * 3, [CHAIN[9:10], CHAIN[9:20], CHAIN[9:40]]),
    "a prompt that another prompt with its answer begins": ([CHAIN[:9], CHAIN[:20]], [CHAIN[9:30], CHAIN[20:22]]),
    "another end of the same answer": ([CHAIN[:9]] * 2, [[*CHAIN[9:14], 7], [*CHAIN[9:14], 8]]),
    "one token each": ([CHAIN[:20]] * 3, [[5], [6], [7]]),
    "very long questions": ([words(2, 600)] * 4, [words(seed, 3 + seed) for seed in range(4)]),
}


@pytest.mark.parametrize("budget", [1, 7, 50, 300, 100_000])
@pytest.mark.parametrize(("prompts", "tails"), EDGES.values(), ids=EDGES.keys())
def test_it_equals_the_plain_way(prompts, tails, budget):
    found, plain = both(tiny(), prompts, tails, budget=budget)
    if budget > 50:
        assert found is not None
    if found is not None:
        np.testing.assert_allclose(found, plain, atol=TOLERANCE * max(map(len, tails)), rtol=0)


SOME = st.lists(st.integers(4, 6), min_size=1, max_size=9)


@given(st.lists(st.tuples(SOME, SOME), min_size=1, max_size=12), st.integers(1, 80), st.integers(1, 12))
@example([([4], [5, 6]), ([4, 5], [6, 4])], 80, 1)
@settings(max_examples=40, deadline=None)
def test_it_equals_the_plain_way_on_any_pairs(pairs, budget, worth):
    found, plain = both(
        tiny(), [prompt for prompt, _ in pairs], [tail for _, tail in pairs], budget=budget, worth=worth
    )
    if found is not None:
        np.testing.assert_allclose(found, plain, atol=10 * TOLERANCE, rtol=0)


@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_token_read_at_another_place_would_be_noticed(wrong):
    """The twin: every token read off one place beside its own."""
    right = shared._at

    def beside(logits, *, rows, columns, tokens):
        last = logits.shape[1] - 1
        return right(logits, rows=rows, columns=[min(max(at + wrong, 0), last) for at in columns], tokens=tokens)

    with mock.patch.object(shared, "_at", beside):
        found, plain = both(tiny(), *EDGES["questions"], budget=300)
    assert abs(found - plain).max() > 0.1


def test_other_orders_give_the_same_bits():
    prompts, tails = EDGES["questions"]
    order = random.Random(3).sample(range(len(prompts)), len(prompts))
    first, _ = both(tiny(), prompts, tails, budget=200)
    second, _ = both(tiny(), [prompts[at] for at in order], [tails[at] for at in order], budget=200)
    np.testing.assert_array_equal(second, first[order])


@pytest.mark.parametrize(
    ("prompts", "tails"),
    [([], []), ([CHAIN[:9]], [CHAIN[9:]]), ([[], []], [[5, 6, 7], [5, 6, 8]]), ([[4], [5]], [[6], [7]])],
    ids=["none", "one", "no prompt", "nothing shared"],
)
def test_where_nothing_is_saved_it_is_left_to_the_plain_way(prompts, tails):
    assert shared.continuations(tiny(), prompts, tails) is None


def test_answers_to_one_question_cost_its_tokens_once():
    """The twin: one at a time they cost it every time."""
    model = tiny_model()
    chats = [ask("What makes water in a basin swirl to one side as it drains, and does it?")] * 5
    answers = ["The shape of the basin", "The Moon", "The hemisphere", "Magnets below the floor", "It does not"]
    counts = []

    def count(module, args, kwargs):
        counts.append(kwargs["input_ids"].numel())

    handle = model.loaded.network.register_forward_pre_hook(count, with_kwargs=True)
    try:
        together = model.continuation_logprobs(chats, answers)
        shared_tokens, counts[:] = sum(counts), []
        alone = np.concatenate([model.continuation_logprobs(chats[:1], [text]) for text in answers])
    finally:
        handle.remove()
    np.testing.assert_allclose(together, alone, atol=30 * TOLERANCE, rtol=0)
    assert shared_tokens < sum(counts) / 2
