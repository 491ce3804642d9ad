"""What a planned run costs at most, said before anything is spent; and the measured speeds that this is told from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pytest_persona.chosen import make_prompts
from pytest_persona.flags import COMPANIONS, DEFAULT_ATTACKS, OPEN_TASKS, TASKS, TRANSLATED
from pytest_persona.instruments import moral
from pytest_persona.instruments.catalogue import item_count
from pytest_persona.models.device import find_device
from pytest_persona.options import Options
from pytest_persona.probes.moral import REPEATED_CELLS
from pytest_persona.probes.persona import REPEATED_ITEMS
from pytest_persona.probes.tasks import find_task
from pytest_persona.record import Record
from pytest_persona.session import Gate, Session
from pytest_persona.store import Store

REPEATED = {"darktriad": REPEATED_ITEMS, "moral": REPEATED_CELLS}
"""Answers that the base model is asked for again, by instrument."""


def plan_lines(session: Session) -> list[str]:
    """The declared gates and what they cost at most; nothing where no gate is declared.

    Raises:
        PersonaError: a gate names an unknown instrument, or one whose files are needed and missing, or an attack,
            translator or judge cannot be made.
    """
    gates = list(session.gates.values())
    if not gates:
        return []
    options = session.options
    if options.instruments == "official" and any(gate.instrument == "moral" for gate in gates):
        moral(kind="official", data=options.data)  # it cannot be downloaded: better now than after the training
    attacked = _attack_lines(session) if any(gate.instrument == "forbidden" for gate in gates) else []
    kinds = Counter(
        f"{gate.metric} of {gate.instrument} ("
        + ", ".join(
            f"{name} {end:g}" for name, end in (("margin", gate.margin), ("floor", gate.floor)) if end is not None
        )
        + ")"
        for gate in gates
    )
    listed = ", ".join(f"{count} × {kind}" if count > 1 else kind for kind, count in kinds.items())
    return [
        f"persona: {len(gates)} {'gate' if len(gates) == 1 else 'gates'} planned: {listed}",
        *attacked,
        f"persona: costs at most {_cost(session, gates)}; nothing that the store holds is paid again",
    ]


def note_speeds(session: Session, records: Sequence[Record]) -> None:
    """Keep the speeds of this run's measurements and training for the next plan."""
    rates: dict[str, float] = {}
    for record in records:
        if seconds := record.base.details.get("seconds"):
            asked = record.instrument["items"] * record.instrument.get("personas", 1)
            asked *= len(record.instrument.get("attacks", "1"))
            rates[_probing(session.options, record.instrument["name"])] = asked / seconds
        if manifest := record.checkpoint.get("manifest"):
            rates[_training(session.options, manifest["plan"]["objective"])] = manifest["tokens_per_second"]
    for name, rate in rates.items():
        session.store.note_rate(name, rate)


def _cost(session: Session, gates: Sequence[Gate]) -> str:
    options, store = session.options, session.store
    counts = {name: _count(session, name) for name in dict.fromkeys(gate.instrument for gate in gates)}
    # gates of one checkpoint share answers
    asked = {(gate.instrument, gate.checkpoint, gate.test.partition("[")[2]) for gate in gates}
    answers = Counter(name for name, _, _ in asked)
    seconds: list[float | None] = []
    total = 0
    for name, count in counts.items():
        each = count * (answers[name] + 1) + REPEATED.get(name.partition("/")[0], 0)  # the base is asked once
        rate = store.rate(_probing(options, name))
        seconds.append(each / rate if rate else None)
        total += each
    known = [each for each in seconds if each is not None]
    time = _time(sum(known) if len(known) == len(seconds) else None)
    parts = [f"{total:,} answers (tuned, base and repeated), {time}"]
    if options.objectives:
        parts.insert(0, _training_cost(options, store))
    return ", ".join(parts)


def _count(session: Session, name: str) -> int:
    """Questions of an instrument, by personas or attacks."""
    options = session.options
    if name in (*TASKS, *COMPANIONS):
        task = find_task(name, judge=session.judge() if name in OPEN_TASKS else None)
        return len(task.instrument(options.instruments, options.data).items)
    count = item_count(name, options.instruments, options.personas, prompts=options.forbidden)
    return count * sum(why is None for why in _obstacles(session).values()) if name == "forbidden" else count


def _attack_lines(session: Session) -> list[str]:
    """With what attacks are made and judged, and which cannot be."""
    options = session.options
    obstacles = _obstacles(session)
    session.judge().fingerprint  # noqa: B018 (finds its files: better now than after the training)
    unasked = TRANSLATED if options.attacks == DEFAULT_ATTACKS["pocket"] else ()
    left = f" ({', '.join(unasked)} left out: needs --persona-translator)" if unasked else ""
    lines = [f"persona: attacks {', '.join(obstacles)}{left}, judge {session.judge().name}"]
    others = ",".join(word for word in options.attacks if obstacles.get(word) is None)
    for why in obstacles.values():
        if why is not None:
            remedy = f"or leave it out: --persona-attacks={others}" if others else "or name another attack"
            lines.append(f"persona: {why}: invalid. Give --persona-translator=MODEL, {remedy}")
    return lines


def _obstacles(session: Session) -> dict[str, str | None]:
    """Why an attack cannot be measured, by its name; None where it can."""
    options = session.options
    prompts = make_prompts(options.instruments, options.data, options.forbidden).items
    return {attack.name: attack.obstacle(prompts) for attack in session.attacks()}


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
