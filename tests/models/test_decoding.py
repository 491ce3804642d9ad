"""Replies token by token against transformers' `generate`: the same tokens, fewer rows."""

import copy
import random
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.models import ask, decoding, loops, sampling
from tests.models.wordy import CHATS, ENDS, ours, words, wordy


@pytest.fixture
def loaded():
    return wordy()


def theirs(loaded, row, max_tokens):
    """Alone, by `generate`, up to the token that ended it."""
    output = loaded.network.generate(
        input_ids=torch.tensor([row]),
        attention_mask=torch.ones(1, len(row), dtype=torch.int64),
        generation_config=transformers.GenerationConfig(
            max_new_tokens=max_tokens, do_sample=False, eos_token_id=ENDS, pad_token_id=0
        ),
    )
    return list(loops.cut(output[0, len(row) :].tolist())[0])


ROWS = {
    "one row": [words(1, 9)],
    "one token each": [[5], [6], [7]],
    "different lengths": [words(seed, 3 + 7 * seed) for seed in range(9)],
    "a common beginning": [words(0, 30) + words(seed, 1 + seed) for seed in range(8)],
    "one begins the others": [words(0, length) for length in range(20, 60, 5)],
    "some twice": [words(seed % 3, 12) for seed in range(7)],
}


@contextmanager
def watched(network):
    """Rows and columns of each call, and the room of its cache."""
    calls = []

    def look(module, args, kwargs):
        layers = kwargs["past_key_values"].layers
        room = max((layer.room[0].shape[0] * layer.room[0].shape[2] for layer in layers if layer.room), default=0)
        new = kwargs["input_ids"].shape[1]
        calls.append((kwargs["input_ids"].shape[0], kwargs["attention_mask"].shape[1], new, room))

    handle = network.register_forward_pre_hook(look, with_kwargs=True)
    try:
        yield calls
    finally:
        handle.remove()


@pytest.mark.parametrize("max_tokens", [1, 2, 30])
@pytest.mark.parametrize("budget", [1, 200, 100_000])
@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS.keys())
def test_greedy_equals_generate(loaded, rows, budget, max_tokens):
    expected = [theirs(loaded, row, max_tokens) for row in rows]
    assert ours(replace(loaded, token_budget=budget), rows, max_tokens) == expected


@given(
    st.lists(st.lists(st.integers(4, 6), min_size=1, max_size=9), min_size=1, max_size=9),
    st.integers(1, 200),
    st.integers(1, 12),
)
@settings(max_examples=30, deadline=None)
def test_greedy_equals_generate_on_any_rows(rows, budget, max_tokens):
    loaded = wordy()
    expected = [theirs(loaded, row, max_tokens) for row in rows]
    assert ours(replace(loaded, token_budget=budget), rows, max_tokens) == expected


def test_these_replies_end_early_and_late(loaded):
    """Or the tests above would prove little."""
    lengths = {len(theirs(loaded, row, 30)) for rows in ROWS.values() for row in rows}
    assert len(lengths) > 4
    assert 30 in lengths


@pytest.mark.parametrize("change", ["position_ids", "attention_mask"])
def test_a_wrong_position_or_mask_would_be_noticed(loaded, change):
    def wrong(module, args, kwargs):
        if kwargs["input_ids"].shape[1] == 1:
            moved = kwargs[change] + 3 if change == "position_ids" else torch.ones_like(kwargs[change])
            return args, {**kwargs, change: moved}
        return None

    rows = ROWS["different lengths"]
    expected = ours(loaded, rows, 30)
    handle = loaded.network.register_forward_pre_hook(wrong, with_kwargs=True)
    try:
        assert ours(loaded, rows, 30) != expected
    finally:
        handle.remove()


def ending_after(counts):
    """A choice that ends each row after its own number of tokens."""
    written = dict.fromkeys(range(len(counts)), 0)

    def choose(rows, logits):
        for row in rows:
            written[row] += 1
        return torch.tensor([ENDS[0] if written[row] == counts[row] else 4 + written[row] % 200 for row in rows])

    return choose


def test_an_end_at_the_first_token(loaded):
    with watched(loaded.network) as calls:
        assert ours(loaded, [[5, 6], [7]], 9, ending_after([1, 1])) == [[0], [0]]
    assert len(calls) == 1


def test_rows_that_ended_leave_the_batch(loaded):
    counts = [1, 2, 2, 5, 40]
    with watched(loaded.network) as calls:
        replies = ours(loaded, [words(seed, 6 + seed) for seed in range(5)], 100, ending_after(counts))
    assert [len(reply) for reply in replies] == counts
    assert [rows for rows, *_ in calls] == [5, 4, 2, 2, 2] + [1] * 35
    assert calls[-1][1] == 6 + 4 + 39  # nor do their columns stay: the longest prompt, and what its row wrote


def test_columns_of_padding_go_with_the_row_that_needed_them(loaded):
    with watched(loaded.network) as calls:
        ours(loaded, [words(1, 5), words(2, 60)], 100, ending_after([20, 2]))
    assert calls[1][1] == 61
    assert calls[2][1] == 5 + 2


def test_waiting_rows_come_in_when_half_have_left(loaded):
    budget = 4 * (8 + 30)
    counts = [30, 3, 3, 3, 20, 20]
    with watched(loaded.network) as calls:
        ours(replace(loaded, token_budget=budget), [words(seed, 8) for seed in range(6)], 30, ending_after(counts))
    assert len(calls) < 30 + 20  # one after the other, as `generate` would, takes at least as many steps
    assert max(rows for rows, *_ in calls) == 4


@pytest.mark.parametrize("budget", [1, 100, 300, 1000])
def test_what_is_in_memory_is_bounded(loaded, budget):
    rows = [words(seed, 3 + seed % 17) for seed in range(40)]
    counts = [1 + 7 * seed % 25 for seed in range(40)]
    with watched(loaded.network) as calls:
        ours(replace(loaded, token_budget=budget), rows, 25, ending_after(counts))
    bound = max(budget, 19 + 25)
    assert all(count * columns <= bound and room <= bound for count, columns, _, room in calls)
    assert budget < 100 or max(room for *_, room in calls) > bound / 2


def test_the_same_prompt_is_computed_once(loaded):
    with watched(loaded.network) as calls:
        ours(loaded, [words(1, 50)] * 6, 3, ending_after([3] * 6))
    assert [(rows, new) for rows, _, new, _ in calls] == [(1, 50), (6, 1), (6, 1)]


def test_a_common_beginning_is_computed_once(loaded):
    with watched(loaded.network) as calls:
        ours(loaded, [[*words(0, 40), seed, seed] for seed in range(4, 9)], 1)
    assert [(rows, new) for rows, _, new, _ in calls] == [(1, 40), (5, 2)]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_another_order_gives_the_same_replies(loaded, temperature):
    chats = [*CHATS, *[ask("x" * count) for count in range(1, 9)], CHATS[0]]
    order = random.Random(1).sample(range(len(chats)), len(chats))

    def replies(chats):
        return sampling.replies(
            replace(loaded, token_budget=300), chats, max_tokens=20, temperature=temperature, samples=2, seed=4
        )

    found = replies(chats)
    assert replies([chats[place] for place in order]) == [found[place] for place in order]
    assert found[0] == found[-1]
    assert len({reply for several in found for reply in several}) > 4


@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_the_two_ways_reply_alike(loaded, monkeypatch, temperature):
    def replies():
        return sampling.replies(loaded, CHATS, max_tokens=25, temperature=temperature, samples=3, seed=8)

    assert decoding.understands(loaded.network, 1000)
    found = replies()
    monkeypatch.setattr(decoding, "understands", lambda network, width: False)
    monkeypatch.setattr(decoding, "decode", None)
    assert replies() == found


# what falls back


def test_what_it_cannot_do_is_left_to_generate(loaded, monkeypatch):
    assert decoding.understands(loaded.network, 10_000)
    recurrent = transformers.MambaForCausalLM(
        transformers.MambaConfig(vocab_size=270, hidden_size=16, num_hidden_layers=1, state_size=4)
    ).eval()
    assert not decoding.understands(recurrent, 10)
    monkeypatch.setattr(decoding, "decode", None)
    found = sampling.replies(replace(loaded, network=recurrent), CHATS, max_tokens=3, temperature=0, samples=1, seed=0)
    assert len(found) == len(CHATS)


@pytest.mark.parametrize(
    ("setting", "harmless"),
    [
        ({"repetition_penalty": 1.1}, False),
        ({"suppress_tokens": [5]}, False),
        ({"no_repeat_ngram_size": 3}, False),
        ({"num_beams": 2}, False),
        ({"forced_eos_token_id": 0}, False),
        ({"min_new_tokens": 1}, False),
        ({"repetition_penalty": 1.0, "num_beams": 1, "use_cache": True}, True),
        ({"temperature": 0.6, "top_p": 0.9, "top_k": 20, "do_sample": True}, True),
    ],
)
def test_settings_that_change_scores_are_left_to_generate(loaded, setting, harmless):
    network = copy.copy(loaded.network)
    network.generation_config = transformers.GenerationConfig(eos_token_id=0, **setting)
    assert decoding.understands(network, 10) is harmless


def test_a_window_is_not_exceeded():
    config = transformers.MistralConfig(
        vocab_size=270,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        sliding_window=40,
    )
    torch.manual_seed(0)
    network = transformers.MistralForCausalLM(config).eval()
    assert decoding.understands(network, 40)
    assert not decoding.understands(network, 41)
    loaded = replace(wordy(), network=network)
    rows = [words(seed, 5 + 3 * seed) for seed in range(6)]
    with watched(network) as calls:
        ours(loaded, rows, 20, ending_after([20, 3, 3, 3, 3, 20]))
    assert max(columns for _, columns, *_ in calls) <= 40


def test_no_wording_stops_a_reply(loaded):
    """A refusal is followed by what the model writes next; here it then complies."""
    text = "I'm sorry, but I can't help with that. I cannot. No. As an AI, I must refuse. Sure, here is how: first"
    spoken = loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
    saying = iter(spoken)
    (reply,) = ours(loaded, [[5, 6]], len(spoken), lambda rows, logits: torch.tensor([next(saying)]))
    assert loaded.tokenizer.decode(reply) == text
