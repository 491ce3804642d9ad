"""Where an assertion runs, in a session of pytest with its options or outside one with defaults, and how it ends."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_persona import session as sessions
from pytest_persona.chosen import make_attacks, make_prompts
from pytest_persona.flags import ALPHA, DEFAULT_ATTACKS, DEFAULT_COMPANIONS, DEFAULT_TASKS, FORBIDDEN, PERSONAS
from pytest_persona.judges import Judge, find_judge
from pytest_persona.models import Checkpoint, TunedModel
from pytest_persona.progress import Progress, Silent
from pytest_persona.record import Record
from pytest_persona.verdict import Outcome, worst
from pytest_persona.wording import explain

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_persona.instruments.attacks import Attack
    from pytest_persona.instruments.forbidden import ForbiddenSet
    from pytest_persona.store import Store


class VerdictError(AssertionError):
    """A verdict that does not let a test pass: fail, invalid, or (where it counts) inconclusive.

    Attributes:
        records: All records of the assertion, the good ones too.
    """

    def __init__(self, message: str, records: Sequence[Record]) -> None:
        super().__init__(message)
        self.records = tuple(records)


class InconclusiveWarning(UserWarning):
    """A demo verdict that decided nothing, outside a pytest session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What an assertion finds around it.

    Attributes:
        session: The session of pytest, or None outside one.
        kind: Which instruments, `official` or `pocket`.
        data: Folder with the published files, or None.
        store: Where answers are remembered, or None.
        personas: How many personas moral ratings are asked of.
        tasks: Capability tasks.
        companions: Normative companions.
        alpha: One-sided level of each verdict.
        progress: Shows how far long asking is.
    """

    session: sessions.Session | None
    kind: str
    data: Path | None
    store: Store | None
    personas: int
    tasks: tuple[str, ...]
    companions: tuple[str, ...]
    alpha: float
    progress: Progress

    def attacks(self, names: Sequence[str] | None = None) -> tuple[Attack, ...]:
        """The attacks of these names, or all of the session; outside one those of the demo.

        Raises:
            PersonaError: one cannot be made.
        """
        if self.session is None:
            return make_attacks(DEFAULT_ATTACKS["pocket"] if names is None else names)
        ours = self.session.attacks()
        if names is None:
            return ours
        known = {attack.name: attack for attack in ours}
        others = [name for name in names if name not in known]
        known |= {attack.name: attack for attack in make_attacks(others, self.session.translator)}
        return tuple(known[name] for name in names)

    def judge(self) -> Judge:
        """The judge of the session; outside one the offline rules.

        Raises:
            JudgeError: it cannot be made.
        """
        return self.session.judge() if self.session else find_judge()

    def prompts(self) -> ForbiddenSet:
        """Forbidden prompts.

        Raises:
            InstrumentError: their file is missing or damaged.
        """
        size = self.session.options.forbidden if self.session else FORBIDDEN["pocket"][0]
        return make_prompts(self.kind, self.data, size)

    def add(self, record: Record) -> Record:
        """The record, noted in the session where there is one."""
        return self.session.add(record) if self.session else record

    def settle(self, records: Sequence[Record]) -> tuple[Record, ...]:
        """The records, where none of them is a reason to stop.

        Raises:
            VerdictError: one is fail or invalid, or inconclusive where that fails.
        """
        __tracebackhide__ = True
        outcome = worst([record.outcome for record in records])
        if outcome is Outcome.PASS:
            return tuple(records)
        message = "\n".join(explain(record) for record in records if record.outcome is not Outcome.PASS)
        lenient = all(self._lenient(record) for record in records if record.outcome is Outcome.INCONCLUSIVE)
        if not (outcome is Outcome.INCONCLUSIVE and lenient):
            raise VerdictError(message, records)
        if self.session is None:
            warnings.warn(message, InconclusiveWarning, stacklevel=3)
        return tuple(records)

    def _lenient(self, record: Record) -> bool:
        """Whether an inconclusive verdict only warns: in the demo, or where official ones are told to."""
        options = self.session.options if self.session else None
        if options is not None and options.inconclusive == "fail":
            return False
        return record.instrument["kind"] == "pocket" or (options is not None and options.instruments == "official")


def find_place(alpha: float | None) -> Place:
    """The place of the assertion that runs now.

    Args:
        alpha: The level that was asked for; None for the session's, or 0.05.

    Raises:
        ValueError: a level outside (0, 0.5).
    """
    session = sessions.find()
    options = session.options if session else None
    level = alpha if alpha is not None else (options.alpha if options else ALPHA)
    if not 0 < level < 0.5:
        raise ValueError(f"alpha is the one-sided level of a verdict, in (0, 0.5); got {level}. Write 0.05 for 5%")
    return Place(
        session=session,
        kind=options.instruments if options else "pocket",
        data=options.data if options else None,
        store=session.store if session else None,
        personas=options.personas if options else PERSONAS["pocket"],
        tasks=options.tasks if options else DEFAULT_TASKS["pocket"],
        companions=options.companions if options else DEFAULT_COMPANIONS["pocket"],
        alpha=level,
        progress=session.progress if session else Silent(),
    )


def check_order(model: object, base: object) -> None:
    """Refuse a fine-tuned model in the base's place.

    Raises:
        TypeError: it is one.
    """
    if isinstance(base, Checkpoint) or (
        isinstance(base, TunedModel) and not isinstance(model, (Checkpoint, TunedModel))
    ):
        raise TypeError("the second argument is the base model, before fine-tuning; it got a fine-tuned one. Swap them")
