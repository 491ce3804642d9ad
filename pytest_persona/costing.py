"""What a planned run costs at most, said before anything is spent; and the measured speeds that this is told from."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_persona.instruments.catalogue import item_count
from pytest_persona.models.device import find_device
from pytest_persona.options import Options
from pytest_persona.probes.persona import REPEATED_ITEMS
from pytest_persona.record import Record
from pytest_persona.session import Gate, Session


def plan_lines(session: Session) -> list[str]:
    """The declared gates and what they cost at most; nothing where no gate is declared.

    Raises:
        InstrumentError: a gate names an unknown instrument.
    """
    gates = list(session.gates.values())
    if not gates:
        return []
    listed = ", ".join(f"{gate.metric} of {gate.instrument} (margin {gate.margin:g})" for gate in gates)
    return [
        f"persona: {len(gates)} {'gate' if len(gates) == 1 else 'gates'} planned: {listed}",
        f"persona: costs at most {_cost(session, gates)}; nothing that the store holds is paid again",
    ]


def note_speeds(session: Session, records: Sequence[Record]) -> None:
    """Keep the speeds of this run's measurements and training for the next plan."""
    for record in records:
        seconds = record.base.details.get("seconds")
        if seconds:
            session.store.note_rate(_probing(session.options), record.instrument["items"] / seconds)
        speed = record.checkpoint.get("manifest", {}).get("tokens_per_second")
        if speed:
            session.store.note_rate(_training(session.options), speed)
            return  # one checkpoint, one speed


def _cost(session: Session, gates: Sequence[Gate]) -> str:
    options = session.options
    items = sum(2 * item_count(gate.instrument, options.instruments) + REPEATED_ITEMS for gate in gates)
    parts = [_amount(items, "answers (base, tuned and repeated)", session.store.rate(_probing(options)))]
    if options.budget is not None:
        parts.insert(0, _amount(options.budget, "data tokens of training", session.store.rate(_training(options))))
    return ", ".join(parts)


def _amount(amount: int, what: str, rate: float | None) -> str:
    return f"{amount:,} {what}, " + (
        f"about {max(1, round(amount / rate)):,} s" if rate else "time unknown until the first run here"
    )


def _probing(options: Options) -> str:
    return f"answers per second: {options.base_model} on {find_device().kind}"


def _training(options: Options) -> str:
    return f"training tokens per second: {options.base_model} on {find_device().kind}"
