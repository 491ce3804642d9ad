"""The end of a run: speeds for the next plan, the report, and the closing lines."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from pytest_persona.costing import note_speeds
from pytest_persona.errors import StoreError
from pytest_persona.record import Finding, Record
from pytest_persona.report.page import write_report
from pytest_persona.report.terminal import claims, closing, header
from pytest_persona.session import Session


def finish(session: Session, records: Sequence[Record], findings: Sequence[Finding], exit_code: int) -> list[str]:
    """Write the report beside its JSON and return the lines that end the run."""
    with contextlib.suppress(StoreError):  # the next plan knows no speed; the verdicts stand
        note_speeds(session, records)
    path = session.options.report
    try:
        write_report(path, header(session.options), records, exit_code, findings)
        written = f"report: {path} (and {path.with_suffix('.json').name} beside it)"
    except (OSError, ValueError) as error:
        written = f"report: {path} could not be written ({error}); the verdicts above stand"
    return [*closing(records, exit_code), *claims(findings), written]
