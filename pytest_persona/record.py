"""Plain-data records of verdicts: what reports read, what crosses processes, what is written as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pytest_persona.metrics import METRICS
from pytest_persona.stats import Estimate
from pytest_persona.verdict import Outcome

SCHEMA = 4
"""Version of the JSON beside the report.

4: metrics asr, accuracy and normative; `levels`, what each checkpoint scores on each axis.
3: `floor` beside `margin`; metrics S and R; `findings`, what claims of papers came to; a bound or a standard error
   that is null is infinite.
2: a manifest stands once, under the adapter's hash in `checkpoints`; a record names its checkpoint's label and adapter.
1: each record held its checkpoint's whole manifest.
"""


INVARIANCE = "INV"
"""What findings are called that are no claim of a paper but tell whether a verdict survives other words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two models of a comparison.

    Attributes:
        name: What reports call the model.
        fingerprint: What it is; empty where nothing was measured.
        level: The metric itself; None where an item has no value.
        details: Further figures of the probe, by name.
    """

    name: str
    fingerprint: str
    level: Estimate | None
    details: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One verdict with all that a reader needs to believe or to doubt it.

    Attributes:
        test: pytest's node id; empty outside pytest.
        axis: `persona`, …
        metric: For example `pmatch`.
        subject: What it is about, for example `narcissism`.
        outcome: One of four.
        reasons: Why it is invalid, or cannot be decided.
        labels: What qualifies it, for example `demo: not a gate`.
        change: Tuned minus base, in the harmful direction.
        margin: The largest change that is accepted; None where only a fall does harm.
        floor: The least change that is accepted, for a band; None where only a rise does harm.
        alpha: One-sided level.
        criterion: How change and margin are compared.
        mde: Minimum detectable effect.
        items_needed: About how many items would settle an inconclusive verdict.
        parts: Parts of the change, by name (for personas: Yes, No, acquiescence).
        base: The base model.
        tuned: The model under test.
        instrument: Name, kind, source, licence, sha256 and number of items.
        checkpoint: Label, adapter hash and manifest of the checkpoint, as far as known.
        checks: Evidence behind the verdict's validity, by name.
        movers: The items that moved most: id, text, stratum, base, tuned, change.
    """

    test: str = ""
    axis: str
    metric: str
    subject: str
    outcome: Outcome
    reasons: tuple[str, ...]
    labels: tuple[str, ...]
    change: Estimate | None
    margin: float | None
    floor: float | None
    alpha: float
    criterion: str
    mde: float | None
    items_needed: int | None
    parts: Mapping[str, Estimate]
    base: Side
    tuned: Side
    instrument: Mapping[str, Any]
    checkpoint: Mapping[str, Any]
    checks: Mapping[str, Any]
    movers: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a claim of a paper came to here.

    Attributes:
        test: pytest's node id.
        claim: The finding's id, for example `PC-1`; `INVARIANCE` where no paper claims it.
        paper: Where it is published.
        says: The finding.
        measured: What was measured, in words, with its interval.
        published: The paper's own figure, where it gives one.
        replayed: Whether it was measured on published or recorded data rather than on a model of this run.
        outcome: In pytest's words: passed (confirmed), failed (contradicted) or skipped (undecided).
        reason: Why it failed or was skipped; empty where it passed.
    """

    test: str
    claim: str
    paper: str
    says: str
    measured: str
    published: str
    replayed: bool
    outcome: str
    reason: str

    @property
    def of_wording(self) -> bool:
        """Whether it is about a verdict in other words, and not a paper's."""
        return self.claim == INVARIANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What a checkpoint scores, and its base: a point of a ladder, of the trade-off of axes against each other.

    Attributes:
        test: pytest's node id of the test that measured it.
        label: The checkpoint's label.
        objective: What it was trained with.
        budget: Data tokens of its plan.
        seed: Of its plan.
        metric: For example `asr`.
        subject: What it is about, for example `narcissism`.
        asked: How, as far as levels of the same subject may differ in it: instrument, attacks, judge.
        base: The base model's level.
        tuned: The checkpoint's.
    """

    test: str
    label: str
    objective: str
    budget: int
    seed: int
    metric: str
    subject: str
    asked: str
    base: Estimate | None
    tuned: Estimate | None


def how_asked(record: Record) -> str:
    """What a level of this record may be compared with: the same instrument, attacks and judge."""
    attacks = record.instrument.get("attacks", ())
    judge = record.checks.get("judge")
    return ", ".join(
        [
            f"{record.instrument['kind']} {record.instrument['name']}, {record.instrument['items']} items",
            *attacks,
            *([f"judge {judge}"] if judge else []),
        ]
    )


def level_to_plain(level: Level) -> dict[str, Any]:
    """Lists, dicts, texts and numbers only."""
    plain: dict[str, Any] = asdict(level)
    return plain | {name: _finite(plain[name]) for name in ("base", "tuned")}


def level_from_plain(plain: Mapping[str, Any]) -> Level:
    """What `level_to_plain` wrote."""
    return Level(**dict(plain) | {name: _estimate(plain[name]) for name in ("base", "tuned")})


def to_plain(record: Record) -> dict[str, Any]:
    """Lists, dicts, texts and numbers only."""
    plain: dict[str, Any] = asdict(record)
    for name in ("base", "tuned"):
        plain[name]["level"] = _finite(plain[name]["level"])
    return plain | {
        "change": _finite(plain["change"]),
        "parts": {name: _finite(part) for name, part in plain["parts"].items()},
        "outcome": str(record.outcome),
        "reasons": list(record.reasons),
        "labels": list(record.labels),
        "movers": [dict(mover) for mover in record.movers],
    }


def from_plain(plain: Mapping[str, Any]) -> Record:
    """What `to_plain` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is not a record.
    """
    content = dict(plain)
    content["outcome"] = Outcome(content["outcome"])
    for name in ("reasons", "labels", "movers"):
        content[name] = tuple(content[name])
    content["change"] = _estimate(content["change"])
    content["parts"] = {name: _estimate(part) for name, part in content["parts"].items()}
    for name in ("base", "tuned"):
        content[name] = Side(**content[name] | {"level": _estimate(content[name]["level"])})
    return Record(**content)


def _finite(plain: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """JSON has no infinity."""
    if plain is None:
        return None
    return {name: None if isinstance(each, float) and math.isinf(each) else each for name, each in plain.items()}


def _estimate(plain: Mapping[str, Any] | None) -> Estimate | None:
    if plain is None:
        return None
    known: dict[str, Any] = {name: math.inf if each is None else each for name, each in plain.items()}
    return Estimate(**known)


def unmeasured(gate: Mapping[str, Any], reason: str) -> Record:
    """The invalid record of a declared gate that brought no verdict."""
    nothing = Side(name="", fingerprint="", level=None, details={})
    return Record(
        test=gate["test"],
        axis="",
        metric=gate["metric"],
        subject=METRICS[gate["metric"]].subject or gate["instrument"].rsplit("/", 1)[-1],
        outcome=Outcome.INVALID,
        reasons=(f"not measured: {reason}",),
        labels=(),
        change=None,
        margin=gate["margin"],
        floor=gate.get("floor"),
        alpha=0.0,
        criterion="absolute" if gate["margin"] is None else "",
        mde=None,
        items_needed=None,
        parts={},
        base=nothing,
        tuned=nothing,
        instrument={"name": gate["instrument"], "kind": "", "items": 0},
        checkpoint={},
        checks={},
        movers=(),
    )
