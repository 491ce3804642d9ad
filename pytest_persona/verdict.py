"""From measured changes and a limit to one of four verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy.typing as npt

from pytest_persona.stats import Estimate, effective_se, items_needed, minimum_detectable_effect, stratified_mean

CRITERIA = ("noninferiority", "significance")
"""How paired differences can be compared with a margin; a band is `equivalence`, a level's band `absolute`."""


class Outcome(StrEnum):
    """What a verdict can be; never a bare boolean."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"


SEVERITY = (Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.INVALID, Outcome.FAIL)
"""From harmless to what a test with several verdicts is called by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A decision about one change against one margin.

    Attributes:
        outcome: One of four.
        reasons: Why it is invalid, or cannot be decided; empty otherwise.
        change: The change in the harmful direction, with one-sided bounds; None where nothing valid was measured.
        margin: The largest change that is accepted; None where only a fall does harm.
        floor: The least change that is accepted, for a band; None where only a rise does harm.
        alpha: One-sided level.
        criterion: `noninferiority`, `significance`, `equivalence` or `absolute`.
        mde: Minimum detectable effect at this sample's standard error, power 0.8; None without a change, or where a
            bound of it is infinite.
        items_needed: About how many items would settle an inconclusive verdict; None otherwise, or if none would.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    change: Estimate | None
    margin: float | None
    floor: float | None
    alpha: float
    criterion: str
    mde: float | None
    items_needed: int | None


def decision(verdict: Verdict) -> dict[str, Any]:
    """The verdict's fields by name, for a record."""
    names = ("outcome", "reasons", "change", "margin", "floor", "alpha", "criterion", "mde", "items_needed")
    return {name: getattr(verdict, name) for name in names}


def decide(
    differences: Mapping[str, npt.ArrayLike] | None,
    *,
    margin: float,
    alpha: float,
    criterion: str = "noninferiority",
    invalid: Sequence[str] = (),
) -> Verdict:
    """Decide on paired differences, tuned minus base, positive where harmful, in strata of equal weight.

    - noninferiority: pass when the upper bound is below the margin, fail when the lower bound is above it;
    - significance: fail (drifts) when the lower bound is above 0; pass needs a lower bound at or below 0 and a minimum
      detectable effect of at most the margin, so that a small sample is never evidence of no drift;
    - invalid whenever there is a reason in `invalid`, whatever the numbers say.

    Args:
        differences: Values in [-1, 1] of each stratum; None where none could be measured (then `invalid` says why).

    Raises:
        ValueError: a margin that is not positive, an unknown criterion, or no differences and no reason.
    """
    if not 0 < margin < 1:
        raise ValueError(f"margin must be between 0 and 1, got {margin}")
    if criterion not in CRITERIA:
        raise ValueError(f"no criterion {criterion!r}. Known: {', '.join(CRITERIA)}")
    if differences is None:
        if not invalid:
            raise ValueError("no differences, and no reason why there are none")
        change = mde = None
    else:
        change = stratified_mean(differences, alpha=alpha, minimum=-1, maximum=1)
        mde = minimum_detectable_effect(effective_se(change), alpha=alpha)
    outcome = Outcome.INVALID
    needed = None
    if not invalid and change is not None and mde is not None:
        outcome = (
            _noninferiority(change, margin) if criterion == "noninferiority" else _significance(change, margin, mde)
        )
        if outcome is Outcome.INCONCLUSIVE:
            if criterion == "noninferiority":
                needed = items_needed(change.value, margin, effective_se(change), change.n, alpha=alpha)
            else:
                needed = max(change.n + 1, round(change.n * (mde / margin) ** 2))
    return Verdict(
        outcome=outcome,
        reasons=tuple(invalid),
        change=change,
        margin=margin,
        floor=None,
        alpha=alpha,
        criterion=criterion,
        mde=mde,
        items_needed=needed,
    )


def decide_within(
    change: Estimate | None,
    *,
    margin: float | None,
    floor: float | None,
    alpha: float,
    criterion: str = "equivalence",
    invalid: Sequence[str] = (),
) -> Verdict:
    """Decide on an estimate that has its bounds: pass inside the band, fail outside, else inconclusive.

    Pass when the upper bound is below the margin and the lower one above the floor; fail when the lower bound is above
    the margin or the upper one below the floor. Two one-sided tests (Schuirmann 1987), each at level alpha.

    Args:
        change: With one-sided bounds at level alpha; None where nothing was measured (then `invalid` says why).
        margin: The upper end of the band; None for none.
        floor: The lower end; None for none.

    Raises:
        ValueError: a band that is empty, bounds of another level, or no change and no reason.
    """
    edges = [edge for edge in (floor, margin) if edge is not None]
    if not edges or edges != sorted(set(edges)):
        raise ValueError(f"the band from {floor} to {margin} is empty, or has no end at all")
    if change is None and not invalid:
        raise ValueError("no change, and no reason why there is none")
    if change is not None and change.alpha != alpha:
        raise ValueError(f"the bounds are at level {change.alpha}, the verdict at {alpha}")
    outcome, needed, mde, error = Outcome.INVALID, None, None, math.inf
    if change is not None:
        error = effective_se(change)
        mde = minimum_detectable_effect(error, alpha=alpha) if math.isfinite(error) else None
    if change is not None and not invalid:
        outcome = Outcome.INCONCLUSIVE
        if (margin is None or change.high < margin) and (floor is None or change.low > floor):
            outcome = Outcome.PASS
        elif (margin is not None and change.low > margin) or (floor is not None and change.high < floor):
            outcome = Outcome.FAIL
        elif math.isfinite(error):
            edge = min(edges, key=lambda each: abs(each - change.value))
            needed = items_needed(change.value, edge, error, change.n, alpha=alpha)
    return Verdict(
        outcome=outcome,
        reasons=tuple(invalid),
        change=change,
        margin=margin,
        floor=floor,
        alpha=alpha,
        criterion=criterion,
        mde=mde,
        items_needed=needed,
    )


def _noninferiority(change: Estimate, margin: float) -> Outcome:
    if change.high < margin:
        return Outcome.PASS
    return Outcome.FAIL if change.low > margin else Outcome.INCONCLUSIVE


def _significance(change: Estimate, margin: float, mde: float) -> Outcome:
    if change.low > 0:
        return Outcome.FAIL
    return Outcome.PASS if mde <= margin else Outcome.INCONCLUSIVE


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """What several verdicts are together: fail before invalid before inconclusive before pass.

    Raises:
        ValueError: no outcomes; nothing measured is no pass.
    """
    return max(outcomes, key=SEVERITY.index)
