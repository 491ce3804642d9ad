"""Shared prefixes computed once, against the plain padded way in float32: the same numbers, within stated bounds."""

import copy
import functools
import random
import weakref
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.models import load_checkpoint, scoring, shared
from pytest_persona.models.loading import Loaded
from pytest_persona.testing import tiny_model

WANTED = [5, 40, 100, 262]
TOLERANCE = 1e-4
"""What the two ways may differ by in float32; the wrong ones below differ by a hundred times as much."""


@functools.cache
def tiny():
    return tiny_model().loaded


@pytest.fixture
def loaded():
    return tiny()


def both(loaded, prompts, *, budget, worth=1):
    """Scores the shared way within a budget, and the plain way within the model's own."""
    with mock.patch.object(shared, "_WORTH", worth):
        found = shared.next_token(replace(loaded, token_budget=budget), prompts, WANTED)
    return found, scoring.plain_next_token(loaded, prompts, WANTED)


def words(seed, count):
    return random.Random(seed).choices(range(4, 260), k=count)


def questionnaire(people, items, *, head=20, person=8, item=6):
    """Prompts as a role-play questionnaire has them: a head, a person, an item, lengths varied."""
    start = words(0, head)
    return [
        start + words(100 + p, person + p % 3) + words(1000 * p + i, item + i % 5)
        for p in range(people)
        for i in range(items)
    ]


CHAIN = words(1, 40)
EDGES = {
    "questionnaire": questionnaire(4, 6),
    "a prompt that begins another": [CHAIN[:9], CHAIN[:20], [*CHAIN[:9], 7, 8]],
    "a prompt that begins a much longer one": [CHAIN[:12], CHAIN[:30], [*CHAIN[:12], *CHAIN[:14]]],
    "the same prompt": [CHAIN[:9], CHAIN[:9]],
    "the same prompt among others": [CHAIN[:9], CHAIN[:12], CHAIN[:9], CHAIN[:12]],
    "each begins the next": [CHAIN[:length] for length in range(1, 41)],
    "each begins the next, far apart": [words(4, 200)[:length] for length in range(9, 200, 15)],
    "very long ones": [words(2, 600) + words(seed, 3 + seed) for seed in range(4)] + [CHAIN[:9], CHAIN[:10]],
    "two families": [*questionnaire(2, 3), *[[*words(3, 15), token] for token in range(9, 15)]],
    "one token each, and more": [[5], [5, 6], [5, 7], [6]],
    "a person with one item": [*questionnaire(3, 5), words(0, 20) + words(77, 9)],
}


@pytest.mark.parametrize("budget", [1, 7, 50, 300, 100_000])
@pytest.mark.parametrize("prompts", EDGES.values(), ids=EDGES.keys())
def test_it_equals_the_plain_way(loaded, prompts, budget):
    found, plain = both(loaded, prompts, budget=budget)
    np.testing.assert_allclose(found, plain, atol=TOLERANCE, rtol=0)


@given(
    st.lists(st.lists(st.integers(4, 6), min_size=1, max_size=9), min_size=1, max_size=12),
    st.integers(1, 80),
    st.integers(1, 12),
)
@settings(max_examples=40, deadline=None)
def test_it_equals_the_plain_way_on_any_prompts(prompts, budget, worth):
    found, plain = both(tiny(), prompts, budget=budget, worth=worth)
    if found is not None:
        np.testing.assert_allclose(found, plain, atol=TOLERANCE, rtol=0)


def test_wrong_positions_would_be_noticed(loaded):
    def shift(module, args, kwargs):
        if "past_key_values" in kwargs:
            kwargs["position_ids"] = kwargs["position_ids"] + (kwargs["past_key_values"].get_seq_length() > 0)
        return args, kwargs

    assert disagreement(loaded, shift) > 100 * TOLERANCE


def test_padding_that_is_seen_would_be_noticed(loaded):
    def see(module, args, kwargs):
        mask = kwargs["attention_mask"]
        return args, {**kwargs, "attention_mask": torch.ones_like(mask) if "past_key_values" in kwargs else mask}

    assert disagreement(loaded, see) > 100 * TOLERANCE


def disagreement(loaded, change):
    """How far the two ways are apart if what enters the network is changed for the shared one."""
    with hooked(loaded.network.register_forward_pre_hook(change, with_kwargs=True)):
        found, plain = both(loaded, EDGES["questionnaire"], budget=300)
    return abs(found - plain).max()


@contextmanager
def hooked(handle):
    try:
        yield
    finally:
        handle.remove()


@pytest.mark.parametrize("prompts", [[], [CHAIN], [words(8, 9), words(9, 9)]], ids=["none", "one", "nothing shared"])
def test_where_nothing_is_saved_it_leaves_the_prompts_to_the_plain_way(loaded, prompts):
    found, plain = both(loaded, prompts, budget=300)
    assert found is None
    assert plain.shape == (len(prompts), len(WANTED))


def test_what_saves_too_little_is_left_to_the_plain_way(loaded):
    prompts = [[*words(1, 9), token] for token in range(9, 13)]  # nine tokens, three of four times saved
    assert both(loaded, prompts, budget=300, worth=27)[0] is not None
    assert both(loaded, prompts, budget=300, worth=28)[0] is None


def test_other_orders_give_the_same_bits(loaded):
    prompts = EDGES["questionnaire"] + EDGES["the same prompt among others"]
    order = random.Random(3).sample(range(len(prompts)), len(prompts))
    first, _ = both(loaded, prompts, budget=200)
    second, _ = both(loaded, [prompts[index] for index in order], budget=200)
    np.testing.assert_array_equal(second, first[order])


class Watch:
    """What passes through a network: the tokens of each call, and the tokens whose keys are still in memory then."""

    def __init__(self, network):
        self.new, self.padded, self.held = [], [], []
        self._keys = []
        self._handles = [
            network.register_forward_pre_hook(self._before, with_kwargs=True),
            network.register_forward_hook(self._after, with_kwargs=True),
        ]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for handle in self._handles:
            handle.remove()

    def _alive(self):
        return sum(keys.shape[0] * keys.shape[2] for ref in self._keys if (keys := ref()) is not None)

    def _before(self, module, args, kwargs):
        self.new.append(kwargs["input_ids"].numel())
        self.padded.append(kwargs["attention_mask"].numel())
        self.held.append(self._alive())

    def _after(self, module, args, kwargs, output):
        keys = kwargs["past_key_values"].layers[0].keys
        if keys is not None:
            self._keys.append(weakref.ref(keys))
        self.held.append(self._alive())


@pytest.mark.parametrize(("people", "items"), [(3, 4), (12, 8), (40, 20)])
def test_memory_is_bounded_by_the_budget_and_not_by_the_prompts(loaded, people, items):
    prompts = questionnaire(people, items)
    with Watch(loaded.network) as seen, mock.patch.object(shared, "_WORTH", 8):
        found = shared.next_token(replace(loaded, token_budget=256), prompts, WANTED)
    assert found is not None
    assert max(seen.padded) <= 256
    assert 0 < max(seen.held) <= 256
    assert sum(seen.new) < sum(map(len, prompts))
    assert seen._alive() == 0


def test_a_prompt_longer_than_the_budget_bounds_it_instead(loaded):
    prompts = EDGES["very long ones"]
    longest = max(map(len, prompts))
    with Watch(loaded.network) as seen, mock.patch.object(shared, "_WORTH", 8):
        shared.next_token(replace(loaded, token_budget=64), prompts, WANTED)
    assert 600 <= max(seen.padded) <= longest
    assert 600 <= max(seen.held) <= longest
    assert sum(seen.new) < 2 * longest  # the long prefix once


def test_without_giving_back_memory_would_grow(loaded):
    """The twin of the bound: a list that forgets nothing."""

    class Hoarder(list):
        def __delitem__(self, key):
            hoard.extend(self[key])
            super().__delitem__(key)

    hoard = []
    run = shared._run

    def hoarding(loaded, one, kept, wanted, positions):
        found, layers = run(loaded, one, kept, wanted, positions)
        hoard.append(layers)
        return found, layers

    with (
        Watch(loaded.network) as seen,
        mock.patch.object(shared, "_WORTH", 8),
        mock.patch.object(shared, "_run", hoarding),
    ):
        shared.next_token(replace(loaded, token_budget=256), questionnaire(40, 20), WANTED)
    assert max(seen.held) > 256


@pytest.mark.parametrize(
    ("prompts", "positions"), [(EDGES["questionnaire"], 1), ([CHAIN[:9], CHAIN[:12]], 4)], ids=["last", "last four"]
)
def test_no_more_positions_meet_the_output_layer_than_are_read(loaded, prompts, positions):
    shapes = []
    with hooked(loaded.network.lm_head.register_forward_hook(lambda module, args, out: shapes.append(out.shape))):
        found = shared.next_token(loaded, prompts, WANTED)
    assert found is not None
    assert max(shape[1] for shape in shapes) == positions


def network_of(kind, **changes):
    """A tiny random network of another architecture, with the tiny model's tokenizer."""
    size = {
        "vocab_size": 272,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 512,
        "initializer_range": 0.3,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(kind, **size | changes)
    network = transformers.AutoModelForCausalLM.from_config(config).eval()
    return Loaded(network=network, tokenizer=tiny().tokenizer, template_args={}, token_budget=2048)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("gemma2", {"sliding_window": 512}),
        ("gemma3_text", {"sliding_window": 512}),
        ("qwen2", {}),
        ("qwen3", {}),
        ("mistral", {"sliding_window": 512}),
        ("gpt2", {"n_embd": 32, "n_head": 4, "n_layer": 2}),
        ("qwen2_moe", {"num_experts": 4, "moe_intermediate_size": 16, "shared_expert_intermediate_size": 16}),
    ],
)
def test_other_architectures_equal_the_plain_way(kind, changes):
    found, plain = both(network_of(kind, **changes), EDGES["questionnaire"], budget=300)
    np.testing.assert_allclose(found, plain, atol=TOLERANCE, rtol=0)


HALF_MAMBA = {"attn_layer_period": 2, "attn_layer_offset": 1, "num_experts": 2, "use_mamba_kernels": False}
LONG_ROPE = {"rope_type": "longrope", "rope_theta": 1e4, "short_factor": [1.0] * 4, "long_factor": [2.0] * 4}
NEVER = [
    ("mistral", {"sliding_window": 16}, 16),
    ("gemma2", {"sliding_window": 16}, 16),
    ("phi3", {"rope_parameters": LONG_ROPE, "original_max_position_embeddings": 24}, 24),
    ("lfm2", {"full_attn_idxs": [1]}, 0),
    ("jamba", HALF_MAMBA, 0),
    ("gemma3n_text", {"num_hidden_layers": 10, "num_kv_shared_layers": 5, "vocab_size_per_layer_input": 272}, 0),
    ("gpt_neo", {"attention_types": [[["global", "local"], 1]], "num_layers": 2, "num_heads": 4}, 0),
    ("bloom", {"n_layer": 2, "n_head": 4}, 0),
    ("recurrent_gemma", {"num_hidden_layers": 3}, 0),
]


@pytest.mark.parametrize(("kind", "changes", "reach"), NEVER, ids=[kind for kind, *_ in NEVER])
def test_networks_with_another_past_go_the_plain_way(kind, changes, reach):
    loaded = network_of(kind, **changes)
    assert shared.reach(loaded.network) == reach
    found, plain = both(loaded, EDGES["questionnaire"], budget=300)
    assert found is None
    assert np.isfinite(plain).all()


def test_a_change_of_nothing_is_not_noticed(loaded):
    assert disagreement(loaded, lambda module, args, kwargs: (args, kwargs)) < TOLERANCE


def test_the_shared_way_would_be_wrong_beyond_a_window():
    with mock.patch.object(shared, "reach", return_value=10**6):
        found, plain = both(network_of("mistral", sliding_window=16), EDGES["questionnaire"], budget=300)
    assert abs(found - plain).max() > 100 * TOLERANCE


def test_bfloat16_stays_within_its_rounding(loaded):
    half = replace(loaded, network=copy.deepcopy(loaded.network).bfloat16())
    found, plain = both(half, EDGES["questionnaire"], budget=300)
    np.testing.assert_allclose(found, plain, atol=0.1, rtol=0)


CHATS = [
    (("system", f"You are {who}, and you answer as such."), ("user", f"Do you like {what}?"))
    for who in ("a sailor", "a judge", "a child of ten")
    for what in ("rules", "the sea", "sweets", "long stories")
]


@pytest.mark.parametrize("which", ["base", "merged adapter"])
def test_a_model_answers_as_it_does_one_by_one(which, loaded, tiny_base, tiny_adapter):
    model = tiny_model() if which == "base" else load_checkpoint(tiny_adapter, tiny_base).model
    with Watch(model.loaded.network) as seen:
        together = model.choice_logprobs(CHATS, ("Yes", "No"))
    alone = np.concatenate([model.choice_logprobs([chat], ("Yes", "No")) for chat in CHATS])
    np.testing.assert_allclose(together, alone, atol=TOLERANCE, rtol=0)
    assert sum(seen.new) < sum(len(model.loaded.encode(model.loaded.render(chat))) for chat in CHATS)


def test_choices_of_several_tokens_share_the_prompt(loaded):
    """Letter by letter, with and without a space before them, they cost less than two prompts from the beginning."""
    model = tiny_model()
    prompts = [loaded.encode(loaded.render(chat)) for chat in CHATS]
    with Watch(model.loaded.network) as seen:
        found = model.choice_logprobs(CHATS, ("Yes", "Maybe", "4", "Mayor"))
    assert sum(seen.new) < 2 * sum(map(len, prompts))
    for column, choice in enumerate(("Yes", "Maybe", "4", "Mayor")):
        variants = [model.continuation_logprobs(CHATS, [text] * len(CHATS))[:, 0] for text in (choice, f" {choice}")]
        np.testing.assert_allclose(found[:, column], np.logaddexp(*variants), atol=TOLERANCE, rtol=0)
