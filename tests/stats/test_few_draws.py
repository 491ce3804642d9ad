"""What a few draws would show on average: against every outcome, against simulation, and what always holds."""

import itertools
import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.stats import few_draws
from pytest_persona.stats.few_draws import MOST_DRAWS, expected_sd

relaxed = settings(deadline=None)
SKEWED = [0.05, 0.1, 0.05, 0.2, 0.0, 0.6]


def normalised(weights):
    return [weight / sum(weights) for weight in weights]


distributions = st.lists(st.integers(0, 20), min_size=2, max_size=6).filter(any).map(normalised)


def by_enumeration(probabilities, draws):
    """Every ordered sequence of draws, weighed with its probability."""
    return sum(
        math.prod(probabilities[value] for value in sequence) * statistics.stdev(sequence)
        for sequence in itertools.product(range(len(probabilities)), repeat=draws)
    )


def sigma(probabilities):
    values = np.arange(len(probabilities))
    return math.sqrt(max(0.0, np.dot(probabilities, values**2) - np.dot(probabilities, values) ** 2))


@relaxed
@given(distributions, st.integers(2, 4))
def test_it_is_the_mean_over_every_outcome(probabilities, draws):
    assert expected_sd(probabilities, draws) == pytest.approx(by_enumeration(probabilities, draws), abs=1e-12)


def test_the_plug_in_is_another_number():
    """The twin: neither the deviation of the distribution nor that of a sample divided by n would pass above."""
    found = by_enumeration(SKEWED, 3)
    assert sigma(SKEWED) != pytest.approx(found, rel=0.1)
    assert sigma(SKEWED) * math.sqrt(2 / 3) != pytest.approx(found, rel=0.01)


def test_ten_draws_agree_with_simulation():
    drawn = np.random.default_rng(0).choice(6, size=(100_000, 10), p=SKEWED).std(axis=1, ddof=1)
    assert expected_sd(SKEWED, 10) == pytest.approx(drawn.mean(), abs=4 * drawn.std() / math.sqrt(len(drawn)))


@relaxed
@given(distributions)
def test_it_lies_below_the_deviation_and_rises_with_the_draws(probabilities):
    found = [float(expected_sd(probabilities, draws)) for draws in (2, 3, 5, 10)]
    assert found == sorted(found)
    assert 0 <= found[0] <= found[-1] <= sigma(probabilities) + 1e-9
    if np.count_nonzero(probabilities) > 1:
        assert found[0] < found[-1] < sigma(probabilities)


def test_many_draws_come_near_the_deviation():
    assert expected_sd(SKEWED, MOST_DRAWS) == pytest.approx(sigma(SKEWED), rel=0.02)


@pytest.mark.parametrize("value", range(6))
def test_what_is_certain_never_varies(value):
    assert expected_sd(np.eye(6)[value], 10) == 0


@relaxed
@given(distributions, st.integers(2, 10))
def test_the_scale_has_no_direction(probabilities, draws):
    assert expected_sd(probabilities[::-1], draws) == pytest.approx(float(expected_sd(probabilities, draws)), abs=1e-9)


def test_rows_keep_their_places(monkeypatch):
    rows = np.random.default_rng(1).dirichlet(np.ones(6), size=(3, 4))
    whole = expected_sd(rows, 5)
    assert whole.shape == (3, 4)
    assert whole[1, 2] == pytest.approx(float(expected_sd(rows[1, 2], 5)))
    monkeypatch.setattr(few_draws, "_CELLS_AT_ONCE", 1)  # one row at a time
    assert expected_sd(rows, 5) == pytest.approx(whole)
    assert expected_sd(np.empty((0, 6)), 5).shape == (0,)


@pytest.mark.parametrize("draws", [-1, 0, 1, MOST_DRAWS + 1])
def test_a_number_of_draws_without_an_answer_is_refused(draws):
    with pytest.raises(ValueError, match=f"2 to {MOST_DRAWS} draws here, got {draws}"):
        expected_sd(SKEWED, draws)


@pytest.mark.parametrize("row", [[0.5, 0.4], [1.2, -0.2], [math.nan, 1.0], [math.inf, 0.0], [0.0, 0.0]])
def test_what_is_no_distribution_is_refused(row):
    with pytest.raises(ValueError, match="at least 0 and sum to 1"):
        expected_sd([[0.5, 0.5], row], 3)
