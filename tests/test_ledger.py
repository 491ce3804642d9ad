"""What a run comes to: gates without a verdict, and the exit code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.ledger import EXIT_INCONCLUSIVE, EXIT_INVALID, Ledger
from pytest_persona.record import to_plain
from pytest_persona.record import unmeasured as invalid_record

GATE = {"metric": "pmatch", "margin": 0.05, "instrument": "darktriad/narcissism", "checkpoint": "checkpoint"}
OUTCOMES = ("pass", "fail", "inconclusive", "invalid")


def plain(test: str, outcome: str) -> dict:
    return to_plain(invalid_record(GATE | {"test": test}, "")) | {"outcome": outcome}


def ledger_of(*tests: str) -> tuple[Ledger, int]:
    """A ledger and pytest's own status, from words such as `gate passed: pass fail` (then the outcomes of its records).

    The first word is `gate` or `test`, the second pytest's outcome of the call; `skipped-setup` and `failed-setup`
    never came to a call, `failed-assert` failed by an ordinary
    assertion, `lost` has no report at all, `failed-teardown` failed after a call that passed.
    """
    ledger = Ledger()
    status = 0
    for number, text in enumerate(tests):
        what, _, outcomes = text.partition(":")
        kind, how = what.split()
        name = f"test_{number}"
        gate = GATE | {"test": name} if kind == "gate" else None
        if how == "lost":
            ledger.gates[name] = gate
            continue
        outcome, _, phase = how.partition("-")
        phases = {"setup": [(outcome, False)], "teardown": [("passed", True), (outcome, False)]}
        records = [plain(name, word) for word in outcomes.split()]
        for now, is_call in phases.get(phase, [("passed", False), (outcome, True), ("passed", False)]):
            taken, records = (records, []) if is_call else ([], records)
            by_verdict = now == "failed" and phase == "" and any(each["outcome"] != "pass" for each in taken)
            ledger.note(
                name,
                outcome=now,
                reason=f"{now} here",
                by_verdict=by_verdict,
                gate=gate,
                records=taken,
            )
        if outcome == "failed":
            status = 1
    return ledger, status


@pytest.mark.parametrize(
    ("tests", "code"),
    [
        ([], 0),
        (["test passed"], 0),
        (["gate passed: pass"], 0),
        (["gate passed: pass pass"], 0),
        (["gate passed: inconclusive"], 0),  # a demo: it warns
        (["test passed: fail"], 0),  # a test that expects the verdict
        (["test passed: invalid"], 0),
        (["test skipped"], 0),
        (["test skipped: pass"], 0),
        # an ordinary failure is worse than all
        (["test failed"], 1),
        (["gate failed: fail"], 1),
        (["gate failed: pass"], 1),
        (["gate failed-teardown: pass"], 1),
        (["gate failed: fail invalid"], 1),
        (["gate failed: inconclusive fail"], 1),
        (["gate failed: fail", "gate failed: invalid"], 1),
        (["gate failed-assert: inconclusive"], 1),
        (["gate failed-assert: invalid"], 1),
        (["gate passed: fail"], 1),  # swallowed
        (["gate failed: fail", "gate skipped"], 1),
        (["gate failed: inconclusive", "test failed"], 1),
        (["gate failed: invalid", "test failed-setup"], 1),
        # nothing worse than inconclusive
        (["gate failed: inconclusive"], 10),
        (["gate failed: pass inconclusive"], 10),
        (["test failed: inconclusive"], 10),
        (["gate failed: inconclusive", "gate passed: pass", "test skipped"], 10),
        # nothing worse than invalid
        (["gate failed: invalid"], 11),
        (["gate failed: inconclusive invalid"], 11),
        (["test failed: invalid"], 11),
        (["gate failed: inconclusive", "gate failed: invalid"], 11),
        (["gate failed: inconclusive", "gate skipped"], 11),
        (["gate failed: inconclusive", "gate passed: invalid"], 11),
        (["gate passed: pass", "gate lost"], 11),
        (["gate skipped"], 11),
        (["gate skipped-setup"], 11),
        (["gate skipped: pass"], 11),
        (["gate skipped: fail"], 11),
        (["gate skipped-teardown: pass"], 11),
        (["gate failed"], 11),
        (["gate failed-setup"], 11),
        (["gate lost"], 11),
        (["gate passed"], 11),
        (["gate passed: invalid"], 11),  # the test caught the error
        (["gate passed: pass invalid"], 11),
        (["gate passed: fail invalid"], 1),
    ],
)
def test_the_exit_code(tests, code):
    ledger, status = ledger_of(*tests)
    assert ledger.exit_code(status) == code
    assert (EXIT_INCONCLUSIVE, EXIT_INVALID) == (10, 11)


@pytest.mark.parametrize("status", [2, 3, 4, 5, 77])
@pytest.mark.parametrize("tests", [[], ["gate lost"], ["gate failed: invalid"], ["gate failed: inconclusive"]])
def test_other_statuses_are_kept(tests, status):
    ledger, _ = ledger_of(*tests)
    assert ledger.exit_code(status) == status


@pytest.mark.parametrize("tests", [[], ["gate passed: pass"], ["gate passed: inconclusive"], ["gate skipped"]])
def test_a_failure_that_no_report_told_of_stays_one(tests):
    ledger, _ = ledger_of(*tests)
    assert ledger.exit_code(1) == 1


def test_a_file_that_could_not_be_collected_is_an_ordinary_failure():
    ledger, _ = ledger_of("gate failed: inconclusive")
    ledger.failed.add("test_broken.py")
    assert ledger.exit_code(1) == 1


UNDECIDED = f"""
from dataclasses import replace
import pytest
from pytest_persona.record import Outcome, unmeasured
from pytest_persona.session import current

GATE = {GATE}

@pytest.mark.persona_gate(**GATE)
def test_gate():
    current().add(replace(unmeasured(GATE | {{"test": ""}}, ""), outcome=Outcome.INCONCLUSIVE))
    raise AssertionError("cannot be decided")
"""


def test_a_run_with_a_broken_file_is_no_inconclusive_run(pytester):
    pytester.makepyfile(test_gate=UNDECIDED, test_broken="import nowhere")
    result = pytester.runpytest_subprocess("--continue-on-collection-errors")
    result.assert_outcomes(failed=1, errors=1)
    assert result.ret == 1


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("gate skipped", "skipped here"),
        ("gate skipped: pass", "skipped here"),
        ("gate skipped-setup", "skipped here"),
        ("gate failed", "failed here"),
        ("gate failed-setup", "failed here"),
        ("gate lost", "the test did not run"),
    ],
)
def test_a_gate_without_a_verdict_is_unmeasured_and_says_why(test, reason):
    ledger, _ = ledger_of(test)
    assert ledger.unmeasured() == {"test_0": reason}
    (record,) = ledger.all_records()
    assert record.outcome == "invalid"
    assert record.reasons == (f"not measured: {reason}",)
    assert (record.test, record.metric, record.subject, record.margin) == ("test_0", "pmatch", "narcissism", 0.05)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("how", ["passed", "failed", "failed-teardown"])
def test_a_gate_with_a_verdict_is_measured(how, outcome):
    ledger, _ = ledger_of(f"gate {how}: {outcome}")
    assert ledger.unmeasured() == {}
    assert [record.outcome for record in ledger.all_records()] == [outcome]


@pytest.mark.parametrize("how", ["skipped", "passed", "failed"])
def test_a_test_without_a_gate_is_never_missed(how):
    ledger, _ = ledger_of(f"test {how}")
    assert ledger.unmeasured() == {}
    assert ledger.all_records() == []


def test_records_keep_their_order_and_the_lost_come_last():
    ledger, _ = ledger_of("gate skipped: pass", "gate passed: pass inconclusive", "test passed: fail")
    told = [(record.test, str(record.outcome)) for record in ledger.all_records()]
    assert told == [("test_1", "pass"), ("test_1", "inconclusive"), ("test_2", "fail"), ("test_0", "invalid")]


@st.composite
def runs(draw):
    kinds = st.sampled_from(["gate", "test"])
    hows = st.sampled_from(["passed", "failed", "skipped", "failed-setup", "skipped-setup", "failed-teardown"])
    words = st.lists(st.sampled_from(OUTCOMES), max_size=3).map(" ".join)
    return draw(st.lists(st.builds("{} {}: {}".format, kinds, hows, words), max_size=4))


@given(runs())
def test_nothing_that_failed_to_measure_is_ever_green(tests):
    ledger, status = ledger_of(*tests)
    code = ledger.exit_code(status)
    if code == 0:
        gates = [test for test in tests if test.startswith("gate")]
        assert all(test.startswith("gate passed: ") for test in gates)
        assert all(test.partition(": ")[2] and "invalid" not in test for test in gates)
        assert not any("failed" in test for test in tests)
    else:
        assert code in (1, 10, 11)
    if status == 1:
        assert code != 0
