"""The HTML report and the JSON beside it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from pytest_persona import wording
from pytest_persona.record import SCHEMA, Record, to_plain
from pytest_persona.report.chart import levels_chart
from pytest_persona.verdict import Outcome, worst

_VERDICTS = {
    Outcome.PASS: "No drift found: every change is below its limit.",
    Outcome.FAIL: "Drift found: a change is above its limit.",
    Outcome.INCONCLUSIVE: "Undecided: a change may lie on either side of its limit.",
    Outcome.INVALID: "Not measured: something does not count.",
}


def write_report(path: Path, tested: Sequence[str], records: Sequence[Record], exit_code: int) -> None:
    """Write `path` (HTML) and the JSON of the same records beside it.

    Args:
        tested: Lines that say what was tested and with what.

    Raises:
        OSError: a file cannot be written.
    """
    plain = {"schema": SCHEMA, "exit_code": exit_code, "records": [to_plain(record) for record in records]}
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path.with_suffix(".json"), json.dumps(plain, indent=2, allow_nan=False) + "\n")
    _write(path, render(tested, records, exit_code))


def render(tested: Sequence[str], records: Sequence[Record], exit_code: int) -> str:
    """The report as one self-contained HTML page."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(
        (resources.files("pytest_persona.report") / "templates" / "report.html.j2").read_text(encoding="utf-8")
    )
    outcome = worst([record.outcome for record in records])
    return template.render(
        records=records,
        outcome=str(outcome),
        verdict=_VERDICTS[outcome],
        tested=[line.removeprefix("persona: ") for line in tested],
        demo=any(wording.DEMO in record.labels for record in records),
        demo_label=wording.DEMO,
        exit_code=exit_code,
        chart=levels_chart(records),
        manifest=_manifest(records),
        headline=wording.headline,
        interval=wording.interval,
        json=lambda content: json.dumps(content, indent=2, sort_keys=True),
    )


def _manifest(records: Sequence[Record]) -> Mapping[str, Any]:
    found = [record.checkpoint["manifest"] for record in records if record.checkpoint.get("manifest")]
    return found[0] if found else {}


def _write(path: Path, text: str) -> None:
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:  # a path may hold stray surrogates
            file.write(text)
        Path(scratch).chmod(0o644)
        Path(scratch).rename(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
