"""Weights into memory: a base model, or a base model with its adapter merged in and proved to be applied."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_persona.errors import AdapterError, ModelError
from pytest_persona.models.adapter import AdapterSource
from pytest_persona.models.chat import render
from pytest_persona.models.decoration import Decoration, decorate
from pytest_persona.models.device import Device, find_device
from pytest_persona.models.protocol import AdapterProof, Chat, ask
from pytest_persona.models.source import BaseSource

_PROOF_CHATS = (
    ask("What is 17 plus 25?"),
    ask("Name a colour that you like, and say why in one sentence."),
    ask('Is the following statement something you would say?\n"It is raining today"\nAnswer Yes or No.'),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A network ready to be asked.

    Attributes:
        network: A transformers causal language model in evaluation mode, on its device.
        tokenizer: Its tokenizer.
        template_args: Extra arguments of the chat template.
        token_budget: Most padded tokens in one batch.
        proof: Evidence that the adapter is applied; None for a base model.
        decoration: What the checkpoint puts before each prompt.
    """

    network: Any
    tokenizer: Any
    template_args: Mapping[str, Any]
    token_budget: int
    proof: AdapterProof | None = None
    decoration: Decoration | None = None

    def render(self, chat: Chat) -> str:
        """The text of a chat, decorated, up to where the assistant's reply begins."""
        return render(self.tokenizer, decorate(chat, self.decoration), self.template_args)

    def encode(self, text: str) -> list[int]:
        """Token ids of rendered text; the template has already written every special token."""
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids


def load_network(base: BaseSource, dtype: str) -> tuple[Any, Any]:
    """The base model's network, in evaluation mode on its device, and its tokenizer.

    Args:
        dtype: torch's name of the weights' type, for example `float32`.

    Raises:
        ModelError: transformers cannot load the files.
    """
    import torch

    with quiet_transformers() as transformers:
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(base.folder, trust_remote_code=False)
            network, report = transformers.AutoModelForCausalLM.from_pretrained(
                base.folder,
                dtype=getattr(torch, dtype),
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(
                f"base model {base.spec!r} in {base.folder} cannot be loaded: {error}. It must be a causal language "
                "model that transformers knows without code of its own"
            ) from error
    if lost := sorted(map(str, report["missing_keys"])):
        raise ModelError(
            f"base model {base.spec!r} in {base.folder} lacks {len(lost)} of its weights, first {lost[0]}; "
            "transformers would draw them at random. Copy or download the model again"
        )
    return network.to(_torch_device(find_device())).eval(), tokenizer


def merge_adapter(
    network: Any, tokenizer: Any, adapter: AdapterSource, template_args: Mapping[str, Any]
) -> tuple[Any, AdapterProof]:
    """The network with the adapter merged into its weights, and the proof that it is applied.

    Raises:
        AdapterError: PEFT cannot load it, some of its tensors have no place in the network, or it holds NaN.
    """
    import peft

    vocabulary = network.get_output_embeddings().weight.shape[0]
    if adapter.decoration is not None:
        with quiet_transformers():
            adapter.decoration.add_tokens(network, tokenizer)  # the adapter brings the values of the new rows
    dtype = str(network.dtype).removeprefix("torch.")
    config = peft.PeftConfig.from_pretrained(adapter.folder)
    config.inference_mode = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # missing keys are errors below, not warnings
            tuned = peft.PeftModel(network, config)
            result = tuned.load_adapter(adapter.folder, "default")
    except (RuntimeError, ValueError, KeyError) as error:
        raise AdapterError(f"adapter {adapter.folder} does not fit the base model: {error}") from error
    ours = ("lora_", "trainable_tokens_delta")
    lost = [name for name in result.missing_keys if any(part in name for part in ours)] + list(result.unexpected_keys)
    if lost:
        raise AdapterError(
            f"adapter {adapter.folder} and the base model have different layers: {len(lost)} tensors do not meet, "
            f"first {lost[0]}. It was trained on another model or with another version of it"
        )
    tuned.eval()
    asked = [decorate(chat, adapter.decoration) for chat in _PROOF_CHATS]

    def logits(network: Any, chats: Sequence[Chat]) -> Any:
        return _proof_logits(network, tokenizer, chats, template_args)[:, :vocabulary]

    unmerged = logits(tuned, asked)
    with tuned.disable_adapter():
        base = logits(tuned, _PROOF_CHATS)
    try:
        network = tuned.merge_and_unload(safe_merge=True).eval()
    except ValueError as error:
        raise AdapterError(f"adapter {adapter.folder} cannot be merged: {error}") from error
    merged = logits(network, asked)
    proof = AdapterProof(
        disagreement=float((merged - unmerged).abs().max()), change=float((merged - base).abs().max()), dtype=dtype
    )
    return network, proof


def _proof_logits(network: Any, tokenizer: Any, chats: Sequence[Chat], template_args: Mapping[str, Any]) -> Any:
    import torch

    rows = []
    for chat in chats:
        ids = tokenizer(render(tokenizer, chat, template_args), add_special_tokens=False, return_tensors="pt")
        with torch.inference_mode():
            rows.append(network(input_ids=ids["input_ids"].to(network.device), use_cache=False).logits[0, -1].float())
    return torch.stack(rows)


def _torch_device(device: Device) -> str:
    import torch

    if device.kind == "cuda" and not torch.cuda.is_available():
        raise ModelError(
            f"the driver offers {device.name}, but this torch ({torch.__version__}) cannot use it. Install a torch "
            "built for the driver's CUDA, or hide the GPU by installing the CPU build"
        )
    return device.kind


@contextlib.contextmanager
def quiet_transformers() -> Iterator[Any]:
    """transformers without its progress bars and without warnings below errors."""
    import transformers

    logger = transformers.utils.logging
    level = logger.get_verbosity()
    bars = logger.is_progress_bar_enabled()
    logger.set_verbosity_error()
    logger.disable_progress_bar()
    try:
        yield transformers
    finally:
        logger.set_verbosity(level)
        if bars:
            logger.enable_progress_bar()
