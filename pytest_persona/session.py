"""The test session that assertion helpers find: its options, its store, its declared gates and its records."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar, Token
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_persona.errors import GateError, suggestion
from pytest_persona.metrics import METRICS
from pytest_persona.options import Options
from pytest_persona.progress import Progress, Silent
from pytest_persona.store import Store

if TYPE_CHECKING:
    from pytest_persona.instruments.attacks import Attack
    from pytest_persona.judges import Judge
    from pytest_persona.models.translation import Translator
    from pytest_persona.record import Finding, Level, Record

_PLACE = re.compile(r"\{(.*?)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A verdict that a test has promised to reach, known before anything is spent.

    Attributes:
        test: pytest's node id.
        metric: A key of `METRICS`.
        margin: The largest change that is accepted, in the harmful direction; None where a least level is asked.
        floor: Beside a margin the least change that is accepted, for a band; alone the least level. None for neither.
        instrument: Name of what is asked, for example `darktriad/narcissism`.
        checkpoint: The fixture that hands out what is tested.
    """

    test: str
    metric: str
    instrument: str
    margin: float | None = None
    floor: float | None = None
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
        if self.margin is None:
            self._check_least()
            return
        if not (_is_number(self.margin) and 0 < self.margin < 1):
            raise GateError(f"{self.test}: persona_gate needs a margin between 0 and 1, got {self.margin!r}")
        if self.floor is not None and not (_is_number(self.floor) and -1 <= self.floor < 0):
            raise GateError(
                f"{self.test}: persona_gate takes a floor from -1 to below 0 beside a margin, got {self.floor!r}. "
                "Without a margin, floor is the least accepted level"
            )

    def _check_least(self) -> None:
        """What stands without a margin asks for a least level."""
        if self.floor is None:
            raise GateError(
                f"{self.test}: persona_gate needs a margin between 0 and 1, or a floor alone: the least accepted "
                "level. Got neither"
            )
        endless = METRICS[self.metric].relative  # S and R are no shares
        if not (_is_number(self.floor) and 0 < self.floor < (math.inf if endless else 1)):
            raise GateError(
                f"{self.test}: persona_gate takes a floor {'above 0' if endless else 'between 0 and 1'} where there is "
                f"no margin, got {self.floor!r}: it is the least accepted level"
            )


def declare(
    test: str,
    positional: Sequence[Any],
    arguments: Mapping[str, Any],
    parameters: Mapping[str, Any] = MappingProxyType({}),
) -> Gate:
    """The gate of a marker.

    Args:
        test: pytest's node id.
        positional: The marker's arguments without a name.
        arguments: Those with one. `{task}` in metric or instrument stands for the test's parameter `task`.
        parameters: What the test is parametrized with, by name.

    Raises:
        GateError: an argument is unknown, missing or out of range, or a placeholder names no parameter.
    """
    needed = {"metric", "instrument"}
    known = needed | {"margin", "floor", "checkpoint"}
    if positional or not needed <= arguments.keys() <= known:
        raise GateError(
            f"{test}: persona_gate takes the keywords metric, instrument, margin or floor or both, and, optionally, "
            f"checkpoint; got {', '.join([*map(repr, positional), *arguments]) or 'none'}"
        )
    filled = {name: _filled(test, name, value, parameters) for name, value in arguments.items()}
    return Gate(test=test, **filled)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _filled(test: str, name: str, value: Any, parameters: Mapping[str, Any]) -> Any:
    """A marker's argument with the test's parameters in their places."""
    if name not in ("metric", "instrument") or not isinstance(value, str):
        return value
    for place in _PLACE.findall(value):
        if place not in parameters:
            raise GateError(
                f"{test}: persona_gate has {name}={value!r}, but the test has no parameter {place!r}"
                f"{suggestion(place, parameters)} It has: {', '.join(parameters) or 'none'}"
            )
    return _PLACE.sub(lambda place: str(parameters[place[1]]), value)


@dataclass(slots=True)
class Session:
    """One run of pytest."""

    options: Options
    progress: Progress = field(default_factory=Silent)
    gates: dict[str, Gate] = field(default_factory=dict)
    running: str = ""
    claimed: Mapping[str, str] = field(default_factory=dict)
    """Id, paper and sentence of the running test's claim; empty where it states none."""
    fresh: list[Record] = field(default_factory=list)
    """Records of the running test that no report has taken yet."""
    found: list[Finding] = field(default_factory=list)
    """Findings of the running test, the same."""
    levels: list[Level] = field(default_factory=list)
    """Levels that the running test measured, the same."""
    _attacks: tuple[Attack, ...] | None = None
    _translator: Translator | None = None
    _judge: Judge | None = None

    @property
    def store(self) -> Store:
        return Store(self.options.store)

    def attacks(self) -> tuple[Attack, ...]:
        """The attacks of this run with their translator, made once.

        Raises:
            PersonaError: one cannot be made.
        """
        if self._attacks is None:
            from pytest_persona.chosen import make_attacks

            self._attacks = make_attacks(self.options.attacks, self.translator)
        return self._attacks

    def translator(self) -> Translator | None:
        """The translator of this run, made once; None where there is none.

        Raises:
            PersonaError: it cannot be made.
        """
        if self._translator is None and self.options.translator is not None:
            from pytest_persona.chosen import make_translator

            self._translator = make_translator(self.options.translator)
        return self._translator

    def judge(self) -> Judge:
        """The judge of this run, made once.

        Raises:
            JudgeError: it cannot be made.
        """
        if self._judge is None:
            from pytest_persona.chosen import make_judge

            self._judge = make_judge(self.options, self.store)
        return self._judge

    def add(self, record: Record) -> Record:
        """Note a record of the running test.

        Raises:
            GateError: the test's gate was declared with another metric, instrument or margin.
        """
        record = replace(record, test=self.running)
        gate = self.gates.get(self.running)
        if gate is not None:
            declared = _promise(gate.metric, gate.instrument, gate.margin, gate.floor)
            asserted = _promise(record.metric, record.instrument["name"], record.margin, record.floor)
            if asserted != declared:
                raise GateError(
                    f"{self.running} declares a gate on {declared}, but asserts {asserted}. Make both the same"
                )
        self.fresh.append(record)
        return record

    def note(self, finding: Finding) -> None:
        """Note what a claim came to in the running test."""
        self.found.append(replace(finding, test=self.running))

    def note_unmeasured(self, why: str) -> None:
        """Note that the running test's claim could not be measured, where it states one."""
        if self.claimed:
            from pytest_persona.record import Finding

            self.note(
                Finding(
                    test="",
                    claim=self.claimed["id"],
                    paper=self.claimed["paper"],
                    says=self.claimed["says"],
                    measured=f"not measured: {why}",
                    published="",
                    replayed=False,
                    outcome="skipped",
                    reason=why,
                )
            )

    def note_level(self, level: Level) -> None:
        """Note what a checkpoint scores."""
        self.levels.append(replace(level, test=self.running))

    def take_levels(self) -> list[Level]:
        """The levels since the last call."""
        taken, self.levels = self.levels, []
        return taken

    def take_findings(self) -> list[Finding]:
        """The findings since the last call."""
        taken, self.found = self.found, []
        return taken

    def take(self) -> list[Record]:
        """The records since the last call."""
        taken, self.fresh = self.fresh, []
        return taken


def _promise(metric: str, instrument: str, margin: float | None, floor: float | None) -> str:
    limits = [f"{name} {value}" for name, value in (("margin", margin), ("floor", floor)) if value is not None]
    return f"{metric} of {instrument} with {' and '.join(limits)}"


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
