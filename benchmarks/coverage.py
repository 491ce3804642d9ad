"""How often bounds hold, over simulated data: those of `stratified_mean`, and those of S, its change and that of 1/R.

Run `python benchmarks/coverage.py`, with `means` or `role-play` for one half. Prints, for each kind of data and number
of units, the share of 1,000 samples whose upper and whose lower one-sided 95% bound holds the true value (0.95 is
nominal, one simulation standard error is 0.007), the width of the interval (the mean for means, the median of the
relative width for role-play), and how the bounds of a mean were made.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pytest_persona.stats import role_play, stratified, stratified_mean

REPETITIONS = 1000
ALPHA = 0.05
Draw = Callable[[np.random.Generator, int], npt.NDArray[np.float64]]

KINDS: dict[str, tuple[Draw, float]] = {
    "normal, sd 0.05": (lambda rng, n: np.clip(rng.normal(0.03, 0.05, n), -1, 1), 0.03),
    "beta(0.3, 6)": (lambda rng, n: rng.beta(0.3, 6, n), 0.3 / 6.3),
    "exponential, 0.05": (lambda rng, n: np.clip(rng.exponential(0.05, n), 0, 1), 0.05),
    "Bernoulli 0.02": (lambda rng, n: (rng.random(n) < 0.02).astype(float), 0.02),
    "Bernoulli 0.1": (lambda rng, n: (rng.random(n) < 0.1).astype(float), 0.1),
    "Bernoulli 0.3": (lambda rng, n: (rng.random(n) < 0.3).astype(float), 0.3),
    "a tenth move, up to 1": (
        lambda rng, n: np.where(rng.random(n) < 0.1, rng.uniform(0, 1, n), rng.normal(0, 0.01, n)),
        0.05,
    ),
}


Pair = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
ITEMS = 30
LEVEL = np.linspace(1, 4, ITEMS)
LOADING = np.linspace(1, 0.5, ITEMS)

FACTORS: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(0, 1, n),
    "Laplace": lambda rng, n: rng.laplace(0, np.sqrt(0.5), n),
    "t3": lambda rng, n: rng.standard_t(3, n) / np.sqrt(3),
    "lognormal": lambda rng, n: rng.lognormal(0, 0.7, n) - np.exp(0.245),
    "5% far": lambda rng, n: np.where(rng.random(n) < 0.05, rng.choice([-3, 3], n), rng.normal(0, 0.5, n)),
}


def played(
    factor: str, common: float, own: float, *, whole: bool = False
) -> Callable[[np.random.Generator, int], Pair]:
    """Mean ratings of personas by two models: how far each follows one factor, and goes its own way item by item.

    The factor and the noise of the tuned model are those of the base model for the most part, and 1.2 times as large.

    Args:
        whole: Whether means are whole numbers, so that many are tied.
    """

    def draw(rng: np.random.Generator, n: int) -> Pair:
        first, second = (FACTORS[factor](rng, n)[:, None] * LOADING for _ in range(2))
        mine, yours = (rng.normal(0, 1, (n, ITEMS)) for _ in range(2))
        base = LEVEL + common * first + own * mine
        tuned = LEVEL + 1.2 * (common * (0.8 * first + 0.6 * second) + own * (0.8 * mine + 0.6 * yours))
        if whole:
            base, tuned = np.rint(base), np.rint(tuned)
        return np.clip(tuned, 0, 5), np.clip(base, 0, 5)

    return draw


def spreads(width: float, still: float) -> Callable[[np.random.Generator, int], Pair]:
    """σ of personas within their cells, lognormal, with a share of personas whose ratings never vary."""

    def draw(rng: np.random.Generator, n: int) -> Pair:
        first, second = rng.normal(0, 1, n), rng.normal(0, 1, n)
        base, tuned = 0.1 * np.exp(width * first), 0.2 * np.exp(width * (0.6 * first + 0.8 * second))
        return np.where(rng.random(n) < still, 0, tuned), np.where(rng.random(n) < still, 0, base)

    return draw


PLAYED = {
    "independent items": played("normal", 0.0, 0.9),
    "whole numbers": played("normal", 0.4, 0.7, whole=True),
    **{f"{name} factor": played(name, 0.8, 0.4) for name in FACTORS},
}
SPREADS = {"lognormal 0.4": spreads(0.4, 0), "lognormal 1": spreads(1, 0), "a fifth is still": spreads(0.4, 0.2)}


def true_values(draw: Callable[[np.random.Generator, int], Pair], *, means: bool) -> tuple[float, float]:
    """S, or the mean spread, of both models in a million personas."""
    rng = np.random.default_rng(1)
    parts = [draw(rng, 50_000) for _ in range(20)]
    if not means:
        return tuple(float(np.mean([part[side].mean() for part in parts])) for side in (0, 1))
    found = []
    for side in (0, 1):
        centre = np.mean([part[side].mean(axis=0) for part in parts], axis=0)
        found.append(
            float(np.sqrt(np.mean([((part[side] - centre) ** 2).mean(axis=0) for part in parts], axis=0)).mean())
        )
    return found[0], found[1]


def of_role_play() -> None:
    """Print the table of S, its change and that of 1/R."""
    role_play.RESAMPLES = 1999
    print(f"{'statistic':<14}{'data':<20}{'personas':>9}{'upper':>8}{'lower':>8}{'width':>8}")
    for data, draw in (PLAYED | SPREADS).items():
        tuned, base = true_values(draw, means=data in PLAYED)
        change = tuned / base - 1
        asked = {
            "S": (tuned, lambda pair: role_play.susceptibility_bounds(pair[0], alpha=ALPHA)),
            "change of S": (change, lambda pair: role_play.susceptibility_change(*pair, alpha=ALPHA)),
        }
        if data in SPREADS:
            asked = {"change of 1/R": (change, lambda pair: role_play.spread_change(*pair, alpha=ALPHA))}
        for personas in (30, 50, 100):
            for statistic, (truth, bounds) in asked.items():
                rng = np.random.default_rng(0)
                found = [bounds(draw(rng, personas)) for _ in range(REPETITIONS)]
                upper, lower = (
                    np.mean([truth <= each.high for each in found]),
                    np.mean([truth >= each.low for each in found]),
                )
                offset = 1 if statistic.startswith("change") else 0
                width = np.median([(each.high - each.low) / (offset + each.value) for each in found])
                print(f"{statistic:<14}{data:<20}{personas:>9}{upper:>8.3f}{lower:>8.3f}{width:>8.3f}", flush=True)


def of_means() -> None:
    """Print the table of means."""
    stratified.RESAMPLES = 1999
    rng = np.random.default_rng(0)
    print(f"{'data':<24}{'units':>6}{'upper':>8}{'lower':>8}{'width':>8}  methods")
    for name, (draw, mean) in KINDS.items():
        for units in (10, 20, 30, 100, 500):
            upper = lower = 0
            widths, methods = [], Counter[str]()
            for seed in range(REPETITIONS):
                strata = {key: draw(rng, units) for key in ("Yes", "No")}
                found = stratified_mean(strata, alpha=ALPHA, minimum=-1, maximum=1, seed=seed)
                upper += mean <= found.high
                lower += mean >= found.low
                widths.append(found.high - found.low)
                methods[found.method] += 1
            told = ", ".join(f"{method} {count / REPETITIONS:.0%}" for method, count in methods.most_common())
            shares = f"{upper / REPETITIONS:>8.3f}{lower / REPETITIONS:>8.3f}"
            print(f"{name:<24}{units:>6}{shares}{np.mean(widths):>8.3f}  {told}")


if __name__ == "__main__":
    halves = {"means": of_means, "role-play": of_role_play}
    for name in sys.argv[1:] or halves:
        halves[name]()
