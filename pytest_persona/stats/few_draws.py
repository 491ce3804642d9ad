"""What a few draws from a known distribution over ratings would show on average."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

MOST_DRAWS = 30
"""Draws up to which every outcome is counted (ours): 324,632 outcomes over six ratings."""
_CELLS_AT_ONCE = 4_000_000
_NEVER = -1e300
"""The log-probability of what cannot be drawn: times no draws it is 0, times one it is never."""


def expected_sd(probabilities: npt.ArrayLike, draws: int) -> npt.NDArray[np.float64]:
    """E[s_n], the mean sample standard deviation (ddof 1) of n independent draws of the values 0, 1, 2 …

    Exact: every outcome of the draws is weighed with its multinomial probability. It lies below the distribution's own
    standard deviation, the more so the fewer the draws.

    Args:
        probabilities: (..., values); each row sums to 1.
        draws: n, from 2 to 30.

    Returns:
        (...), in units of the values.

    Raises:
        ValueError: another number of draws, or rows that are no distributions.
    """
    table = np.asarray(probabilities, dtype=np.float64)
    if not 2 <= draws <= MOST_DRAWS:
        raise ValueError(f"a sample standard deviation needs 2 to {MOST_DRAWS} draws here, got {draws}")
    if not (np.isfinite(table).all() and (table >= 0).all() and np.allclose(table.sum(axis=-1), 1, atol=1e-6)):
        raise ValueError("probabilities must be at least 0 and sum to 1")
    size = table.shape[-1]
    counts = _compositions(draws, size)
    values = np.arange(size)
    centre = counts @ values / draws
    deviations = np.sqrt(np.maximum(counts @ values**2 / draws - centre**2, 0.0) * draws / (draws - 1))
    factorials = np.array([math.lgamma(count + 1) for count in range(draws + 1)])
    ways = math.lgamma(draws + 1) - factorials[counts.astype(int)].sum(axis=1)
    rows = table.reshape(-1, size)
    with np.errstate(divide="ignore"):
        logs = np.maximum(np.log(rows), _NEVER)
    step = max(1, _CELLS_AT_ONCE // len(counts))
    found = np.concatenate(
        [np.exp(logs[at : at + step] @ counts.T + ways) @ deviations for at in range(0, len(logs), step)]
        or [rows[:, 0]]
    )
    return found.reshape(table.shape[:-1])


def _compositions(total: int, parts: int) -> npt.NDArray[np.float64]:
    """All ways to write `total` as an ordered sum of `parts` numbers of 0 or more, one a row."""
    bars = np.array(list(itertools.combinations(range(total + parts - 1), parts - 1)), dtype=np.int64)
    edges = np.column_stack([np.full(len(bars), -1), bars, np.full(len(bars), total + parts - 1)])
    return (np.diff(edges, axis=1) - 1).astype(np.float64)
