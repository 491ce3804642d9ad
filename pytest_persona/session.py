"""The test session that assertion helpers find: its options, its store, its declared gates and its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar, Token
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_persona.errors import GateError, suggestion
from pytest_persona.options import Options
from pytest_persona.progress import Progress, Silent
from pytest_persona.store import Store

if TYPE_CHECKING:
    from pytest_persona.record import Record

METRICS = {"pmatch": "P(match) of Dark Triad items, a share"}
"""Metrics that a gate can be declared on, with their unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A verdict that a test has promised to reach, known before anything is spent.

    Attributes:
        test: pytest's node id.
        metric: A key of `METRICS`.
        margin: The largest change that is accepted.
        instrument: Name of what is asked, for example `darktriad/narcissism`.
        checkpoint: The fixture that hands out what is tested.
    """

    test: str
    metric: str
    margin: float
    instrument: str
    checkpoint: str = "checkpoint"

    def __post_init__(self) -> None:
        for name in ("metric", "instrument", "checkpoint"):
            if not isinstance(getattr(self, name), str):
                raise GateError(f"{self.test}: persona_gate takes a text as {name}, got {getattr(self, name)!r}")
        if self.metric not in METRICS:
            raise GateError(
                f"{self.test}: persona_gate has no metric {self.metric!r}{suggestion(self.metric, METRICS)} "
                f"Known: {', '.join(METRICS)}"
            )
        if not (isinstance(self.margin, (int, float)) and 0 < self.margin < 1):
            raise GateError(f"{self.test}: persona_gate needs a margin between 0 and 1, got {self.margin!r}")


def declare(test: str, positional: Sequence[Any], arguments: Mapping[str, Any]) -> Gate:
    """The gate of a marker.

    Raises:
        GateError: an argument is unknown, missing or out of range.
    """
    needed, known = {"metric", "margin", "instrument"}, {"metric", "margin", "instrument", "checkpoint"}
    if positional or not needed <= arguments.keys() <= known:
        raise GateError(
            f"{test}: persona_gate takes the keywords metric, margin, instrument and, optionally, checkpoint; got "
            f"{', '.join([*map(repr, positional), *arguments]) or 'none'}"
        )
    return Gate(test=test, **arguments)


@dataclass(slots=True)
class Session:
    """One run of pytest."""

    options: Options
    progress: Progress = field(default_factory=Silent)
    gates: dict[str, Gate] = field(default_factory=dict)
    running: str = ""
    fresh: list[Record] = field(default_factory=list)
    """Records of the running test that no report has taken yet."""

    @property
    def store(self) -> Store:
        return Store(self.options.store)

    def add(self, record: Record) -> Record:
        """Note a record of the running test.

        Raises:
            GateError: the test's gate was declared with another metric, instrument or margin.
        """
        record = replace(record, test=self.running)
        gate = self.gates.get(self.running)
        if gate is not None:
            asserted = (record.metric, record.instrument["name"], record.margin)
            if asserted != (gate.metric, gate.instrument, gate.margin):
                raise GateError(
                    f"{self.running} declares a gate on {gate.metric} of {gate.instrument} with margin {gate.margin}, "
                    f"but asserts {asserted[0]} of {asserted[1]} with margin {asserted[2]}. Make both the same"
                )
        self.fresh.append(record)
        return record

    def take(self) -> list[Record]:
        """The records since the last call."""
        taken, self.fresh = self.fresh, []
        return taken


_CURRENT: ContextVar[Session | None] = ContextVar("persona_session", default=None)


def enter(session: Session) -> Token[Session | None]:
    """Make `session` the one that `find` and `current` return; undone with `leave`."""
    return _CURRENT.set(session)


def leave(token: Token[Session | None]) -> None:
    """Undo `enter`."""
    _CURRENT.reset(token)


def find() -> Session | None:
    """The session of this run of pytest, or None outside one."""
    return _CURRENT.get()


def current() -> Session:
    """The session of this run of pytest.

    Raises:
        GateError: there is none.
    """
    session = find()
    if session is None:
        raise GateError("there is no pytest session with the persona plugin; run pytest without -p no:persona")
    return session
