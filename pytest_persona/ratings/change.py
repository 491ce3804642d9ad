"""From the ratings of two models to the relative changes of S and R.

What is reported as a change of R is `R tuned / R base - 1`; of 1/R, `R base / R tuned - 1`. Bounds are over personas,
paired: both models played the same ones. By logits R is the one that ten samples would show, for published changes, and
the limits set on them, are of ten samples: where a cell has nearly one answer, that changes about twice as much.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pytest_persona.errors import RatingsError
from pytest_persona.flags import ALPHA
from pytest_persona.ratings.levels import sampled_sds
from pytest_persona.ratings.table import FloatArray, Ratings
from pytest_persona.ratings.unread import Worst, filled, widened
from pytest_persona.stats import Estimate
from pytest_persona.stats.role_play import spread_change, susceptibility_change

AS_SAMPLES = 10
"""Samples as which the logits' R is compared (the repetitions of Costa & Vicente 2026)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Relative changes from base to tuned: 0.55 is a rise by 55%.

    Attributes:
        s: Of S.
        r: Of R.
        inverse_r: Of 1/R.
    """

    s: Estimate
    r: Estimate
    inverse_r: Estimate


def change_between(tuned: Ratings, base: Ratings, *, alpha: float = ALPHA) -> Change:
    """All three changes.

    Raises:
        RatingsError: the two cannot be compared, or nothing bounds a change (too few personas, or too few that vary).
    """
    spread = change_of_spread(tuned, base, alpha=alpha)
    return Change(s=change_of_s(tuned, base, alpha=alpha), r=inverted(spread), inverse_r=spread)


def change_of_s(tuned: Ratings, base: Ratings, *, alpha: float) -> Estimate:
    """Relative change of S; unread replies widen the bounds to their worst case.

    Raises:
        RatingsError: see `change_between`.
    """

    def of(tuned: Ratings, base: Ratings) -> Estimate:
        both = tuned.kept & base.kept
        return susceptibility_change(tuned.means[both], base.means[both], alpha=alpha)

    return _widened(of, "apart", "together", *_paired(tuned, base))


def change_of_spread(tuned: Ratings, base: Ratings, *, alpha: float) -> Estimate:
    """Relative change of 1/R; unread replies widen the bounds to their worst case.

    Raises:
        RatingsError: see `change_between`.
    """

    def of(tuned: Ratings, base: Ratings) -> Estimate:
        both = tuned.kept & base.kept
        return spread_change(_sds(tuned)[both].mean(axis=1), _sds(base)[both].mean(axis=1), alpha=alpha)

    return _widened(of, "unsteady", "steady", *_paired(tuned, base))


def _sds(ratings: Ratings) -> FloatArray:
    return ratings.sds if ratings.estimator.kind == "sampling" else sampled_sds(ratings, AS_SAMPLES)


def inverted(change: Estimate) -> Estimate:
    """The relative change of R from that of 1/R, and the other way round."""
    value, low, high = (1 / (1 + each) - 1 for each in (change.value, change.high, change.low))
    return replace(change, value=value, low=low, high=high, se=change.se / (1 + change.value) ** 2)


def mismatches(tuned: Ratings, base: Ratings) -> list[str]:
    """Why these ratings are not of the same questions by the same personas; empty where they are."""
    reasons = []
    for what, ours, theirs in (
        ("personas", set(tuned.personas), set(base.personas)),
        ("items", set(tuned.items), set(base.items)),
    ):
        if ours != theirs:
            reasons.append(
                f"the two sides have different {what}: {len(ours - theirs)} are only in {tuned.name}, "
                f"{len(theirs - ours)} only in {base.name}"
            )
    hashes = {str(each.instrument["sha256"]) for each in (tuned, base) if each.instrument.get("sha256")}
    if len(hashes) > 1 or dict(zip(tuned.items, tuned.foundations, strict=True)) != dict(
        zip(base.items, base.foundations, strict=True)
    ):
        reasons.append(f"the instrument differs between the two sides: {tuned.name} and {base.name}")
    return reasons


def _paired(tuned: Ratings, base: Ratings) -> tuple[Ratings, Ratings]:
    tuned.estimator.must_equal(base.estimator)
    for ratings in (tuned, base):
        if not ratings.role_play:
            raise RatingsError(f"{ratings.name} answered as itself; a change of S or R needs ratings under role-play")
    if reasons := mismatches(tuned, base):
        raise RatingsError("; ".join(reasons))
    return tuned.only(personas=base.personas, items=base.items), base


def _widened(
    of: Callable[[Ratings, Ratings], Estimate], up: Worst, down: Worst, tuned: Ratings, base: Ratings
) -> Estimate:
    if tuned.estimator.kind == "logits" and (unmeasured := tuned.failures + base.failures):
        raise RatingsError(f"{tuned.name} against {base.name}: {unmeasured} cells could not be measured")
    try:
        found = of(tuned, base)
        if not (tuned.failures or base.failures):
            return found
        lowest = of(filled(tuned, down), filled(base, up))
        return widened(found, lowest, of(filled(tuned, up), filled(base, down)))
    except ValueError as error:
        raise RatingsError(f"{tuned.name} against {base.name}: {error}") from error
