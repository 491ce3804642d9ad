"""Replies that go round in a loop: where one has begun for good, from token ids alone."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 24
"""Most tokens of a repeated n-gram that is looked for (ours)."""
_TIMES = 4
_TOKENS = 48


def times(length: int) -> int:
    """How often in a row an n-gram of so many tokens has to come to be a loop (ours).

    Four times, and 48 tokens in all: a refrain, a table's rule or a row of zeros stays below that.
    """
    return max(_TIMES, -(-_TOKENS // length))


class Loop:
    """Watches a reply as it is written; each token costs the same, however long the reply is."""

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._matches = [0] * (LONGEST + 1)  # for each length: last tokens that equal the one so many places before

    def add(self, token: int) -> tuple[int, int] | None:
        """The n-gram's length and how often it came, if the reply now ends in a loop."""
        self._ids.append(token)
        for length in range(1, min(LONGEST, len(self._ids) - 1) + 1):
            same = self._ids[-1 - length] == token
            self._matches[length] = self._matches[length] + 1 if same else 0
            if self._matches[length] >= length * (times(length) - 1):
                return length, times(length)
        return None


def cut(ids: Sequence[int]) -> tuple[Sequence[int], str | None]:
    """The reply up to where its first loop is complete, all repetitions up to there kept, and why it ends there."""
    found = _first(ids)
    if found is None:
        return ids, None
    end, size, often = found
    return ids[:end], f"loop: {size} tokens, {often} times in a row"


def completed(ids: Sequence[int], length: int) -> tuple[list[int], str | None]:
    """The reply, a loop in which it was left written on to `length` tokens; and why it was left there.

    A greedy reply that has begun to loop goes on so: a judge reads what the model would have written.
    """
    whole, found = list(ids), _first(ids)
    if found is not None and found[0] == len(whole):
        whole += [whole[-found[1] + place % found[1]] for place in range(length - len(whole))]
    return whole, cut(ids)[1]


def _first(ids: Sequence[int]) -> tuple[int, int, int] | None:
    """Where the first loop is complete, its n-gram's length, and how often it came."""
    loop = Loop()
    for place, token in enumerate(ids):
        if (found := loop.add(token)) is not None:
            return place + 1, *found
    return None
