"""Claims of papers: what is confirmed, contradicted or undecided, and how a run says so."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona import claim
from pytest_persona.claims import Expectation
from pytest_persona.report.page import render
from pytest_persona.report.terminal import claims
from tests.expectations import CLAIM, estimate, outcome_of
from tests.report.by_hand import record
from tests.report.reading import HOSTILE, Page

numbers = st.integers(-20, 20).map(lambda count: count / 4)


@pytest.mark.parametrize(
    ("measured", "limits", "replayed", "outcome"),
    [
        (estimate(0.5, 0.4, 0.6), {"above": 0}, False, "passed"),
        (estimate(0.5, 0.0, 0.6), {"above": 0}, False, "skipped"),  # on the limit
        (estimate(0.5, -0.1, 0.6), {"above": 0}, False, "skipped"),
        (estimate(0.5, -0.1, 0.6), {"above": 0}, True, "passed"),
        (estimate(-0.1, -0.2, 0.6), {"above": 0}, True, "failed"),
        (estimate(-0.1, -0.2, 0.0), {"above": 0}, False, "failed"),
        (estimate(-0.1, -0.2, -0.05), {"below": 0}, False, "passed"),
        (estimate(0.5, 0.4, 0.6), {"above": 0, "below": 1}, False, "passed"),
        (estimate(0.5, -0.4, 1.6), {"above": 0, "below": 1}, False, "skipped"),
        (estimate(1.5, 1.4, 1.6), {"above": 0, "below": 1}, False, "failed"),
        (0.5, {"above": 0}, False, "passed"),
        (0.0, {"above": 0}, True, "failed"),
        (-0.5, {"above": 0}, False, "failed"),
        (math.nan, {"above": 0}, False, "failed"),
        (math.nan, {"above": 0, "below": 1}, True, "failed"),
        (math.inf, {"above": 0}, False, "failed"),
    ],
)
def test_a_figure_is_confirmed_contradicted_or_undecided(measured, limits, replayed, outcome):
    assert outcome_of(measured, replayed=replayed, **limits).outcome == outcome


@given(st.tuples(numbers, numbers, numbers).map(sorted), numbers, st.booleans())
def test_a_claim_and_its_opposite_are_never_both_confirmed(bounds, limit, replayed):
    low, value, high = bounds
    found = [
        outcome_of(estimate(value, low, high), replayed=replayed, **side).outcome
        for side in ({"above": limit}, {"below": limit})
    ]
    assert found.count("passed") <= 1
    if replayed:
        assert "skipped" not in found
    else:
        assert found[0] == ("passed" if low > limit else "failed" if high <= limit else "skipped")
        assert found[1] == ("passed" if high < limit else "failed" if low >= limit else "skipped")


@pytest.mark.parametrize("limits", [{}, {"above": 1, "below": 1}, {"above": 1, "below": 0}, {"above": math.nan}])
def test_a_claim_that_nothing_could_contradict_or_confirm_is_refused(limits):
    noted = []
    with pytest.raises(ValueError, match="a claim says above, below or both, and something in between"):
        Expectation(CLAIM, noted.append).expect(0.5, **limits)
    assert noted == []


@pytest.mark.parametrize(
    ("measured", "settings", "measured_says", "reason"),
    [
        (
            estimate(0.074, -0.01, 0.1),
            {"above": 0, "percent": True, "what": "S"},
            "S +7.4% [-1.0%, +10.0%]",
            "undecided: PC-0: S +7.4% [-1.0%, +10.0%], expected above +0.0%; the bounds allow both",
        ),
        (
            -0.2,
            {"above": 0.1, "below": 0.5, "published": "0.3"},
            "-0.200",
            "PC-0: -0.200, expected above 0.100 and below 0.500; published: 0.3",
        ),
        (0.3, {"above": 0.1, "published": "0.3"}, "0.300", ""),
    ],
)
def test_a_figure_is_said_with_its_bounds_and_its_limits(measured, settings, measured_says, reason):
    finding = outcome_of(measured, **settings)
    assert (finding.measured, finding.reason) == (measured_says, reason)


def test_a_claim_is_a_marker():
    mark = claim("PC-0", paper=CLAIM["paper"], says=CLAIM["says"]).mark
    assert (mark.name, mark.args, mark.kwargs) == ("persona_claim", (), CLAIM)


# from outside

PREAMBLE = """
import pytest
from pytest_persona import Estimate, claim

def estimate(value, reach):
    return Estimate(value=value, low=value - reach, high=value + reach, se=1, n=40, alpha=0.05, method="by hand")

green = claim("PC-0", paper="arXiv:0000.00000", says="Grass is green")
"""


@pytest.fixture
def run(pytester, monkeypatch, imported):
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))

    def write_and_run(body, *args):
        pytester.makepyfile(test_it=PREAMBLE + body)
        result = pytester.runpytest_inprocess("-rA", *args)
        report = pytester.path / "persona-report.json"
        return result, json.loads(report.read_text()) if report.exists() else None

    return write_and_run


def outcomes(report):
    return [(finding["test"].partition("::")[2], finding["outcome"]) for finding in report["findings"]]


def test_each_figure_of_a_test_has_its_own_outcome(run, pytester):
    result, report = run(
        """
@green
def test_confirmed(finding):
    finding.expect(estimate(1, 0.5), above=0, what="green", published="2.0")

@green
def test_contradicted(finding):
    finding.expect(1.0, above=0, what="at noon")
    finding.expect(estimate(-1, 0.5), above=0, what="at night", replayed=True)

@green
@pytest.mark.parametrize("where", ["meadow"])
def test_undecided(finding, where):
    finding.expect(estimate(1, 2), above=0)

@green
def test_broken(finding):
    finding.expect(1.0, above=0)
    1 / 0

@green
@pytest.mark.xfail(reason="it is winter")
def test_expected(finding):
    finding.expect(-1.0, above=0)

@green
def test_swallowed(finding):
    with pytest.raises(AssertionError):
        finding.expect(-1.0, above=0)

def test_nothing():
    pass
"""
    )
    result.assert_outcomes(passed=3, failed=2, skipped=1, xfailed=1)
    assert result.ret == report["exit_code"] == 1
    assert outcomes(report) == [
        ("test_confirmed", "passed"),
        ("test_contradicted", "passed"),
        ("test_contradicted", "failed"),
        ("test_undecided[meadow]", "skipped"),
        ("test_broken", "passed"),
        ("test_expected", "failed"),
        ("test_swallowed", "failed"),
    ]
    assert report["records"] == []
    result.stdout.fnmatch_lines(
        [
            "*AssertionError: PC-0: at night -1.000 [[]-1.500, -0.500[]], expected above 0.000",
            "*SKIPPED*undecided: PC-0: 1.000 [[]-1.000, 3.000[]], expected above 0.000; the bounds allow both",
        ]
    )
    result.stdout.fnmatch_lines(
        [
            "CONTRADICTED PC-0: Grass is green; here at night -1.000 [[]-1.500, -0.500[]]",
            "claims: 7 figures, 3 confirmed, 3 contradicted, 1 undecided",
            "report: persona-report.html*",
        ]
    )
    page = (pytester.path / "persona-report.html").read_text()
    assert page.count('<span class="word">contradicted</span>') == 3
    assert page.count('<span class="word">confirmed</span>') == 3
    assert page.count('<span class="word">undecided</span>') == 1
    assert "<td>meadow<br>" in page


def test_a_finding_without_a_claim_is_an_error(run):
    result, report = run("def test_it(finding):\n    finding.expect(1.0, above=0)\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*test_it uses the fixture finding but states no claim; decorate it with @claim(…)*"])
    assert report is None


def test_claims_and_gates_stand_in_one_report(run, pytester):
    result, report = run(
        """
from pytest_persona import assert_no_darktriad_drift
from pytest_persona.testing import ScriptedModel

def model(name, yes):
    return ScriptedModel(name, lambda text, choices: [yes + len(text) % 7 / 1000, 0.4])

@pytest.mark.persona_gate(metric="pmatch", margin=0.05, instrument="darktriad/narcissism")
def test_gate():
    assert_no_darktriad_drift(model("tuned", 0.41), model("base", 0.4), traits=["narcissism"])

@green
def test_claim(finding):
    finding.expect(1.0, above=0)
"""
    )
    assert result.ret == 0
    assert len(report["records"]) == len(report["findings"]) == 1
    page = (pytester.path / "persona-report.html").read_text()
    assert "Claims of papers" in page
    assert "What each test saw" in page
    result.stdout.fnmatch_lines(["PASS *narcissism*", "claims: 1 figure, 1 confirmed"])


# the report


def findings(*outcomes):
    measured = {"passed": 1.0, "failed": -1.0, "skipped": estimate(1, -1, 3)}
    return [outcome_of(measured[outcome], above=0) for outcome in outcomes]


@pytest.mark.parametrize(
    ("shown", "word", "sentence"),
    [
        (("passed", "failed"), "fail", "A claim was contradicted here."),
        (("passed", "skipped"), "pass", "1 of 2 figures of claims were confirmed here."),
        (("skipped",), "inconclusive", "0 of 1 figures of claims were confirmed here."),
    ],
)
def test_a_page_of_claims_alone_says_what_they_come_to(shown, word, sentence):
    page = Page(findings=findings(*shown))
    page.refuse_to_act()
    page.refuse_loose_ends()
    assert page.all("header") == [{"class": f"head {word}"}]
    assert page.texts["h1"].strip() == sentence
    assert len([row for row in page.all("tr") if "class" in row]) == len(shown)
    assert page.all("article") == page.all("svg") == []


def test_a_page_without_claims_has_no_table_of_them():
    assert "Claims of papers" not in Page(record()).text
    assert "Claims of papers" in Page(record(), findings=findings("passed")).text


def test_hostile_claims_are_shown_as_they_are():
    noted = []
    hostile = {"id": HOSTILE, "paper": HOSTILE, "says": HOSTILE}
    Expectation(hostile, noted.append).expect(1.0, above=0, what=HOSTILE, published=HOSTILE)
    page = Page(findings=noted)
    page.refuse_to_act()
    for tag in ("th", "td"):
        assert HOSTILE in page.texts[tag]
    assert "<script" not in render([], [], 0, noted)


def test_the_terminal_counts_claims_and_lists_what_was_contradicted():
    assert claims([]) == []
    assert claims(findings("passed")) == ["claims: 1 figure, 1 confirmed"]
    assert claims(findings("failed", "skipped", "failed")) == [
        "CONTRADICTED PC-0: Grass is green; here -1.000",
        "CONTRADICTED PC-0: Grass is green; here -1.000",
        "claims: 3 figures, 2 contradicted, 1 undecided",
    ]
