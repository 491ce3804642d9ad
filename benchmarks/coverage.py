"""How often the bounds of `stratified_mean` hold, over simulated strata of bounded differences.

Run `python benchmarks/coverage.py`. Prints, for each kind of data and number of units a stratum, the share of 1,000
samples whose upper and whose lower one-sided 95% bound holds the true mean (0.95 is nominal, one simulation standard
error is 0.007), the mean width of the interval, and how the bounds were made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pytest_persona.stats import stratified, stratified_mean

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


def main() -> None:
    """Print the table."""
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
    main()
