"""Replies that go round in a loop: cut, completed and marked; and what is no loop."""

import copy
import pickle
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.models import decoding, loops, sampling
from pytest_persona.models.protocol import Cut
from tests.models.wordy import CHATS, ours, wordy


@pytest.fixture
def loaded():
    return wordy()


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
