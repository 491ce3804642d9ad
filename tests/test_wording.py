"""Sentences about records."""

from dataclasses import replace

import pytest

from pytest_persona.plan import OBJECTIVES
from pytest_persona.verdict import Outcome
from pytest_persona.wording import DEMO, UNVERIFIED, explain, headline, label_of, objective_name, tally
from tests.report.by_hand import ASLEEP, LOST, record


def test_a_failure_says_what_how_much_on_what_and_what_next():
    failed = record(Outcome.FAIL, change=0.074, base=0.496, labels=(DEMO, UNVERIFIED))
    assert explain(failed).splitlines() == [
        "FAIL: narcissism endorsement moved by +0.074 [+0.054, +0.094] against the base (limit +0.050)",
        "  P(match) 0.496 → 0.570 on 1,000 paired items; Yes-keyed +0.030, No-keyed -0.010 "
        "(trait +0.074, acquiescence +0.020)",
        "  adapter sha256:3f9c3f9c3f9c…, base b, instrument official darktriad/narcissism",
        f"  note: {DEMO}; {UNVERIFIED}",
        "  next: pytest … -k narcissism --persona-report=drift.html shows the items that moved most",
    ]
    assert "P(match) unmeasured → unmeasured on 1,000 paired items\n" in explain(ASLEEP)
    assert explain(replace(failed, checkpoint={}, test="")).splitlines()[2].startswith("  model t, base b,")


@pytest.mark.parametrize(
    ("shown", "says", "says_not"),
    [
        (record(Outcome.INVALID), "narcissism: the measurement does not count: the model is asleep", "limit"),
        (LOST, "narcissism: the measurement does not count: not measured: it was skipped", "moved"),
        (record(Outcome.INCONCLUSIVE, items_needed=12_060), "; about 12,000 more items would settle it", "not count"),
        (record(Outcome.INCONCLUSIVE, items_needed=None), "more items of this kind would not settle it", "about"),
        (record(change=-0.1), "moved by -0.100 [-0.120, -0.080] against the base (limit +0.050)", "settle"),
    ],
)
def test_headline(shown, says, says_not):
    assert (says in headline(shown), says_not in headline(shown)) == (True, False)


@pytest.mark.parametrize("shown", [record(), record(Outcome.INCONCLUSIVE), record(Outcome.INVALID), LOST])
def test_a_headline_names_the_checkpoint_where_there_are_several(shown):
    assert headline(shown, "ipo-4k-s0") == f"ipo-4k-s0: {headline(shown)}"
    assert "ipo-4k-s0" not in headline(shown)


@pytest.mark.parametrize(
    ("test", "label"),
    [
        ("t.py::test_it[sft-2k-s0-narcissism]", "sft-2k-s0"),
        ("t.py::test_it[narcissism-ipo-1.5m-s12]", "ipo-1.5m-s12"),
        ("t.py::test_it[ip-400k-s0]", "ip-400k-s0"),
        ("t.py::test_it[opro-2k-s0-narcissism]", ""),
        ("t.py::test_ip-2k-s0", ""),
        ("ip-2k-s0.py::test_it[narcissism]", ""),
        ("t.py::test_it[ship-2k-s0]", ""),
        ("t.py::test_it[ip-2k-s0x]", ""),
        ("", ""),
    ],
)
def test_what_measured_nothing_is_called_by_its_tests_id(test, label):
    assert label_of(replace(LOST, test=test)) == label
    assert label_of(record(test=test)) == "run 1"


def test_the_next_step_asks_for_one_checkpoint():
    test = "suites/gate/test_persona.py::test_no_darktriad_drift[sft-2k-s0-narcissism]"
    failed = record(Outcome.FAIL, test=test, checkpoint={"label": "sft-2k-s0"})
    assert '-k "sft-2k-s0 and narcissism" --persona-report' in explain(failed)
    assert "-k narcissism --persona-report" in explain(replace(failed, checkpoint={"label": "other"}))


def test_ip_and_ipo_are_spelled_out():
    assert objective_name("ip") == "ip (inoculation prompting)"
    assert objective_name("ipo") == "ipo (identity preference optimisation)"
    assert len({objective_name(name) for name in OBJECTIVES}) == len(OBJECTIVES)
    assert objective_name("mine") == "mine"


def test_the_tally_counts_each_outcome():
    shown = [record(Outcome.FAIL), record(), record(Outcome.INVALID), record(), record(Outcome.INCONCLUSIVE)]
    assert tally(shown, 2) == "5 verdicts on 2 checkpoints: 2 pass, 1 inconclusive, 1 invalid, 1 fail"
    assert tally(shown[:1], 1) == "1 verdict: 1 fail"
