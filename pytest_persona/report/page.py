"""The HTML report and the JSON beside it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_persona import wording
from pytest_persona.metrics import METRICS
from pytest_persona.record import Finding, Level, Record
from pytest_persona.report import training
from pytest_persona.report.changes import change_charts
from pytest_persona.report.chart import levels_charts
from pytest_persona.report.checkpoints import Tested, by_checkpoint, labels_of, several
from pytest_persona.report.document import document
from pytest_persona.report.draw import SIGNS
from pytest_persona.report.matrix import matrix_of
from pytest_persona.report.tradeoff import all_levels, titles, trade_off, trade_off_charts
from pytest_persona.verdict import Outcome, worst

_VERDICTS = {
    Outcome.PASS: "No drift found: every change is within its limits.",
    Outcome.FAIL: "Drift found: a change is beyond its limit.",
    Outcome.INCONCLUSIVE: "Undecided: a change may lie on either side of its limit.",
    Outcome.INVALID: "Not measured: something does not count.",
}


def write_report(
    path: Path,
    tested: Sequence[str],
    records: Sequence[Record],
    exit_code: int,
    findings: Sequence[Finding] = (),
    levels: Sequence[Level] = (),
) -> None:
    """Write `path` (HTML) and the JSON of the same records beside it.

    Args:
        tested: Lines that say what was tested and with what.
        findings: What claims of papers came to.
        levels: What checkpoints score, beside the records.

    Raises:
        OSError: a file cannot be written.
    """
    plain = document(records, exit_code, findings, levels)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path.with_suffix(".json"), json.dumps(plain, indent=2, allow_nan=False) + "\n")
    _write(path, render(tested, records, exit_code, findings, levels))


def render(
    tested: Sequence[str],
    records: Sequence[Record],
    exit_code: int,
    findings: Sequence[Finding] = (),
    levels: Sequence[Level] = (),
) -> str:
    """The report as one self-contained HTML page."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pytest_persona.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    outcome, verdict = _outcome(records, findings)
    checkpoints = by_checkpoint(records)
    return environment.get_template("report.html.j2").render(
        records=records,
        outcome=outcome,
        verdict=verdict,
        claims=[finding for finding in findings if not finding.of_wording],
        wordings=[finding for finding in findings if finding.of_wording],
        tested=[line.removeprefix("persona: ") for line in tested],
        demo=any(wording.DEMO in record.labels for record in records),
        demo_label=wording.DEMO,
        exit_code=exit_code,
        headline=wording.headline,
        interval=wording.interval,
        shown=wording.shown,
        change_text=wording.change_text,
        limit_text=wording.limit_text,
        level_text=wording.level_text,
        metrics=METRICS,
        meanings=[METRICS[name].meaning for name in dict.fromkeys(record.metric for record in records)],
        objective_name=wording.objective_name,
        signs=SIGNS,
        json=lambda content: json.dumps(content, indent=2, sort_keys=True),
        **_verdicts(records, checkpoints),
        **_trade_off(records, levels),
        **_training(checkpoints),
    )


def _outcome(records: Sequence[Record], findings: Sequence[Finding]) -> tuple[str, str]:
    """A word and a sentence for the head of the page."""
    lost = [finding for finding in findings if finding.outcome == "failed"]
    what = "a verdict is fragile" if any(each.of_wording for each in lost) else "a claim was contradicted here"
    if records:
        outcome = worst([record.outcome for record in records])
        if outcome in (Outcome.PASS, Outcome.INCONCLUSIVE) and lost:
            return "fail", f"The gates did not fail, but {what}."
        return str(outcome), _VERDICTS[outcome]
    if lost:
        return "fail", f"{what[0].upper()}{what[1:]}."
    confirmed = sum(finding.outcome == "passed" for finding in findings)
    return (
        "pass" if confirmed else "inconclusive"
    ), f"{confirmed} of {len(findings)} {_kind(findings)} confirmed here."


def _kind(findings: Sequence[Finding]) -> str:
    only = bool(findings) and all(each.of_wording for each in findings)
    return "verdicts in other words were" if only else "figures of claims were"


def _verdicts(records: Sequence[Record], checkpoints: Sequence[Tested]) -> dict[str, Any]:
    many = several(checkpoints)
    return {
        "several": many,
        "labels": labels_of(checkpoints),
        "tally": wording.tally(records, sum(bool(each.label) for each in checkpoints)),
        "matrix": matrix_of(checkpoints),
        "levels": [] if many else levels_charts(records),
        "changes": change_charts(checkpoints) if many else (),
    }


def _trade_off(records: Sequence[Record], levels: Sequence[Level]) -> dict[str, Any]:
    points = trade_off(all_levels(records, levels))
    if len(points) < 2:  # the verdicts themselves say it of one
        points = ()
    return {
        "trade_off": points,
        "trade_off_titles": titles(),
        "trade_off_charts": trade_off_charts(points),
        "trade_off_objectives": list(dict.fromkeys(point.objective for point in points)),
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
