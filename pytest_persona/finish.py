"""The end of a run: speeds for the next plan, the report, and the closing lines."""

from __future__ import annotations

import contextlib

from pytest_persona.costing import note_speeds
from pytest_persona.errors import StoreError
from pytest_persona.ledger import Ledger
from pytest_persona.report.page import write_report
from pytest_persona.report.terminal import claims, closing, header
from pytest_persona.session import Session


def finish(session: Session, ledger: Ledger, exit_code: int) -> list[str]:
    """Write the report beside its JSON and return the lines that end the run."""
    records, findings = ledger.all_records(), ledger.all_findings()
    with contextlib.suppress(StoreError):  # the next plan knows no speed; the verdicts stand
        note_speeds(session, records)
    path = session.options.report
    try:
        write_report(path, header(session.options), records, exit_code, findings, ledger.all_levels())
        written = f"report: {path} (and {path.with_suffix('.json').name} beside it)"
    except (OSError, ValueError) as error:
        written = f"report: {path} could not be written ({error}); the verdicts above stand"
    return [*closing(records, exit_code), *claims(findings), written]
