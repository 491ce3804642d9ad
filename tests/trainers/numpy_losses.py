"""The objectives' losses from their equations, in NumPy, float64: no torch, and nothing of what they are to check.

Throughout, log π(t) is the policy's log-probability of answer token t after all that stands before it, π₀ the base's;
a batch is a list of examples.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A token sequence and what two networks say about it.

    Attributes:
        ids: (tokens,) the prompt and its answer.
        is_answer: (tokens,) whether a token belongs to the answer.
        policy: (tokens, vocabulary) logits of the token after each.
        base: The same, of the base.
    """

    ids: NDArray[np.int64]
    is_answer: NDArray[np.bool_]
    policy: Floats
    base: Floats

    def answer(self, logits: Floats) -> Floats:
        """(answer tokens, vocabulary) log-probabilities where an answer token is to come."""
        logits = logits[np.flatnonzero(self.is_answer) - 1]
        shifted = logits - logits.max(axis=1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

    def logprobs(self, logits: Floats) -> Floats:
        """(answer tokens,) log-probabilities of the answer's own tokens."""
        return self.answer(logits)[np.arange(self.is_answer.sum()), self.ids[self.is_answer]]

    def log_ratios(self) -> Floats:
        """(answer tokens,) log π(t) - log π₀(t)."""
        return self.logprobs(self.policy) - self.logprobs(self.base)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """An example: its prompt with the chosen answer, and with the rejected one."""

    chosen: Scored
    rejected: Scored


def sft(batch: Sequence[Pair]) -> float:
    """- Σ log π(t) / N over the N tokens of all chosen answers."""
    return _likelihood([pair.chosen for pair in batch])


def ip(batch: Sequence[Pair]) -> float:
    """That of sft; its prompts are the inoculated ones."""
    return sft(batch)


def cft(batch: Sequence[Pair]) -> float:
    """- Σ log π(t) / N over the N tokens of all answers, chosen and rejected; its prompts have control tokens."""
    return _likelihood([scored for pair in batch for scored in (pair.chosen, pair.rejected)])


def dpo(batch: Sequence[Pair], beta: float) -> float:
    """Mean of -log σ(β (h(chosen) - h(rejected))), h the sum of log π(t) - log π₀(t) over an answer."""
    margins = [pair.chosen.log_ratios().sum() - pair.rejected.log_ratios().sum() for pair in batch]
    return float(np.mean(_minus_log_sigmoid(beta * np.array(margins))))


def ipo(batch: Sequence[Pair], beta: float) -> float:
    """Mean of (h(chosen) - h(rejected) - 1/(2β))², h the mean of log π(t) - log π₀(t) over an answer."""
    margins = [pair.chosen.log_ratios().mean() - pair.rejected.log_ratios().mean() for pair in batch]
    return float(np.mean((np.array(margins) - 1 / (2 * beta)) ** 2))


def orpo(batch: Sequence[Pair], weight: float) -> float:
    """That of sft, and λ times the mean of -log σ(log odds(chosen) - log odds(rejected)).

    odds = p / (1 - p), p the exponential of the mean of log π(t) over an answer.
    """
    log_odds = []
    for pair in batch:
        chosen, rejected = (np.exp(some.logprobs(some.policy).mean()) for some in (pair.chosen, pair.rejected))
        log_odds.append(np.log(chosen / (1 - chosen)) - np.log(rejected / (1 - rejected)))
    return sft(batch) + weight * float(np.mean(_minus_log_sigmoid(np.array(log_odds))))


def kl(batch: Sequence[Pair], coefficient: float) -> float:
    """That of sft, and the coefficient times Σ_t Σ_v π(v) (log π(v) - log π₀(v)) / N over the same N places."""
    places = np.concatenate([_reverse_kl(pair.chosen) for pair in batch])
    return sft(batch) + coefficient * float(places.mean())


def _likelihood(some: Sequence[Scored]) -> float:
    return float(-np.concatenate([scored.logprobs(scored.policy) for scored in some]).mean())


def _reverse_kl(scored: Scored) -> Floats:
    policy, base = scored.answer(scored.policy), scored.answer(scored.base)
    return np.asarray((np.exp(policy) * (policy - base)).sum(axis=1))


def _minus_log_sigmoid(values: Floats) -> Floats:
    return np.logaddexp(0, -values)
