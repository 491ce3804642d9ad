"""What the terminal says before and after the tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_persona.ledger import EXIT_INCONCLUSIVE, EXIT_INVALID
from pytest_persona.options import Options
from pytest_persona.plan import format_budget
from pytest_persona.record import Record
from pytest_persona.wording import DEMO, headline


def header(options: Options) -> list[str]:
    """What is tested and with what, for pytest's header."""
    if options.adapter is not None:
        tested = f"adapter {options.adapter}"
    else:
        tested = f"objective {options.objective}, budget {format_budget(options.budget or 0)} data tokens"
    demo = f" ({DEMO})" if options.instruments == "pocket" else ""
    return [
        f"persona: base model {options.base_model}, {tested}, backend {options.backend}",
        f"persona: instruments {options.instruments}{demo}, store {_short(options.store)}",
    ]


def closing(records: Sequence[Record], exit_code: int) -> list[str]:
    """One line a verdict, and what they come to."""
    lines = [f"{record.outcome.upper():<12} {headline(record)}" for record in records]
    if any(DEMO in record.labels for record in records):
        lines.append(f"{DEMO}: pocket instruments show how it works; they are not the published ones")
    if exit_code == EXIT_INVALID:
        lines.append(f"exit code {EXIT_INVALID}: nothing failed, but something was not validly measured")
    if exit_code == EXIT_INCONCLUSIVE:
        lines.append(f"exit code {EXIT_INCONCLUSIVE}: nothing failed, but something could not be decided")
    return lines


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
