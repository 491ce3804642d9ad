"""The JSON beside the report: what machines read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pytest_persona.record import SCHEMA, Finding, Level, Record, level_to_plain, to_plain
from pytest_persona.report.tradeoff import all_levels


def document(
    records: Sequence[Record], exit_code: int, findings: Sequence[Finding] = (), levels: Sequence[Level] = ()
) -> dict[str, Any]:
    """Plain data. Manifests stand once, under their adapters' hashes; records name label and adapter alone.

    Two rungs that one step reaches have the same adapter and two manifests: the second one's stays in its records.
    """
    checkpoints: dict[str, dict[str, Any]] = {}
    plain = []
    for record in records:
        content = to_plain(record)
        checkpoint = content["checkpoint"]
        adapter = checkpoint.get("adapter")
        if adapter:
            filed = {"label": checkpoint.get("label", ""), "manifest": checkpoint.get("manifest", {})}
            if checkpoints.setdefault(adapter, filed) == filed:
                checkpoint.pop("manifest", None)
        plain.append(content)
    return {
        "schema": SCHEMA,
        "exit_code": exit_code,
        "checkpoints": checkpoints,
        "records": plain,
        "findings": [asdict(finding) for finding in findings],
        "levels": [level_to_plain(level) for level in all_levels(records, levels)],
    }
