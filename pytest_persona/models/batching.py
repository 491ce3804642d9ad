"""How prompts are put into batches: pure functions, so that the same prompts always meet the same neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pytest_persona.models.prefixes import Node, children_of

_PADDING = 1 / 32
"""Of a budget, the most padding that a pass may take on to get more rows: about what one more pass costs (ours)."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A node of a prefix tree, as a row of a pass.

    Attributes:
        segment: Token ids that are new in this pass.
        past: For each pass that is kept, outermost first: which of its rows this one continues, and that row's tokens.
        node: Place of the node in the tree.
    """

    segment: tuple[int, ...]
    past: tuple[tuple[int, int], ...]
    node: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One call of the network.

    Attributes:
        rows: They continue rows of the same kept passes.
        keep: Whether later passes continue these rows. A pass is kept until one with a shorter past comes.
    """

    rows: tuple[Row, ...]
    keep: bool

    @property
    def past(self) -> tuple[int, ...]:
        """Tokens looked at of each kept pass, outermost first: those of the longest row that is continued here."""
        columns = zip(*(row.past for row in self.rows), strict=True)
        return tuple(max(length for _, length in column) for column in columns)

    @property
    def new(self) -> int:
        """Tokens of the longest segment."""
        return max(len(row.segment) for row in self.rows)

    @property
    def width(self) -> int:
        """Tokens of a padded row, past and new."""
        return sum(self.past) + self.new


def plan_passes(nodes: Sequence[Node], token_budget: int) -> Iterator[Pass]:
    """The passes that compute each node of a prefix tree once, depth first.

    Two bounds hold, whatever the number of prompts. A pass has at most `token_budget` padded tokens (rows × width), or
    is one row of a longer prompt. And the passes kept at any time have, together, at most `token_budget` padded new
    tokens, or as many as the longest prompt if that is longer: each takes at most half of what is left, or one row,
    and a segment for which too little is left is repeated by the nodes below it.

    Args:
        nodes: See `prefix_tree`.
        token_budget: In tokens.
    """
    below = children_of(nodes)
    longest: dict[int | None, int] = {None: 0}
    for place, node in enumerate(nodes):
        longest[place] = longest[node.parent] + len(node.segment)

    def passes(rows: Iterable[Row], room: int) -> Iterator[tuple[Pass, int]]:
        """Passes over sibling rows, and what each leaves of `room`."""
        todo, last, inner = list(rows), [], []
        while todo:
            row = todo.pop()
            if row.node not in below:
                last.append(row)
            elif len(row.segment) <= room:
                inner.append(row)
            else:
                if nodes[row.node].ends:
                    last.append(row)
                todo.extend(
                    Row(segment=row.segment + nodes[child].segment, past=row.past, node=child)
                    for child in below[row.node]
                )
        for batch in _fill(last, token_budget, token_budget):
            yield Pass(rows=batch, keep=False), room
        for batch in _fill(inner, token_budget, room // 2):
            one = Pass(rows=batch, keep=True)
            yield one, room - len(batch) * one.new

    first = [Row(segment=nodes[place].segment, past=(), node=place) for place in below.get(None, [])]
    stack = [passes(first, max(token_budget, *longest.values()))]
    while stack:
        one, room = next(stack[-1], (None, 0))
        if one is None:
            stack.pop()
            continue
        yield one
        if one.keep:
            children = [
                Row(segment=nodes[child].segment, past=(*row.past, (number, len(row.segment))), node=child)
                for number, row in enumerate(one.rows)
                for child in below[row.node]
            ]
            stack.append(passes(children, room))


def _fill(rows: Iterable[Row], token_budget: int, room: int) -> Iterator[tuple[Row, ...]]:
    """Rows of like length together, filled greedily: with their past into the budget, without it into `room`."""
    batch: list[Row] = []
    widths: tuple[int, ...] = ()
    padding = 0
    for row in sorted(rows, key=lambda row: (len(row.segment), sum(length for _, length in row.past), row.node)):
        own = (*(length for _, length in row.past), len(row.segment))
        wider = tuple(map(max, widths, own)) if batch else own
        count = len(batch) + 1
        if batch:
            padding += len(batch) * (wider[-1] - widths[-1])
            if count * sum(wider) > token_budget or count * wider[-1] > room or padding > _PADDING * token_budget:
                yield tuple(batch)
                batch, wider, padding = [], own, 0
        batch.append(row)
        widths = wider
    if batch:
        yield tuple(batch)
