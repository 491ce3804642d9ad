"""An estimate: what it may be, and what it never is."""

import math

import pytest

from pytest_persona.stats import Estimate

SOUND = {"value": 0.2, "low": 0.1, "high": 0.4, "se": 0.05, "n": 30, "alpha": 0.05, "method": "by hand"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"low": 0.2, "high": 0.2, "se": 0.0},
        {"high": math.inf},
        {"low": -math.inf},
        {"value": math.inf, "high": math.inf, "se": math.inf},
    ],
)
def test_infinity_is_a_value(changes):
    found = Estimate(**SOUND | changes)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize("field", ["value", "low", "high", "se"])
def test_nan_is_none(field):
    with pytest.raises(ValueError, match="is no NaN"):
        Estimate(**SOUND | {field: math.nan})


@pytest.mark.parametrize("changes", [{"low": 0.3}, {"high": 0.1}, {"value": math.inf}, {"value": -math.inf}])
def test_it_lies_between_its_bounds(changes):
    with pytest.raises(ValueError, match="lies between its bounds"):
        Estimate(**SOUND | changes)


def test_an_error_below_nought_is_none():
    with pytest.raises(ValueError, match=r"se -0\.1"):
        Estimate(**SOUND | {"se": -0.1})
