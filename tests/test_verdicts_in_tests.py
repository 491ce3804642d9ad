"""All four verdicts in a user's own test file, with scripted models, and what pytest makes of them."""

import fnmatch
import json
import xml.etree.ElementTree as ElementTree

import pytest

PREAMBLE = """
import hashlib
import pytest
from pytest_persona import assert_no_darktriad_drift
from pytest_persona.instruments import darktriad
from pytest_persona.testing import ScriptedModel

KEYS = {item.question: item.matching for item in darktriad("narcissism", kind="pocket").items}

def noise(text):
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32 - 0.5

def model(name, drift=0.0, spread=0.01, mass=0.9, tilt=0.0):
    def answer(text, choices):
        key = KEYS[text.rsplit("\\n", 1)[0]]
        match = 0.5 + drift + spread * noise(name + text) + (tilt if key == "Yes" else -tilt)
        yes = match if key == "Yes" else 1 - match
        return [mass * yes, mass * (1 - yes)]
    return ScriptedModel(name, answer)

gate = pytest.mark.persona_gate(metric="pmatch", margin=0.05, instrument="darktriad/narcissism")

def check(tuned, base=None, **more):
    return assert_no_darktriad_drift(tuned, base or model("base"), traits=["narcissism"], **more)
"""

PASS = "check(model('calm', 0.01))"
FAIL = "check(model('changed', 0.10))"
INCONCLUSIVE = "check(model('noisy', 0.05, spread=0.1))"
INVALID = "check(model('mute', mass=0.01))"


@pytest.fixture
def run(pytester, monkeypatch, imported):
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))

    def write_and_run(body, *args):
        pytester.makepyfile(test_it=PREAMBLE + body)
        result = pytester.runpytest("-rA", *args)
        report = pytester.path / "persona-report.json"
        return result, json.loads(report.read_text()) if report.exists() else None

    return write_and_run


def gated(*bodies, mark="@gate\n"):
    return "".join(f"\n{mark}def test_{number}():\n    {body}\n" for number, body in enumerate(bodies))


@pytest.mark.parametrize(
    ("bodies", "options", "code", "outcomes"),
    [
        ([PASS], [], 0, ["pass"]),
        ([FAIL], [], 1, ["fail"]),
        ([INVALID], [], 11, ["invalid"]),
        ([INCONCLUSIVE], [], 0, ["inconclusive"]),
        ([INCONCLUSIVE], ["--persona-inconclusive=fail"], 10, ["inconclusive"]),
        ([PASS, INVALID, INCONCLUSIVE], ["--persona-inconclusive=fail"], 11, ["pass", "invalid", "inconclusive"]),
        ([PASS, INVALID, FAIL], [], 1, ["pass", "invalid", "fail"]),
    ],
)
def test_each_verdict_has_its_exit_code(run, bodies, options, code, outcomes):
    result, report = run(gated(*bodies), *options)
    assert result.ret == code
    assert [record["outcome"] for record in report["records"]] == outcomes
    assert report["exit_code"] == code


def test_a_failure_says_what_how_much_on_what_and_what_next(run):
    result, _ = run(gated(FAIL))
    result.stdout.fnmatch_lines(
        [
            "*FAIL: narcissism endorsement moved by +0.1* against the base (limit +0.050)",
            "*P(match) 0.5* → 0.6* on 60 paired items; Yes-keyed +0.*, No-keyed +0.* (trait +0.*, acquiescence *)",
            "*model changed, base base, instrument pocket darktriad/narcissism",
            "*note: demo: not a gate; sensitivity unverified",
            "*next: pytest … -k test_0 --persona-report=drift.html*",
        ]
    )
    assert "Traceback" not in result.stdout.str()


def test_inconclusive_has_its_own_word_and_letter(run):
    run(gated(INCONCLUSIVE, PASS))
    result, _ = run(gated(INCONCLUSIVE, PASS))
    result.stdout.fnmatch_lines(["test_it.py [?].*", "*1 passed, 1 inconclusive*"])
    result, _ = run(gated(INCONCLUSIVE, PASS), "-v")
    result.stdout.fnmatch_lines(["*test_0 INCONCLUSIVE*", "*about * more items would settle it*"])


def test_acquiescence_is_not_drift(run):
    result, report = run(gated("check(model('agreeable', tilt=0.2))"))
    assert result.ret == 0
    (record,) = report["records"]
    assert record["parts"]["acquiescence"]["value"] == pytest.approx(0.2, abs=0.01)
    assert record["change"]["value"] == pytest.approx(0.0, abs=0.01)


def test_significance_finds_a_drift_below_the_margin(run):
    body = "check(model('moved', 0.02), criterion='significance')"
    result, report = run(gated(body))
    assert result.ret == 1
    assert report["records"][0]["outcome"] == "fail"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("check(model('base'))", "*answer every item exactly alike*"),
        ("check(model('x', mass=0.0))", "*60 of 60 items could not be measured on the tuned model*"),
        ("check(model('x'), model('mute', mass=0.04))", "*the base model gives Yes and No together*0.0400*"),
        ("check(ScriptedModel('nan', lambda text, choices: [float('nan')] * 2))", "*60 of 60 items*"),
    ],
)
def test_what_does_not_count_is_invalid(run, body, reason):
    result, report = run(gated(body))
    assert result.ret == 11
    assert report["records"][0]["outcome"] == "invalid"
    result.stdout.fnmatch_lines([reason])


def test_batches_that_move_the_answers_are_invalid(run):
    body = """
class Moody(ScriptedModel):
    def choice_logprobs(self, chats, choices):
        found = super().choice_logprobs(chats, choices)
        if len(chats) == 1:
            found = found + [[0.1 if KEYS[chats[0][-1][1].rsplit("\\n", 1)[0]] == key else 0.0 for key in choices]]
        return found

@gate
def test_moody():
    base = model('base')
    check(model('calm', 0.01), Moody('moody', base._answer))
"""
    result, _ = run(body)
    assert result.ret == 11
    result.stdout.fnmatch_lines(["*moves by 0.02* when it is asked in other batches; 0.0100 * is allowed*"])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("\n@gate\n@pytest.mark.skip(reason='no time')\ndef test_it():\n    " + PASS, "*not measured: *no time*"),
        ("\n@gate\n@pytest.mark.xfail\ndef test_it():\n    " + FAIL, "*not measured*"),
        ("\n@gate\n@pytest.mark.xfail(reason='known')\ndef test_it():\n    " + INVALID, "*not measured: *known*"),
        ("\n@gate\ndef test_it():\n    pass\n", "*declares a persona gate but asserts nothing*"),
        ("\n@gate\ndef test_it():\n    1 / 0\n", "*ZeroDivisionError*"),
        (
            "\n@pytest.fixture\ndef broken():\n    1 / 0\n\n@gate\ndef test_it(broken):\n    " + PASS,
            "*ZeroDivisionError*",
        ),
    ],
)
def test_a_declared_gate_that_is_not_measured_is_never_green(run, body, reason):
    result, report = run(body)
    assert result.ret == 11
    assert [record["outcome"] for record in report["records"]] == ["invalid"]
    result.stdout.fnmatch_lines([reason])


def test_a_gate_that_a_stop_leaves_out_is_invalid_in_the_report(run):
    result, report = run(gated(FAIL, PASS), "-x")
    assert result.ret == 1
    assert [record["outcome"] for record in report["records"]] == ["fail", "invalid"]
    result.stdout.fnmatch_lines(["*not measured: the test did not run*"])


def test_a_gate_that_asserts_something_else_than_it_declares_is_an_error(run):
    result, _ = run(gated("check(model('calm', 0.01), margin=0.2)"))
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*declares a gate on pmatch * with margin 0.05, but asserts * with margin 0.2*"])


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("metric='pmach', margin=0.05, instrument='darktriad/narcissism'", "*did you mean 'pmatch'*"),
        ("metric='pmatch', margin=0.05, instrument='darktriad/narcisism'", "*did you mean 'darktriad/narcissism'*"),
        ("metric='pmatch', margin=5, instrument='darktriad/narcissism'", "*needs a margin between 0 and 1, got 5*"),
        ("metric='pmatch'", "*takes the keywords metric, instrument, margin or floor*"),
    ],
)
def test_a_marker_with_nonsense_stops_before_anything_is_spent(run, marker, message):
    result, report = run(gated(PASS, mark=f"@pytest.mark.persona_gate({marker})\n"))
    assert result.ret == 4
    assert report is None
    assert fnmatch.fnmatch(result.stdout.str() + result.stderr.str(), message)


def test_collecting_only_plans_and_decides_nothing(run):
    result, report = run(gated(PASS), "--collect-only")
    assert result.ret == 0
    assert report is None


def test_junit_shows_the_same_verdicts(run, pytester):
    run(gated(PASS, FAIL, INVALID), "--junitxml=junit.xml")
    suite = ElementTree.parse(pytester.path / "junit.xml").getroot()[0]
    assert suite.get("failures") == "2"
    told = [node.find("properties/property").get("value") for node in suite.iter("testcase")]
    assert told == ["pass", "fail", "invalid"]


def test_answers_are_remembered_under_what_they_depend_on(run):
    body = """
def test_twice():
    first, base = model('calm', 0.01), model('base')
    check(first, base)
    asked = first.asked
    check(first, base)
    assert first.asked == asked > 0
    assert check(model('other', 0.02), base)[0].change.value != check(first, base)[0].change.value
"""
    result, _ = run(body)
    assert result.ret == 0


def test_outside_pytest_it_decides_with_defaults_and_records_nothing(pytester):
    script = pytester.makepyfile(
        script=PREAMBLE
        + """
import warnings
(record,) = check(model('calm', 0.01))
print(record.outcome, record.test == "")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    check(model('noisy', 0.05, spread=0.1))
print(caught[0].category.__name__)
for tuned in (model('changed', 0.1), model('mute', mass=0.01)):
    try:
        check(tuned)
    except AssertionError as error:
        print(type(error).__name__, error.records[0].outcome)
"""
    )
    result = pytester.runpython(script)
    result.stdout.fnmatch_lines(["pass True", "InconclusiveWarning", "VerdictError fail", "VerdictError invalid"])
    assert not (pytester.path / "persona-report.html").exists()
