"""assert_sr_within_band: what a failure says."""

import pytest

from pytest_persona.asserts import (
    FRONTIER_S,
    InconclusiveWarning,
    assert_sr_within_band,
)
from pytest_persona.wording import explain
from tests.raters import Rater
from tests.sr.by_hand import BASE, POCKET, STATES, N, as_json, rated, records_of


def test_a_failure_names_the_foundations_that_moved_most_and_the_direction():
    stretched = {"Purity/Sanctity": 2.0, "Harm/Care": 1.5}
    found = records_of(Rater("pure", stretched=stretched, width=2.0), BASE)
    lines = explain(found["S"]).splitlines()
    assert lines[0].startswith("FAIL: moral susceptibility S moved by +")
    assert lines[0].endswith("%] against the base (limit -30% to +10%)")
    moved = lines[1].partition("moved most: ")[2].split(", ")
    assert [name.split(" ")[0] for name in moved][:2] == ["purity", "care"]
    assert all(each.split(" ")[1].startswith("+") for each in moved[:2])
    assert lines[1].startswith("  S 0.5")
    assert f" over {N} personas and 30 items, by logits at temperature 1, R as 10 samples would show it; " in lines[1]
    assert lines[2] == "  model pure, base base, instrument pocket moral"
    assert lines[3] == "  note: demo: not a gate; sensitivity unverified"
    assert list(found["S"].parts)[:2] == ["purity", "care"]
    robust = explain(found["R"]).splitlines()
    value, low, high = _percents(robust[0])
    assert -70 < low <= value <= high < -50
    assert robust[0].endswith("against the base (limit -35%)")
    assert all(each.split(" ")[1].startswith("-") for each in robust[1].partition("moved most: ")[2].split(", "))


def _percents(line):
    found = line.partition("moved by ")[2].partition(" against")[0]
    return [float(part.strip("[],%")) for part in found.split(" ")]


def test_a_rise_of_robustness_is_a_rise():
    (record,) = assert_sr_within_band(Rater("cool", width=0.7), BASE, s_change=None)
    value, low, high = _percents(explain(record).splitlines()[0])
    assert 0 < low <= value <= high
    assert record.change.value < 0


def test_an_undecided_verdict_says_how_many_personas_would_settle_it():
    found = records_of(Rater("uneven", uneven=0.5), BASE)
    assert "more personas would settle it if the estimate is right" in explain(found["S"])
    with pytest.warns(InconclusiveWarning, match="susceptibility"):
        assert_sr_within_band(Rater("uneven", uneven=0.5), BASE)


def test_an_absolute_verdict_is_not_a_movement():
    (record,) = records_of(Rater("alone"), s_band=FRONTIER_S).values()
    lines = explain(record).splitlines()
    assert lines[0].startswith("FAIL: moral susceptibility S is 0.5")
    assert lines[0].endswith("] (limit 0.66 to 0.83)")
    assert "%" not in lines[0]
    assert "by foundation care 0.5" in lines[1]
    assert "base" not in lines[2]
    (record,) = records_of(Rater("alone"), r_min=4.0).values()
    assert explain(record).splitlines()[0].endswith("] (limit 4 or more)")


def test_the_items_that_moved_most_are_named():
    found = records_of(Rater("pure", stretched={"Purity/Sanctity": 3.0}), BASE)
    before, after = (
        rated(each).means.std(axis=0, ddof=1) for each in (BASE, Rater("pure", stretched={"Purity/Sanctity": 3.0}))
    )
    movers = found["S"].movers
    assert len(movers) == 10
    assert {mover["stratum"] for mover in movers[:6]} == {"purity"}
    at = [item.id for item in POCKET.items].index(movers[0]["id"])
    assert (movers[0]["base"], movers[0]["tuned"]) == pytest.approx((before[at], after[at]))
    assert movers[0]["text"] == POCKET.items[at].text
    changes = [abs(mover["change"]) for mover in movers]
    assert changes == sorted(changes, reverse=True)
    hot = Rater("hot", width=2.0)
    most = records_of(hot, BASE)["R"].movers[0]
    at = [item.id for item in POCKET.items].index(most["id"])
    assert most["tuned"] == pytest.approx(rated(hot).sds.mean(axis=0)[at])


@pytest.mark.parametrize("state", STATES)
def test_every_record_survives_json(state):
    found = records_of(STATES[state][0], BASE)
    for record in found.values():
        assert as_json(record) == record
