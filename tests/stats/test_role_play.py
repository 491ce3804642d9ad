"""S, its change and that of 1/R: the values, what leaves them alone, what is refused, and what the bounds cover."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import t as student

from pytest_persona.stats import Estimate, clopper_pearson, role_play, stratified_mean
from pytest_persona.stats.role_play import (
    robustness_from,
    spread_change,
    susceptibility,
    susceptibility_bounds,
    susceptibility_change,
)

ALPHA = 0.05
ITEMS = 30
LEVEL = np.linspace(1, 4, ITEMS)
LOADING = np.linspace(1, 0.5, ITEMS)
EXACT = "exact (Clopper-Pearson)"
REPEATS = 200

relaxed = settings(deadline=None, max_examples=25)
quick = settings(deadline=None)
# multiples of 1/8 are exact in binary, so that adding and doubling lose nothing
eighths = st.integers(0, 40).map(lambda count: count / 8)
small = arrays.arrays(np.float64, st.tuples(st.integers(2, 8), st.integers(1, 4)), elements=eighths)


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    monkeypatch.setattr(role_play, "RESAMPLES", 299)


def drawn(personas=40, seed=0, *, apart=0.7, items=ITEMS):
    """Means of personas that differ, (personas, items), well within the scale."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0, apart, (personas, 1)) * LOADING[:items]
    return np.clip(LEVEL[:items] + common + rng.normal(0, 0.3, (personas, items)), 0, 5)


def moved(base, seed=1, *, factor=1.3):
    """A tuned model's means: those of base, apart by a factor, with noise of their own."""
    noise = np.random.default_rng(seed).normal(0, 0.2, base.shape)
    return base.mean(axis=0) + factor * (base - base.mean(axis=0)) + noise


def bounds(means, **settings):
    return susceptibility_bounds(means, alpha=ALPHA, **settings)


def change(tuned, base, **settings):
    return susceptibility_change(tuned, base, alpha=ALPHA, **settings)


def figures(estimate):
    return estimate.low, estimate.value, estimate.high


# values


@quick
@given(small)
def test_s_is_the_mean_of_the_items_standard_deviations(means):
    expected = statistics.fmean(statistics.stdev(column) for column in means.T.tolist())
    assert susceptibility(means) == pytest.approx(expected, abs=1e-12)


def test_dividing_by_the_number_of_personas_gives_another_s():
    """The twin: the equation as it is printed would not pass above."""
    means = drawn(10)
    assert susceptibility(means) == pytest.approx(means.std(axis=0).mean() * math.sqrt(10 / 9))


def test_one_persona_has_no_s():
    assert math.isnan(susceptibility(drawn(1)))


@quick
@given(small, st.randoms(use_true_random=False), st.integers(-16, 16))
def test_s_does_not_mind_order_or_the_level_of_an_item(means, random, eighth):
    rows, columns = (random.sample(range(size), size) for size in means.shape)
    shifted = means.copy()
    shifted[:, 0] += eighth / 8
    assert susceptibility(means[np.ix_(rows, columns)]) == pytest.approx(susceptibility(means), abs=1e-12)
    assert susceptibility(shifted) == pytest.approx(susceptibility(means), abs=1e-12)
    assert susceptibility(2 * means) == pytest.approx(2 * susceptibility(means), abs=1e-12)


def test_the_value_and_the_error_are_the_samples_own():
    means = drawn()
    found = bounds(means)
    assert found.value == susceptibility(means)
    left_out = [math.log(susceptibility(np.delete(means, at, axis=0))) for at in range(40)]
    assert found.se == pytest.approx(found.value * np.std(left_out) * math.sqrt(39))  # the jackknife
    assert (found.n, found.alpha) == (40, ALPHA)


# what the bounds are made of


def test_a_resample_by_weights_is_a_resample_of_rows():
    means = drawn(30, items=4)
    weights = np.random.default_rng(0).multinomial(30, np.full(30, 1 / 30), size=5).astype(float)
    logs = role_play._logs_of_susceptibility(means, weights)
    population = means.std(axis=0).mean()  # the sample taken as a population
    for at, row in enumerate(weights.astype(int)):
        again = np.repeat(means, row, axis=0)
        assert logs.moved[at] == pytest.approx(math.log(susceptibility(again) / population))
    for at in range(30):
        assert logs.without[at] == pytest.approx(math.log(susceptibility(np.delete(means, at, axis=0))))
    logs = role_play._logs_of_mean(means[:, :1], weights)
    for at, row in enumerate(weights.astype(int)):
        assert logs.moved[at] == pytest.approx(math.log(np.repeat(means[:, 0], row).mean() / means[:, 0].mean()))


def by_jackknife(means):
    """The bounds of Tukey (1958) on the logarithm, from S without each persona."""
    units, value = len(means), math.log(susceptibility(means))
    left_out = [math.log(susceptibility(np.delete(means, at, axis=0))) for at in range(units)]
    pseudo = [units * value - (units - 1) * each for each in left_out]
    reach = student.ppf(1 - ALPHA, units - 1) * np.std(pseudo, ddof=1) / math.sqrt(units)
    return math.exp(np.mean(pseudo) - reach), math.exp(np.mean(pseudo) + reach)


def test_a_bound_is_the_farther_one_of_two():
    """With few personas and many items S is biased, as the jackknife shows; with a few far personas, it is skewed."""
    means = LEVEL + np.random.default_rng(3).normal(0, 0.5, (30, ITEMS))
    low, high = by_jackknife(means)
    assert bounds(means).high == pytest.approx(high)
    assert bounds(means).low <= low
    means[:2] = 0
    assert bounds(means).high > 1.1 * by_jackknife(means)[1]


@pytest.mark.parametrize("kind", ["S", "mean"])
def test_influences_are_slopes(kind):
    """A little more weight on a persona moves the logarithm by that much of its influence."""
    values = drawn(30, items=4) if kind == "S" else drawn(30, items=1)
    of = {"S": role_play._logs_of_susceptibility, "mean": role_play._logs_of_mean}[kind]
    even, step = np.ones(30), 1e-7
    logs = of(values, even[None, :])
    for at in (0, 7, 29):
        tilted = (even + step * 30 * (np.arange(30) == at)) / (1 + step)  # thirty, as even
        risen = of(values, tilted[None, :]).moved[0]
        assert (risen - logs.moved[0]) / step == pytest.approx(logs.influences[0, at], rel=1e-3)
    assert logs.influences[0].sum() == pytest.approx(0, abs=1e-9)


def test_a_change_of_the_resamples_is_heeded(monkeypatch):
    """What is kept between calls is kept under all that it depends on."""
    few = bounds(drawn())
    monkeypatch.setattr(role_play, "RESAMPLES", 999)
    assert bounds(drawn()).high != few.high
    assert role_play._weights(40, 0, 999).shape == (999, 40)


def test_equal_data_have_equal_bounds_and_another_seed_nearly():
    means = drawn(100)
    first, again, other = bounds(means), bounds(means.copy()), bounds(means, seed=1)
    assert first == again
    assert first.high != other.high
    assert first.high == pytest.approx(other.high, rel=0.05)


# what the bounds do not mind


@relaxed
@given(st.integers(0, 10**6), st.floats(0.2, 1), st.randoms(use_true_random=False))
def test_bounds_follow_the_scale_and_nothing_else(seed, factor, random):
    means = drawn(30, seed, items=4)
    found = bounds(means)
    columns = random.sample(range(4), 4)
    levels = np.array([random.uniform(-0.5, 0.5) for _ in range(4)])
    assert figures(bounds(means[:, columns])) == pytest.approx(figures(found))
    assert figures(bounds(means + levels)) == pytest.approx(figures(found))
    assert figures(bounds(factor * means)) == pytest.approx([factor * each for each in figures(found)])
    rows = random.sample(range(30), 30)  # moves which rows are drawn
    again = bounds(means[rows])
    assert (again.value, again.se) == pytest.approx((found.value, found.se))
    assert again.high == pytest.approx(found.high, rel=0.3)


@relaxed
@given(st.integers(0, 10**6), st.floats(0.2, 2))
def test_a_relative_change_follows_the_scale(seed, factor):
    base = drawn(30, seed, items=4)
    tuned = moved(base, seed + 1)
    found = change(tuned, base)
    assert found.value == pytest.approx(susceptibility(tuned) / susceptibility(base) - 1)
    expected = [factor * (1 + each) - 1 for each in figures(found)]
    assert figures(change(factor * tuned, base)) == pytest.approx(expected)
    assert figures(change(tuned + 1, base - 0.5)) == pytest.approx(figures(found))
    spreads, others = tuned.std(axis=1), base.std(axis=1)
    expected = [factor * (1 + each) - 1 for each in figures(spread_change(spreads, others, alpha=ALPHA))]
    assert figures(spread_change(factor * spreads, others, alpha=ALPHA)) == pytest.approx(expected)


@relaxed
@given(st.integers(0, 10**6))
def test_swapped_sides_have_inverse_changes(seed):
    base = drawn(30, seed, items=4)
    tuned = moved(base, seed + 1)
    for of, sides in ((susceptibility_change, (tuned, base)), (spread_change, (tuned.std(axis=1), base.std(axis=1)))):
        there, back = of(*sides, alpha=ALPHA), of(*sides[::-1], alpha=ALPHA)
        assert [1 / (1 + each) for each in figures(there)] == pytest.approx([1 + each for each in figures(back)][::-1])


@relaxed
@given(st.integers(0, 10**6))
def test_a_smaller_alpha_is_wider(seed):
    means = drawn(30, seed, items=4)
    wide, narrow = (susceptibility_bounds(means, alpha=alpha) for alpha in (0.01, 0.2))
    assert 0 < wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high


def test_pairing_narrows_a_change():
    base = drawn(60)
    tuned = moved(base)
    paired, unpaired = change(tuned, base), change(tuned[::-1], base)
    assert paired.value == pytest.approx(unpaired.value)
    assert unpaired.high - unpaired.low > 2 * (paired.high - paired.low)


# few, alike, or still


@pytest.mark.parametrize(
    ("means", "message"),
    [
        (drawn(29), "29 personas are too few to bound anything; 30 or more are needed"),
        (drawn()[:0], "0 personas are too few"),
        (drawn()[:, :0], "means must be finite"),
        (drawn()[:, 0], "means must be finite"),
        (np.where(drawn() > 4.5, math.nan, drawn()), "means must be finite"),
        (np.where(drawn() > 4.5, math.inf, drawn()), "means must be finite"),
    ],
)
def test_nonsense_is_refused(means, message):
    with pytest.raises(ValueError, match=message):
        bounds(means)
    if means.ndim == 2:
        with pytest.raises(ValueError, match=message):
            change(means, means)


@pytest.mark.parametrize("alpha", [0, 0.5, -0.05, 1, math.nan])
def test_a_level_out_of_range_is_refused(alpha):
    with pytest.raises(ValueError, match="alpha must be in"):
        susceptibility_bounds(drawn(), alpha=alpha)
    with pytest.raises(ValueError, match="alpha must be in"):
        spread_change(drawn()[:, 0], drawn(seed=1)[:, 0], alpha=alpha)


def test_sides_of_other_shapes_are_refused():
    for tuned, base in ((drawn(41), drawn(40)), (drawn(items=4), drawn(items=5))):
        with pytest.raises(ValueError, match="both sides need the same personas and items"):
            change(tuned, base)
    with pytest.raises(ValueError, match="both sides need the same personas"):
        spread_change(np.ones(40), np.ones(41), alpha=ALPHA)


def alike(personas, movers, seed=0):
    """Personas that all answer in one way, but for some."""
    means = np.tile(LEVEL, (personas, 1))
    means[:movers] = drawn(movers, seed) if movers else means[:0]
    return means


@pytest.mark.parametrize("personas", [30, 100])
def test_personas_that_are_all_alike_are_as_uncertain_as_a_count_of_nought(personas):
    found = bounds(alike(personas, 0))
    share = clopper_pearson(0, personas, alpha=ALPHA)[1]
    assert (found.low, found.se, found.method) == (0, 0, EXACT)
    assert found.value == pytest.approx(0, abs=1e-12)
    assert found.high == pytest.approx(5 * math.sqrt(share * (1 - share)))


@pytest.mark.parametrize(("movers", "exact"), [(1, True), (9, True), (10, False), (30, False)])
def test_bounds_of_few_that_answer_otherwise_are_exact(movers, exact):
    found = bounds(alike(40, movers))
    assert (found.method == EXACT) is exact
    if exact:
        share = min(0.5, clopper_pearson(movers, 40, alpha=ALPHA)[1])
        assert found.high == pytest.approx(5 * math.sqrt(share * (1 - share)))
        assert found.low == 0 < found.value < found.high
    else:
        assert 0 < found.low < found.value < found.high < 2.5


def test_no_bootstrap_sees_what_few_that_answer_otherwise_may_hide():
    """The twin: 3% of all personas may lie at the other end of the scale, and none be in the sample or a resample."""
    means = alike(40, 0)
    again = means[np.random.default_rng(0).integers(40, size=(99, 40))]
    assert [susceptibility(each) for each in again] == pytest.approx([0] * 99)
    truth = 5 * math.sqrt(0.03 * 0.97)
    assert bounds(means).high > truth > 0


def test_rounding_does_not_make_personas_differ():
    means = alike(40, 0) + np.random.default_rng(0).normal(0, 1e-9, (40, ITEMS))
    assert bounds(means).method == EXACT


def test_an_item_on_which_all_agree_counts_as_nought():
    means = drawn()
    means[:, 3] = 2.0
    found, rest = bounds(means), bounds(np.delete(means, 3, axis=1))
    assert figures(found) == pytest.approx([each * 29 / 30 for each in figures(rest)])
    base = moved(means, factor=0.8)
    assert math.isfinite(change(base, means).high)


@pytest.mark.parametrize(("side", "at"), [("tuned", 0), ("base", 1)])
def test_nothing_bounds_a_change_where_few_answer_otherwise(side, at):
    sides = [drawn(), drawn(seed=1)]
    sides[at] = alike(40, 9)
    message = f"only 9 of the {side} model's 40 personas answer otherwise than the rest .10 needed"
    with pytest.raises(ValueError, match=message):
        change(*sides)
    sides[at] = alike(40, 10)
    assert math.isfinite(change(*sides).high)


@pytest.mark.parametrize("common", [0.0, 0.3])
@pytest.mark.parametrize(("side", "at"), [("tuned", 0), ("base", 1)])
def test_nothing_bounds_a_change_where_few_vary_otherwise(common, side, at):
    sides = [drawn()[:, 15], drawn(seed=1)[:, 15]]
    sides[at] = np.where(np.arange(40) < 9, sides[at], common)
    message = f"of only 9 of the {side} model's 40 personas vary between repetitions otherwise than the rest's .10 "
    with pytest.raises(ValueError, match=message):
        spread_change(*sides, alpha=ALPHA)
    sides[at] = np.where(np.arange(40) < 10, drawn(seed=2)[:, 15], common)
    assert math.isfinite(spread_change(*sides, alpha=ALPHA).high)


@pytest.mark.parametrize("to", [lambda base: base, lambda base: base + 0.5, lambda base: 1.5 * base])
def test_one_change_for_all_bounds_nothing(to):
    """Of 40 that change alike, one in fourteen may yet change otherwise; a bound of no width would deny it."""
    base = drawn()
    with pytest.raises(ValueError, match="only 0 of 40 personas change otherwise than the rest"):
        change(to(base), base)
    with pytest.raises(ValueError, match="only 0 of 40 personas change otherwise than the rest"):
        spread_change(to(base)[:, 0], base[:, 0], alpha=ALPHA) if to(1) != 1.5 else change(to(base), base)


def test_few_that_change_bound_nothing():
    base = drawn()
    for movers in (9, 10):
        tuned = base.copy()
        tuned[:movers] = drawn(movers, seed=5)
        if movers < 10:
            with pytest.raises(ValueError, match="only 9 of 40 personas change otherwise"):
                change(tuned, base)
        else:
            assert change(tuned, base).low < 0 < change(tuned, base).high


# R


def test_r_is_one_over_the_spread_and_its_bounds_swap():
    spread = stratified_mean({"units": drawn()[:, 0] / 5}, alpha=ALPHA, minimum=0, maximum=3.6)
    found = robustness_from(spread)
    assert figures(found) == pytest.approx((1 / spread.high, 1 / spread.value, 1 / spread.low))
    assert found.se == pytest.approx(spread.se / spread.value**2)  # the delta method
    assert (found.n, found.alpha, found.method) == (spread.n, spread.alpha, spread.method)


def test_ratings_that_never_vary_have_an_infinite_r_with_a_finite_lower_bound():
    found = robustness_from(stratified_mean({"units": np.zeros(100)}, alpha=ALPHA, minimum=0, maximum=3.5))
    assert found.value == found.high == found.se == math.inf
    assert found.low == pytest.approx(1 / (3.5 * clopper_pearson(0, 100, alpha=ALPHA)[1]))


def test_a_spread_that_may_be_nought_leaves_r_unbounded_above():
    spread = Estimate(value=0.1, low=0.0, high=0.4, se=0.1, n=9, alpha=ALPHA, method="by hand")
    assert figures(robustness_from(spread)) == (2.5, 10, math.inf)


# what the bounds cover


def played(factor, *, common=0.6, own=0.5, whole=False):
    """Two models whose personas follow one factor for the most part; those of the tuned one lie 1.2 times as far apart.

    Returns:
        A function from generator and number of personas to the means of tuned and base.
    """

    def draw(rng, personas):
        first, second = (factor(rng, personas)[:, None] * LOADING for _ in range(2))
        mine, yours = (rng.normal(0, 1, (personas, ITEMS)) for _ in range(2))
        base = LEVEL + common * first + own * mine
        tuned = LEVEL + 1.2 * (common * (0.8 * first + 0.6 * second) + own * (0.8 * mine + 0.6 * yours))
        sides = (np.rint(tuned), np.rint(base)) if whole else (tuned, base)
        return tuple(np.clip(side, 0, 5) for side in sides)

    return draw


def normal(rng, personas):
    return rng.normal(0, 1, personas)


POPULATIONS = {
    "independent items": played(normal, common=0, own=0.8),
    "common factor": played(normal),
    "whole numbers": played(normal, common=0.4, own=0.7, whole=True),
    "skewed factor": played(lambda rng, n: (rng.chisquare(8, n) - 8) / 4),
    "heavy tails": played(lambda rng, n: rng.standard_t(3, n) / math.sqrt(3)),
}
SPREADS = {
    "lognormal": lambda rng, n: np.exp(rng.normal(0, 0.5, (2, n)) + rng.normal(0, 0.3, n)),
    "a third never varies": lambda rng, n: np.exp(rng.normal(0, 0.5, (2, n))) * (rng.random((2, n)) < 2 / 3),
    "exponential": lambda rng, n: rng.exponential(1, (2, n)) + 0.2,
}
LEAST = 0.95 - 3.5 * math.sqrt(0.95 * 0.05 / REPEATS) - 0.01
LEAST_OF_TAILS = LEAST - 0.04
"""What the docstring of the module says that heavy tails cost."""


def least(name):
    return LEAST_OF_TAILS if name == "heavy tails" else LEAST


@pytest.fixture(scope="module")
def true_s():
    """S of both models of a population, in many personas."""
    kept = {}

    def of(name):
        if name not in kept:
            kept[name] = [susceptibility(side) for side in POPULATIONS[name](np.random.default_rng(99), 100_000)]
        return kept[name]

    return of


def coverage(draw, truth, of, personas):
    """Share of seeded repetitions in which the lower and the upper bound hold the truth."""
    rng = np.random.default_rng(personas)
    found = [of(*draw(rng, personas)) for _ in range(REPEATS)]
    return np.mean([low <= truth for low, _ in found]), np.mean([high >= truth for _, high in found])


def bounds_of_s(tuned, base):
    return (found := bounds(tuned)).low, found.high


def bounds_of_change(tuned, base):
    return (found := change(tuned, base)).low, found.high


def bounds_of_spread(tuned, base):
    return (found := spread_change(tuned, base, alpha=ALPHA)).low, found.high


@pytest.mark.parametrize("personas", [30, 50, 100])
@pytest.mark.parametrize("name", POPULATIONS)
def test_each_bound_of_s_and_of_its_change_covers(name, personas, true_s):
    tuned, base = true_s(name)
    assert min(coverage(POPULATIONS[name], tuned, bounds_of_s, personas)) >= least(name)
    assert min(coverage(POPULATIONS[name], tuned / base - 1, bounds_of_change, personas)) >= least(name)


@pytest.mark.parametrize("personas", [30, 50, 100])
@pytest.mark.parametrize("name", SPREADS)
def test_each_bound_of_a_change_of_spread_covers(name, personas):
    assert min(coverage(SPREADS[name], 0, bounds_of_spread, personas)) >= LEAST


def as_if_items_were_units(tuned, base):
    """The error of a standard deviation of normal numbers, as if no persona answered two items."""
    value, reach = susceptibility(tuned), 1.645 / math.sqrt(2 * (len(tuned) - 1) * ITEMS)
    return value * (1 - reach), value * (1 + reach)


def by_percentile(tuned, base):
    means = [susceptibility(tuned[row]) for row in np.random.default_rng(0).integers(30, size=(99, 30))]
    return tuple(np.quantile(means, [ALPHA, 1 - ALPHA]))


@pytest.mark.parametrize(
    ("name", "wrong"), [("common factor", as_if_items_were_units), ("independent items", by_percentile)]
)
def test_other_bounds_do_not_cover(name, wrong, true_s):
    """The twin: the checks above can fail."""
    assert min(coverage(POPULATIONS[name], true_s(name)[0], wrong, 30)) < LEAST_OF_TAILS
