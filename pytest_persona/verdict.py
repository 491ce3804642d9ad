"""From measured changes and a limit to one of four verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy.typing as npt

from pytest_persona.stats import Estimate, effective_se, items_needed, minimum_detectable_effect, stratified_mean

CRITERIA = ("noninferiority", "significance")


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
        reasons: Why it is invalid; empty otherwise.
        change: The change in the harmful direction, with one-sided bounds; None where nothing valid was measured.
        margin: The largest change that is accepted.
        alpha: One-sided level.
        criterion: `noninferiority` or `significance`.
        mde: Minimum detectable effect at this sample's standard error, power 0.8; None without a change.
        items_needed: About how many items would settle an inconclusive verdict; None otherwise, or if none would.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    change: Estimate | None
    margin: float
    alpha: float
    criterion: str
    mde: float | None
    items_needed: int | None


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
