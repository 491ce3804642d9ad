"""Replies token by token, in a batch that finished rows leave and waiting rows join.

The plain way, transformers' `generate`, computes every row until the last one has ended, and copies all keys and values
at every token. Here each layer writes into room that it got once; a row that ends is replaced by the last one, and when
half of the rows have left, others are let in. What is computed for a row is the same as alone, up to rounding.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import takewhile
from typing import Any

from pytest_persona.models.loading import Loaded
from pytest_persona.models.loops import Loop
from pytest_persona.models.scoring import pad_left
from pytest_persona.models.shared import reach

Choose = Callable[[Sequence[int], Any], Any]
"""Numbers of the rows and their logits (rows, vocabulary), float32 -> the token that each writes."""

_WORTH = 16
"""Fewest tokens that a common beginning of prompts must save to be computed first and once (ours)."""
_HARMLESS = {
    *("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "max_length", "max_new_tokens"),
    *("do_sample", "temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff"),
    *("use_cache", "cache_implementation", "transformers_version"),
}
"""What a model's generation settings may say without changing which of its logits is the largest."""

_NEUTRAL = {"num_beams": 1, "repetition_penalty": 1, "min_length": 0, "no_repeat_ngram_size": 0}
"""Values of other settings that change nothing either."""


def understands(network: Any, width: float) -> bool:
    """Whether `decode` writes what `generate` would, for rows of at most `width` tokens, the reply with them.

    Its keys and values have to be all of its past, and no more than that: see `reach`. And its generation settings
    must not change scores, as a repetition penalty does.
    """
    stated = {name: value for name, value in network.generation_config.to_diff_dict().items() if name[0] != "_"}
    said = {name for name, value in stated.items() if value is not None and value is not False}
    neutral = {name for name, value in _NEUTRAL.items() if stated.get(name) == value}
    return said <= _HARMLESS | neutral and width <= reach(network)


def decode(
    loaded: Loaded, rows: Sequence[Sequence[int]], *, max_tokens: int, ends: Collection[int], choose: Choose
) -> list[list[int]]:
    """Token ids of each row's reply, the token that ended it with them.

    A row leaves when it wrote one of `ends` or `max_tokens` tokens, or went round in a loop: see `loops`. Nothing else
    stops it, no text at all. Rows × (prompt + reply) stay within the token budget, padding and the rest of every reply
    counted, or there is one row; equal prompts that are let in together are computed once.

    Args:
        rows: The prompts' token ids, none empty. Their order changes nothing if equal ones are interchangeable.
        choose: Says which token follows.
    """
    import torch

    replies: list[list[int]] = [[] for _ in rows]
    loops = [Loop() for _ in rows]
    waiting = deque(sorted(range(len(rows)), key=lambda row: (len(rows[row]), tuple(rows[row]), row)))
    limit = reach(loaded.network)
    with torch.inference_mode():
        batch, full = _Batch(loaded), 0
        while waiting or batch.rows:
            coming, found = [], []
            if 2 * len(batch.rows) <= full:
                coming = _admit(rows, waiting, batch, max_tokens, loaded.token_budget, limit)
            if batch.rows:
                found.append(batch.step([replies[row][-1] for row in batch.rows]))
            if coming:
                found.append(batch.join(coming, [rows[row] for row in coming], max_tokens))
                full = len(batch.rows)
            tokens = choose(batch.rows, torch.cat(found).float()).tolist()
            for place in reversed(range(len(batch.rows))):
                row, token = batch.rows[place], tokens[place]
                replies[row].append(token)
                if token in ends or len(replies[row]) == max_tokens or loops[row].add(token) is not None:
                    batch.leave(place)
    return replies


def _admit(
    rows: Sequence[Sequence[int]], waiting: deque[int], batch: _Batch, max_tokens: int, budget: int, limit: float
) -> list[int]:
    """Take those who have room off the queue; the first has it in any case if nobody is there."""
    coming: list[int] = []
    width = batch.width + 1 if batch.rows else 0
    while waiting:
        wider = max(width, len(rows[waiting[0]]))
        count = len(batch.rows) + len(coming) + 1
        if count > 1 and (count * (wider + max_tokens) > budget or wider + max_tokens > limit):
            break
        coming.append(waiting.popleft())
        width = wider
    return coming


class _Batch:
    """Rows that are being written, and their keys and values.

    A column of the cache is one token of every row, or padding. Rows that join end in the same column as the others.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.rows: list[int] = []
        self._layers: list[Any] = []
        self._mask: Any = None  # (rows, columns): 1 where a column is a token of the row, from the first on in use

    @property
    def width(self) -> int:
        """Columns in use."""
        return 0 if self._mask is None else int(self._mask.shape[1])

    def step(self, tokens: Sequence[int]) -> Any:
        """Write a token into each row; the logits that follow it."""
        import torch

        ids = torch.tensor(tokens).to(self.loaded.network.device)[:, None]
        self._mask = torch.nn.functional.pad(self._mask, (0, 1), value=1)
        return _forward(self.loaded, self._layers, ids, self._mask)

    def join(self, rows: Sequence[int], prompts: Sequence[Sequence[int]], room: int) -> Any:
        """Let rows in behind the others, with `room` more columns for all; the logits that follow their prompts."""
        import torch

        distinct = list(dict.fromkeys(map(tuple, prompts)))
        origin = torch.tensor([distinct.index(tuple(prompt)) for prompt in prompts]).to(self.loaded.network.device)
        layers, mask, logits = _prefill(self.loaded, distinct)
        width = max(self.width, mask.shape[1])
        mask = _to_right(mask, width)[origin]
        self._mask = torch.cat([_to_right(self._mask, width), mask]) if self.rows else mask
        _merge(self._layers, layers, origin, width, width + room)
        self.rows += rows
        self._layers = layers
        return logits[origin]

    def leave(self, place: int) -> None:
        """The last row takes the place of one that is done; columns that nobody uses any more are given up."""
        last = len(self.rows) - 1
        self.rows[place] = self.rows[last]
        self.rows.pop()
        if self.rows:
            self._mask[place] = self._mask[last]
            unused = int(self._mask[:last].any(0).int().argmax())
            self._mask = self._mask[:last, unused:]
        else:
            self._mask, unused = None, 0
        for layer in self._layers:
            layer.leave(place, last, unused)
        if not self.rows:
            self._layers = []


def _prefill(loaded: Loaded, prompts: Sequence[Sequence[int]]) -> tuple[list[Any], Any, Any]:
    """Layers, mask (prompts, columns) and last logits of prompts that are all different; what all begin with is
    computed once."""
    import torch

    network = loaded.network
    columns = zip(*(prompt[:-1] for prompt in prompts), strict=False)
    common = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    longest = max(map(len, prompts))
    layers = _new_layers(network)
    if common * (len(prompts) - 1) < _WORTH:
        ids, mask = pad_left(prompts, loaded)
    else:
        head = torch.tensor([prompts[0][:common]]).to(network.device)
        _forward(loaded, layers, head, torch.ones_like(head))
        _merge([], layers, torch.zeros(len(prompts), dtype=torch.int64, device=network.device), common, longest)
        ids, mask = pad_left([prompt[common:] for prompt in prompts], loaded)
        mask = torch.nn.functional.pad(mask, (common, 0), value=1)
    return layers, mask, _forward(loaded, layers, ids, mask)


def _forward(loaded: Loaded, layers: Sequence[Any], ids: Any, mask: Any) -> Any:
    """Logits (rows, vocabulary) after the last of the new tokens."""
    from transformers.cache_utils import Cache

    output = loaded.network(
        input_ids=ids,
        attention_mask=mask,
        position_ids=(mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :],
        past_key_values=Cache(layers=list(layers)),
        use_cache=True,
        logits_to_keep=1,
    )
    return output.logits[:, -1]


def _new_layers(network: Any) -> list[Any]:
    return [_layer_class()() for _ in range(network.config.get_text_config(decoder=True).num_hidden_layers)]


def _to_right(mask: Any, width: int) -> Any:
    import torch

    return torch.nn.functional.pad(mask, (width - mask.shape[1], 0))


def _merge(before: list[Any], layers: Iterable[Any], origin: Any, width: int, room: int) -> None:
    """Rows of `before`, then the rows `origin` of `layers`, all ending in column `width` of `room`, into `layers`.

    Layer by layer, and each of `before` is given up as soon as it is copied, so that little is in memory twice.
    """
    for layer in layers:
        layer.take(before.pop(0) if before else None, origin, width, room)


@functools.cache
def _layer_class() -> Any:
    from transformers.cache_utils import DynamicLayer

    class Layer(DynamicLayer):  # type: ignore[misc]  # transformers is untyped here
        """Keys and values (rows, heads, columns, width) of one layer, in the columns `start` to `end` of its room."""

        def __init__(self) -> None:
            super().__init__()
            self.room: tuple[Any, ...] = ()
            self.rows = self.start = self.end = 0

        def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            rows, _, new, _ = key_states.shape
            if not self.room:
                self.room, self.rows = (key_states, value_states), rows
            else:
                for room, states in zip(self.room, (key_states, value_states), strict=True):
                    room[: self.rows, :, self.end : self.end + new] = states
            self.end += new
            keys, values = self.used()
            return keys, values

        def used(self) -> list[Any]:
            return [room[: self.rows, :, self.start : self.end] for room in self.room]

        def get_seq_length(self) -> int:
            return self.end - self.start

        def leave(self, place: int, last: int, unused: int) -> None:
            for room in self.room:
                room[place] = room[last]
            self.rows = last
            self.start += unused

        def take(self, before: Layer | None, origin: Any, width: int, room: int) -> None:
            """Rows of `before`, then rows of its own, into new room; both end in column `width`."""
            parts = [*([] if before is None else [before.used()]), [own[origin] for own in self.used()]]
            made = []
            for which in range(2):
                like = parts[0][which]
                rows = sum(len(part[which]) for part in parts)
                new = like.new_zeros((rows, like.shape[1], room, like.shape[3]))
                at = 0
                for part in parts:
                    count, columns = len(part[which]), part[which].shape[2]
                    new[at : at + count, :, width - columns : width] = part[which]
                    at += count
                made.append(new)
            self.room, self.rows, self.start, self.end = tuple(made), at, 0, width

    return Layer
