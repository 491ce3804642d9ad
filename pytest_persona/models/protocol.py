"""What every engine can be asked, and the types that pass through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

Chat = tuple[tuple[str, str], ...]
"""Turns of (role, text); the roles are system, user and assistant."""


def ask(text: str) -> Chat:
    """A chat of one user turn."""
    return (("user", text),)


class Cut(str):
    """A reply that was left because it went round in a loop; its rest is that loop, up to the most tokens it may have.

    It is a string like any other reply, and judged as such. Who wants to count them asks `isinstance(reply, Cut)`.

    Attributes:
        why: The loop, in words.
    """

    why: str

    def __new__(cls, text: str, why: str = "") -> Self:
        cut = super().__new__(cls, text)
        cut.why = why
        return cut


@runtime_checkable
class Model(Protocol):
    """A language model that can be asked. The chat template is applied by the model, never by a probe.

    Attributes:
        name: What reports call it.
        fingerprint: SHA-256 over weights, adapter, tokenizer, chat template and its arguments, dtype and engine.
    """

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def choice_logprobs(self, chats: Sequence[Chat], choices: Sequence[str]) -> FloatArray:
        """Log-probability of each choice as the reply's beginning.

        Returns:
            (n_chats, n_choices), natural log, not renormalised: each choice sums its token variants with and
            without a leading space, so that the mass on all choices stays visible.
        """
        ...

    def continuation_logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> FloatArray:
        """Log-probability of one continuation a chat.

        Returns:
            (n, 2): the sum over the continuation's tokens, natural log, and their number.
        """
        ...

    def reply(
        self, chats: Sequence[Chat], *, max_tokens: int, temperature: float = 0.0, samples: int = 1, seed: int = 0
    ) -> list[list[str]]:
        """Sampled replies, (n_chats, samples); greedy at temperature 0. A reply depends on its own chat, sample
        number and seed only, not on its neighbours in a batch (up to the rounding of the arithmetic). A reply that was
        cut because it looped is a `Cut`; an engine may have none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterProof:
    """Evidence that an adapter changes the answers, from the next-token logits of a few fixed chats.

    Attributes:
        disagreement: Largest absolute difference between the merged and the unmerged model, in logits.
        change: Largest absolute difference between the merged model and its base, in logits.
        dtype: In which it was computed.
    """

    disagreement: float
    change: float
    dtype: str


@runtime_checkable
class TunedModel(Model, Protocol):
    """A model that is a base model with an adapter, and can prove it."""

    @property
    def base_fingerprint(self) -> str: ...

    def adapter_proof(self) -> AdapterProof: ...
