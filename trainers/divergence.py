"""How far a policy is from its base: the reverse KL divergence on answer tokens."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from pytest_persona.instruments.arithmetic import word_problems
from pytest_persona.models.decoration import Decoration, decorate
from pytest_persona.models.protocol import ask
from pytest_persona.trainers.data import Encoder

_WATCHED = 4  # evaluation problems on whose solutions every run is compared with its base (ours)


def answer_logprobs(network: Any, inputs: Any) -> tuple[Any, Any, Any]:
    """Log-probabilities over the vocabulary where an answer token comes next.

    Args:
        inputs: input_ids, attention_mask and labels, (n, tokens) each; -100 marks what is no answer.

    Returns:
        (n, places, vocabulary) log-probabilities in float32; (n, places) token ids, 0 where no answer token comes
        next; and (n, places) whether one does. A place is one where some sequence of the batch has an answer token.
    """
    labels = inputs["labels"][:, 1:]
    places = (labels != -100).any(0).nonzero().squeeze(1)
    logits = network(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        logits_to_keep=places,
        use_cache=False,
    ).logits
    targets = labels[:, places]
    return logits.float().log_softmax(-1), targets.clamp(min=0), targets != -100


def of_targets(logprobs: Any, targets: Any) -> Any:
    """The log-probability of each target, (n, places)."""
    return logprobs.gather(-1, targets.unsqueeze(-1)).squeeze(-1)


def reverse_kl(policy: Any, base: Any) -> Any:
    """KL(policy ‖ base) in nats from log-probabilities over the last axis."""
    return (policy.exp() * (policy - base)).sum(-1)


class Divergence:
    """KL(policy ‖ base) in nats a token, on the solutions of a few evaluation problems; the same for every objective.

    A policy with a decoration is asked under it, its base without: how far it is from the base as it is used.
    """

    def __init__(self, network: Any, encode: Encoder, decoration: Decoration | None) -> None:
        self._network = network
        problems = list(itertools.islice(word_problems("eval"), _WATCHED))
        chats = [ask(problem.question) for problem in problems]
        asked = [decorate(chat, decoration) for chat in chats]
        answers = [problem.solution for problem in problems]
        self._policy = [self._inputs(*encode(chat, answer)) for chat, answer in zip(asked, answers, strict=True)]
        plain = [self._inputs(*encode(chat, answer)) for chat, answer in zip(chats, answers, strict=True)]
        with network.disable_adapter():
            self._base = [self._logprobs(inputs) for inputs in plain]

    def __call__(self) -> float:
        """The divergence now."""
        total = tokens = 0.0
        for inputs, base in zip(self._policy, self._base, strict=True):
            found = reverse_kl(self._logprobs(inputs), base)
            total += float(found.sum())
            tokens += found.numel()
        return total / tokens

    def _logprobs(self, inputs: Any) -> Any:
        import torch

        training = self._network.training
        self._network.eval()
        try:
            with torch.no_grad():
                return answer_logprobs(self._network, inputs)[0]
        finally:
            self._network.train(training)

    def _inputs(self, prompt: Sequence[int], answer: Sequence[int]) -> dict[str, Any]:
        import torch

        ids = torch.tensor([[*prompt, *answer]], device=self._network.device)
        labels = ids.clone()
        labels[:, : len(prompt)] = -100
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}
