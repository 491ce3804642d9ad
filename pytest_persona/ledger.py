"""Accounts of a run: which declared gates were measured, what all verdicts come to, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_persona.record import Finding, Level, Record

EXIT_INCONCLUSIVE = 10
EXIT_INVALID = 11


@dataclass(slots=True)
class Ledger:
    """What the reports of a run have said. It reads plain data only, so it works in any process of a distributed run.

    Attributes:
        gates: Declared gates by test, plain data.
        records: Verdicts, plain data, in the order of their arrival.
        failed: Tests of which some phase failed, and files that could not be collected.
        broken: Those that failed otherwise than by a verdict.
        skipped: Why a test was skipped or expected to fail.
        measured: Tests that brought a record.
        findings: What claims came to, plain data.
        levels: What checkpoints score, plain data.
    """

    gates: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    records: list[Mapping[str, Any]] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    measured: set[str] = field(default_factory=set)
    findings: list[Mapping[str, Any]] = field(default_factory=list)
    levels: list[Mapping[str, Any]] = field(default_factory=list)

    def note(
        self,
        test: str,
        *,
        outcome: str,
        reason: str,
        by_verdict: bool,
        gate: Mapping[str, Any] | None,
        records: Sequence[Mapping[str, Any]],
        findings: Sequence[Mapping[str, Any]] = (),
        levels: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Take one phase of one test.

        Args:
            outcome: pytest's: passed, failed or skipped.
            reason: Why it was skipped or failed, in a line.
            by_verdict: Whether it failed by a verdict and not by anything else.
        """
        if gate is not None:
            self.gates[test] = gate
        self.findings.extend(findings)
        self.levels.extend(levels)
        if records:
            self.records.extend(records)
            self.measured.add(test)
        if outcome == "failed":
            self.failed.add(test)
            if not by_verdict:
                self.broken.add(test)
            self.skipped.setdefault(test, reason)
        elif outcome == "skipped":
            self.skipped[test] = reason

    @property
    def told(self) -> bool:
        """Whether there is anything to report."""
        return bool(self.gates or self.records or self.findings)

    def unmeasured(self) -> dict[str, str]:
        """Declared gates that brought no verdict, or whose verdict a skip or an expected failure hides, and why."""
        return {
            test: self.skipped.get(test, "the test did not run")
            for test in self.gates
            if test not in self.measured or (test in self.skipped and test not in self.failed)
        }

    def all_records(self) -> list[Record]:
        """Every verdict, with an invalid one for each declared gate that was not measured."""
        from pytest_persona.record import from_plain, unmeasured

        lost = self.unmeasured()
        kept = [from_plain(plain) for plain in self.records if plain["test"] not in lost]
        return kept + [unmeasured(self.gates[test], reason) for test, reason in lost.items()]

    def all_findings(self) -> list[Finding]:
        """What every claim came to."""
        from pytest_persona.record import Finding

        return [Finding(**plain) for plain in self.findings]

    def all_levels(self) -> list[Level]:
        """What every checkpoint scores."""
        from pytest_persona.record import level_from_plain

        return [level_from_plain(plain) for plain in self.levels]

    def exit_code(self, status: int) -> int:
        """pytest's own status, or 10 (nothing worse than inconclusive) or 11 (nothing worse than invalid).

        Args:
            status: pytest's: 0 where all passed, 1 where some failed; others are kept.
        """
        outcomes: dict[str, set[str]] = {}
        for plain in self.records:
            outcomes.setdefault(plain["test"], set()).add(plain["outcome"])
        lost = self.unmeasured()
        invalid = bool(lost) or any(
            "invalid" in found for test, found in outcomes.items() if test in self.failed or test in self.gates
        )
        if status == 0:
            if any("fail" in outcomes.get(test, ()) for test in self.gates if test not in lost):
                return 1  # a declared gate whose test swallowed the failure
            return EXIT_INVALID if invalid else 0
        if status != 1 or not self.failed:  # or something failed that no report told of
            return status
        for test in self.failed - set(lost):
            if test in self.broken or "fail" in outcomes.get(test, {"fail"}):
                return 1
        return EXIT_INVALID if invalid else EXIT_INCONCLUSIVE
