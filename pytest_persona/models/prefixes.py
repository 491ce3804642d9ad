"""Which tokens prompts have in common: a radix tree over their token ids, without torch and without recursion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

READ_BEFORE = 8
"""Where a prompt begins another that is so few tokens longer, it is no node of its own (ours): what follows it is read
off on the way, for which all positions from there on go through the output layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Tokens that all prompts through this node have in common, after those of the node's ancestors.

    Attributes:
        segment: The token ids; not empty.
        parent: Place of the node above in the tree, before this one; None where a prompt begins.
        ends: The prompts that end in it, each with the number of the segment's tokens that come after its last one.
    """

    segment: tuple[int, ...]
    parent: int | None
    ends: tuple[tuple[int, int], ...]


def prefix_tree(prompts: Sequence[Sequence[int]], threshold: int) -> tuple[Node, ...]:
    """The tree of the prompts' shared prefixes, parents before children, siblings by their token ids.

    A shared segment is a node of its own if that saves tokens enough, its length × (the nodes that would repeat it
    - 1); otherwise each of those repeats it. The order of the prompts changes nothing but their numbers in `ends`.

    Args:
        prompts: Token ids of each prompt, none empty.
        threshold: Fewest tokens that a shared segment has to save; 1 splits at every common token.

    Raises:
        ValueError: an empty prompt, or a threshold under 1.
    """
    if threshold < 1:
        raise ValueError(f"threshold must be 1 or more, got {threshold}")
    ends: dict[tuple[int, ...], list[int]] = {}
    for index, prompt in enumerate(prompts):
        if not prompt:
            raise ValueError(f"prompt {index} has no tokens, so nothing follows it")
        ends.setdefault(tuple(prompt), []).append(index)
    full = _split_everywhere(sorted(ends), ends)
    return _dissolve(full, threshold)


def children_of(nodes: Sequence[Node]) -> dict[int | None, list[int]]:
    """Places of the nodes below each node that has any; below None, those where prompts begin."""
    below: dict[int | None, list[int]] = {}
    for place, node in enumerate(nodes):
        below.setdefault(node.parent, []).append(place)
    return below


def _split_everywhere(ordered: list[tuple[int, ...]], ends: dict[tuple[int, ...], list[int]]) -> list[Node]:
    """Every common token shared. In sorted order, prompts with a common prefix are neighbours."""
    nodes: list[Node] = []
    todo: list[tuple[int, int, int, int | None]] = [(0, len(ordered), 0, None)] if ordered else []
    while todo:
        low, high, start, parent = todo.pop()
        first, last = ordered[low], ordered[high - 1]
        end = start
        while end < min(len(first), len(last)) and first[end] == last[end]:
            end += 1
        if end > start:
            here = ends[first] if len(first) == end else []
            nodes.append(Node(segment=first[start:end], parent=parent, ends=tuple((index, 0) for index in here)))
            parent = len(nodes) - 1
        below = range(low + (len(first) == end), high)
        groups = [list(group) for _, group in groupby(below, key=lambda place: ordered[place][end])]
        todo.extend((group[0], group[-1] + 1, end, parent) for group in reversed(groups))
    return nodes


def _dissolve(nodes: list[Node], threshold: int) -> tuple[Node, ...]:
    """Segments that save too little go to the nodes below, from the leaves upward."""
    below = children_of(nodes)
    rows = [1] * len(nodes)  # how many nodes the tree has in this one's place if it is dissolved
    dissolved = [False] * len(nodes)
    reader: list[int | None] = [None] * len(nodes)  # the child on whose way the node's own ends are read
    after = [0] * len(nodes)  # tokens between the node's end and that of the nearest node that stays
    for place in reversed(range(len(nodes))):
        if place in below:
            after[place], nearest = min((len(nodes[child].segment) + after[child], child) for child in below[place])
            reader[place] = nearest if after[place] <= READ_BEFORE else None
            alone = bool(nodes[place].ends) and reader[place] is None
            rows[place] = alone + sum(rows[child] if dissolved[child] else 1 for child in below[place])
            dissolved[place] = len(nodes[place].segment) * (rows[place] - 1) < threshold
            if alone or not dissolved[place]:
                after[place] = 0
    kept: list[Node] = []
    todo = [(place, Node(segment=(), parent=None, ends=())) for place in reversed(below.get(None, []))]
    while todo:
        place, above = todo.pop()  # what falls to this node from those that are dissolved above it
        node = nodes[place]
        carried = tuple((index, after_it + len(node.segment)) for index, after_it in above.ends)
        node = Node(segment=above.segment + node.segment, parent=above.parent, ends=carried + node.ends)
        if not dissolved[place] or (node.ends and reader[place] is None):
            kept.append(node)
            node = replace(node, ends=())
        if not dissolved[place]:
            node = Node(segment=(), parent=len(kept) - 1, ends=())
        todo.extend(
            (child, node if child == reader[place] else replace(node, ends=()))
            for child in reversed(below.get(place, []))
        )
    return tuple(kept)
