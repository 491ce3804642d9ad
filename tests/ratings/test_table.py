"""The array of ratings: what it refuses, what it says of each cell, and what leaves S and R alone."""

import math
import statistics
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.errors import RatingsError
from pytest_persona.ratings.table import BINDING, NO_PERSONA
from pytest_persona.stats import role_play, stratified
from tests.ratings.by_hand import ITEMS, MFQ, dirichlet, drawn, logits, sampled

NAN = np.nan
relaxed = settings(deadline=None, max_examples=20)


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    for room in (role_play, stratified):
        monkeypatch.setattr(room, "RESAMPLES", 299)


# what is refused


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"values": np.zeros((3, 4, 2))}, r"values \(3, 4, 2\) and asked \(2, 4\) do not fit \(2, 4\)"),
        ({"values": np.zeros((2, 4))}, "do not fit"),
        ({"values": np.zeros((2, 4, 0))}, "do not fit"),
        ({"asked": np.ones((2, 3), int)}, "do not fit"),
        ({"personas": (), "values": np.zeros((0, 4, 2)), "asked": np.ones((0, 4), int)}, "do not fit"),
        ({"asked": np.array([[2, 2, 2, 0], [2, 2, 2, 2]])}, "a cell was not asked"),
        ({"foundations": MFQ[:3]}, "4 items have 3 foundations"),
        ({"texts": ("x",)}, "4 items have"),
        ({"personas": ("p0", "p0")}, "a persona is there twice"),
        ({"items": ("1", "2", "2", "4")}, "a item is there twice"),
        ({"values": np.full((2, 4, 2), 5.5)}, "outside 0 to 5"),
        ({"values": np.full((2, 4, 2), -1.0)}, "outside 0 to 5"),
        ({"values": np.full((2, 4, 2), math.inf)}, "outside 0 to 5"),
        ({"asked": np.ones((2, 4), int)}, "more ratings than replies"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    whole = sampled(np.full((2, 4, 2), 3.0))
    with pytest.raises(RatingsError, match=message):
        replace(whole, **changes)


@pytest.mark.parametrize("values", [np.zeros((2, 4, 5)), np.full((2, 4, 6), 0.01), np.full((2, 4, 6), math.inf)])
def test_logits_are_log_probabilities_of_six_ratings(values):
    whole = logits(np.full((2, 4, 6), 1 / 6))
    with pytest.raises(RatingsError, match="log-probabilities of the six ratings"):
        replace(whole, values=values)


# cells


def test_the_mean_and_the_deviation_of_a_cell_are_those_of_what_was_read():
    found = sampled([[[4, 5, NAN, 3], [2, NAN, NAN, NAN], [NAN] * 4]])
    assert found.means[0, :2].tolist() == [4, 2]
    assert found.sds[0, :2] == pytest.approx([statistics.stdev([4, 5, 3]), 0])  # a single rating does not vary
    assert np.isnan([found.means[0, 2], found.sds[0, 2]]).all()
    assert found.rated.tolist() == [[3, 1, 0]]
    assert (found.failures, found.unread_share) == (8, 8 / 12)


def test_a_whole_table_and_one_with_gaps_are_computed_alike():
    whole = drawn(share_unread=0.0)
    padded = np.concatenate([whole.values, np.full((*whole.values.shape[:2], 1), NAN)], axis=2)
    gaps = sampled(padded, asked=whole.asked)
    assert gaps.failures == 0
    assert gaps.means == pytest.approx(whole.means)
    assert gaps.sds == pytest.approx(whole.sds)
    assert whole.sds == pytest.approx(whole.values.std(axis=2, ddof=1))


def test_a_persona_without_a_rating_of_some_item_is_left_out():
    values = drawn().values
    values[[3, 7], [2, 0]] = NAN
    found, rest = sampled(values), sampled(np.delete(values, [3, 7], axis=0))
    assert np.flatnonzero(~found.kept).tolist() == [3, 7]
    for of in ("susceptibility", "robustness", "profile"):
        assert getattr(found, of)().value == pytest.approx(getattr(rest, of)().value)
        assert getattr(found, of)().n == 38


def test_a_cell_by_logits_has_the_mean_and_deviation_of_its_distribution():
    shares = np.array([0.1, 0.0, 0.2, 0.3, 0.0, 0.4])
    found = logits(shares[None, None] * 0.3)  # not normalised
    mean = sum(n * share for n, share in enumerate(shares))
    assert found.probabilities[0, 0] == pytest.approx(shares)
    assert found.means[0, 0] == pytest.approx(mean)
    assert found.sds[0, 0] == pytest.approx(math.sqrt(sum((n - mean) ** 2 * share for n, share in enumerate(shares))))


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_another_temperature_sharpens_or_flattens(temperature):
    found = dirichlet().at(temperature)
    scaled = np.exp(dirichlet().values) ** (1 / temperature)
    assert found.estimator.temperature == temperature
    assert found.probabilities == pytest.approx(scaled / scaled.sum(axis=2, keepdims=True))


def test_cold_logits_are_certain():
    found = dirichlet().at(1e-5)
    assert found.means == pytest.approx(dirichlet().values.argmax(axis=2))
    assert found.robustness().value > 1e3


def test_cells_by_logits_without_a_number_are_failures():
    values = dirichlet().values.copy()
    values[0, 0] = -math.inf  # all of them impossible
    values[1, 1] = NAN
    found = replace(dirichlet(), values=values)
    assert found.failures == 2
    assert found.rated.sum() == 398
    assert found.unread_share == 2 / 400
    assert found.susceptibility().n == 38
    assert found.robustness(as_samples=10).n == 38


def test_what_only_logits_know_is_refused_of_samples():
    found = drawn()
    for ask in (
        lambda: found.probabilities,
        lambda: found.at(1.0),
        lambda: found.robustness(as_samples=10),
        lambda: found.susceptibility(as_samples=10),
    ):
        with pytest.raises(RatingsError, match=r"by hand was rated by 5 samples at temperature 0\.1; only logits"):
            ask()


def test_retries_are_a_share_of_all_replies():
    assert drawn(retried=2000).retried_share == 2000 / 4000
    assert drawn().retried_share == 0


# parts


def test_a_part_holds_what_was_asked_for_in_its_order():
    whole = drawn(mass=np.arange(400).reshape(40, 10) / 400)
    part = whole.only(personas=("p5", "p2"), items=("3", "1"))
    assert (part.personas, part.items) == (("p5", "p2"), ("3", "1"))
    assert (part.foundations, part.texts) == ((MFQ[2], MFQ[0]), ("item 3", "item 1"))
    for name in ("values", "asked", "mass"):
        assert (getattr(part, name) == getattr(whole, name)[np.ix_([5, 2], [2, 0])]).all()
    assert part.estimator == whole.estimator


def test_the_parts_of_a_foundation_are_its_items():
    whole = drawn(items=30)
    found = whole.susceptibility(by="foundation")
    assert tuple(found) == MFQ[:5]
    for name, estimate in found.items():
        part = whole.only(foundation=name)
        assert part.items == tuple(item for item, own in zip(ITEMS, MFQ, strict=True) if own == name)
        assert estimate == part.susceptibility()
        assert whole.robustness(by="foundation")[name] == part.robustness()
        assert whole.profile(by="foundation")[name] == part.profile()
    assert np.mean([each.value for each in found.values()]) == pytest.approx(whole.susceptibility().value)


def test_there_is_one_decomposition():
    with pytest.raises(RatingsError, match=r"no decomposition by 'section'\. Known: foundation"):
        drawn().profile(by="section")


def test_the_binding_mean_and_the_range_are_of_foundations():
    values = np.array([[[0.0], [1.0], [5.0], [4.0], [3.0], [2.0]]])
    found = sampled(values, personas=NO_PERSONA)
    assert MFQ[2:5] == BINDING
    assert found.binding_mean == pytest.approx(4)
    assert found.foundation_range == pytest.approx(5 - 1)  # 0 and 2 are of one foundation
    part = found.only(items=ITEMS[:4])
    with pytest.raises(RatingsError, match="has no items of Purity/Sanctity"):
        _ = part.binding_mean


# what S and R do not mind


@relaxed
@given(st.integers(0, 10**6), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_personas_items_and_repetitions_says_nothing(seed, random, lossy):
    first = drawn(30, 5, 3, seed=seed, share_unread=0.02 if lossy else 0.0)
    values = first.values.copy()
    for cell in values.reshape(-1, 3):
        random.shuffle(cell)
    people, items = random.sample(first.personas, 30), random.sample(first.items, 5)
    second = replace(first, values=values).only(personas=tuple(people), items=tuple(items))
    assert first.susceptibility().value == pytest.approx(second.susceptibility().value)
    assert first.robustness().value == pytest.approx(second.robustness().value)
    assert first.profile().value == pytest.approx(second.profile().value)


@relaxed
@given(st.integers(0, 10**6), st.lists(st.integers(-1, 1), min_size=5, max_size=5))
def test_the_level_of_an_item_says_nothing(seed, levels):
    values = np.clip(drawn(30, 5, 3, seed=seed).values, 1, 4)
    first, second = sampled(values), sampled(values + np.array(levels)[None, :, None])
    assert first.susceptibility().value == pytest.approx(second.susceptibility().value)
    assert first.robustness().value == pytest.approx(second.robustness().value)


def test_the_level_of_a_persona_does_say_something():
    """The twin: what is added to an item for everybody is not added to one persona."""
    values = np.clip(drawn(30, 5, 3).values, 1, 4)
    raised = values + (np.arange(30) % 2)[:, None, None]
    assert sampled(raised).susceptibility().value > sampled(values).susceptibility().value + 0.01
