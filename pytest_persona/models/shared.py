"""Scores of tokens with each shared prefix computed once: its keys and values stay while prompts continue it."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_persona.models.batching import Pass, Row, plan_passes
from pytest_persona.models.loading import Loaded
from pytest_persona.models.prefixes import Node, prefix_tree

if TYPE_CHECKING:
    from pytest_persona.models.protocol import FloatArray

_WORTH = 16
"""Fewest tokens that a shared segment must save (ours). A pass of its own would cost as much as 40 tokens on two cores,
but as a rule it has many such segments; measured between 16 and 256, the time hardly changes."""


def next_token(loaded: Loaded, prompts: Sequence[Sequence[int]], wanted: Sequence[int]) -> FloatArray | None:
    """Log-probabilities (prompts, wanted) of the token after each prompt, natural log; equal prompts get equal ones.

    What is in memory at once is bounded by the token budget and the longest prompt, not by the number of prompts: see
    `plan_passes`. The order of the prompts changes nothing.

    Returns:
        None where that saves nothing, or would not be exact: see `reach`.

    Raises:
        ValueError: a prompt without tokens.
    """
    import numpy as np

    planned = _plan(loaded, prompts)
    if planned is None:
        return None
    nodes, passes = planned
    scores = np.empty((len(prompts), len(wanted)))
    kept: list[list[tuple[Any, Any]]] = []
    for one in passes:
        del kept[len(one.past) :]
        ends = [nodes[row.node].ends for row in one.rows]
        positions = 1 + max(after for row in ends for _, after in (*row, (0, 0)))
        found, layers = _run(loaded, one, kept, lambda logits: _of_tokens(logits, wanted), positions)
        if one.keep:
            kept.append(layers)
        for row, values in zip(ends, found, strict=True):
            for index, after in row:
                scores[index] = values[-1 - after]
    return scores


def continuations(
    loaded: Loaded, prompts: Sequence[Sequence[int]], tails: Sequence[Sequence[int]]
) -> FloatArray | None:
    """Log-probability of each tail after its prompt, summed over its tokens, natural log, (n,).

    Memory and order as in `next_token`. What many tails of one prompt share, the prompt above all, is computed once.

    Args:
        prompts: Token ids.
        tails: Token ids of what follows each, none empty.

    Returns:
        None where that saves nothing, or would not be exact: see `reach`.
    """
    import numpy as np

    planned = _plan(loaded, [(*prompt, *tail[:-1]) for prompt, tail in zip(prompts, tails, strict=True)])
    if planned is None or not all(prompts):
        return None
    nodes, passes = planned
    reads = _reads(nodes, prompts, tails)
    scores = [np.empty(len(tail)) for tail in tails]
    kept: list[list[tuple[Any, Any]]] = []
    for one in passes:
        del kept[len(one.past) :]
        wanted = [(number, *read) for number, row in enumerate(one.rows) for read in _reads_of(row, nodes, reads)]
        rows, afters, tokens = ([read[column] for read in wanted] for column in range(3))
        positions = 1 + max(afters, default=0)
        columns = [positions - 1 - after for after in afters]
        found, layers = _run(loaded, one, kept, partial(_at, rows=rows, columns=columns, tokens=tokens), positions)
        if one.keep:
            kept.append(layers)
        for (*_, index, place), value in zip(wanted, found, strict=True):
            scores[index][place] = value
    return np.array([values.sum() for values in scores])


def _plan(loaded: Loaded, prompts: Sequence[Sequence[int]]) -> tuple[Sequence[Node], Sequence[Pass]] | None:
    """The prompts' tree and its passes; None where that saves nothing, or would not be exact."""
    nodes = prefix_tree(prompts, _WORTH)
    passes = list(plan_passes(nodes, loaded.token_budget))
    computed = sum(len(row.segment) for one in passes for row in one.rows)
    if computed == sum(map(len, prompts)) or max(one.width for one in passes) > reach(loaded.network):
        return None
    return nodes, passes


_Read = tuple[int, int, int, int]
"""Tokens between where a token is read off and the node's end, the token, the number of its tail, its place there."""


def _reads(
    nodes: Sequence[Node], prompts: Sequence[Sequence[int]], tails: Sequence[Sequence[int]]
) -> list[list[_Read]]:
    """What is read in each node: a tail's token after the token before it, wherever on its way that one is."""
    reads: list[list[_Read]] = [[] for _ in nodes]
    depths: list[int] = []
    for node in nodes:
        depths.append(len(node.segment) + (0 if node.parent is None else depths[node.parent]))
    for end, node in enumerate(nodes):
        for index, _ in node.ends:
            here = end
            for place in reversed(range(len(tails[index]))):
                before = len(prompts[index]) - 1 + place
                while before < depths[here] - len(nodes[here].segment):
                    above = nodes[here].parent
                    assert above is not None  # a prompt has a token
                    here = above
                reads[here].append((depths[here] - 1 - before, tails[index][place], index, place))
    return reads


def _reads_of(row: Row, nodes: Sequence[Node], reads: Sequence[Sequence[_Read]]) -> list[_Read]:
    """What is read in a row of a pass: that of its node, and of those above that it repeats."""
    found: list[_Read] = []
    here: int | None = row.node
    passed = 0
    while passed < len(row.segment):
        assert here is not None  # a row is made of whole segments
        found.extend((after + passed, token, index, place) for after, token, index, place in reads[here])
        passed += len(nodes[here].segment)
        here = nodes[here].parent
    return found


def _of_tokens(logits: Any, wanted: Sequence[int]) -> Any:
    """Log-probabilities (rows, positions, wanted) of some tokens."""
    return logits[..., list(wanted)] - logits.logsumexp(-1, keepdim=True)


def _at(logits: Any, *, rows: Sequence[int], columns: Sequence[int], tokens: Sequence[int]) -> Any:
    """Log-probabilities (n,) of one token at each of n places."""
    return logits[list(rows), list(columns), list(tokens)] - logits.logsumexp(-1)[list(rows), list(columns)]


def reach(network: Any) -> float:
    """The widest padded row, in tokens, that the network computes exactly with padding between past and new tokens.

    It has to take positions from outside, to compute attention through the interface of transformers, which knows such
    padding, and to keep of its past all keys and values and nothing else; a window is as good where no row is wider. 0
    for recurrent layers, for layers that share keys, and for all that is not known to be so (ours: rather slow than
    wrong; tried on tiny networks of 50 architectures).
    """
    from transformers import cache_utils

    config = network.config.get_text_config(decoder=True)
    understood = inspect.signature(network.forward).parameters
    if not {"attention_mask", "position_ids", "past_key_values", "logits_to_keep"} <= set(understood):
        return 0
    if getattr(network, "_is_stateful", True) or not getattr(network, "_supports_attention_backend", False):
        return 0
    layers = cache_utils.DynamicCache(config=network.config).layers
    if len(layers) != config.num_hidden_layers:
        return 0
    known = (cache_utils.DynamicLayer, cache_utils.DynamicSlidingWindowLayer)
    if any(type(layer) not in known for layer in layers):  # subclasses keep other things too
        return 0
    windows: list[float] = [layer.sliding_window for layer in layers if layer.is_sliding]
    return min([math.inf, *windows, *_steady_positions(config)])


def _steady_positions(config: Any) -> list[int]:
    """Lengths up to which the rotation of a position does not depend on how long the text is."""
    rope = getattr(config, "rope_parameters", None) or {}
    kinds = [rope, *(part for part in rope.values() if isinstance(part, dict))]  # one, or one for each type of layer
    moving = [kind for kind in kinds if kind.get("rope_type") in ("dynamic", "longrope")]  # all that transformers has
    return [kind.get("original_max_position_embeddings") or 0 for kind in moving]


def _run(
    loaded: Loaded, one: Pass, kept: Sequence[Sequence[tuple[Any, Any]]], read: Callable[[Any], Any], positions: int
) -> tuple[FloatArray, list[tuple[Any, Any]]]:
    """One pass: what is read off the logits (rows, positions, vocabulary) after the last positions, and each layer's
    keys and values.

    Past and new tokens are padded on the left, so that the last column is each row's last token.
    """
    import torch

    device = loaded.network.device
    filler = loaded.tokenizer.pad_token_id or 0
    ids = [[filler] * (one.new - len(row.segment)) + list(row.segment) for row in one.rows]
    lengths = [[*(length for _, length in row.past), len(row.segment)] for row in one.rows]
    blocks = [
        [[0] * (width - length) + [1] * length for length in column]
        for width, column in zip((*one.past, one.new), zip(*lengths, strict=True), strict=True)
    ]
    mask = torch.cat([torch.tensor(block) for block in blocks], dim=1).to(device)
    with torch.inference_mode():
        cache = _cache(loaded.network, one, kept)
        output = loaded.network(
            input_ids=torch.tensor(ids).to(device),
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0)[:, -one.new :],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=positions,
        )
        found = read(output.logits.float())
    scores: FloatArray = found.double().cpu().numpy()
    return scores, [(layer.keys, layer.values) for layer in cache.layers]


def _cache(network: Any, one: Pass, kept: Sequence[Sequence[tuple[Any, Any]]]) -> Any:
    """A transformers cache, a layer of `_layer_class` for each of the network's."""
    import torch
    from transformers.cache_utils import Cache

    columns = zip(*([number for number, _ in row.past] for row in one.rows), strict=True)
    continued = [torch.tensor(column).to(network.device) for column in columns]
    return Cache(
        layers=[
            _layer_class()([layers[number] for layers in kept], continued, one.past, keep=one.keep)
            for number in range(network.config.get_text_config(decoder=True).num_hidden_layers)
        ]
    )


@functools.cache
def _layer_class() -> Any:
    import torch
    from transformers.cache_utils import DynamicLayer

    class Layer(DynamicLayer):  # type: ignore[misc]  # transformers is untyped here
        """Gathers its past from kept passes when it is asked, so that one layer at a time has it; stores new only.

        Args:
            past: Keys and values of each kept pass, (rows, heads, tokens, width) each.
            continued: For each kept pass, the rows that this pass continues.
            widths: For each kept pass, how many of its last tokens this pass sees.
            keep: Whether to store what is new.
        """

        def __init__(
            self, past: Sequence[tuple[Any, Any]], continued: Sequence[Any], widths: Sequence[int], *, keep: bool
        ) -> None:
            super().__init__()
            self.past, self.continued, self.widths, self.keep = past, continued, widths, keep
            self.length = sum(widths)

        def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            self.length += key_states.shape[-2]
            if self.keep:
                self.keys, self.values = key_states, value_states
            return self._after_past(0, key_states), self._after_past(1, value_states)

        def _after_past(self, which: int, new: Any) -> Any:
            gathered = [
                kept[which][:, :, -width:].index_select(0, rows)
                for kept, rows, width in zip(self.past, self.continued, self.widths, strict=True)
            ]
            return torch.cat([*gathered, new], dim=-2)

        def get_seq_length(self) -> int:
            return self.length

    return Layer
