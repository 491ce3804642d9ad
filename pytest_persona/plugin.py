"""pytest's hooks, and nothing else; everything heavy is imported when a hook needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from dataclasses import asdict
from typing import Any

import pytest

from pytest_persona import flags
from pytest_persona import options as persona_options
from pytest_persona import session as sessions
from pytest_persona.errors import PersonaError
from pytest_persona.ledger import Ledger
from pytest_persona.progress import Aside, Progress, choose

pytest_plugins = ["pytest_persona.fixtures"]
pytest.register_assert_rewrite("pytest_persona.asserts")

_MARKER = (
    "persona_gate(metric, instrument, margin=None, floor=None, checkpoint='checkpoint'): a verdict that this test must "
    "reach; it is planned after collection, and invalid when the test does not reach it. margin is the largest "
    "accepted change, with floor beside it the least one of a band; floor alone is the least accepted level. {name} in "
    "metric or instrument stands for the test's parameter of that name"
)
_CLAIM = "persona_claim(id, paper, says): a finding of a paper that this test encodes; see pytest_persona.claim"
_STATUS = {"inconclusive": ("?", "yellow"), "invalid": ("!", "red")}


def pytest_addoption(parser: pytest.Parser) -> None:
    flags.register(parser)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> Generator[None]:
    yield  # after the conftest files have taken their option names
    flags.register_bare(parser, args)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    config.addinivalue_line("markers", _CLAIM)
    try:
        options = persona_options.read(config)
    except PersonaError as error:
        raise pytest.UsageError(str(error)) from error
    session = sessions.Session(options=options, progress=_progress(config, options))
    config.pluginmanager.register(_Run(config, session), "persona-run")
    token = sessions.enter(session)
    config.add_cleanup(lambda: sessions.leave(token))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    from pytest_persona.variants import parametrize

    parametrize(metafunc, sessions.current().options)


class _Run:
    """The hooks of one run, with what they share."""

    def __init__(self, config: pytest.Config, session: sessions.Session) -> None:
        self._config = config
        self._session = session
        self._ledger = Ledger()
        self._closing: list[str] = []
        self._is_worker = hasattr(config, "workerinput")

    def pytest_report_header(self) -> list[str]:
        if not self._session.options.names_checkpoint:
            return []
        from pytest_persona.report.terminal import header

        return header(self._session.options)

    @pytest.hookimpl(tryfirst=True)  # the terminal asks for the plan in its own
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            marker = item.get_closest_marker("persona_gate")
            if marker is None:
                continue
            try:
                parameters = getattr(getattr(item, "callspec", None), "params", {})
                gate = sessions.declare(item.nodeid, marker.args, marker.kwargs, parameters)
            except PersonaError as error:
                raise pytest.UsageError(str(error)) from error
            self._session.gates[item.nodeid] = gate
            if not self._config.option.collectonly:
                self._ledger.gates[item.nodeid] = asdict(gate)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._ledger.failed.add(report.nodeid)

    def pytest_report_collectionfinish(self) -> list[str]:
        if not self._session.gates:
            return []
        from pytest_persona.costing import plan_lines

        try:
            lines = plan_lines(self._session)
        except PersonaError as error:
            raise pytest.UsageError(str(error)) from error
        return lines if self._session.options.narrate else []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        claim = item.get_closest_marker("persona_claim")
        self._session.running, self._session.claimed = item.nodeid, dict(claim.kwargs) if claim else {}
        try:
            return (yield)
        finally:
            self._session.running, self._session.claimed = "", {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        report = yield
        gate = self._session.gates.get(item.nodeid)
        plain: list[dict[str, Any]] = []
        if records := self._session.take():
            from pytest_persona.record import to_plain

            plain = [to_plain(record) for record in records]
            item.user_properties.extend(
                (f"persona.{record.metric}.{record.subject}", str(record.outcome)) for record in records
            )
        report.persona_findings = [asdict(finding) for finding in self._session.take_findings()]
        report.persona_levels = []
        if levels := self._session.take_levels():
            from pytest_persona.record import level_to_plain

            report.persona_levels = [level_to_plain(level) for level in levels]
        if gate is not None and report.when == "call" and report.passed and not plain:
            report.outcome = "failed"
            report.longrepr = (
                f"{item.nodeid} declares a persona gate but asserts nothing; call an assert_* helper in it"
            )
        if report.failed and call.excinfo is not None and self._speaks_for_itself(call.excinfo.value):
            report.longrepr = call.excinfo.getrepr(style="value", chain=False)
        report.persona_by_verdict = call.excinfo is not None and self._is_verdict(call.excinfo.value)
        report.persona_reason = self._reason(call)
        report.persona_gate = asdict(gate) if gate else None
        report.persona_records = plain
        return report

    def pytest_runtest_logreport(self, report: Any) -> None:
        skipped = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        self._ledger.note(
            report.nodeid,
            outcome=report.outcome,
            reason=getattr(report, "wasxfail", "")
            or skipped
            or getattr(report, "persona_reason", "")
            or f"{report.when} failed",
            by_verdict=getattr(report, "persona_by_verdict", False),
            gate=getattr(report, "persona_gate", None),
            records=getattr(report, "persona_records", ()),
            findings=getattr(report, "persona_findings", ()),
            levels=getattr(report, "persona_levels", ()),
        )

    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        outcomes = {plain["outcome"] for plain in getattr(report, "persona_records", ())}
        if report.when != "call" or "fail" in outcomes or hasattr(report, "wasxfail"):
            return None
        for word in ("invalid", "inconclusive"):
            if word in outcomes:
                letter, colour = _STATUS[word]
                return "failed" if report.failed else word, letter, (word.upper(), {colour: True})
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        used_wrongly = session.exitstatus == pytest.ExitCode.USAGE_ERROR
        if self._is_worker or used_wrongly or not self._ledger.told:
            return
        from pytest_persona.finish import finish

        session.exitstatus = self._ledger.exit_code(int(session.exitstatus))
        self._closing = finish(self._session, self._ledger, int(session.exitstatus))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._closing:
            terminalreporter.section("persona")
            for line in self._closing:
                terminalreporter.line(line)

    def _reason(self, call: pytest.CallInfo[None]) -> str:
        return str(call.excinfo.value) if call.excinfo and isinstance(call.excinfo.value, PersonaError) else ""

    def _is_verdict(self, error: BaseException) -> bool:
        asserts = sys.modules.get("pytest_persona.asserts")
        return asserts is not None and isinstance(error, asserts.VerdictError)

    def _speaks_for_itself(self, error: BaseException) -> bool:
        ours = isinstance(error, PersonaError) or self._is_verdict(error)
        return ours and self._config.getoption("tbstyle") in ("auto", "short")


def _progress(config: pytest.Config, options: persona_options.Options) -> Progress:
    shown = choose(options.narrate and not hasattr(config, "workerinput"), sys.stdout, os.environ)
    capture = config.pluginmanager.getplugin("capturemanager")
    return Aside(shown, capture.global_and_fixture_disabled) if capture is not None else shown
