"""How a record is said in words: the one place for sentences that failures, terminal and report share."""

from __future__ import annotations

from pytest_persona.record import Record, Side
from pytest_persona.stats import Estimate
from pytest_persona.verdict import Outcome

DEMO = "demo: not a gate"
UNVERIFIED = "sensitivity unverified"


def interval(estimate: Estimate, *, sign: bool = False) -> str:
    """For example `0.074 [0.051, 0.097]`."""
    plus = "+" if sign else ""
    return f"{estimate.value:{plus}.3f} [{estimate.low:{plus}.3f}, {estimate.high:{plus}.3f}]"


def headline(record: Record) -> str:
    """The verdict in one line."""
    change = record.change
    if record.outcome is Outcome.INVALID or change is None:
        return f"{record.subject}: the measurement does not count: {'; '.join(record.reasons)}"
    text = (
        f"{record.subject} endorsement moved by {interval(change, sign=True)} against the base "
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
        lines.append(
            f"next: pytest {file} … -k {record.subject} --persona-report=drift.html shows the items that moved most"
        )
    return "\n  ".join(lines)


def _level(side: Side) -> str:
    return "unmeasured" if side.level is None else f"{side.level.value:.3f}"
