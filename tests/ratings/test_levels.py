"""S, R and profile of one model with bounds: infinite R, the noise of repetitions, the model as itself."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from pytest_persona.errors import RatingsError
from pytest_persona.ratings import levels
from pytest_persona.ratings.table import NO_PERSONA
from pytest_persona.stats import role_play, stratified, stratified_mean
from pytest_persona.stats.few_draws import expected_sd
from tests.ratings.by_hand import dirichlet, drawn, logits, sampled

NAN = np.nan


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    for room in (role_play, stratified):
        monkeypatch.setattr(room, "RESAMPLES", 299)


def steady(personas=40, items=10, samples=5):
    """Personas that lie apart and never vary."""
    cells = np.random.default_rng(0).integers(0, 6, (personas, items, 1))
    return sampled(np.repeat(cells, samples, axis=2).astype(float))


def test_values_are_those_of_the_definition():
    found = drawn()
    deviations = [found.values[:, item].mean(axis=1).std(ddof=1) for item in range(10)]
    assert found.susceptibility().value == pytest.approx(np.mean(deviations))
    assert found.robustness().value == pytest.approx(1 / found.values.std(axis=2, ddof=1).mean())
    assert found.spread().value == pytest.approx(found.values.std(axis=2, ddof=1).mean())
    by_foundation = found.spread(by="foundation")
    assert set(by_foundation) == set(found.foundations)
    assert {name: 1 / each.value for name, each in by_foundation.items()} == pytest.approx(
        {name: each.value for name, each in found.robustness(by="foundation").items()}
    )
    assert found.profile().value == pytest.approx(found.values.mean())
    assert (found.susceptibility().n, found.robustness().n, found.profile().n) == (40, 40, 40)


def test_ratings_that_never_vary_have_an_infinite_r():
    found = steady().robustness()
    assert found.value == found.high == math.inf
    assert 1 < found.low < 10
    assert steady().susceptibility().value > 1
    alone = sampled(steady().values[:1], personas=NO_PERSONA).robustness()
    assert alone.value == math.inf
    assert 0 < alone.low < found.low  # ten items, not forty personas


def test_the_most_that_a_cell_can_vary_is_within_the_range():
    values = np.tile([0.0, 5.0], (40, 10, 1))
    assert sampled(values).robustness().value == pytest.approx(math.sqrt(2) / 5)


def test_repetitions_widen_in_quadrature():
    found = drawn(samples=4, width=0.8)
    narrow = role_play.susceptibility_bounds(found.means, alpha=0.05)
    wide = found.susceptibility()
    error = math.sqrt(wide.se**2 - narrow.se**2)
    reach = norm.ppf(0.95) * error
    assert wide.high == pytest.approx(wide.value + math.hypot(narrow.high - narrow.value, reach))
    assert wide.low == pytest.approx(wide.value - math.hypot(narrow.value - narrow.low, reach))
    assert (wide.value, wide.method) == (narrow.value, f"{narrow.method}, repetitions in quadrature")
    rng = np.random.default_rng(7)
    again = [
        role_play.susceptibility(
            np.take_along_axis(found.values, rng.integers(4, size=(40, 10, 4)), axis=2).mean(axis=2)
        )
        for _ in range(400)
    ]
    assert error == pytest.approx(np.std(again), rel=0.3)  # hundred resamples against four hundred


def test_what_never_varies_is_not_widened():
    assert steady().susceptibility().high == role_play.susceptibility_bounds(steady().means, alpha=0.05).high


@pytest.mark.parametrize("of", ["susceptibility", "robustness"])
def test_repetitions_are_resampled_among_those_that_were_read(of):
    """Gaps are never drawn, wherever in a cell they are, and no cell gets more replies than it had."""
    whole = drawn(samples=2, width=0.8)
    padded = np.full((40, 10, 8), NAN)
    padded[:, :, [3, 6]] = whole.values
    found, expected = (getattr(each, of)() for each in (sampled(padded, asked=whole.asked), whole))
    assert found.value == pytest.approx(expected.value)
    if of == "susceptibility":
        personas = role_play.susceptibility_bounds(whole.means, alpha=0.05).se
        errors = [math.sqrt(each.se**2 - personas**2) for each in (found, expected)]
        assert errors[0] == pytest.approx(errors[1], rel=0.4)  # drawn eight times, it would be half of that
    else:
        assert found.se == pytest.approx(expected.se, rel=0.2)


def test_one_repetition_has_no_noise_to_resample():
    found = drawn(samples=1)
    assert "quadrature" not in found.susceptibility().method
    assert found.robustness().value == math.inf


def test_logits_have_no_repetitions():
    found = dirichlet()
    assert "quadrature" not in found.susceptibility().method + found.robustness().method
    assert found.robustness().value == pytest.approx(1 / found.sds.mean())


def test_the_level_is_used():
    for of in (drawn().susceptibility, drawn().robustness, drawn().profile):
        wide, narrow = of(alpha=0.01), of(alpha=0.2)
        assert (wide.alpha, narrow.alpha) == (0.01, 0.2)
        assert wide.low < narrow.low < narrow.high < wide.high


# errors


def test_s_needs_personas_and_enough_of_them():
    with pytest.raises(RatingsError, match="by hand answered as itself; S needs ratings under role-play"):
        sampled(drawn().values[:1], personas=NO_PERSONA).susceptibility()
    with pytest.raises(RatingsError, match="S of by hand: 29 personas are too few"):
        drawn(29).susceptibility()
    values = drawn(30).values
    values[0, 0] = NAN
    with pytest.raises(RatingsError, match="S of by hand: 29 personas are too few"):
        sampled(values).susceptibility()


def test_personas_that_each_lack_an_item_say_nothing():
    values = drawn().values
    values[np.arange(40), np.arange(40) % 10] = NAN
    with pytest.raises(RatingsError, match="S of by hand: 0 personas are too few"):
        sampled(values).susceptibility()
    with pytest.raises(RatingsError, match="R of by hand: no persona has a rating for every item"):
        sampled(values).robustness()
    with pytest.raises(RatingsError, match="profile of by hand: no persona has a rating for every item"):
        sampled(values).profile()


# as itself


def test_r_unc_is_over_items():
    values = drawn(1, 30, 10, width=0.8).values
    found = sampled(values, personas=NO_PERSONA).robustness()
    sds = values[0].std(axis=1, ddof=1)
    spread = stratified_mean({"items": sds}, alpha=0.05, minimum=0, maximum=3.6)
    assert (found.value, found.n) == (pytest.approx(1 / sds.mean()), 30)
    assert found.low == pytest.approx(1 / spread.high)
    assert "quadrature" not in found.method


def test_an_item_of_itself_without_a_rating_is_left_out_of_r_and_refused_of_the_profile():
    values = drawn(1, 30, 10, width=0.8).values
    values[0, 4] = NAN
    found = sampled(values, personas=NO_PERSONA)
    assert found.robustness().value == pytest.approx(1 / np.delete(values[0], 4, axis=0).std(axis=1, ddof=1).mean())
    with pytest.raises(RatingsError, match="profile of by hand: 1 items have no rating"):
        found.profile()


def test_the_profile_of_itself_has_the_error_of_its_repetitions():
    values = drawn(1, 30, 10, width=0.8).values
    found = sampled(values, personas=NO_PERSONA).profile()
    se = math.sqrt((values[0].var(axis=1, ddof=1) / 10).sum()) / 30
    assert (found.value, found.se) == (pytest.approx(values.mean()), pytest.approx(se))
    assert found.high == pytest.approx(found.value + norm.ppf(0.95) * se)
    exact = replace(dirichlet(1), personas=NO_PERSONA).profile()
    assert exact.low == exact.value == exact.high
    ceiling = sampled(np.full((1, 30, 10), 5.0), personas=NO_PERSONA).profile()
    assert (ceiling.low, ceiling.high) == (5, 5)


# as samples would show


def test_r_as_samples_is_that_of_the_expected_deviation():
    found = dirichlet()
    assert found.robustness(as_samples=10).value == pytest.approx(1 / expected_sd(found.probabilities, 10).mean())
    assert found.robustness().value < found.robustness(as_samples=10).value < found.robustness(as_samples=3).value


def test_s_as_samples_holds_the_noise_of_their_means():
    found = dirichlet(100)
    rng = np.random.default_rng(0)
    simulated = []
    for _ in range(200):
        counts = rng.multinomial(10, found.probabilities)
        simulated.append(role_play.susceptibility(counts @ np.arange(6.0) / 10))
    estimate = found.susceptibility(as_samples=10)
    assert estimate.value == pytest.approx(np.mean(simulated), rel=0.01)
    assert estimate.value > found.susceptibility().value
    assert estimate.low / estimate.value == pytest.approx(found.susceptibility().low / found.susceptibility().value)
    many = found.susceptibility(as_samples=10**6)
    assert many.value == pytest.approx(found.susceptibility().value, rel=1e-4)


def test_personas_that_agree_seem_apart_in_few_samples():
    found = logits(np.tile(np.full(6, 1 / 6), (40, 5, 1)))
    assert found.susceptibility().value == pytest.approx(0, abs=1e-12)
    assert found.susceptibility(as_samples=4).value == pytest.approx(math.sqrt(35 / 12 / 4))


@pytest.mark.parametrize(("of", "number"), [("robustness", 1), ("robustness", 31), ("susceptibility", 0)])
def test_a_number_of_samples_that_says_nothing_is_refused(of, number):
    with pytest.raises(RatingsError, match=f"as_samples={number}: "):
        getattr(dirichlet(), of)(as_samples=number)


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_cells_are_computed_one_way(seed):
    """The way for whole tables and that for tables with gaps agree."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 6, (3, 2, 4)).astype(float)
    holes = values.copy()
    holes[rng.random(values.shape) < 0.3] = NAN
    for table in (values, holes):
        for cell, mean, sd in zip(
            table.reshape(6, 4), levels.cell_means(table).ravel(), levels.cell_sds(table).ravel(), strict=True
        ):
            read = cell[~np.isnan(cell)]
            assert mean == pytest.approx(read.mean() if read.size else NAN, nan_ok=True)
            assert sd == pytest.approx(read.std(ddof=1) if read.size > 1 else (0 if read.size else NAN), nan_ok=True)
