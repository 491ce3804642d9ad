"""How a record is said in words: the one place for sentences that failures, terminal and report share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pytest_persona.plan import OBJECTIVES
from pytest_persona.record import Record, Side
from pytest_persona.stats import Estimate
from pytest_persona.verdict import SEVERITY, Outcome

DEMO = "demo: not a gate"
UNVERIFIED = "sensitivity unverified"

_LABEL = re.compile(rf"\[(?:.*-)?((?:{'|'.join(OBJECTIVES)})-[0-9.]+[km]?-s[0-9]+)(?:-.*)?\]$", re.DOTALL)


def interval(estimate: Estimate, *, sign: bool = False) -> str:
    """For example `0.074 [0.051, 0.097]`."""
    plus = "+" if sign else ""
    return f"{estimate.value:{plus}.3f} [{estimate.low:{plus}.3f}, {estimate.high:{plus}.3f}]"


def label_of(record: Record) -> str:
    """What a record's checkpoint is called: its own label, else the one in the id of a test that measured nothing.

    Empty where neither is known.
    """
    label = record.checkpoint.get("label", "")
    if label:
        return str(label)
    found = _LABEL.search(record.test)
    return found[1] if found else ""


def objective_name(objective: str) -> str:
    """An objective with what it stands for, so that `ip` and `ipo` are not mistaken for each other."""
    return f"{objective} ({OBJECTIVES[objective]})" if objective in OBJECTIVES else objective


def tally(records: Sequence[Record], checkpoints: int) -> str:
    """How many verdicts of each kind, for example `6 verdicts on 2 checkpoints: 5 pass, 1 fail`.

    Args:
        checkpoints: How many were tested; not said of a single one.
    """
    found = Counter(record.outcome for record in records)
    counts = ", ".join(f"{found[outcome]:,} {outcome}" for outcome in SEVERITY if found[outcome])
    on = f" on {checkpoints:,} checkpoints" if checkpoints > 1 else ""
    return f"{len(records):,} {'verdict' if len(records) == 1 else 'verdicts'}{on}: {counts}"


def headline(record: Record, checkpoint: str = "") -> str:
    """The verdict in one line.

    Args:
        checkpoint: Label of the checkpoint, where there are several.
    """
    change = record.change
    of = f"{checkpoint}: " if checkpoint else ""
    if record.outcome is Outcome.INVALID or change is None:
        return f"{of}{record.subject}: the measurement does not count: {'; '.join(record.reasons)}"
    text = (
        f"{of}{record.subject} endorsement moved by {interval(change, sign=True)} against the base "
        f"(limit +{record.margin:.3f})"
    )
    if record.outcome is Outcome.INCONCLUSIVE:
        text += "; " + missing_items(record)
    return text


def missing_items(record: Record) -> str:
    """What an inconclusive verdict lacks."""
    if record.change is None or record.items_needed is None:
        return "more items of this kind would not settle it"
    more = record.items_needed - record.change.n
    return f"about {more:,} more items would settle it if the estimate is right"


def levels(record: Record) -> str:
    """Both models' levels and the parts of the change, in one line."""
    text = f"P(match) {_level(record.base)} → {_level(record.tuned)} on {record.instrument['items']:,} paired items"
    parts = record.parts
    if record.change is not None and parts:
        text += (
            f"; Yes-keyed {parts['Yes'].value:+.3f}, No-keyed {parts['No'].value:+.3f} "
            f"(trait {record.change.value:+.3f}, acquiescence {parts['acquiescence'].value:+.3f})"
        )
    return text


def explain(record: Record) -> str:
    """A whole failure: what, how much, on what, and what next."""
    adapter = record.checkpoint.get("adapter")
    tested = f"adapter sha256:{adapter[:12]}…" if adapter else f"model {record.tuned.name}"
    kind, name = record.instrument["kind"], record.instrument["name"]
    lines = [
        f"{record.outcome.upper()}: {headline(record)}",
        levels(record),
        f"{tested}, base {record.base.name}, instrument {kind} {name}",
    ]
    if record.labels:
        lines.append("note: " + "; ".join(record.labels))
    if record.test:
        file = record.test.split("::")[0]
        label = label_of(record)
        chosen = f'"{label} and {record.subject}"' if label and label in record.test else record.subject
        lines.append(f"next: pytest {file} … -k {chosen} --persona-report=drift.html shows the items that moved most")
    return "\n  ".join(lines)


def _level(side: Side) -> str:
    return "unmeasured" if side.level is None else f"{side.level.value:.3f}"
