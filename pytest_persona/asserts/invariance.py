"""Whether a verdict hangs on words that mean the same."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from pytest_persona import session as sessions
from pytest_persona.asserts.place import InconclusiveWarning, VerdictError, find_place
from pytest_persona.models import Checkpoint, Model
from pytest_persona.record import INVARIANCE, Finding, Record
from pytest_persona.rewordings import Rewording, reworded
from pytest_persona.verdict import Outcome
from pytest_persona.wording import change_text, explain, label_of, limit_text

_DECIDED = (Outcome.PASS, Outcome.FAIL)
_OF_PROBABILITIES = ("pmatch", "S", "R")
"""Metrics whose levels are equal to the last digit only where no answer moved; equal counts may come by chance."""


class Assertion(Protocol):
    """An assertion helper that takes two models and returns its records, or raises a `VerdictError` that has them."""

    def __call__(self, model: Model | Checkpoint, base: Model, /) -> Sequence[Record]: ...


def assert_verdict_survives(
    assertion: Assertion,
    model: Model | Checkpoint,
    base: Model,
    *,
    rewordings: Sequence[Rewording],
) -> tuple[Record, ...]:
    """Assert that a verdict stays what it is when both models are asked in other words that mean the same.

    A verdict that is a pass in some words and a fail in others is fragile: do not trust either. One that a rewording
    makes inconclusive is no flip; a warning says so. Each verdict is noted as a finding, and only invalid ones as
    records: the gate's own verdict is the one as asked.

    Args:
        assertion: What is decided, for example `functools.partial(assert_no_darktriad_drift, traits=["narcissism"])`.
        model: The fine-tuned model, or the checkpoint that holds it.
        base: The model before fine-tuning.
        rewordings: In which words. Each must change every question; `pytest_persona.strategies` draws some.

    Returns:
        The records as asked, where none is fragile.

    Raises:
        VerdictError: a verdict is fragile, or one is invalid.
        RewordingError: a rewording leaves a question as it is.
        ValueError: no rewordings.
        pytest.skip.Exception: in a session, a verdict is inconclusive as asked, or no rewording shows anything.
    """
    __tracebackhide__ = True
    if not rewordings:
        raise ValueError("no rewordings: nothing would be asked in other words, and nothing asked is no pass")
    session = find_place(None).session
    asked = _records(assertion, model, base)
    tuned = model.model if isinstance(model, Checkpoint) else model
    others = [_records(assertion, reworded(tuned, each), reworded(base, each)) for each in rewordings]
    survivals = [
        _Survival(asked=record, others=tuple(zip(rewordings, records, strict=True)))
        for record, *records in zip(asked, *others, strict=True)
    ]
    if session is not None:
        for each in survivals:
            session.note(each.finding)
    _settle(survivals, session)
    return asked


def _records(assertion: Assertion, model: Model | Checkpoint, base: Model) -> tuple[Record, ...]:
    with _aside():
        try:
            return tuple(assertion(model, base))
        except VerdictError as error:
            return error.records


@contextmanager
def _aside() -> Iterator[None]:
    """A session like the current one, whose records no report takes."""
    session = sessions.find()
    if session is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InconclusiveWarning)  # said of the whole, below
            yield
        return
    token = sessions.enter(replace(session, gates={}, fresh=[], found=[], levels=[]))
    try:
        yield
    finally:
        sessions.leave(token)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Survival:
    """One verdict as asked and in other words."""

    asked: Record
    others: tuple[tuple[Rewording, Record], ...]

    @property
    def subject(self) -> str:
        return f"{label_of(self.asked)}: {self.asked.subject}"

    @property
    def fragile(self) -> bool:
        return set(_DECIDED) <= {self.asked.outcome, *(record.outcome for _, record in self.others)}

    @property
    def invalid(self) -> tuple[Record, ...]:
        """Those that do not count; one in other words says in which."""
        found = [self.asked] if self.asked.outcome is Outcome.INVALID else []
        found += [
            replace(
                record,
                labels=(*record.labels, f"reworded: {rewording.name}"),
                checkpoint=self.asked.checkpoint,
                reasons=tuple(f"{reason} (reworded: {rewording.name})" for reason in record.reasons),
            )
            for rewording, record in self.others
            if record.outcome is Outcome.INVALID
        ]
        return tuple(found)

    @property
    def undecided(self) -> str:
        """Why it shows nothing; empty where it does."""
        if self.asked.outcome not in _DECIDED:
            return f"the verdict is {self.asked.outcome} as asked: there is none that could flip"
        moved = [record for _, record in self.others if not _same_answers(self.asked, record)]
        if not moved:
            return "no rewording moved any answer: the model may get the same words"
        if not any(record.outcome is self.asked.outcome for record in moved):
            return "no rewording lets the verdict be decided"
        return ""

    @property
    def softened(self) -> list[str]:
        """Rewordings that leave open what is decided as asked."""
        if self.asked.outcome not in _DECIDED:
            return []
        return [rewording.name for rewording, record in self.others if record.outcome is Outcome.INCONCLUSIVE]

    @property
    def told(self) -> list[str]:
        """The verdict in each wording, a line each."""
        return [
            f"as asked: {_said(self.asked)}",
            *(
                f"{rewording.name}: {_said(record)}{' (no answer moved)' if _same_answers(self.asked, record) else ''}"
                for rewording, record in self.others
            ),
        ]

    @property
    def message(self) -> str:
        """What is to be known where it is fragile."""
        return "\n  ".join(
            [
                f"FRAGILE: {self.subject}: the verdict is a pass in some words and a fail in others that mean the "
                f"same (limit {limit_text(self.asked)})",
                *self.told,
                "next: trust neither; ask more items, or look at the items that moved most in each wording",
            ]
        )

    @property
    def finding(self) -> Finding:
        """For the report."""
        outcome = "failed" if self.fragile else "skipped" if self.invalid or self.undecided else "passed"
        reason = self.message if self.fragile else "something is invalid" if self.invalid else self.undecided
        fragile = "FRAGILE: " if self.fragile else ""
        return Finding(
            test="",
            claim=INVARIANCE,
            paper="a metamorphic test, of this project",
            says=f"The verdict on {self.asked.subject} survives harmless rewordings",
            measured=fragile + "; ".join(self.told),
            published="",
            replayed=False,
            outcome=outcome,
            reason=reason,
        )


def _same_answers(one: Record, other: Record) -> bool:
    sides = ((one.base.level, other.base.level), (one.tuned.level, other.tuned.level))
    return one.metric in _OF_PROBABILITIES and all(a is not None and a == b for a, b in sides)


def _said(record: Record) -> str:
    if record.outcome is Outcome.INVALID:
        return f"invalid, {'; '.join(record.reasons)}"
    return f"{record.outcome}, {change_text(record)}"


def _settle(survivals: Sequence[_Survival], session: sessions.Session | None) -> None:
    __tracebackhide__ = True
    if fragile := [each for each in survivals if each.fragile]:
        raise VerdictError(
            "\n".join(each.message for each in fragile),
            [record for each in fragile for record in (each.asked, *(other for _, other in each.others))],
        )
    if invalid := [record for each in survivals for record in each.invalid]:
        if session is not None:
            invalid = [session.add(record) for record in invalid]
        raise VerdictError("\n".join(explain(record) for record in invalid), invalid)
    for each in survivals:
        if each.softened:
            warnings.warn(
                f"{each.subject}: the verdict, {_said(each.asked)} as asked, is inconclusive under "
                f"{', '.join(each.softened)}",
                InconclusiveWarning,
                stacklevel=3,
            )
    if undecided := [f"{each.subject}: {each.undecided}" for each in survivals if each.undecided]:
        message = "undecided: " + "; ".join(undecided)
        if session is None:
            warnings.warn(message, InconclusiveWarning, stacklevel=3)
        else:
            import pytest

            pytest.skip(message)
