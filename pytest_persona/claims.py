"""Findings of papers as tests: the marker, and what a claim that is measured comes to."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pytest_persona.stats import Coupling, Estimate, Spread, Trend, effective_se, minimum_detectable_effect

if TYPE_CHECKING:
    import pytest

    from pytest_persona.record import Finding


def claim(id: str, *, paper: str, says: str) -> pytest.MarkDecorator:  # noqa: A002  # what papers call it
    """Mark a test as the encoding of a paper's finding.

    Args:
        id: Short name of the finding, for example `PC-1`.
        paper: Where it is published, for example `arXiv:2605.12850`.
        says: The finding in one sentence.
    """
    import pytest

    return pytest.mark.persona_claim(id=id, paper=paper, says=says)


class Expectation:
    """Compares what was measured with what a claim says, and notes both; what the fixture `finding` gives.

    Each way of expecting raises the same:

    - AssertionError: contradicted, or not a number;
    - pytest.skip.Exception: neither confirmed nor contradicted;
    - ValueError: the claim itself says nothing.

    Args:
        claimed: Id, paper and sentence of the test's claim.
        note: Takes the finding.
    """

    def __init__(self, claimed: dict[str, str], note: Callable[[Finding], None]) -> None:
        self._claimed = claimed
        self._note = note

    def expect(
        self,
        measured: Estimate | float,
        *,
        above: float = -math.inf,
        below: float = math.inf,
        published: str = "",
        what: str = "",
        percent: bool = False,
        replayed: bool = False,
        seeds: int | None = None,
    ) -> None:
        """The claim says that what was measured lies between `above` and `below`.

        Replayed ratings are judged by the point estimate, as papers judge their own. A model of this run is judged by
        the bounds: confirmed when both lie inside, contradicted when both lie on one side outside, else undecided.

        Args:
            measured: An estimate, or a plain number, which is judged as a point.
            published: The paper's figure, for the report.
            what: What the number is, in a few words.
            percent: Whether the number is a share, shown in percent.
            replayed: Whether it comes from recorded data.
            seeds: Over how many training runs a claim about an objective was measured; one is about this run alone.
        """
        __tracebackhide__ = True
        limits = {word: end for word, end in (("above", above), ("below", below)) if math.isfinite(end)}
        if not limits or not above < below:
            raise ValueError(f"a claim says above, below or both, and something in between; got {above} and {below}")
        self._settle(
            _judged(measured, above, below, point=replayed),
            f"{what} {_said(measured, percent)}",
            "expected " + " and ".join(f"{word} {_number(end, percent)}" for word, end in limits.items()),
            published=published,
            replayed=replayed,
            seeds=seeds,
            undecided="the bounds allow both",
        )

    def expect_no_drift(
        self, change: Estimate, *, margin: float, published: str = "", what: str = "", seeds: int | None = None
    ) -> None:
        """The claim says that nothing moved significantly, by the criterion `significance` (see `decide`).

        Confirmed when the lower bound is at or below 0 and the minimum detectable effect at most the margin, so that a
        small sample is never evidence of no drift; contradicted when the lower bound is above 0.

        Args:
            change: Tuned minus base, in the harmful direction.
            margin: The smallest change that must have been seen, were it there.
        """
        __tracebackhide__ = True
        if not margin > 0:
            raise ValueError(f"a margin is above 0, got {margin}")
        effect = minimum_detectable_effect(effective_se(change), alpha=change.alpha)
        quiet = "passed" if effect <= margin else "skipped"
        self._settle(
            "failed" if change.low > 0 else quiet,
            f"{what} {_said(change, percent=False)}",
            "expected no significant rise",
            published=published,
            seeds=seeds,
            undecided=f"a change below {effect:.3f} could not have been seen ({margin:g} needed)",
        )

    def expect_trend(
        self,
        trend: Trend,
        *,
        alpha: float,
        steps: Sequence[Estimate] = (),
        published: str = "",
        what: str = "",
        seeds: int | None = None,
    ) -> None:
        """The claim says that levels rise along an order; contradicted where they fall.

        Args:
            trend: Of Page's test, see `page_trend`.
            alpha: Level of the test.
            steps: From each level to the next, with bounds, where the claim says that none of them falls.
        """
        __tracebackhide__ = True
        outcome = "passed" if trend.rise <= alpha else "failed" if trend.fall <= alpha else "skipped"
        if any(step.high < 0 for step in steps):
            outcome = "failed"
        levels = " → ".join(f"{level:.3f}" for level in trend.levels)
        self._settle(
            outcome,
            f"{what} {levels} (rise p {trend.rise:.3f}, fall p {trend.fall:.3f})",
            "expected a rise" + (" without a fall between" if steps else ""),
            published=published,
            seeds=seeds,
            undecided=f"neither direction has a p-value of {alpha:g} or less",
        )

    def expect_coupling(
        self, coupling: Coupling, *, alpha: float, published: str = "", what: str = "", seeds: int | None = None
    ) -> None:
        """The claim says that two quantities move together; contradicted where they move against each other.

        Args:
            coupling: Of the permutation test, see `coupling_test`.
            alpha: Level of the test.
        """
        __tracebackhide__ = True
        self._settle(
            "passed" if coupling.rise <= alpha else "failed" if coupling.fall <= alpha else "skipped",
            f"{what} {coupling.rho:.2f} (p {coupling.rise:.3f})",
            "expected a positive one",
            published=published,
            seeds=seeds,
            undecided=f"neither direction has a p-value of {alpha:g} or less",
        )

    def expect_spread(
        self,
        spread: Spread,
        *,
        alpha: float,
        alike: float,
        widest: Estimate,
        published: str = "",
        what: str = "",
        seeds: int | None = None,
    ) -> None:
        """The claim says that levels differ; contradicted where they are shown to be alike, however small p is.

        Args:
            spread: Of the permutation test, see `spread_test`.
            alpha: Level of the test.
            alike: Within which the two levels farthest apart count as alike.
            widest: The difference of these two, with bounds.
        """
        __tracebackhide__ = True
        same = widest.high < alike and -alike < widest.low
        outcome = "failed" if same else "passed" if spread.p <= alpha else "skipped"
        levels = ", ".join(f"{level:.3f}" for level in spread.levels)
        self._settle(
            outcome,
            f"{what} {levels} (p {spread.p:.3f}; farthest apart {_said(widest, percent=False)})",
            f"expected levels that differ by more than {alike:g}" if same else "expected levels that differ",
            published=published,
            seeds=seeds,
            undecided=f"they neither differ at {alpha:g} nor lie within {alike:g} of each other for certain",
        )

    def _settle(
        self,
        outcome: str,
        text: str,
        wanted: str,
        *,
        published: str,
        undecided: str,
        seeds: int | None,
        replayed: bool = False,
    ) -> None:
        __tracebackhide__ = True
        from pytest_persona.record import Finding

        text = text.strip() + _over(seeds)
        message = f"{self._claimed['id']}: {text}, {wanted}"
        if outcome == "failed" and published:
            message += f"; published: {published}"
        if outcome == "skipped":
            message = f"undecided: {message}; {undecided}"
        self._note(
            Finding(
                test="",
                claim=self._claimed["id"],
                paper=self._claimed["paper"],
                says=self._claimed["says"],
                measured=text,
                published=published,
                replayed=replayed,
                outcome=outcome,
                reason="" if outcome == "passed" else message,
            )
        )
        if outcome == "failed":
            raise AssertionError(message)
        if outcome == "skipped":
            import pytest

            pytest.skip(message)


def _judged(measured: Estimate | float, above: float, below: float, *, point: bool) -> str:
    """In pytest's words: passed, failed or skipped."""
    if isinstance(measured, Estimate):
        low, high = (measured.value, measured.value) if point else (measured.low, measured.high)
    else:
        low = high = measured
    if above < low and high < below:
        return "passed"
    return "failed" if high <= above or low >= below or math.isnan(low) else "skipped"


def _over(seeds: int | None) -> str:
    if seeds is None:
        return ""
    return "; one seed: about this run" if seeds == 1 else f"; over {seeds} seeds"


def _said(measured: Estimate | float, percent: bool) -> str:
    if not isinstance(measured, Estimate):
        return _number(measured, percent)
    value, low, high = (_number(each, percent) for each in (measured.value, measured.low, measured.high))
    return f"{value} [{low}, {high}]"


def _number(value: float, percent: bool) -> str:
    return f"{100 * value:+.1f}%" if percent else f"{value:.3f}"
