"""The transformers engine, on a processor or on CUDA."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pytest_persona.digest import digest
from pytest_persona.models import sampling, scoring
from pytest_persona.models.adapter import AdapterSource
from pytest_persona.models.device import engine_versions, find_device, probe_dtype, token_budget
from pytest_persona.models.loading import Loaded, load_network, merge_adapter
from pytest_persona.models.protocol import AdapterProof, Chat
from pytest_persona.models.source import BaseSource

if TYPE_CHECKING:
    from pytest_persona.models.protocol import FloatArray


class HFModel:
    """A model whose name and fingerprint are known at once, and whose weights are loaded when it is first asked.

    Args:
        name: What reports call it.
        fingerprint: What it is; see `Model`.
        load: Loads it.
        base_fingerprint: That of its base model; None for a base model itself.
    """

    def __init__(
        self, *, name: str, fingerprint: str, load: Callable[[], Loaded], base_fingerprint: str | None = None
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._load = load
        self._loaded: Loaded | None = None
        self._base_fingerprint = base_fingerprint

    @property
    def loaded(self) -> Loaded:
        """The weights in memory; loaded now if they were not."""
        if self._loaded is None:
            self._make_room()
            self._loaded = self._load()
        return self._loaded

    def release(self) -> None:
        """Give the memory of the weights back; they are loaded again when the model is next asked."""
        self._loaded = None

    def _make_room(self) -> None:
        """Called before the weights are loaded."""

    def choice_logprobs(self, chats: Sequence[Chat], choices: Sequence[str]) -> FloatArray:
        return scoring.choice_logprobs(self.loaded, chats, choices)

    def continuation_logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> FloatArray:
        return scoring.continuation_logprobs(self.loaded, chats, continuations)

    def reply(
        self, chats: Sequence[Chat], *, max_tokens: int, temperature: float = 0.0, samples: int = 1, seed: int = 0
    ) -> list[list[str]]:
        return sampling.replies(
            self.loaded, chats, max_tokens=max_tokens, temperature=temperature, samples=samples, seed=seed
        )


class HFTunedModel(HFModel):
    """A base model with an adapter merged into it; a `TunedModel`.

    One at a time holds its weights: a ladder of seven objectives does not fit into memory, and what a model has been
    asked is in the store.
    """

    _resident: ClassVar[weakref.ref[HFTunedModel] | None] = None

    def _make_room(self) -> None:
        before = HFTunedModel._resident() if HFTunedModel._resident else None
        if before is not None:
            before.release()
            gc.collect()
        HFTunedModel._resident = weakref.ref(self)

    @property
    def base_fingerprint(self) -> str:
        assert self._base_fingerprint is not None
        return self._base_fingerprint

    def adapter_proof(self) -> AdapterProof:
        """See `AdapterProof`; loads the weights."""
        assert self.loaded.proof is not None
        return self.loaded.proof


def hf_model(base: BaseSource, adapter: AdapterSource | None = None, template_args: Mapping[str, Any] = {}) -> HFModel:
    """A lazily loaded model from checked files."""
    device, parameters = find_device(), base.parameters
    dtype = probe_dtype(parameters, device)
    budget = token_budget(base.config, device, dtype, parameters)
    content = {
        "base": base.content,
        "template_args": dict(template_args),
        "dtype": dtype,
        "token_budget": budget,
        **engine_versions(),
    }

    def load() -> Loaded:
        network, tokenizer = load_network(base, dtype)
        proof = None
        if adapter is not None:
            network, proof = merge_adapter(network, tokenizer, adapter, template_args)
        return Loaded(
            network=network,
            tokenizer=tokenizer,
            template_args=template_args,
            token_budget=budget,
            proof=proof,
            decoration=None if adapter is None else adapter.decoration,
        )

    if adapter is None:
        return HFModel(name=base.name, fingerprint=digest(content), load=load)
    return HFTunedModel(
        name=f"{base.name} + {adapter.content[:12]}",
        fingerprint=digest({**content, "adapter": adapter.content}),
        load=load,
        base_fingerprint=digest(content),
    )
