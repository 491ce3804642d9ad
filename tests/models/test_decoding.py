"""Replies token by token against transformers' `generate`: the same tokens, fewer rows, and loops that end."""

import copy
import functools
import pickle
import random
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.models import ask, decoding, loops, sampling
from pytest_persona.models.decoding import decode
from pytest_persona.models.protocol import Cut
from pytest_persona.testing import tiny_model

ENDS = [0]
CHATS = [ask("Hi"), ask("A rather longer question than the first one, is it not?"), ask("Yes or no?"), ask("?")]


@functools.cache
def wordy():
    """The tiny model without its lean to Yes and No: seed and prompt say what it writes, and it ends now and then."""
    loaded = tiny_model().loaded
    network = copy.deepcopy(loaded.network)
    torch.manual_seed(3)
    with torch.no_grad():
        network.lm_head.weight.normal_(std=0.5)
        network.lm_head.weight[0] *= 2.5
    return replace(loaded, network=network)


@pytest.fixture
def loaded():
    return wordy()


def words(seed, count):
    return random.Random(seed).choices(range(4, 260), k=count)


def largest(rows, logits):
    return logits.argmax(-1)


def ours(loaded, rows, max_tokens, choose=largest):
    return decode(loaded, rows, max_tokens=max_tokens, ends=ENDS, choose=choose)


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


# loops


def going_round(cycle):
    """A choice that writes a cycle of tokens for ever."""
    written = {}

    def choose(rows, logits):
        for row in rows:
            written[row] = written.get(row, -1) + 1
        return torch.tensor([cycle[written[row] % len(cycle)] for row in rows])

    return choose


@pytest.mark.parametrize("length", [1, 2, 3, 7, 12, 13, 24])
def test_a_loop_ends_the_reply_with_its_repetitions_kept(loaded, length):
    cycle = list(range(10, 10 + length))
    (reply,) = ours(loaded, [[5, 6]], 500, going_round(cycle))
    assert reply == cycle * loops.times(length)
    assert loops.times(length) >= 4
    assert len(reply) >= 48


def test_longer_cycles_go_on_to_the_cap(loaded):
    (reply,) = ours(loaded, [[5, 6]], 200, going_round(list(range(10, 35))))
    assert len(reply) == 200


def test_a_network_that_loops_is_cut_and_marked(loaded, monkeypatch):
    network = copy.deepcopy(loaded.network)
    with torch.no_grad():
        network.lm_head.weight.zero_()
    network.lm_head.bias = torch.nn.Parameter(torch.eye(270)[40][: network.lm_head.out_features] * 9)
    stuck = replace(loaded, network=network)
    asked = {"max_tokens": 90, "temperature": 0, "samples": 2, "seed": 0}
    found = sampling.replies(stuck, CHATS, **asked)
    assert {type(reply) for several in found for reply in several} == {Cut}
    assert found[0][0].why == "loop: 1 tokens, 48 times in a row"
    assert found[0][0] == stuck.tokenizer.decode([40] * 90)  # what it would have written, of which 48 were asked for
    short = sampling.replies(stuck, CHATS, **{**asked, "max_tokens": 47})
    assert {type(reply) for several in short for reply in several} == {str}
    monkeypatch.setattr(decoding, "understands", lambda network, width: False)
    assert sampling.replies(stuck, CHATS, **asked) == found


@given(st.lists(st.integers(0, 2), max_size=120))
@settings(deadline=None)
def test_a_loop_is_what_its_definition_says(ids):
    def looped(ids):
        return any(
            len(ids) >= n * loops.times(n) and ids[-n * loops.times(n) :] == ids[-n:] * loops.times(n)
            for n in range(1, loops.LONGEST + 1)
        )

    first = next((end for end in range(1, len(ids) + 1) if looped(ids[:end])), None)
    kept, why = loops.cut(ids)
    assert kept == (ids if first is None else ids[:first])
    assert (why is None) == (first is None)


@given(st.integers(1, 24), st.data())
@settings(deadline=None)
def test_every_loop_is_found(length, data):
    cycle = data.draw(st.lists(st.integers(0, 9), min_size=length, max_size=length))
    start = data.draw(st.lists(st.integers(0, 9), max_size=20))
    kept, why = loops.cut([*start, *cycle * (2 * loops.times(length))])
    assert why is not None
    assert len(kept) <= len(start) + length * loops.times(length)


@given(st.integers(1, loops.LONGEST), st.lists(st.integers(50, 60), max_size=20), st.integers(0, 60))
def test_what_is_left_out_is_the_loop(length, start, more):
    """Cut, then completed: what a model that stays in its loop would have written."""
    whole = [*start, *(list(range(length)) * 200)][: len(start) + length * loops.times(length) + more]
    kept, why = loops.cut(whole)
    assert why is not None
    assert loops.completed(kept, len(whole)) == (whole, why)
    assert loops.completed(whole, len(whole) + 9)[0][: len(whole)] == whole


def test_a_reply_without_a_loop_is_left_as_it_is():
    assert loops.completed([1, 2, 3], 90) == ([1, 2, 3], None)


def test_refrains_lists_and_rules_are_no_loops():
    tokenizer = wordy().tokenizer
    texts = [
        "Row, row, row your boat. " * 3,
        "".join(f"{n}. Take step {n} with care.\n" for n in range(1, 60)),
        "| a | b |\n" + "-" * 40 + "\n| 1 | 2 |\n",
        "1,000,000,000,000,000 is a large number",
        "No. No. No. I said no, and no, and no, and no again.",
    ]
    for text in texts:
        assert loops.cut(tokenizer(text, add_special_tokens=False)["input_ids"])[1] is None, text
    for text in ("No. " * 30, "-" * 60, "It is so. And yet. " * 4):
        assert loops.cut(tokenizer(text, add_special_tokens=False)["input_ids"])[1] is not None, text


def test_a_cut_reply_is_a_string_and_survives_copies():
    reply = Cut("again and again", "loop: 2 tokens, 24 times in a row")
    assert reply == "again and again"
    assert hash(reply) == hash("again and again")
    for other in (copy.copy(reply), copy.deepcopy(reply), pickle.loads(pickle.dumps(reply))):
        assert (other, other.why, type(other)) == (reply, reply.why, Cut)


# nothing else stops a reply


def test_no_wording_stops_a_reply(loaded):
    """A refusal is followed by what the model writes next; here it then complies."""
    text = "I'm sorry, but I can't help with that. I cannot. No. As an AI, I must refuse. Sure, here is how: first"
    spoken = loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
    saying = iter(spoken)
    (reply,) = ours(loaded, [[5, 6]], len(spoken), lambda rows, logits: torch.tensor([next(saying)]))
    assert loaded.tokenizer.decode(reply) == text
