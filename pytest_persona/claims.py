"""Findings of papers as tests: the marker, and what a claim that is measured comes to."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_persona.stats import Estimate

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

        Raises:
            AssertionError: contradicted, or not a number.
            pytest.skip.Exception: neither.
            ValueError: nothing lies between the limits, or everything does.
        """
        __tracebackhide__ = True
        from pytest_persona.record import Finding

        limits = {word: end for word, end in (("above", above), ("below", below)) if math.isfinite(end)}
        if not limits or not above < below:
            raise ValueError(f"a claim says above, below or both, and something in between; got {above} and {below}")
        text = f"{what} {_said(measured, percent)}".strip()
        wanted = " and ".join(f"{word} {_number(end, percent)}" for word, end in limits.items())
        message = f"{self._claimed['id']}: {text}, expected {wanted}"
        outcome = _judged(measured, above, below, point=replayed)
        if outcome == "failed" and published:
            message += f"; published: {published}"
        if outcome == "skipped":
            message = f"undecided: {message}; the bounds allow both"
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


def _said(measured: Estimate | float, percent: bool) -> str:
    if not isinstance(measured, Estimate):
        return _number(measured, percent)
    value, low, high = (_number(each, percent) for each in (measured.value, measured.low, measured.high))
    return f"{value} [{low}, {high}]"


def _number(value: float, percent: bool) -> str:
    return f"{100 * value:+.1f}%" if percent else f"{value:.3f}"
