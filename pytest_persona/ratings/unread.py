"""Ratings that are missing, at their worst: what the unread replies could have said.

A reply said something from 0 to 5. A cell with unread replies has a mean somewhere between those that all zeros and all
fives would give; the spread over personas is greatest where each such mean lies at one of its ends, and least where all
lie as near to one value as they can. Within a cell the same holds of its replies.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from pytest_persona.stats import Estimate
from pytest_persona.stats.role_play import HIGHEST

if TYPE_CHECKING:
    from pytest_persona.ratings.table import Ratings

FloatArray = npt.NDArray[np.float64]
Worst = Literal["apart", "together", "steady", "unsteady"]
"""Unread replies that move personas apart or together (S up or down), or that make them steady or unsteady (R)."""
_EQUAL = 1e-9


def filled(ratings: Ratings, worst: Worst) -> Ratings:
    """The ratings with every unread reply taken to say what moves S or R furthest: no other filling gives more or less.

    What is filled in need not be a whole number. Logits have no replies, and are returned as they are.
    """
    missing = ratings.asked - ratings.rated
    if ratings.estimator.kind == "logits" or not missing.any():
        return ratings
    values = ratings.values.copy()
    fill = _of_cells if worst in ("steady", "unsteady") else _of_items
    said = fill(ratings, missing, greatest=worst in ("apart", "unsteady"))
    for (persona, item), replies in said.items():
        empty = np.flatnonzero(np.isnan(values[persona, item]))[: len(replies)]
        values[persona, item, empty] = replies
    return replace(ratings, values=values)


def widened(found: Estimate, lowest: Estimate, highest: Estimate) -> Estimate:
    """An estimate whose bounds reach as far as those of ratings that are filled in."""
    return replace(
        found,
        low=min(found.low, lowest.low),
        high=max(found.high, highest.high),
        method=f"{found.method}, unread replies at their worst",
    )


def _of_cells(ratings: Ratings, missing: npt.NDArray[np.int64], *, greatest: bool) -> dict[tuple[int, int], FloatArray]:
    """Of each cell, the unread replies that make its standard deviation greatest, or least."""
    found = {}
    for persona, item in np.argwhere(missing > 0).tolist():
        count = int(missing[persona, item])
        read = ratings.values[persona, item][np.isfinite(ratings.values[persona, item])]
        if greatest:
            ends = np.where(np.arange(count) < np.arange(count + 1)[:, None], float(HIGHEST), 0.0)
            whole = np.column_stack([np.tile(read, (count + 1, 1)), ends])
            found[persona, item] = ends[int(whole.var(axis=1).argmax())]
        else:
            found[persona, item] = np.full(count, read.mean() if read.size else HIGHEST / 2)
    return found


def _of_items(ratings: Ratings, missing: npt.NDArray[np.int64], *, greatest: bool) -> dict[tuple[int, int], FloatArray]:
    """Of each cell, the unread replies that make its item's standard deviation over personas greatest, or least."""
    found = {}
    totals = np.nansum(ratings.values, axis=2)
    for item in np.flatnonzero(missing.any(axis=0)).tolist():
        count, asked, total = missing[:, item], ratings.asked[:, item], totals[:, item]
        low, high = total / asked, (total + HIGHEST * count) / asked
        means = _farthest(low, high) if greatest else _nearest(low, high)
        for persona in np.flatnonzero(count).tolist():
            reply = (means[persona] * asked[persona] - total[persona]) / count[persona]
            found[persona, item] = np.full(int(count[persona]), min(float(HIGHEST), max(0.0, float(reply))))
    return found


def _farthest(low: FloatArray, high: FloatArray) -> FloatArray:
    """The numbers between these ends whose variance is greatest; each is at one of its two.

    There, a number is at the end that is farther from the mean of the others. Which end that is follows from the mean
    of all, but for the few numbers whose middle is next to it: of those, every sum is tried.
    """
    middle, reach = (low + high) / 2, (high - low) / 2 / len(low)
    undecided = high > low
    found, greatest = low, -1.0
    for mean in np.unique(np.concatenate([middle - reach, middle + reach])[np.tile(undecided, 2)]).tolist():
        near = undecided & (abs(middle - mean) <= reach + _EQUAL)
        upper = undecided & ~near & (middle > mean)
        fixed = np.where(upper, high, low)
        for chosen in _choices(low, high, np.flatnonzero(near).tolist()):
            numbers = fixed.copy()
            numbers[chosen] = high[chosen]
            if (variance := float(numbers.var())) > greatest:
                found, greatest = numbers, variance
    return found


def _choices(low: FloatArray, high: FloatArray, near: list[int]) -> list[list[int]]:
    """Of each sum that some of these numbers at their upper ends can give, the choice with the greatest squares."""
    best: dict[float, tuple[float, list[int]]] = {0.0: (0.0, [])}
    for at in near:
        for shift, (squares, chosen) in list(best.items()):
            total = round(shift + float(high[at] - low[at]), 6)
            more = squares + float(high[at] ** 2 - low[at] ** 2)
            if total not in best or more > best[total][0]:
                best[total] = (more, [*chosen, at])
    return [chosen for _, chosen in best.values()]


def _nearest(low: FloatArray, high: FloatArray) -> FloatArray:
    """The numbers between these ends whose variance is least: those as near to one centre as they can be."""
    below, above = 0.0, float(HIGHEST)
    for _ in range(60):
        centre = (below + above) / 2
        if (np.clip(centre, low, high) - centre).sum() > 0:
            below = centre
        else:
            above = centre
    found: FloatArray = np.clip(above, low, high)
    return found
