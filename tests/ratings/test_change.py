"""From two models to relative changes: paired by name, refused where the two do not fit, and inverted for R."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pytest_persona.errors import RatingsError
from pytest_persona.ratings import Estimator, change_between
from pytest_persona.ratings.change import change_of_s, change_of_spread, inverted, mismatches
from pytest_persona.ratings.table import NO_PERSONA
from pytest_persona.stats import Estimate, role_play, stratified
from tests.ratings.by_hand import dirichlet, drawn, sampled

ALPHA = 0.05


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    for room in (role_play, stratified):
        monkeypatch.setattr(room, "RESAMPLES", 299)


def figures(estimate):
    return estimate.low, estimate.value, estimate.high


TUNED, BASE = drawn(seed=1, apart=0.9, width=0.8, name="tuned"), drawn(seed=0, name="base")


def test_changes_are_ratios_of_levels():
    found = change_between(TUNED, BASE)
    ratio = TUNED.robustness().value / BASE.robustness().value
    assert found.s.value == pytest.approx(TUNED.susceptibility().value / BASE.susceptibility().value - 1)
    assert found.r.value == pytest.approx(ratio - 1)
    assert found.inverse_r.value == pytest.approx(1 / ratio - 1)
    for each in (found.s, found.r, found.inverse_r):
        assert each.low < each.value < each.high
        assert (each.n, each.alpha) == (40, ALPHA)
    assert change_between(TUNED, BASE, alpha=0.2).s.high < found.s.high


def test_the_change_of_r_is_that_of_its_inverse_inverted():
    found = change_between(TUNED, BASE)
    assert [1 + each for each in figures(found.r)] == pytest.approx(
        [1 / (1 + each) for each in reversed(figures(found.inverse_r))]
    )
    assert figures(inverted(found.r)) == pytest.approx(figures(found.inverse_r))
    assert inverted(found.r).se == pytest.approx(found.inverse_r.se)


def test_inverting_swaps_the_bounds():
    spread = Estimate(value=1.0, low=-0.5, high=3.0, se=0.2, n=40, alpha=ALPHA, method="by hand")
    assert figures(inverted(spread)) == (-0.75, -0.5, 1.0)
    assert inverted(spread).se == pytest.approx(0.05)


@pytest.mark.parametrize("made", [drawn, dirichlet])
def test_personas_and_items_are_paired_by_name(made):
    tuned, base = made(seed=1), made(seed=0)
    expected = change_between(tuned, base)
    order = np.random.default_rng(0).permutation
    mixed = tuned.only(personas=tuple(order(tuned.personas)), items=tuple(order(tuned.items)))
    for name in ("s", "r", "inverse_r"):
        assert figures(getattr(change_between(mixed, base), name)) == pytest.approx(figures(getattr(expected, name)))


def test_only_personas_that_both_rated_count():
    sides = [TUNED.values.copy(), BASE.values.copy()]
    sides[0][3, 2] = np.nan
    sides[1][7, 0] = np.nan
    found = change_between(*map(sampled, sides))
    rest = change_between(*(sampled(np.delete(values, [3, 7], axis=0)) for values in sides))
    assert (found.s.n, found.s.value, found.r.value) == (38, pytest.approx(rest.s.value), pytest.approx(rest.r.value))


# what cannot be compared


OTHER_ESTIMATORS = {
    "temperature": Estimator(kind="sampling", temperature=1.0, samples=5),
    "samples": Estimator(kind="sampling", temperature=0.1, samples=4),
    "constrained": Estimator(kind="sampling", temperature=0.1, samples=5, constrained=True),
}


@pytest.mark.parametrize("what", OTHER_ESTIMATORS)
def test_estimators_that_differ_are_refused(what):
    other = replace(TUNED, estimator=OTHER_ESTIMATORS[what])
    for pair in ((other, BASE), (BASE, other)):
        with pytest.raises(RatingsError, match="ratings by different estimators cannot be compared"):
            change_between(*pair)
    with pytest.raises(RatingsError, match="different estimators"):
        change_between(TUNED, dirichlet())


def test_an_unsaid_temperature_fits_only_another_unsaid_one():
    unsaid = Estimator(kind="sampling", temperature=None, samples=5)
    tuned, base = (replace(each, estimator=unsaid) for each in (TUNED, BASE))
    assert change_between(tuned, base) == change_between(TUNED, BASE)
    with pytest.raises(RatingsError, match="cannot be compared"):
        change_between(tuned, BASE)


def test_ratings_of_a_model_as_itself_have_no_change():
    itself = sampled(BASE.values[:1], personas=NO_PERSONA, name="alone")
    for pair in ((itself, BASE), (TUNED, itself)):
        with pytest.raises(RatingsError, match="alone answered as itself; a change of S or R needs"):
            change_between(*pair)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (BASE.only(personas=BASE.personas[1:]), "different personas: 1 are only in tuned, 0 only in base"),
        (replace(BASE, personas=("x", *BASE.personas[1:])), "different personas: 1 are only in tuned, 1 only in base"),
        (BASE.only(items=BASE.items[:-2]), "different items: 2 are only in tuned, 0 only in base"),
        (replace(BASE, foundations=BASE.foundations[::-1]), "the instrument differs between the two sides"),
        (replace(BASE, instrument={"sha256": "2"}), "the instrument differs between the two sides"),
    ],
)
def test_other_questions_or_personas_are_named(other, message):
    tuned = replace(TUNED, instrument={"sha256": "1"})
    assert message in "; ".join(mismatches(tuned, other))
    with pytest.raises(RatingsError, match=message):
        change_between(tuned, other)


def test_the_same_questions_in_another_order_are_the_same():
    assert mismatches(TUNED, BASE.only(items=BASE.items[::-1])) == []
    known = replace(TUNED, instrument={"sha256": "1"})
    assert mismatches(known, BASE) == mismatches(known, replace(BASE, instrument={"sha256": "1"})) == []


def test_all_differences_are_told():
    assert len(mismatches(TUNED, BASE.only(items=BASE.items[:3], personas=BASE.personas[:5]))) == 3


# what nothing bounds


def steady(ratings):
    """The same ratings, each repetition like the first."""
    return replace(ratings, values=np.repeat(ratings.values[:, :, :1], 5, axis=2), name="steady")


def test_too_few_or_too_still_personas_say_so():
    with pytest.raises(RatingsError, match="tuned against base: 29 personas are too few"):
        change_between(*(each.only(personas=each.personas[:29]) for each in (TUNED, BASE)))
    alike = replace(TUNED, values=np.broadcast_to(TUNED.values[:1], TUNED.values.shape))
    with pytest.raises(RatingsError, match="tuned against base: only 0 of the tuned model's 40 personas answer"):
        change_of_s(alike, BASE, alpha=ALPHA)
    for pair, side in (((steady(TUNED), BASE), "tuned"), ((TUNED, steady(BASE)), "base")):
        with pytest.raises(RatingsError, match=f"the ratings of only 0 of the {side} model's 40 personas vary"):
            change_of_spread(*pair, alpha=ALPHA)
        assert math.isfinite(change_of_s(*pair, alpha=ALPHA).value)


def test_the_same_ratings_have_no_change_that_could_be_bounded():
    with pytest.raises(RatingsError, match="only 0 of 40 personas change otherwise than the rest"):
        change_between(replace(BASE, name="copy"), BASE)


@pytest.mark.parametrize("side", ["tuned", "base"])
def test_cells_by_logits_without_a_number_are_no_unread_replies(side):
    sides = {"tuned": dirichlet(seed=1, name="tuned"), "base": dirichlet(name="base")}
    values = sides[side].values.copy()
    values[0, 0] = np.nan
    sides[side] = replace(sides[side], values=values)
    with pytest.raises(RatingsError, match="tuned against base: 1 cells could not be measured"):
        change_between(sides["tuned"], sides["base"])
