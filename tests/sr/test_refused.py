"""assert_sr_within_band: what cannot be asked, or cannot be compared."""

import math
from dataclasses import replace

import pytest

from pytest_persona.asserts import (
    assert_sr_within_band,
)
from pytest_persona.errors import RatingsError
from pytest_persona.ratings import Estimator
from pytest_persona.wording import explain
from tests.raters import Rater, TunedRater
from tests.sr.by_hand import BASE, both, rated, reasons_of, sampled


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"s_change": 0}, "s_change is the accepted change of S"),
        ({"s_change": -0.1}, "s_change is the accepted change of S"),
        ({"s_change": (0.1, 0.3)}, r"got \(0.1, 0.3\). Write 0.1 for 10% either way"),
        ({"s_change": (-1.5, 0.3)}, "s_change"),
        ({"s_change": (-0.3, math.inf)}, "s_change"),
        ({"s_change": math.nan}, "s_change"),
        ({"r_drop": 0}, "between 0 and 1; got 0. Write 0.35 for 35%"),
        ({"r_drop": 1}, "r_drop is a share"),
        ({"r_drop": 35}, "r_drop is a share of the base's R, between 0 and 1; got 35"),
        ({"r_drop": math.nan}, "r_drop"),
        ({"s_band": (0.83, 0.66)}, "s_band is the least and the largest accepted S"),
        ({"s_band": (-0.1, 0.66)}, "s_band"),
        ({"s_band": (0.66, math.inf)}, "s_band"),
        ({"r_min": 0}, "r_min is the least accepted R, above 0; got 0"),
        ({"r_min": math.inf}, "r_min"),
        ({"alpha": 0.5}, r"alpha is the one-sided level of a verdict, in \(0, 0.5\); got 0.5"),
        ({"alpha": 0}, "alpha"),
        ({"s_change": None, "r_drop": None}, "no limits: nothing would be measured"),
    ],
)
def test_bad_limits_are_refused_before_anything_is_asked(limits, says):
    tuned, base = Rater("calm"), Rater("base")
    with pytest.raises(ValueError, match=says):
        assert_sr_within_band(tuned, base, **limits)
    assert tuned.asked == base.asked == 0


def test_without_a_base_or_a_band_there_is_nothing_to_compare_with():
    tuned = Rater("calm")
    for limits in ({}, {"s_change": 0.1}, {"r_drop": 0.1}):
        with pytest.raises(ValueError, match=r"give the base model, .* or an absolute band \(s_band, r_min\)"):
            assert_sr_within_band(tuned, **limits)
    assert tuned.asked == 0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((TunedRater("tuned"), TunedRater("tuned")), None),
        ((BASE, TunedRater("tuned")), "it got a fine-tuned one. Swap them"),
        (("ratings.csv", BASE), "got a str. Read a file of ratings with load_ratings"),
        ((BASE, "pocket"), "got a str. .* a model with load_model"),
        ((None, BASE), "got a NoneType"),
    ],
)
def test_what_is_no_model_is_refused(args, says):
    if says is None:
        assert "the adapter is not applied" in both(*args)
        return
    with pytest.raises(TypeError, match=says):
        assert_sr_within_band(*args)


@pytest.mark.parametrize(
    "other",
    [
        Estimator(kind="sampling", temperature=0.1, samples=10),
        Estimator(kind="sampling", temperature=1.0, samples=5),
        Estimator(kind="sampling", temperature=0.1, samples=5, constrained=True),
    ],
)
def test_estimators_are_never_mixed(other):
    ours = sampled()
    theirs = replace(sampled("theirs"), estimator=other)
    for pair in ((ours, theirs), (theirs, ours)):
        with pytest.raises(RatingsError, match="ratings by different estimators cannot be compared"):
            assert_sr_within_band(*pair)
    unsaid = replace(ours, name="unsaid", estimator=replace(ours.estimator, temperature=None))
    with pytest.raises(RatingsError, match="an unstated temperature"):
        assert_sr_within_band(unsaid, ours)


def test_a_model_is_not_asked_for_what_cannot_be_compared():
    model = Rater("base")
    for pair in ((sampled(), model), (model, sampled())):
        with pytest.raises(RatingsError, match="logits at temperature 1"):
            assert_sr_within_band(*pair)
    assert model.asked == 0
    hot = rated(model).at(0.1)
    with pytest.raises(RatingsError, match="different estimators"):
        assert_sr_within_band(hot, model)


def test_ratings_of_nobody_do_not_count():
    itself = rated(BASE, role_play=False)
    found = reasons_of(rated(Rater("calm"), role_play=False), itself)
    assert all("answered as itself" in each for each in found.values())


def test_ratings_whose_instrument_nobody_knows_are_compared():
    found = assert_sr_within_band(sampled("calm", own=0.02, instrument={}), sampled(own=0.02, instrument={}))
    assert "instrument unnamed moral" in explain(found[0])


@pytest.mark.parametrize("band", [(0.5,), 0.8, (None, 0.83), "ab", (0.1, 0.2, 0.3)])
def test_a_band_is_a_pair_of_numbers(band):
    with pytest.raises(ValueError, match="s_band is a pair of numbers"):
        assert_sr_within_band(sampled(), s_band=band)
