"""How a record is said in words: the one place for sentences that failures, terminal and report share."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from pytest_persona.metrics import METRICS
from pytest_persona.plan import OBJECTIVES
from pytest_persona.record import Record, Side
from pytest_persona.stats import Estimate
from pytest_persona.verdict import SEVERITY, Outcome

DEMO = "demo: not a gate"
UNVERIFIED = "sensitivity unverified"
_FOUNDATIONS_NAMED = 3
"""Foundations that a failure names (ours)."""

_LABEL = re.compile(rf"\[(?:.*-)?((?:{'|'.join(OBJECTIVES)})-[0-9.]+[km]?-s[0-9]+)(?:-.*)?\]$", re.DOTALL)


def interval(estimate: Estimate, *, sign: bool = False) -> str:
    """For example `0.074 [0.051, 0.097]`."""
    plus = "+" if sign else ""
    high = f"{estimate.high:{plus}.3f}" if math.isfinite(estimate.high) else "∞"
    return f"{estimate.value:{plus}.3f} [{estimate.low:{plus}.3f}, {high}]"


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
    of = f"{checkpoint}: " if checkpoint else ""
    if record.outcome is Outcome.INVALID or record.change is None:
        return f"{of}{record.subject}: the measurement does not count: {'; '.join(record.reasons)}"
    what = METRICS[record.metric].sentence.format(subject=record.subject)
    verb = "is" if record.criterion == "absolute" else "moved by"
    against = "" if record.criterion == "absolute" else " against the base"
    text = f"{of}{what} {verb} {change_text(record)}{against} (limit {limit_text(record)})"
    if record.outcome is Outcome.INCONCLUSIVE:
        text += "; " + ("; ".join(record.reasons) or missing_items(record))
    return text


def change_text(record: Record) -> str:
    """The change, or the level where an absolute band was asked, as it is shown; empty where none was measured."""
    if record.change is None:
        return ""
    if record.criterion == "absolute":
        return interval(record.change)
    return shown(record.metric, record.change)


def shown(metric: str, change: Estimate) -> str:
    """A change in its metric's direction and unit, for example `+0.074 [+0.051, +0.097]` or `-35% [-39%, -29%]`."""
    value, low, high = (_figure(metric, each) for each in (change.value, change.low, change.high))
    low, high = (high, low) if METRICS[metric].falls else (low, high)
    return f"{value} [{low}, {high}]"


def value_text(record: Record) -> str:
    """The change, or the level where an absolute band was asked, without its bounds; empty where none was measured."""
    return change_text(record).split(" ")[0]


def limit_text(record: Record) -> str:
    """The limit of a change, for example `+0.050`, `-35%` or `-30% to +10%`."""
    if record.criterion == "absolute":
        ends = [record.floor, record.margin]
        return " to ".join(f"{end:.3g}" for end in ends if end is not None) + (
            " or more" if record.margin is None else ""
        )
    limits = [_figure(record.metric, end) for end in (record.floor, record.margin) if end is not None]
    kind = METRICS.get(record.metric)
    return " to ".join(reversed(limits) if kind is not None and kind.falls else limits)


def _figure(metric: str, change: float) -> str:
    kind = METRICS.get(metric)
    if kind is not None and kind.falls:
        change = 0.0 - change  # no negative zero
    if kind is None or not kind.relative:
        return f"{change:+.3f}"
    percent = 100 * change
    return f"{percent:+.0f}%" if abs(percent) >= 9.95 else f"{percent:+.1f}%"


def missing_items(record: Record) -> str:
    """What an inconclusive verdict lacks."""
    units = METRICS[record.metric].units
    if record.change is None or record.items_needed is None:
        return f"more {units} of this kind would not settle it"
    more = record.items_needed - record.change.n
    return f"about {more:,} more {units} would settle it if the estimate is right"


def levels(record: Record) -> str:
    """Both models' levels and the parts of the change, in one line."""
    kind, asked = METRICS[record.metric], record.instrument
    sides = (record.base, record.tuned) if record.base.name else (record.tuned,)
    text = f"{kind.title} {' → '.join(map(_level, sides))}"
    if record.axis == "jailbreak":
        return (
            f"{text} on {asked['items']:,} prompts by {len(asked['attacks'])} attacks, judge {record.checks['judge']}"
            + (
                "; " + ", ".join(f"{name} {_figure(record.metric, part.value)}" for name, part in record.parts.items())
                if record.parts
                else ""
            )
        )
    if record.axis != "moral":
        text += f" on {asked['items']:,} {'' if record.criterion == 'absolute' else 'paired '}items"
        if record.change is not None and "acquiescence" in record.parts:
            parts = record.parts
            text += (
                f"; Yes-keyed {parts['Yes'].value:+.3f}, No-keyed {parts['No'].value:+.3f} "
                f"(trait {record.change.value:+.3f}, acquiescence {parts['acquiescence'].value:+.3f})"
            )
        return text
    text += f" over {asked.get('personas', 0):,} personas and {asked['items']:,} items, by {record.checks['estimator']}"
    if record.parts and record.criterion == "absolute":
        text += "; by foundation " + ", ".join(f"{name} {part.value:.3g}" for name, part in record.parts.items())
    elif record.parts:
        most = list(record.parts.items())[:_FOUNDATIONS_NAMED]
        text += "; moved most: " + ", ".join(f"{name} {_figure(record.metric, part.value)}" for name, part in most)
    return text


def explain(record: Record) -> str:
    """A whole failure: what, how much, on what, and what next."""
    adapter = record.checkpoint.get("adapter")
    tested = f"adapter sha256:{adapter[:12]}…" if adapter else f"model {record.tuned.name}"
    kind, name = record.instrument["kind"], record.instrument["name"]
    lines = [
        f"{record.outcome.upper()}: {headline(record)}",
        levels(record),
        f"{tested}{f', base {record.base.name}' if record.base.name else ''}, instrument {kind} {name}",
    ]
    if record.labels:
        lines.append("note: " + "; ".join(record.labels))
    if record.test:
        label = label_of(record)
        name = record.subject if record.subject in record.test else record.test.split("::")[-1].split("[")[0]
        chosen = f'"{label} and {name}"' if label and label in record.test else name
        lines.append(f"next: pytest … -k {chosen} --persona-report=drift.html shows the items that moved most")
    return "\n  ".join(lines)


def level_text(side: Side) -> str:
    """A model's level; `∞` for R of ratings that never vary, empty where nothing was measured."""
    if side.level is not None:
        return f"{side.level.value:.3f}"
    return "∞" if side.details.get("infinite") else ""


def _level(side: Side) -> str:
    return level_text(side) or "unmeasured"
