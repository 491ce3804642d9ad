"""Records by the checkpoint that they are about, in the order of the records."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_persona.errors import PlanError
from pytest_persona.plan import OBJECTIVES, parse_budget
from pytest_persona.record import Record
from pytest_persona.wording import label_of

_TRAINED = re.compile(r"(\w+)-([0-9.]+[km]?)-s([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A checkpoint and what was measured on it.

    Attributes:
        label: Its name, unlike that of any other one; empty where a test did not come to have a checkpoint.
        adapter: SHA-256 of the adapter; empty where unknown.
        manifest: How it was trained; empty where unknown.
        objective: What it was trained with; empty where unknown, and then budget and seed are 0.
        budget: Data tokens of its plan.
        seed: Of its plan.
        records: With their numbers in the report, from 1.
    """

    label: str
    adapter: str
    manifest: Mapping[str, Any]
    objective: str
    budget: int
    seed: int
    records: tuple[tuple[int, Record], ...]


def by_checkpoint(records: Sequence[Record]) -> tuple[Tested, ...]:
    """Every checkpoint once; what has none comes last."""
    keys = [(label_of(record), str(record.checkpoint.get("adapter") or "")) for record in records]
    known: dict[str, str] = {}
    for label, adapter in keys:
        if adapter:
            known.setdefault(label, adapter)
    found: dict[tuple[str, str], list[tuple[int, Record]]] = {}
    for number, ((label, adapter), record) in enumerate(zip(keys, records, strict=True), 1):
        found.setdefault((label, adapter or known.get(label, "")), []).append((number, record))
    labels = [label for label, _ in found]
    made = [
        _tested(f"{label} ({adapter[:8]})" if labels.count(label) > 1 else label, label, adapter, numbered)
        for (label, adapter), numbered in found.items()
    ]
    return tuple(sorted(made, key=lambda tested: not tested.label))


def several(tested: Sequence[Tested]) -> bool:
    """Whether more than one checkpoint was tested, so that each sentence has to name its own."""
    return sum(bool(each.label) for each in tested) > 1


def labels_of(tested: Sequence[Tested]) -> dict[int, str]:
    """By the records' numbers, the names that sentences about them need: all empty where there is one checkpoint."""
    name = several(tested)
    return {number: each.label if name else "" for each in tested for number, _ in each.records}


def _tested(name: str, label: str, adapter: str, numbered: Sequence[tuple[int, Record]]) -> Tested:
    manifests = [record.checkpoint["manifest"] for _, record in numbered if record.checkpoint.get("manifest")]
    manifest: Mapping[str, Any] = manifests[0] if manifests else {}
    objective, budget, seed = _planned(manifest, label)
    return Tested(
        label=name,
        adapter=adapter,
        manifest=manifest,
        objective=objective,
        budget=budget,
        seed=seed,
        records=tuple(numbered),
    )


def _planned(manifest: Mapping[str, Any], label: str) -> tuple[str, int, int]:
    if manifest:
        plan = manifest["plan"]
        return plan["objective"], plan["budget"], plan["seed"]
    match = _TRAINED.fullmatch(label)
    if match and match[1] in OBJECTIVES:
        try:
            return match[1], parse_budget(match[2]), int(match[3])
        except PlanError:
            pass
    return "", 0, 0
