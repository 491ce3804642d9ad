"""Bounds of a stratified mean: what is refused, which method is used when, what always holds, and what they cover."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap, norm

from pytest_persona.stats import clopper_pearson, stratified, stratified_mean

EXACT = "exact (Clopper-Pearson)"
BOOTSTRAP = "studentised bootstrap"
BERNSTEIN = "empirical Bernstein"
REPEATS = 600

relaxed = settings(deadline=None)

# multiples of 1/64 are exact in binary, so that negating and shifting lose nothing
sixty_fourths = st.integers(-64, 64).map(lambda count: count / 64)


@st.composite
def strata(draw, values=sixty_fourths):
    """Two strata: all methods and their mixtures occur."""

    def stratum():
        n = draw(st.sampled_from([1, 2, 5, 30, 40, 60]))
        if draw(st.booleans()):  # some values, over and over
            some = draw(st.lists(values, min_size=min(n, 8), max_size=20, unique=True))
            return [some[index % len(some)] for index in range(n)]
        movers = draw(st.lists(values, max_size=min(n, 9)))
        return movers + [draw(values)] * (n - len(movers))

    return {"Yes": stratum(), "No": stratum()}


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    monkeypatch.setattr(stratified, "RESAMPLES", 999)


def mean_of(data, *, alpha=0.05, minimum=-1, maximum=1, seed=0):
    return stratified_mean(data, alpha=alpha, minimum=minimum, maximum=maximum, seed=seed)


def spread(n, centre=0.0, scale=0.1, seed=0):
    return np.random.default_rng(seed).normal(centre, scale, n).clip(-1, 1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "every stratum needs at least one value"),
        ({"Yes": [0.1], "No": []}, "every stratum needs at least one value"),
        ({"Yes": [[0.1], [0.2]]}, "in one dimension"),
        ({"Yes": 0.1}, "in one dimension"),
        ({"Yes": [0.1, math.nan], "No": [0.1]}, "not finite"),
        ({"Yes": [0.1], "No": [math.inf]}, "not finite"),
        ({"Yes": [0.1], "No": [-math.inf]}, "not finite"),
        ({"Yes": [1.001], "No": [0.0]}, r"outside \[-1, 1\]"),
        ({"Yes": [0.0], "No": [0.0, -1.001]}, r"outside \[-1, 1\]"),
    ],
)
def test_nonsense_is_refused(data, message):
    with pytest.raises(ValueError, match=message):
        mean_of(data)


@pytest.mark.parametrize("alpha", [0, 0.5, -0.05, 1, math.nan])
def test_a_level_out_of_range_is_refused(alpha):
    with pytest.raises(ValueError, match="alpha must be in"):
        mean_of({"Yes": [0.1, 0.2]}, alpha=alpha)


@pytest.mark.parametrize("edge", [-1, 1])
def test_a_rounding_error_beyond_the_range_is_no_nonsense(edge):
    result = mean_of({"Yes": [edge * (1 + 5e-7)] * 30, "No": [edge] * 30})
    assert result.value == edge


def test_the_value_is_the_mean_of_the_means_and_the_error_is_that_of_fixed_strata():
    yes, no = spread(30, 0.2, seed=1), spread(50, -0.1, 0.2, seed=2)
    result = mean_of({"Yes": yes, "No": no})

    def squared_error(values):
        centre = sum(values) / len(values)
        return sum((value - centre) ** 2 for value in values) / (len(values) - 1) / len(values)

    assert result.value == pytest.approx((sum(yes) / 30 + sum(no) / 50) / 2)
    assert result.value != pytest.approx((sum(yes) + sum(no)) / 80, abs=0.01)  # units do not vote by their number
    assert result.se == pytest.approx(math.sqrt(squared_error(yes) + squared_error(no)) / 2)
    assert (result.n, result.alpha) == (80, 0.05)


@pytest.mark.parametrize(
    ("data", "method"),
    [
        pytest.param({"Yes": [0.0] * 30, "No": [0.0] * 30}, EXACT, id="nothing moved"),
        pytest.param({"Yes": [0.0] * 29 + [0.4], "No": [0.0] * 30}, EXACT, id="one moved"),
        pytest.param({"Yes": [0.5], "No": [0.2]}, EXACT, id="one unit each"),
        pytest.param({"Yes": spread(30), "No": spread(30)}, BOOTSTRAP, id="enough that differ"),
        pytest.param({"Yes": spread(29), "No": spread(29)}, BERNSTEIN, id="differ but few"),
        pytest.param({"Yes": spread(30), "No": [0.0] * 30}, f"{BOOTSTRAP}, {EXACT}", id="one half moved"),
        pytest.param({"Yes": spread(30), "No": spread(8)}, f"{BERNSTEIN}, {BOOTSTRAP}", id="few in one half"),
        pytest.param({"Yes": spread(8), "No": [0.0] * 30}, f"{BERNSTEIN}, {EXACT}", id="few and still"),
        pytest.param({"Yes": [0.0] * 30, "No": [0.0] * 10}, EXACT, id="still, but not equally many"),
        pytest.param({"Yes": [0.0] * 20 + [*spread(10)], "No": spread(30)}, BOOTSTRAP, id="ten movers are enough"),
        pytest.param({"Yes": [0.0] * 21 + [*spread(9)], "No": [0.0] * 30}, EXACT, id="nine are not"),
    ],
)
def test_the_method_follows_the_data_and_is_named(data, method):
    assert mean_of(data).method == method


def test_no_change_at_all_is_as_uncertain_as_a_count_of_nought():
    result = mean_of({"Yes": [0.0] * 30, "No": [0.0] * 30})
    expected = clopper_pearson(0, 60, alpha=0.05)[1]
    assert (result.value, result.se) == (0, 0)
    assert result.high == pytest.approx(expected) == pytest.approx(0.0487, abs=1e-4)
    assert result.low == pytest.approx(-expected)


def test_the_percentile_bootstrap_knows_no_uncertainty_there():
    """The twin: what the test above would see if degenerate data were resampled."""
    found = bootstrap(([0.0] * 60,), np.mean, method="percentile", n_resamples=99, rng=0).confidence_interval
    assert found.high - found.low == 0 or math.isnan(found.high)


def test_one_item_that_moved_counts_as_if_it_had_moved_all_the_way():
    result = mean_of({"Yes": [0.0] * 29 + [0.4], "No": [0.0] * 30})
    assert result.value == pytest.approx(0.4 / 60)
    assert result.high == pytest.approx(clopper_pearson(1, 60, alpha=0.05)[1])


def test_still_strata_of_unequal_size_share_the_level():
    result = mean_of({"Yes": [0.0] * 30, "No": [0.0] * 10})
    parts = [clopper_pearson(0, n, alpha=0.025)[1] for n in (30, 10)]
    assert result.high == pytest.approx(sum(parts) / 2)


def test_few_units_have_the_bound_of_maurer_and_pontil():
    values = spread(8, 0.3)
    term = math.log(2 / 0.05)
    radius = math.sqrt(2 * values.var(ddof=1) * term / 8) + 2 * 7 * term / (3 * 7)
    few = stratified_mean({"all": values}, alpha=0.05, minimum=-1, maximum=1)
    assert radius > 1
    assert (few.low, few.high) == (pytest.approx(max(-1, values.mean() - radius)), 1)
    more = spread(29, 0.0, 0.05)
    radius = math.sqrt(2 * more.var(ddof=1) * term / 29) + 2 * 7 * term / (3 * 28)
    assert mean_of({"all": more}).high == pytest.approx(more.mean() + radius)


@pytest.mark.parametrize("names", [["all"], ["Yes", "No"], ["a", "b", "c"]], ids=len)
def test_many_well_behaved_units_have_the_bounds_of_a_normal_mean(names):
    result = mean_of({name: spread(200, seed=index) for index, name in enumerate(names)})
    assert (result.high - result.value) / result.se == pytest.approx(norm.ppf(0.95), abs=0.25)
    assert (result.value - result.low) / result.se == pytest.approx(norm.ppf(0.95), abs=0.25)


def test_strata_that_differ_do_not_widen_the_bounds():
    yes, no = spread(30, 0.3, 0.03, seed=1), spread(30, -0.3, 0.03, seed=2)
    apart, together = mean_of({"Yes": yes, "No": no}), mean_of({"all": np.concatenate([yes, no])})
    assert apart.value == pytest.approx(together.value)
    assert together.high - together.low > 5 * (apart.high - apart.low)


@relaxed
@given(strata(), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_value_lies_between_its_bounds_and_these_in_the_range(data, alpha):
    result = mean_of(data, alpha=alpha)
    assert -1 <= result.low <= result.value <= result.high <= 1
    assert result.high - result.low > 0
    assert result == mean_of(data, alpha=alpha)


@relaxed
@given(strata())
def test_negated_data_have_mirrored_bounds(data):
    result = mean_of(data)
    mirror = mean_of({name: [-value for value in values] for name, values in data.items()})
    assert (mirror.low, mirror.value, mirror.high) == pytest.approx((-result.high, -result.value, -result.low))
    assert mirror.method == result.method


@relaxed
@given(strata(sixty_fourths.map(lambda value: value / 2)), st.integers(-32, 32).map(lambda count: count / 64))
def test_shifted_data_have_shifted_bounds_where_the_range_moves_along(data, shift):
    result = mean_of(data)
    shifted = {name: [value + shift for value in values] for name, values in data.items()}
    moved = mean_of(shifted, minimum=shift - 1, maximum=shift + 1)
    expected = (result.low + shift, result.value + shift, result.high + shift)
    assert (moved.low, moved.value, moved.high) == pytest.approx(expected)


@relaxed
@given(strata())
def test_a_smaller_alpha_is_wider(data):
    narrow, wide = mean_of(data, alpha=0.2), mean_of(data, alpha=0.01)
    assert wide.low <= narrow.low
    assert wide.high >= narrow.high


@relaxed
@given(strata())
def test_the_order_of_units_matters_to_the_resampling_only(data):
    result, again = mean_of(data), mean_of({name: values[::-1] for name, values in data.items()})
    assume(BOOTSTRAP not in result.method)
    assert (again.low, again.value, again.high) == pytest.approx((result.low, result.value, result.high))


def test_another_seed_moves_bootstrap_bounds_a_little():
    data = {"Yes": spread(30, seed=1), "No": spread(30, seed=2)}
    first, second = mean_of(data, seed=0), mean_of(data, seed=1)
    assert first.high != second.high
    assert first.high == pytest.approx(second.high, abs=0.2 * (first.high - first.low))


def bernoulli(rate):
    return lambda rng, n: (rng.random(n) < rate).astype(float), rate


POPULATIONS = {
    "normal": (lambda rng, n: rng.normal(0.05, 0.15, n).clip(-1, 1), 0.05),
    "skewed": (lambda rng, n: rng.beta(0.5, 4, n), 0.5 / 4.5),
    "exponential": (lambda rng, n: rng.exponential(0.08, n).clip(0, 1), 0.08),
    "2% move": bernoulli(0.02),
    "10% move": bernoulli(0.1),
    "30% move": bernoulli(0.3),
    "90% tied": (lambda rng, n: np.where(rng.random(n) < 0.9, 0, rng.random(n)), 0.05),
}


def coverage(draws, truth, bounds, *, n=30):
    """Share of seeded repetitions in which the lower and the upper bound cover the truth."""
    rng = np.random.default_rng(20)
    low, high = np.array([bounds(*(draw(rng, n) for draw in draws)) for _ in range(REPEATS)]).T
    return (low <= truth).mean(), (high >= truth).mean()


def ours(yes, no):
    result = mean_of({"Yes": yes, "No": no})
    return result.low, result.high


def normal_approximation(yes, no):
    result = mean_of({"Yes": yes, "No": no})
    radius = norm.ppf(0.95) * result.se
    return result.value - radius, result.value + radius


LEAST = 0.95 - 3.5 * math.sqrt(0.95 * 0.05 / REPEATS) - 0.01


@pytest.mark.parametrize("name", POPULATIONS)
def test_each_bound_covers(name):
    draw, truth = POPULATIONS[name]
    assert min(coverage([draw, draw], truth, ours)) >= LEAST


def test_each_bound_of_unlike_strata_covers():
    (yes, yes_mean), (no, no_mean) = POPULATIONS["exponential"], POPULATIONS["2% move"]
    assert min(coverage([yes, no], (yes_mean + no_mean) / 2, ours)) >= LEAST


@pytest.mark.parametrize("name", ["2% move", "90% tied"])
def test_the_normal_approximation_does_not_cover(name):
    """The twin: the check above can fail."""
    draw, truth = POPULATIONS[name]
    assert coverage([draw, draw], truth, normal_approximation)[1] < LEAST
