"""What the terminal says before and after the tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pytest_persona.ledger import EXIT_INCONCLUSIVE, EXIT_INVALID
from pytest_persona.options import Options
from pytest_persona.plan import format_budget
from pytest_persona.record import Finding, Record
from pytest_persona.report.checkpoints import Tested, by_checkpoint, several
from pytest_persona.verdict import Outcome
from pytest_persona.wording import DEMO, headline, tally, value_text


def header(options: Options) -> list[str]:
    """What is tested and with what, for pytest's header."""
    tested = f"adapter {options.adapter}" if options.adapter is not None else _trained(options)
    demo = f" ({DEMO})" if options.instruments == "pocket" else ""
    return [
        f"persona: base model {options.base_model}, {tested}, backend {options.backend}",
        f"persona: instruments {options.instruments}{demo}, store {_short(options.store)}",
    ]


def closing(records: Sequence[Record], exit_code: int) -> list[str]:
    """What the verdicts are, and what they come to.

    Of one checkpoint a line a verdict; of several a line for the passes of each, and one for every other verdict.
    """
    tested = by_checkpoint(records)
    if several(tested):
        lines = [*_of_several(tested), tally(records, sum(bool(each.label) for each in tested))]
    else:
        lines = [_line(record.outcome, headline(record)) for record in records]
    if any(DEMO in record.labels for record in records):
        lines.append(f"{DEMO}: pocket instruments show how it works; they are not the published ones")
    if exit_code == EXIT_INVALID:
        lines.append(f"exit code {EXIT_INVALID}: nothing failed, but something was not validly measured")
    if exit_code == EXIT_INCONCLUSIVE:
        lines.append(f"exit code {EXIT_INCONCLUSIVE}: nothing failed, but something could not be decided")
    return lines


def claims(findings: Sequence[Finding]) -> list[str]:
    """What claims of papers, and verdicts in other words, came to: a line in all, and a line for each that is lost."""
    papers = [finding for finding in findings if not finding.of_wording]
    wordings = [finding for finding in findings if finding.of_wording]
    return [
        *(
            f"CONTRADICTED {finding.claim}: {finding.says}; here {finding.measured}"
            for finding in papers
            if finding.outcome == "failed"
        ),
        *(finding.reason for finding in wordings if finding.outcome == "failed"),
        *_counted("claims", "figure", papers, ("confirmed", "contradicted", "undecided")),
        *_counted("in other words", "verdict", wordings, ("stable", "fragile", "undecided")),
    ]


def _counted(of: str, what: str, findings: Sequence[Finding], words: tuple[str, str, str]) -> list[str]:
    if not findings:
        return []
    found = Counter(finding.outcome for finding in findings)
    counts = ", ".join(
        f"{found[outcome]} {word}"
        for outcome, word in zip(("passed", "failed", "skipped"), words, strict=True)
        if found[outcome]
    )
    return [f"{of}: {len(findings)} {what if len(findings) == 1 else what + 's'}, {counts}"]


def _of_several(tested: Sequence[Tested]) -> list[str]:
    passes: list[str] = []
    others: list[str] = []
    for each in tested:
        passed = [record for _, record in each.records if record.outcome is Outcome.PASS]
        if passed:
            name = f"{each.label}: " if each.label else ""
            told = "; ".join(
                f"{verb} " + ", ".join(f"{record.subject} {value_text(record)}" for record in some)
                for verb, some in (
                    ("moved by", [record for record in passed if record.criterion != "absolute"]),
                    ("is", [record for record in passed if record.criterion == "absolute"]),
                )
                if some
            )
            passes.append(_line(Outcome.PASS, f"{name}{len(passed)} of {len(each.records)} verdicts; {told}"))
        others.extend(
            _line(record.outcome, headline(record, each.label))
            for _, record in each.records
            if record.outcome is not Outcome.PASS
        )
    return passes + others


def _line(outcome: Outcome, text: str) -> str:
    return f"{outcome.upper():<12} {text}"


def _trained(options: Options) -> str:
    names, rungs, seeds = options.objectives, options.budgets, options.seeds
    if not names:
        return "models of the tests' own"
    repeated = f", {seeds} seeds" if seeds > 1 else ""
    budgets = ", ".join(map(format_budget, rungs))
    return f"{'objective' if len(names) == 1 else 'objectives'} {', '.join(names)} at {budgets} data tokens{repeated}"


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
