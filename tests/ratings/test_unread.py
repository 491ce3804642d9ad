"""Unread replies at their worst: no filling of small tables gives more or less, and bounds reach that far."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.ratings import change_between, unread
from pytest_persona.ratings.unread import filled
from pytest_persona.stats import role_play, stratified
from pytest_persona.stats.role_play import susceptibility
from tests.ratings.by_hand import dirichlet, drawn, sampled

NAN = np.nan
relaxed = settings(deadline=None)


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    for room in (role_play, stratified):
        monkeypatch.setattr(room, "RESAMPLES", 299)


@st.composite
def few_replies(draw):
    """Two or three personas, one or two items, up to three replies a cell, of which up to three were not read."""
    shape = draw(st.tuples(st.integers(2, 3), st.integers(1, 2), st.integers(1, 3)))
    size = math.prod(shape)
    values = np.array(draw(st.lists(st.integers(0, 5), min_size=size, max_size=size)), float)
    lost = draw(st.lists(st.integers(0, size - 1), max_size=3, unique=True))
    values[lost] = np.nan
    return sampled(values.reshape(shape))


def completions(ratings, said=range(6)):
    """Every table that the unread replies may have made."""
    places = np.argwhere(np.isnan(ratings.values))
    for replies in itertools.product(said, repeat=len(places)):
        values = ratings.values.copy()
        values[tuple(places.T)] = replies
        yield values


def s_of(values):
    return susceptibility(values.mean(axis=2))


def spread_of(values):
    return values.std(axis=2, ddof=1).mean() if values.shape[2] > 1 else 0.0


@relaxed
@given(few_replies())
def test_no_filling_moves_s_or_r_further(ratings):
    for worst, of in (("apart", s_of), ("unsteady", spread_of)):
        found = of(filled(ratings, worst).values)
        assert max(map(of, completions(ratings))) == pytest.approx(found, abs=1e-9)  # reached by ends, 0 and 5
    for worst, of in (("together", s_of), ("steady", spread_of)):
        found = of(filled(ratings, worst).values)
        assert min(map(of, completions(ratings))) >= found - 1e-9
        finer = min(map(of, completions(ratings, np.linspace(0, 5, 5))))
        assert finer >= found - 1e-9


def by_the_farther_end(ratings):
    """What a simpler rule gives: each unread reply at the end that is farther from the mean of its item."""
    centre = np.nanmean(ratings.values, axis=(0, 2), keepdims=True)
    return np.where(np.isnan(ratings.values), np.where(centre < 2.5, 5.0, 0.0), ratings.values)


def test_the_farther_end_of_each_reply_is_not_the_worst():
    """The twin: the check above can fail."""
    ratings = sampled([[[5.0, NAN]], [[3.0, 3.0]], [[2.0, 2.0]]])
    assert s_of(by_the_farther_end(ratings)) < s_of(filled(ratings, "apart").values) - 0.5


@relaxed
@given(st.data())
def test_any_number_of_replies_and_of_personas_can_be_missing(data):
    """Cells were asked unequally often; ends are tried one by one, for the greatest variance lies at some."""
    size = data.draw(st.integers(2, 7))
    asked = np.array([data.draw(st.integers(1, 6)) for _ in range(size)])
    lost = np.array([data.draw(st.integers(0, count)) for count in asked])
    total = np.array([data.draw(st.integers(0, 5 * int(count))) for count in asked - lost])
    low, high = total / asked, (total + 5 * lost) / asked
    greatest = max(np.var(ends) for ends in itertools.product(*zip(low, high, strict=True)))
    found = unread._farthest(low, high)
    assert ((found == low) | (found == high)).all()
    assert found.var() == pytest.approx(greatest, abs=1e-9)
    nearest = unread._nearest(low, high)
    assert ((low <= nearest) & (nearest <= high)).all()
    mean = nearest.mean()
    assert nearest == pytest.approx(np.clip(mean, low, high), abs=1e-9)  # nobody can come nearer to the mean of all


def test_of_two_choices_with_one_sum_the_wider_apart_counts():
    """Other numbers at their upper ends may add the same; among such choices the sum of squares decides."""
    low, high = np.array([1.6, 1.5, 0.6, 2.0, 0.8]), np.array([3.6, 4.0, 4.6, 2.0, 4.8])
    greatest = max(np.var(ends) for ends in itertools.product(*zip(low, high, strict=True)))
    assert unread._farthest(low, high).var() == pytest.approx(greatest)


def test_many_missing_replies_are_filled_in_no_time():
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 4, 100)
    high = low + rng.uniform(0, 1, 100)
    assert unread._farthest(low, high).var() > np.where(low + high > 5, high, low).var() - 1e-9
    same = unread._farthest(np.zeros(100), np.full(100, 5.0))
    assert sorted(same) == [0.0] * 50 + [5.0] * 50


@relaxed
@given(few_replies(), st.sampled_from(["apart", "together", "steady", "unsteady"]))
def test_what_was_read_stays_and_all_is_filled(ratings, worst):
    found = filled(ratings, worst)
    read = np.isfinite(ratings.values)
    assert (found.values[read] == ratings.values[read]).all()
    assert ((found.values >= 0) & (found.values <= 5)).all()
    assert found.failures == 0
    assert found.kept.all()


def test_a_cell_that_was_asked_less_often_is_filled_to_that():
    values = np.array([[[1.0, NAN, NAN]], [[2.0, 3.0, 4.0]]])
    found = filled(sampled(values, asked=[[2], [3]]), "apart")
    assert np.isfinite(found.values).sum(axis=2).tolist() == [[2], [3]]


def test_an_item_that_nobody_rated_is_half_and_half():
    ratings = sampled([[[NAN], [1.0]], [[NAN], [4.0]]])
    assert sorted(filled(ratings, "apart").values[:, 0, 0]) == [0, 5]
    assert len({*filled(ratings, "together").values[:, 0, 0]}) == 1


def test_nothing_is_filled_where_nothing_is_missing():
    whole, by_logits = drawn(), dirichlet()
    assert filled(whole, "apart") is whole
    assert filled(by_logits, "apart") is by_logits


# the bounds


def lossy(seed=0, share=0.01, **fields):
    return drawn(seed=seed, share_unread=share, **fields)


def test_bounds_reach_as_far_as_the_worst_filling():
    ratings = lossy()
    assert ratings.failures > 0
    for of, up, down in (("susceptibility", "apart", "together"), ("robustness", "steady", "unsteady")):
        found = getattr(ratings, of)()
        assert "unread replies at their worst" in found.method
        assert found.high >= getattr(filled(ratings, up), of)().high - 0.02 * found.value
        assert found.low <= getattr(filled(ratings, down), of)().low + 0.02 * found.value
        assert found.value == getattr(replace(ratings, asked=ratings.rated), of)().value  # as if not asked
        narrow = getattr(replace(ratings, asked=ratings.rated), of)()
        assert found.low < narrow.low < narrow.high < found.high
        assert "unread" not in narrow.method


def test_bounds_of_a_change_reach_as_far_as_the_worst_filling():
    tuned, base = lossy(1, apart=0.9), lossy(0)
    found = change_between(tuned, base)
    ends = [
        change_between(filled(tuned, one), filled(base, other))
        for one, other in (("apart", "together"), ("together", "apart"), ("unsteady", "steady"), ("steady", "unsteady"))
    ]
    assert found.s.high >= ends[0].s.high
    assert found.s.low <= ends[1].s.low
    assert found.inverse_r.high >= ends[2].inverse_r.high
    assert found.inverse_r.low <= ends[3].inverse_r.low
    assert "unread replies at their worst" in found.s.method
    assert "unread replies at their worst" in found.r.method
    as_if = change_between(*(replace(each, asked=each.rated) for each in (tuned, base)))
    assert (found.s.value, found.r.value) == (as_if.s.value, as_if.r.value)
    assert found.s.high - found.s.low > as_if.s.high - as_if.s.low


@pytest.mark.parametrize("side", ["tuned", "base"])
def test_one_lossy_side_is_enough(side):
    sides = {"tuned": drawn(seed=1), "base": drawn(seed=0)} | {side: lossy(2)}
    assert "unread replies at their worst" in change_between(sides["tuned"], sides["base"]).s.method


def test_a_persona_without_any_rating_of_an_item_counts_in_the_bounds_only():
    values = drawn().values
    values[3, 2] = np.nan
    ratings = sampled(values)
    assert ratings.kept.sum() == 39
    found = ratings.susceptibility()
    assert found.n == 39
    rest = sampled(np.delete(values, 3, axis=0))
    assert found.value == rest.susceptibility().value
    assert found.high > rest.susceptibility().high
