"""Log-probabilities of what a loaded network would write next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pytest_persona.errors import ModelError
from pytest_persona.models import shared
from pytest_persona.models.batching import plan_batches
from pytest_persona.models.loading import Loaded
from pytest_persona.models.protocol import Chat

if TYPE_CHECKING:
    from pytest_persona.models.protocol import FloatArray


def choice_logprobs(loaded: Loaded, chats: Sequence[Chat], choices: Sequence[str]) -> FloatArray:
    """See `Model.choice_logprobs`."""
    import numpy as np

    result = np.full((len(chats), len(choices)), -np.inf)
    if not chats:
        return result
    texts = [loaded.render(chat) for chat in chats]
    prompts = [loaded.encode(text) for text in texts]
    variants = [token_variants(loaded, texts[0], choice) for choice in choices]
    contexts = sorted({ids[:end] for group in variants for ids in group for end in range(len(ids))})
    wanted = sorted({token for group in variants for ids in group for token in ids})
    scores = _next_token(loaded, [(*prompt, *context) for prompt in prompts for context in contexts], wanted)
    steps = scores.reshape(len(prompts), len(contexts), len(wanted))
    for column, group in enumerate(variants):
        for ids in group:
            path = [(contexts.index(ids[:end]), wanted.index(token)) for end, token in enumerate(ids)]
            result[:, column] = np.logaddexp(result[:, column], sum(steps[:, at, token] for at, token in path))
    return result


def continuation_logprobs(loaded: Loaded, chats: Sequence[Chat], continuations: Sequence[str]) -> FloatArray:
    """See `Model.continuation_logprobs`."""
    import numpy as np

    if len(chats) != len(continuations):
        raise ValueError(f"{len(chats)} chats and {len(continuations)} continuations: one continuation a chat")
    if not chats:
        return np.zeros((0, 2))
    texts = [loaded.render(chat) for chat in chats]
    prompts = [loaded.encode(text) for text in texts]
    tails = [_tail(loaded, text, tail) for text, tail in zip(texts, continuations, strict=True)]
    return np.column_stack([_sums(loaded, prompts, tails), [len(tail) for tail in tails]])


def token_variants(loaded: Loaded, prompt: str, choice: str) -> set[tuple[int, ...]]:
    """The token sequences that write `choice` after `prompt`, with and without a leading space."""
    return {tuple(_tail(loaded, prompt, text)) for text in (choice, f" {choice}")}


def _tail(loaded: Loaded, prompt: str, text: str) -> list[int]:
    """Token ids of `text` as it continues `prompt`; on its own where the tokenizer would merge across the seam."""
    before, whole = loaded.encode(prompt), loaded.encode(prompt + text)
    ids = whole[len(before) :] if whole[: len(before)] == before else loaded.encode(text)
    if not ids:
        raise ModelError(f"the tokenizer writes {text!r} as no token at all, so it has no probability")
    return ids


def _next_token(loaded: Loaded, prompts: Sequence[Sequence[int]], wanted: Sequence[int]) -> FloatArray:
    found = shared.next_token(loaded, prompts, wanted)
    return plain_next_token(loaded, prompts, wanted) if found is None else found


def plain_next_token(loaded: Loaded, prompts: Sequence[Sequence[int]], wanted: Sequence[int]) -> FloatArray:
    """Log-probabilities (prompts, wanted) of the token after each prompt, each computed from its beginning."""
    import numpy as np

    scores = np.empty((len(prompts), len(wanted)))
    for batch in plan_batches([len(ids) for ids in prompts], loaded.token_budget):
        logprobs = _logprobs(loaded, [prompts[row] for row in batch], keep=1)
        scores[batch] = logprobs[:, 0, list(wanted)].double().cpu().numpy()
    return scores


def _sums(loaded: Loaded, prompts: Sequence[Sequence[int]], tails: Sequence[Sequence[int]]) -> FloatArray:
    found = shared.continuations(loaded, prompts, tails)
    return plain_sums(loaded, prompts, tails) if found is None else found


def plain_sums(loaded: Loaded, prompts: Sequence[Sequence[int]], tails: Sequence[Sequence[int]]) -> FloatArray:
    """Log-probability of each tail after its prompt, (n,), each computed from the prompt's beginning."""
    import numpy as np
    import torch

    sums = np.empty(len(prompts))
    rows = [[*prompt, *tail] for prompt, tail in zip(prompts, tails, strict=True)]
    for batch in plan_batches([len(row) for row in rows], loaded.token_budget):
        keep = max(len(tails[row]) for row in batch) + 1
        logprobs = _logprobs(loaded, [rows[row] for row in batch], keep=keep)
        for position, row in enumerate(batch):
            tail = torch.tensor(tails[row], device=logprobs.device)
            own = logprobs[position, keep - 1 - len(tail) : keep - 1].gather(1, tail[:, None])
            sums[row] = own.double().sum().item()
    return sums


def _logprobs(loaded: Loaded, rows: Sequence[Sequence[int]], *, keep: int) -> Any:
    """Log-probabilities (rows, keep, vocabulary) of the token after each of the last `keep` positions."""
    import torch

    ids, mask = pad_left(rows, loaded)
    with torch.inference_mode():
        logits = loaded.network(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            logits_to_keep=keep,
            use_cache=False,
        ).logits
        return logits.float().log_softmax(-1)


def pad_left(rows: Sequence[Sequence[int]], loaded: Loaded) -> tuple[Any, Any]:
    """Token ids and attention mask, (rows, longest row), on the network's device; padding stands before the text."""
    import torch

    longest = max(len(row) for row in rows)
    filler = loaded.tokenizer.pad_token_id or 0
    ids = torch.tensor([[filler] * (longest - len(row)) + list(row) for row in rows])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    return ids.to(loaded.network.device), mask.to(loaded.network.device)
