"""The HTML report and the JSON beside it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_persona import wording
from pytest_persona.record import Record
from pytest_persona.report import training
from pytest_persona.report.changes import change_charts
from pytest_persona.report.chart import levels_chart
from pytest_persona.report.checkpoints import Tested, by_checkpoint, labels_of, several
from pytest_persona.report.document import document
from pytest_persona.report.draw import SIGNS
from pytest_persona.report.matrix import matrix_of
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
    plain = document(records, exit_code)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path.with_suffix(".json"), json.dumps(plain, indent=2, allow_nan=False) + "\n")
    _write(path, render(tested, records, exit_code))


def render(tested: Sequence[str], records: Sequence[Record], exit_code: int) -> str:
    """The report as one self-contained HTML page."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pytest_persona.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    outcome = worst([record.outcome for record in records])
    checkpoints = by_checkpoint(records)
    return environment.get_template("report.html.j2").render(
        records=records,
        outcome=str(outcome),
        verdict=_VERDICTS[outcome],
        tested=[line.removeprefix("persona: ") for line in tested],
        demo=any(wording.DEMO in record.labels for record in records),
        demo_label=wording.DEMO,
        exit_code=exit_code,
        headline=wording.headline,
        interval=wording.interval,
        objective_name=wording.objective_name,
        signs=SIGNS,
        json=lambda content: json.dumps(content, indent=2, sort_keys=True),
        **_verdicts(records, checkpoints),
        **_training(checkpoints),
    )


def _verdicts(records: Sequence[Record], checkpoints: Sequence[Tested]) -> dict[str, Any]:
    many = several(checkpoints)
    return {
        "several": many,
        "labels": labels_of(checkpoints),
        "tally": wording.tally(records, sum(bool(each.label) for each in checkpoints)),
        "matrix": matrix_of(checkpoints),
        "levels": "" if many else levels_chart(records),
        "changes": change_charts(checkpoints) if many else None,
    }


def _training(checkpoints: Sequence[Tested]) -> dict[str, Any]:
    made = training.trained(checkpoints)
    same, orders = training.order_says(made)
    return {
        "made": made,
        "objectives": list(dict.fromkeys(each.objective for each in made)),
        "elsewhere": training.elsewhere(checkpoints),
        "same_order": same,
        "orders": orders,
        "headings": training.HEADINGS,
        "figures": training.figures,
        "sources": training.sources(made),
        "seeds": len({each.seed for each in made}),
        "losses": training.loss_charts(made),
        "kl": training.kl_chart(made),
    }


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
