"""How prompts are put into batches: a pure function, so that the same prompts always meet the same neighbours."""

from __future__ import annotations

from collections.abc import Sequence


def plan_batches(lengths: Sequence[int], token_budget: int) -> list[list[int]]:
    """Indices of prompts, longest batch last, each batch within `token_budget` padded tokens.

    Sorted by length (ties by position) and filled greedily; a prompt longer than the budget is a batch of its own.

    Args:
        lengths: Tokens of each prompt.
        token_budget: Most padded tokens (rows × longest row) in one batch.
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        current = batches[-1] if batches else None
        if current is not None and lengths[index] * (len(current) + 1) <= token_budget:
            current.append(index)
        else:
            batches.append([index])
    return batches
