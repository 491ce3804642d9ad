"""Ratings that are missing, at their worst: what the unread replies could have said."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from pytest_persona.ratings.table import Ratings
from pytest_persona.stats.role_play import HIGHEST

Worst = Literal["apart", "together", "steady", "unsteady"]
"""Unread replies that move personas apart or together (S up or down), or that make them steady or unsteady (R)."""


def filled(ratings: Ratings, worst: Worst) -> Ratings:
    """The ratings with every unread reply taken to say what moves S or R furthest.

    apart and unsteady take the end of the scale that is farther from the item's or the cell's mean, together and steady
    that mean itself. A cell without any rating is filled alike: by ends in turn, or by the item's mean.
    """
    missing = ratings.asked - ratings.rated
    if ratings.estimator.kind == "logits" or not missing.any():
        return ratings
    values = ratings.values.copy()
    everyone = np.nanmean(values, axis=(0, 2))
    for persona, item in np.argwhere(missing > 0):
        cell = values[persona, item]
        empty = np.flatnonzero(np.isnan(cell))[: missing[persona, item]]
        own = float(np.nanmean(cell)) if ratings.rated[persona, item] else float(everyone[item])
        centre = own if worst in ("steady", "unsteady") else float(everyone[item])
        if worst in ("together", "steady"):
            cell[empty] = centre
        elif worst == "unsteady" and not ratings.rated[persona, item]:
            cell[empty] = np.where(np.arange(len(empty)) % 2, 0.0, HIGHEST)
        else:
            cell[empty] = HIGHEST if centre < HIGHEST / 2 else 0.0
    return replace(ratings, values=values)
