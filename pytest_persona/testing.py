"""Models for tests: a tiny one that really computes and trains, and one that says what it is told.

The tiny model is a two-layer random Llama with a byte-level tokenizer and a chat template; it trains ten steps in a
second. Its output layer leans toward Yes and No, so that the probability on the answers is as large as a real model's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_persona.digest import digest
from pytest_persona.models import HFModel, hf_model
from pytest_persona.models.protocol import Chat
from pytest_persona.models.source import describe_folder

if TYPE_CHECKING:
    from pytest_persona.models.protocol import FloatArray

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
ANSWERS = ("Yes", " Yes", "No", " No")
_LEAN = 7.0
"""Logits by which the answers are likelier than the other tokens, about."""


def write_tiny_model(
    folder: Path, *, seed: int = 0, hidden_size: int = 32, template: str | None = TEMPLATE, tied: bool = False
) -> Path:
    """Write a tiny random Llama into `folder` as transformers would, and return the folder.

    Args:
        folder: An existing, empty folder.
        seed: Of the weights.
        hidden_size: Width; another width is another model, for adapters that must not fit.
        template: The chat template; None writes a model without one.
        tied: Whether the output layer is the embedding, as in many small models.
    """
    network, tokenizer = _build(seed, hidden_size, template, tied=tied)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_model(*, seed: int = 0) -> HFModel:
    """A tiny random Llama, as a model that can be asked."""
    with TemporaryDirectory() as folder:
        source = describe_folder(write_tiny_model(Path(folder), seed=seed), spec="tiny", name="tiny")
        model = hf_model(source)
        _ = model.loaded  # while its files are there
    return model


def write_tiny_adapter(folder: Path, base: Path, *, seed: int = 0, scale: float = 0.05) -> Path:
    """Write a random LoRA for the tiny model in `base` into `folder`, and return the folder.

    Args:
        scale: Standard deviation of the B matrices; 0 writes an adapter that changes nothing.
    """
    import peft
    import torch
    import transformers

    network = transformers.AutoModelForCausalLM.from_pretrained(base)
    torch.manual_seed(seed)
    tuned = peft.get_peft_model(network, peft.LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    with torch.no_grad():
        for name, value in tuned.named_parameters():
            if "lora_B" in name:
                value.normal_(std=scale) if scale else value.zero_()
    tuned.save_pretrained(folder)
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = str(base)
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


class ScriptedModel:
    """A model whose probabilities come from a function, for tests of what happens with them.

    Args:
        name: Its name, which is all of its fingerprint.
        answer: Probability of each choice, in [0, 1], from the chat's last text and the choices.
    """

    def __init__(self, name: str, answer: Callable[[str, Sequence[str]], Sequence[float]]) -> None:
        self.name = name
        self.asked = 0
        self._answer = answer

    @property
    def fingerprint(self) -> str:
        return digest({"scripted": self.name})

    def choice_logprobs(self, chats: Sequence[Chat], choices: Sequence[str]) -> FloatArray:
        self.asked += len(chats)
        with np.errstate(divide="ignore"):
            return np.log(np.array([self._answer(chat[-1][1], choices) for chat in chats], dtype=np.float64))

    def continuation_logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> FloatArray:
        self.asked += len(chats)
        pairs = zip(chats, continuations, strict=True)
        return np.array([[np.log(self._answer(chat[-1][1], [text])[0]), 1.0] for chat, text in pairs])

    def reply(
        self, chats: Sequence[Chat], *, max_tokens: int, temperature: float = 0.0, samples: int = 1, seed: int = 0
    ) -> list[list[str]]:
        self.asked += len(chats)
        return [[chat[-1][1]] * samples for chat in chats]


def _build(seed: int, hidden_size: int, template: str | None, *, tied: bool) -> tuple[Any, Any]:
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    specials = ["<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = ["Yes", "\u0120Yes", "No", "\u0120No"]  # as the byte-level alphabet writes them
    steps = ["Ye", "\u0120Y", "\u0120Ye", "\u0120N"]
    vocabulary = {token: index for index, token in enumerate([*specials, *alphabet, *steps, *words])}
    merges = [("\u0120", "Y"), ("\u0120Y", "e"), ("\u0120Ye", "s"), ("\u0120", "N"), ("\u0120N", "o")]
    merges += [("Y", "e"), ("Ye", "s"), ("N", "o")]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(specials)
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>", chat_template=template
    )
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=hidden_size,
        intermediate_size=2 * hidden_size,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        eos_token_id=0,
        pad_token_id=0,
        bos_token_id=None,
        initializer_range=0.1,
        tie_word_embeddings=tied,
    )
    network = transformers.LlamaForCausalLM(config).eval()
    ids = wrapped("Is it so?<|end|><|assistant|>", add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        last = network.model(input_ids=ids).last_hidden_state[0, -1]
        for word in words:
            network.lm_head.weight[vocabulary[word]] += _LEAN * last / last.dot(last)
    return network, wrapped
