"""What a planned run costs at most, said before anything is spent; and the measured speeds that this is told from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pytest_persona.instruments import moral
from pytest_persona.instruments.catalogue import item_count
from pytest_persona.models.device import find_device
from pytest_persona.options import Options
from pytest_persona.probes.moral import REPEATED_CELLS
from pytest_persona.probes.persona import REPEATED_ITEMS
from pytest_persona.record import Record
from pytest_persona.session import Gate, Session
from pytest_persona.store import Store

REPEATED = {"darktriad": REPEATED_ITEMS, "moral": REPEATED_CELLS}
"""Answers that the base model is asked for again, by instrument."""


def plan_lines(session: Session) -> list[str]:
    """The declared gates and what they cost at most; nothing where no gate is declared.

    Raises:
        InstrumentError: a gate names an unknown instrument, or one whose files are needed and missing.
    """
    gates = list(session.gates.values())
    if not gates:
        return []
    options = session.options
    if options.instruments == "official" and any(gate.instrument == "moral" for gate in gates):
        moral(kind="official", data=options.data)  # it cannot be downloaded: better now than after the training
    kinds = Counter(
        f"{gate.metric} of {gate.instrument} (margin {gate.margin:g}"
        + ("" if gate.floor is None else f", floor {gate.floor:g}")
        + ")"
        for gate in gates
    )
    listed = ", ".join(f"{count} × {kind}" if count > 1 else kind for kind, count in kinds.items())
    return [
        f"persona: {len(gates)} {'gate' if len(gates) == 1 else 'gates'} planned: {listed}",
        f"persona: costs at most {_cost(session, gates)}; nothing that the store holds is paid again",
    ]


def note_speeds(session: Session, records: Sequence[Record]) -> None:
    """Keep the speeds of this run's measurements and training for the next plan."""
    rates: dict[str, float] = {}
    for record in records:
        if seconds := record.base.details.get("seconds"):
            asked = record.instrument["items"] * record.instrument.get("personas", 1)
            rates[_probing(session.options, record.instrument["name"])] = asked / seconds
        if manifest := record.checkpoint.get("manifest"):
            rates[_training(session.options, manifest["plan"]["objective"])] = manifest["tokens_per_second"]
    for name, rate in rates.items():
        session.store.note_rate(name, rate)


def _cost(session: Session, gates: Sequence[Gate]) -> str:
    options, store = session.options, session.store
    counts = {gate.instrument: item_count(gate.instrument, options.instruments, options.personas) for gate in gates}
    # gates of one checkpoint share answers
    asked = {(gate.instrument, gate.checkpoint, gate.test.partition("[")[2]) for gate in gates}
    answers = Counter(name for name, _, _ in asked)
    seconds: list[float | None] = []
    total = 0
    for name, count in counts.items():
        each = count * (answers[name] + 1) + REPEATED[name.partition("/")[0]]  # the base is asked once
        rate = store.rate(_probing(options, name))
        seconds.append(each / rate if rate else None)
        total += each
    known = [each for each in seconds if each is not None]
    time = _time(sum(known) if len(known) == len(seconds) else None)
    parts = [f"{total:,} answers (tuned, base and repeated), {time}"]
    if options.objectives:
        parts.insert(0, _training_cost(options, store))
    return ", ".join(parts)


def _training_cost(options: Options, store: Store) -> str:
    """A ladder costs what its highest rung costs."""
    each = options.budgets[-1] * options.seeds
    rates = {objective: store.rate(_training(options, objective)) for objective in options.objectives}
    known = sum(each / rate for rate in rates.values() if rate)
    unknown = [objective for objective, rate in rates.items() if not rate]
    runs = len(options.objectives) * options.seeds
    text = f"{each * len(options.objectives):,} data tokens of training in {runs} {'run' if runs == 1 else 'runs'}, "
    if len(unknown) == len(rates):
        return text + _time(None)
    return text + _time(known) + (f" without {', '.join(unknown)}, never timed here" if unknown else "")


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "time unknown until the first run here"
    return f"about {max(1, round(seconds)):,} s" if seconds < 600 else f"about {seconds / 60:,.0f} min"


def _probing(options: Options, instrument: str) -> str:
    return f"answers per second: {instrument.partition('/')[0]}, {options.base_model} on {find_device().kind}"


def _training(options: Options, objective: str) -> str:
    return f"training tokens per second: {objective}, {options.base_model} on {find_device().kind}"
