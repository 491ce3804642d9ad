"""Estimators: which there are, how they are told, and which ratings may be compared."""

import itertools
import math

import pytest

from pytest_persona.errors import RatingsError
from pytest_persona.ratings import Estimator

LOGITS = Estimator(kind="logits", temperature=0.1)
SAMPLES = Estimator(kind="sampling", temperature=0.1, samples=10)
OTHERS = {
    "logits at another temperature": Estimator(kind="logits", temperature=1.0),
    "samples at another temperature": Estimator(kind="sampling", temperature=1.0, samples=10),
    "fewer samples": Estimator(kind="sampling", temperature=0.1, samples=5),
    "constrained samples": Estimator(kind="sampling", temperature=0.1, samples=10, constrained=True),
    "logits": LOGITS,
    "samples": SAMPLES,
}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "guess"}, "no estimator 'guess'. Known: logits, sampling"),
        ({"samples": 0}, "sampling needs 1 repetition or more"),
        ({"samples": -1}, "got -1"),
        ({"kind": "logits"}, "logits have none, got 10"),
        ({"temperature": 0.0}, "above 0 and finite, got 0"),
        ({"temperature": -1.0}, "above 0"),
        ({"temperature": math.nan}, "above 0"),
        ({"temperature": math.inf}, "and finite, got inf"),
        ({"temperature": None, "constrained": True}, "only sampling at a known temperature can be constrained"),
        ({"kind": "logits", "samples": 0, "constrained": True}, "only sampling"),
    ],
)
def test_an_impossible_one_is_refused(fields, message):
    with pytest.raises(RatingsError, match=message):
        Estimator(**{"kind": "sampling", "temperature": 0.1, "samples": 10} | fields)


@pytest.mark.parametrize(("first", "second"), itertools.permutations(OTHERS, 2))
def test_ratings_by_others_are_not_compared(first, second):
    with pytest.raises(RatingsError, match="ratings by different estimators cannot be compared") as caught:
        OTHERS[first].must_equal(OTHERS[second])
    for each in (first, second):
        assert str(OTHERS[each]) in str(caught.value)
    assert "as_samples=N" in str(caught.value)


@pytest.mark.parametrize("name", OTHERS)
def test_equals_are_compared(name):
    OTHERS[name].must_equal(OTHERS[name])


def test_an_unsaid_temperature_fits_only_another_unsaid_one():
    unsaid = Estimator(kind="sampling", temperature=None, samples=10)
    unsaid.must_equal(unsaid)
    for other in (SAMPLES, LOGITS, *OTHERS.values()):
        for pair in ((unsaid, other), (other, unsaid)):
            with pytest.raises(RatingsError, match="A file states its temperature in its name"):
                pair[0].must_equal(pair[1])


def test_they_are_told_in_words():
    assert str(LOGITS) == "logits at temperature 0.1"
    assert str(SAMPLES) == "10 samples at temperature 0.1"
    assert str(OTHERS["constrained samples"]) == "10 samples constrained to the ratings at temperature 0.1"
    assert str(Estimator(kind="sampling", temperature=None, samples=3)) == "3 samples at an unstated temperature"
