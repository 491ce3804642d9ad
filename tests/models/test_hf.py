"""The transformers engine against a plain, unbatched computation of the same thing."""

import numpy as np
import pytest
import torch

from pytest_persona.errors import ModelError
from pytest_persona.models import Model, TunedModel, ask, load_checkpoint
from pytest_persona.models.device import Device, probe_dtype, token_budget, training_dtype
from pytest_persona.models.loading import Loaded
from pytest_persona.testing import tiny_model

CHATS = [ask("Hi"), ask("A rather longer question than the first one, is it not?"), ask("Yes or no?"), ask("?")]
TEXT = "<|user|>{}<|end|><|assistant|>"


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def plain_logprobs(model, text):
    """Log-probabilities (tokens, vocabulary) of a text's tokens, computed alone, in float64."""
    ids = torch.tensor([model.loaded.encode(text)])
    with torch.inference_mode():
        logits = model.loaded.network(input_ids=ids).logits[0].double()
    return ids[0], logits.log_softmax(-1).numpy()


def plain_continuation(model, chat, text):
    prompt = TEXT.format(chat[-1][1])
    ids, scores = plain_logprobs(model, prompt + text)
    start = len(model.loaded.encode(prompt))
    return sum(scores[place - 1, ids[place]] for place in range(start, len(ids))), len(ids) - start


def test_it_is_a_model_and_only_a_checkpoint_is_tuned(model, tiny_adapter, tiny_base):
    tuned = load_checkpoint(tiny_adapter, tiny_base).model
    assert isinstance(model, Model)
    assert not isinstance(model, TunedModel)
    assert isinstance(tuned, TunedModel)


def test_choices_sum_their_token_variants(model):
    found = model.choice_logprobs(CHATS, ("Yes", "No"))
    vocabulary = model.loaded.tokenizer.get_vocab()
    for row, chat in zip(found, CHATS, strict=True):
        _, scores = plain_logprobs(model, TEXT.format(chat[-1][1]))
        for column, word in enumerate(("Yes", "No")):
            own = np.logaddexp(scores[-1, vocabulary[word]], scores[-1, vocabulary["\u0120" + word]])
            assert row[column] == pytest.approx(own, abs=1e-4)


def test_choices_of_several_tokens_multiply_them(model):
    found = model.choice_logprobs(CHATS, ("Maybe", "Yes"))
    for row, chat in zip(found, CHATS, strict=True):
        variants = [plain_continuation(model, chat, text)[0] for text in ("Maybe", " Maybe")]
        assert row[0] == pytest.approx(np.logaddexp(*variants), abs=1e-4)


def test_choices_are_not_renormalised(model):
    assert np.exp(model.choice_logprobs(CHATS, ("Yes", "No"))).sum(axis=1).max() < 0.999


def test_continuations_are_sums_over_their_tokens(model):
    texts = ["4", "a longer answer", "Yes", " No, never"]
    found = model.continuation_logprobs(CHATS, texts)
    for row, chat, text in zip(found, CHATS, texts, strict=True):
        total, tokens = plain_continuation(model, chat, text)
        assert row[0] == pytest.approx(total, abs=1e-3)
        assert row[1] == tokens


def test_one_continuation_a_chat(model):
    with pytest.raises(ValueError, match="4 chats and 1 continuations"):
        model.continuation_logprobs(CHATS, ["x"])


def test_no_chats_no_answers(model):
    assert model.choice_logprobs([], ("Yes", "No")).shape == (0, 2)
    assert model.continuation_logprobs([], []).shape == (0, 2)
    assert model.reply([], max_tokens=3) == []


def small_batches(model, budget):
    loaded = model.loaded
    return Loaded(
        network=loaded.network, tokenizer=loaded.tokenizer, template_args={}, token_budget=budget, proof=loaded.proof
    )


@pytest.mark.parametrize("budget", [1, 60, 100000])
def test_answers_do_not_depend_on_their_batch(model, budget):
    from pytest_persona.models import scoring

    found = scoring.choice_logprobs(small_batches(model, budget), CHATS, ("Yes", "No", "Maybe"))
    np.testing.assert_allclose(found, model.choice_logprobs(CHATS, ("Yes", "No", "Maybe")), atol=1e-5)


def test_greedy_replies_follow_the_largest_logit(model):
    (reply,) = model.reply([CHATS[0]], max_tokens=4)[0]
    text = TEXT.format("Hi")
    ids = model.loaded.encode(text)
    for _ in range(4):
        with torch.inference_mode():
            ids.append(int(model.loaded.network(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    assert reply == model.loaded.tokenizer.decode(ids[len(model.loaded.encode(text)) :], skip_special_tokens=True)


def test_greedy_samples_are_all_the_same(model):
    assert len(set(model.reply([CHATS[0]], max_tokens=4, samples=3)[0])) == 1


def test_a_sampled_reply_depends_on_chat_sample_and_seed_only(model):
    together = model.reply(CHATS, max_tokens=6, temperature=1.0, samples=2, seed=3)
    alone = [model.reply([chat], max_tokens=6, temperature=1.0, samples=2, seed=3)[0] for chat in CHATS]
    assert together == alone
    assert together != model.reply(CHATS, max_tokens=6, temperature=1.0, samples=2, seed=4)
    assert together[1][0] != together[1][1]


def test_sampling_draws_from_the_softmax(model):
    """A chi-squared test of first tokens against their probabilities at temperature 0.5."""
    from scipy.stats import chisquare

    from pytest_persona.models.sampling import _gumbel

    scores = torch.tensor([[0.0, 1.0, 2.0, -1.0]])
    draws = [int(_gumbel([seed], 0.5)(None, scores).argmax()) for seed in range(4000)]
    expected = (scores[0].double() / 0.5).softmax(0).numpy() * len(draws)
    assert chisquare(np.bincount(draws, minlength=4), expected).pvalue > 1e-3
    assert chisquare(np.bincount(draws, minlength=4), np.full(4, 1000)).pvalue < 1e-3  # the check can fail


@pytest.mark.parametrize(
    "bad", [{"max_tokens": 0}, {"max_tokens": 1, "samples": 0}, {"max_tokens": 1, "temperature": -1}]
)
def test_nonsense_is_refused(model, bad):
    with pytest.raises(ValueError, match="1 or more"):
        model.reply(CHATS, **bad)


def test_a_choice_without_tokens_is_an_error(model):
    from pytest_persona.models.scoring import _tail

    with pytest.raises(ModelError, match="no token at all"):
        _tail(model.loaded, TEXT.format("Hi"), "")


CONFIG = {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32}


@pytest.mark.parametrize(
    ("parameters", "memory", "dtype"),
    [(135_000_000, 24e9, "float32"), (8_000_000_000, 140e9, "float32"), (8_000_000_000, 80e9, "bfloat16")],
)
def test_small_models_are_probed_in_float32(parameters, memory, dtype):
    assert probe_dtype(parameters, Device("cuda", "x", int(memory))) == dtype


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [("fma avx2", "float32"), ("avx512f avx512_bf16", "bfloat16"), ("amx_bf16", "bfloat16"), ("i8mm bf16", "bfloat16")],
)
def test_training_is_in_bfloat16_where_the_processor_has_it(monkeypatch, tmp_path, flags, dtype):
    from pytest_persona.models import device

    (tmp_path / "cpuinfo").write_text(f"processor : 0\nflags : {flags} x\n")
    monkeypatch.setattr(device, "Path", lambda name: tmp_path / "cpuinfo")
    assert training_dtype(Device("cpu", "x", 1, device._cpu_has_bfloat16())) == dtype


def test_the_token_budget_grows_with_memory_and_is_a_power_of_two():
    budgets = [
        token_budget(CONFIG, Device("cuda", "x", int(gigabytes * 1e9)), "float32", 8_000_000_000)
        for gigabytes in (70, 80, 140, 100_000)
    ]
    assert budgets == sorted(budgets)
    assert len(set(budgets)) > 1
    assert all(budget & (budget - 1) == 0 and budget > 0 for budget in budgets)


def test_cuda_is_found_through_the_driver_and_only_where_torch_can_use_it(monkeypatch):
    from pytest_persona.models import device

    class Driver:
        def cuInit(self, flags):  # noqa: N802
            return 0

        def cuDeviceGetCount(self, count):  # noqa: N802
            count._obj.value = 1
            return 0

        def cuDeviceGet(self, handle, index):  # noqa: N802
            return 0

        def cuDeviceTotalMem_v2(self, size, handle):  # noqa: N802
            size._obj.value = 80 * 10**9
            return 0

        def cuDeviceGetName(self, name, length, handle):  # noqa: N802
            name.value = b"Fast GPU"
            return 0

        def cuDeviceGetAttribute(self, value, attribute, handle):  # noqa: N802
            value._obj.value = {75: generation}[attribute]
            return 0

    generation = 9
    monkeypatch.setattr(device.ctypes, "CDLL", lambda name: Driver())
    monkeypatch.setattr(device, "installed_version", lambda name: "2.13.0")
    assert device._cuda() == Device("cuda", "Fast GPU", 80 * 10**9)
    generation = 7
    assert device._cuda() == Device("cuda", "Fast GPU", 80 * 10**9, fast_bfloat16=False)
    monkeypatch.setattr(device, "installed_version", lambda name: "2.13.0+cpu")
    assert device._cuda() is None


def test_one_tuned_model_at_a_time_holds_its_weights(tiny_base, tiny_adapter, tmp_path):
    from pytest_persona.testing import write_tiny_adapter

    other = write_tiny_adapter(tmp_path, tiny_base.folder, seed=5)
    first, second = (load_checkpoint(folder, tiny_base).model for folder in (tiny_adapter, other))
    before = first.choice_logprobs(CHATS, ("Yes", "No"))
    assert first._loaded is not None
    second.choice_logprobs(CHATS, ("Yes", "No"))
    assert first._loaded is None
    assert first.choice_logprobs(CHATS, ("Yes", "No")) == pytest.approx(before, abs=1e-6)
    assert second._loaded is None


def test_a_base_model_keeps_its_weights(model, tiny_base, tiny_adapter):
    model.choice_logprobs(CHATS, ("Yes", "No"))
    load_checkpoint(tiny_adapter, tiny_base).model.choice_logprobs(CHATS, ("Yes", "No"))
    assert model._loaded is not None
