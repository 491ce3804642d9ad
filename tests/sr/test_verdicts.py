"""assert_sr_within_band: all four verdicts on S and on R, against the base and in a band."""

from dataclasses import replace

import numpy as np
import pytest

from pytest_persona.asserts import (
    FRONTIER_S,
    R_DROP,
    S_CHANGE,
    VerdictError,
    assert_sr_within_band,
)
from pytest_persona.collapse import LEAST_S
from pytest_persona.instruments.moral import SHORT
from pytest_persona.wording import headline
from tests.raters import Rater
from tests.sr.by_hand import (
    AS,
    BASE,
    FAIL,
    FAINT,
    INCONCLUSIVE,
    INVALID,
    PASS,
    STATES,
    as_json,
    rated,
    records_of,
    sampled,
)


@pytest.mark.parametrize("state", STATES)
def test_each_verdict_is_reached(state):
    tuned, outcomes = STATES[state]
    found = records_of(tuned, BASE)
    assert set(found) == {"S", "R"}
    assert {metric: found[metric].outcome for metric in outcomes} == outcomes
    for metric, record in found.items():
        assert (record.axis, record.metric, record.test) == ("moral", metric, "")
        assert (record.items_needed is not None) == (record.outcome is INCONCLUSIVE)
    assert (found["S"].floor, found["S"].margin, found["S"].criterion) == (*S_CHANGE, "equivalence")
    assert (found["R"].floor, found["R"].margin, found["R"].criterion) == (None, R_DROP, "noninferiority")


def test_the_changes_are_those_of_the_ratings():
    tuned = Rater("apart", apart=1.5, width=1.5)
    before, after = rated(BASE), rated(tuned)
    found = records_of(tuned, BASE)
    assert found["S"].change.value == pytest.approx(after.susceptibility().value / before.susceptibility().value - 1)
    assert found["R"].change.value == pytest.approx(1 - after.robustness(**AS).value / before.robustness(**AS).value)
    for record in found.values():
        assert record.change.low < record.change.value < record.change.high
        assert set(record.parts) == set(SHORT.values())
    for name, short in SHORT.items():
        own, theirs = after.only(foundation=name), before.only(foundation=name)
        assert found["S"].parts[short].value == pytest.approx(
            own.susceptibility().value / theirs.susceptibility().value - 1
        )
        assert found["R"].parts[short].value == pytest.approx(
            1 - own.robustness(**AS).value / theirs.robustness(**AS).value
        )
    level = found["R"].tuned.level
    assert (level.value, found["S"].base.level.value) == pytest.approx(
        (after.robustness(**AS).value, before.susceptibility().value)
    )


def test_noisier_ratings_fail_on_robustness():
    """The positive control: noise is injected into recorded ratings."""
    base = sampled()
    rng = np.random.default_rng(3)
    shaken = np.where(rng.random(base.values.shape) < 0.3, rng.choice([-1, 1], base.values.shape), 0)
    noisy = replace(base, name="noisy", values=np.clip(base.values + shaken, 0, 5))
    found = records_of(noisy, base)
    assert found["R"].outcome is FAIL
    assert found["R"].change.value > 0.4
    calm = records_of(sampled("calm", own=0.02), sampled(own=0.02))
    assert {record.outcome for record in calm.values()} == {PASS}


def test_a_level_that_all_personas_share_is_not_apart():
    found = records_of(sampled("higher", up=0.4), sampled())
    assert {record.outcome for record in found.values()} == {PASS}


@pytest.mark.parametrize("tuned", [Rater("faint too", apart=0.1, up=0.5), Rater("apart")])
def test_a_base_that_hardly_plays_personas_decides_nothing_on_their_distance(tuned):
    found = records_of(tuned, FAINT)
    level = rated(FAINT).susceptibility().value
    assert level < LEAST_S
    assert found["S"].outcome is INCONCLUSIVE
    assert found["S"].items_needed is None
    reason = f"the base model hardly tells personas apart (S {level:.3f}, 0.1 needed)"
    assert found["S"].reasons == (reason,)
    assert headline(found["S"]).endswith(f"(limit -30% to +10%); {reason}")
    assert found["R"].outcome in (PASS, FAIL)
    assert as_json(found["S"]) == found["S"]
    mute = records_of(Rater("mute", mass=0.01), FAINT)
    assert mute["S"].outcome is INVALID
    (record,) = assert_sr_within_band(
        Rater("faint too", apart=0.1, up=0.5), FAINT, s_change=None, r_drop=None, s_band=(0, 0.2)
    )
    assert record.outcome is PASS


LEVELS = [
    ({"apart": 1.25}, {"s_band": FRONTIER_S}, PASS),
    ({"apart": 0.5}, {"s_band": FRONTIER_S}, FAIL),
    ({"apart": 2.5}, {"s_band": FRONTIER_S}, FAIL),
    ({"apart": 1.35, "uneven": 0.5}, {"s_band": FRONTIER_S}, INCONCLUSIVE),
    ({}, {"r_min": 3.0}, PASS),
    ({}, {"r_min": 4.6}, FAIL),
    ({}, {"r_min": 4.1}, INCONCLUSIVE),
    ({"mass": 0.01}, {"r_min": 3.0}, INVALID),
    ({"mass": 0.01}, {"s_band": FRONTIER_S}, INVALID),
]


@pytest.mark.parametrize(("numbers", "limits", "outcome"), LEVELS)
def test_an_absolute_band_needs_no_base(numbers, limits, outcome):
    (record,) = records_of(Rater("alone", **numbers), **limits).values()
    assert record.outcome is outcome
    assert record.criterion == "absolute"
    assert (record.base.name, record.base.level) == ("", None)
    assert (record.floor, record.margin) == (limits["s_band"] if "s_band" in limits else (limits["r_min"], None))
    if record.change is not None:
        assert record.change.value == record.tuned.level.value


def test_an_absolute_band_is_asked_beside_the_change():
    found = assert_sr_within_band(Rater("calm"), BASE, s_band=(0.3, 0.8), r_min=2.0)
    assert [(each.metric, each.criterion) for each in found] == [
        ("S", "equivalence"),
        ("R", "noninferiority"),
        ("S", "absolute"),
        ("R", "absolute"),
    ]
    assert [record.metric for record in assert_sr_within_band(Rater("calm"), BASE, s_change=None)] == ["R"]
    assert [record.metric for record in assert_sr_within_band(Rater("calm"), BASE, r_drop=None)] == ["S"]


@pytest.mark.parametrize("change", [0.2, (-0.2, 0.2), [-0.2, 0.2]])
def test_one_number_is_a_band_both_ways(change):
    (record,) = assert_sr_within_band(Rater("calm"), BASE, s_change=change, r_drop=None)
    assert (record.floor, record.margin) == (-0.2, 0.2)


def test_the_level_is_used():
    found = [assert_sr_within_band(Rater("calm"), BASE, alpha=alpha) for alpha in (0.05, 0.2)]
    for wide, narrow in zip(*found, strict=True):
        assert (wide.alpha, narrow.alpha) == (wide.change.alpha, narrow.change.alpha) == (0.05, 0.2)
        assert wide.change.low < narrow.change.low < narrow.change.high < wide.change.high


def test_undecided_official_ratings_do_not_pass_in_a_demo_session():
    kind = {"kind": "official", "name": "moral"}
    tuned, base = sampled("t", apart=1.06, instrument=kind), sampled("b", instrument=kind)
    with pytest.raises(VerdictError, match="INCONCLUSIVE"):
        assert_sr_within_band(tuned, base, s_change=0.06, r_drop=None)
