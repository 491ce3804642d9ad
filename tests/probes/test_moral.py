"""The moral probe: what is asked, what is read, what is remembered, and both estimators against known distributions."""

import contextlib
import math
import re
from bisect import bisect
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_persona.errors import RatingsError
from pytest_persona.instruments.moral import moral
from pytest_persona.probes.moral import DIGITS, LOGITS, REPEATED_CELLS, chat_of, rate, rating_noise, read_rating
from pytest_persona.ratings import Estimator
from pytest_persona.ratings.table import NO_PERSONA, SCALE
from pytest_persona.store import Store
from pytest_persona.testing import ScriptedModel
from tests.raters import WIDTH, Rater, noise

POCKET = moral(kind="pocket")
FEW = replace(POCKET, personas=POCKET.personas[:4], items=POCKET.items[:5])
SOME = replace(POCKET, personas=POCKET.personas[:30])
CONSTRAINED = Estimator(kind="sampling", temperature=0.1, samples=10, constrained=True)
READ = replace(CONSTRAINED, constrained=False)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def rater(**numbers):
    """One whose ratings vary at the authors' temperature."""
    return Rater("base", **{"width": 1 / WIDTH, **numbers})


def answering(of):
    """A model with the probabilities that `of` gives from the number of a cell of `FEW`, in the order of asking."""
    cells = {
        chat_of(persona, item)[0][1]: number
        for number, (persona, item) in enumerate((persona, item) for persona in FEW.personas for item in FEW.items)
    }
    return ScriptedModel("by cell", lambda text, _: of(cells[text]))


def drawn_by(model, temperature):
    """Whole replies, sampled from a rater's own distribution."""

    @cache
    def steps(text):
        weights = np.cumsum(np.array(model.weights(text)) ** (1 / temperature))
        return (2 * weights / weights[-1] - 1).tolist()

    def says(text, sample):
        return f"{bisect(steps(text), noise(text, sample))}, because I say so."

    return says


class Told:
    """Progress that notes what it is told."""

    def __init__(self):
        self.tasks, self.done = [], []

    @contextlib.contextmanager
    def task(self, label, total, unit):
        self.tasks.append((label, total, unit))
        yield self.done.append


def test_every_item_is_asked_of_every_persona():
    asked = []

    class Listening(Rater):
        def choice_logprobs(self, chats, choices):
            assert tuple(choices) == DIGITS == tuple("012345")
            asked.extend(chats)
            return super().choice_logprobs(chats, choices)

    ratings = rate(Listening("base"), POCKET)
    assert (len(ratings.personas), len(ratings.items), len(asked)) == (100, 30, 3000)
    for number, ((role, text), *more) in enumerate(asked):
        persona, item = POCKET.personas[number // 30], POCKET.items[number % 30]
        assert (role, more) == ("user", [])
        assert text.startswith(f"Take on the role of this person: {persona.text}\n")
        assert text.endswith(f"\n\n{item.prompt}")
    assert ratings.personas == tuple(each.id for each in POCKET.personas)
    assert ratings.items == tuple(each.id for each in POCKET.items)
    assert ratings.foundations == tuple(each.foundation for each in POCKET.items)
    assert ratings.texts == tuple(each.text for each in POCKET.items)
    assert ratings.instrument["sha256"] == POCKET.sha256
    assert "{persona}" in ratings.instrument["prompt"]


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_by_logits_a_cell_is_the_distribution_at_the_temperature(temperature):
    model = rater()
    ratings = rate(model, FEW, estimator=replace(LOGITS, temperature=temperature))
    for row, persona in enumerate(FEW.personas):
        for column, item in enumerate(FEW.items):
            scaled = np.array(model.weights(chat_of(persona, item)[0][1])) ** (1 / temperature)
            scaled /= scaled.sum()
            mean = (scaled * SCALE).sum()
            assert ratings.means[row, column] == pytest.approx(mean)
            assert ratings.sds[row, column] == pytest.approx(np.sqrt((scaled * (SCALE - mean) ** 2).sum()))
    assert ratings.mass == pytest.approx(np.full((4, 5), 0.9))
    assert ratings.failures == 0
    assert (ratings.name, ratings.fingerprint) == (model.name, model.fingerprint)


def test_without_persona_the_model_is_asked_as_itself():
    model = rater()
    ratings = rate(model, POCKET, role_play=False)
    assert ratings.personas == NO_PERSONA
    assert (ratings.role_play, ratings.values.shape, model.asked) == (False, (1, 30, 6), 30)
    direct = np.log(0.9 * np.array([model.weights(item.prompt) for item in POCKET.items]))
    assert ratings.values[0] == pytest.approx(direct)
    assert ratings.instrument["prompt"] == "{prompt}"
    with pytest.raises(RatingsError, match="answered as itself"):
        ratings.susceptibility()


def test_toxic_personas_are_ten_others():
    toxic = moral(kind="pocket", toxic=True)
    ratings = rate(rater(), toxic)
    assert ratings.values.shape == (10, 30, 6)
    assert ratings.instrument["sha256"] == toxic.sha256 != POCKET.sha256
    assert {each.text for each in toxic.personas}.isdisjoint(each.text for each in POCKET.personas)
    assert math.isfinite(ratings.foundation_range)


@pytest.mark.parametrize("estimator", [LOGITS, CONSTRAINED])
def test_a_cell_without_probabilities_is_not_measured(estimator, store):
    def of(cell):
        return {3: [math.nan] * 6, 7: [0.1, math.nan, 0.1, 0.1, 0.1, 0.1], 11: [0.0] * 6, 12: [math.inf] * 6}.get(
            cell, [0.1, 0.2, 0.3, 0.1, 0.1, 0.1]
        )

    for where in (None, store, store):
        ratings = rate(answering(of), FEW, where, estimator=estimator)
        assert np.flatnonzero(np.isnan(ratings.means.ravel())).tolist() == [3, 7, 11, 12]
        assert np.flatnonzero(np.isnan(ratings.mass.ravel())).tolist() == [3, 7, 11, 12]
        assert ratings.failures == 4 * (estimator.samples or 1)
        assert ratings.kept.tolist() == [False, False, False, True]


@pytest.mark.parametrize("estimator", [LOGITS, CONSTRAINED])
def test_a_rating_that_cannot_come_has_no_weight(estimator, store):
    ratings = rate(answering(lambda cell: [0, 0, 0, 0, 0.8, 0.0]), FEW, store, estimator=estimator)
    assert (ratings.means == 4).all()
    assert (ratings.sds == 0).all()
    assert ratings.mass == pytest.approx(np.full((4, 5), 0.8))
    assert ratings.failures == 0


def test_more_than_a_probability_is_refused():
    with pytest.raises(RatingsError, match="0 or less"):
        rate(answering(lambda cell: [1.1, 0, 0, 0, 0, 0]), FEW)


@pytest.mark.parametrize("kind", ["logits", "sampling"])
def test_a_model_is_rated_at_a_temperature(kind):
    model = rater()
    with pytest.raises(RatingsError, match=r"has none; the papers' is 0\.1"):
        rate(model, FEW, estimator=Estimator(kind=kind, temperature=None, samples=10 * (kind == "sampling")))
    assert model.asked == 0


def test_a_second_call_asks_nothing_at_any_temperature(store):
    model = rater()
    first = rate(model, FEW, store)
    assert model.asked == 20
    for estimator in (LOGITS, replace(LOGITS, temperature=1.0), CONSTRAINED, replace(CONSTRAINED, samples=3)):
        again = rate(model, FEW, store, estimator=estimator)
        assert again.seconds == first.seconds
    assert rate(model, FEW, store).values == pytest.approx(first.values, abs=0)
    assert model.asked == 20


def test_answers_are_remembered_under_what_they_depend_on(store):
    toxic = moral(kind="pocket", toxic=True)
    model = rater(says=drawn_by(rater(), 0.1))
    calls = [
        (model, FEW, {}),
        (model, FEW, {"role_play": False}),
        (model, replace(FEW, personas=FEW.personas[:3]), {}),
        (model, replace(FEW, sha256="0" * 64), {}),
        (model, toxic, {}),
        (Rater("tuned"), FEW, {}),
        (model, FEW, {"estimator": READ}),
        (model, FEW, {"estimator": READ, "seed": 1}),
        (model, FEW, {"estimator": replace(READ, temperature=1.0)}),
        (model, FEW, {"estimator": replace(READ, samples=3)}),
    ]
    for each, instrument, more in calls:
        asked = each.asked
        rate(each, instrument, store, **more)
        assert each.asked > asked, more
    for each, instrument, more in calls:
        asked = each.asked
        rate(each, instrument, store, **more)
        assert each.asked == asked, more


def test_without_a_store_the_model_is_always_asked():
    model = rater()
    rate(model, FEW)
    rate(model, FEW)
    assert model.asked == 40


@pytest.mark.parametrize("estimator", [LOGITS, CONSTRAINED, READ])
def test_progress_is_of_what_is_asked(store, estimator):
    told = Told()
    model = rater(says=lambda text, sample: "3")
    rate(model, POCKET, store, estimator=estimator, progress=told)
    assert told.tasks == [("rating 30 moral items as 100 personas", 3000, "cells")]
    assert told.done == list(range(300, 3001, 300))
    rate(model, POCKET, store, estimator=estimator, progress=told)
    assert len(told.tasks) == 1
    rate(model, POCKET, store, estimator=estimator, role_play=False, progress=told)
    assert told.tasks[1:] == [("rating 30 moral items as no personas", 30, "cells")]


def test_batches_hold_whole_personas():
    """Their common beginnings are computed once."""
    model = rater()
    rate(model, POCKET)
    rate(model, replace(POCKET, items=POCKET.items[:29]))
    assert [size % 30 for size in model.batches[:10]] == [0] * 10
    assert {size % 29 for size in model.batches[10:]} == {0}


def test_whole_replies_are_sampled_and_read():
    given_to = []

    class Listening(Rater):
        def reply(self, chats, **settings):
            given_to.append(settings)
            return super().reply(chats, **settings)

    replies = ["5", "Rating: 2", "I would rather not say.", "On a scale of 0 to 5, I say 3"]
    model = Listening("parrot", says=lambda text, sample: replies[sample])
    ratings = rate(model, FEW, estimator=replace(READ, samples=4, temperature=0.7), seed=5)
    assert given_to == [{"max_tokens": 8, "temperature": 0.7, "samples": 4, "seed": 5}]
    assert ratings.values.shape == (4, 5, 4)
    np.testing.assert_array_equal(ratings.values[0, 0], [5, 2, np.nan, np.nan])
    assert ratings.mass is None
    assert (ratings.failures, ratings.unread_share) == (40, 0.5)
    assert ratings.means == pytest.approx(np.full((4, 5), 3.5))


@pytest.mark.parametrize(
    ("reply", "rating"),
    [
        ("4", 4),
        ("0", 0),
        (" 3\n", 3),
        ("5.", 5),
        ("2, because it is wrong", 2),
        ("1 - hardly", 1),
        ("3/5", 3),
        ("**4**", 4),
        ("Rating: 2", 2),
        ("**Rating:** 2", 2),
        ("My answer is 5.", 5),
        ("The score would be: 1", 1),
        ("answer: (3)", 3),
        ("> 4", 4),
        ("# 4", 4),
        ("3 because 12 people said so", 3),
        ("4 – and 2 more reasons", 4),
        # no rating at all, or none of 0 to 5
        ("", None),
        ("None", None),
        ("6", None),
        ("10", None),
        ("05", None),
        ("50%", None),
        ("4.5", None),
        ("4,5", None),
        ("-1", None),
        ("−1", None),
        ("٤", None),
        ("I would say 4", None),
        ("On a scale of 0 to 5, I would say 4", None),
        # the scale, echoed
        ("0 to 5: 4", None),
        ("0-5", None),
        ("0 – 5: I choose 4", None),
        ("Rating (0-5): 4", None),
        ("Rating 0..5: 4", None),
        ("4 or 5", None),
        ("Answer: 3 to 4", None),
    ],
)
def test_a_rating_is_the_integer_that_a_reply_starts_with(reply, rating):
    assert read_rating(reply) == rating


@settings(deadline=None)
@given(st.text(max_size=40) | st.text("0123456789 .,-:*()ratingRATNGto\n", max_size=16))
@example("4\x00")
@example("¹")
@example("4٠")
def test_whatever_a_reply_is_its_rating_is_its_first_number_whole(reply):
    found = read_rating(reply)
    assert found is None or found in range(6)
    if found is not None:
        first = re.search(r"-?[0-9]+(?:[.,][0-9]+)*", reply, flags=re.ASCII)
        assert first[0] == str(found)


@given(st.sampled_from("012345"), st.text(max_size=20), st.sampled_from(["", " ", "**", "Rating: ", "> ", '"']))
def test_what_comes_after_a_rating_and_a_full_stop_does_not_matter(digit, rest, before):
    assert read_rating(f"{before}{digit}. {rest}") == int(digit)


def test_constrained_samples_have_streams_of_their_own(store):
    model = rater()
    whole = rate(model, FEW, estimator=CONSTRAINED)
    assert set(np.unique(whole.values)) <= set(SCALE)
    fewer = replace(FEW, personas=FEW.personas[1:3], items=FEW.items[::-1])
    np.testing.assert_array_equal(rate(model, fewer, estimator=CONSTRAINED).values, whole.values[1:3, ::-1])
    np.testing.assert_array_equal(rate(model, FEW, store, estimator=CONSTRAINED).values, whole.values)
    other = rate(model, FEW, estimator=CONSTRAINED, seed=1).values
    assert (other != whole.values).any()
    assert (whole.values[0, 0] != whole.values[1, 0]).any()


@pytest.mark.parametrize("samples", [3, 10])
@pytest.mark.parametrize("temperature", [0.1, 0.4])
def test_samples_show_what_the_logits_say_they_would(samples, temperature):
    model = rater()
    exact = rate(model, POCKET, estimator=replace(LOGITS, temperature=temperature))
    drawn = rate(model, POCKET, estimator=replace(CONSTRAINED, temperature=temperature, samples=samples))
    assert drawn.unread_share == 0
    for metric in ("robustness", "susceptibility"):
        found, told = getattr(drawn, metric)(), getattr(exact, metric)(as_samples=samples)
        assert found.low < told.value < found.high, metric
        assert told.value == pytest.approx(found.value, rel=0.03), metric
    naive = exact.robustness().value
    assert drawn.robustness().low > naive  # few samples overstate R: the twin of the check above


def test_a_hotter_model_is_less_robust_by_every_estimator():
    falls = {}
    for name, estimator in (("logits", LOGITS), ("constrained", CONSTRAINED), ("read", READ)):
        cold, hot = (
            rate(
                rater(says=drawn_by(rater(), temperature)),
                SOME,
                estimator=replace(estimator, temperature=temperature),
            )
            for temperature in (0.1, 0.2)
        )
        assert hot.robustness().high < cold.robustness().low, name
        told = {"as_samples": 10} if name == "logits" else {}
        falls[name] = hot.robustness(**told).value / cold.robustness(**told).value - 1
    assert falls["constrained"] == pytest.approx(falls["logits"], abs=0.02)
    assert falls["read"] == pytest.approx(falls["logits"], abs=0.02)
    assert -0.5 < falls["logits"] < -0.3


def test_read_and_constrained_samples_agree():
    model = rater(says=drawn_by(rater(), 0.1))
    read, drawn = (rate(model, SOME, estimator=each) for each in (READ, CONSTRAINED))
    assert (read.values != drawn.values).any()
    for metric in ("robustness", "susceptibility"):
        ours, theirs = (getattr(each, metric)() for each in (read, drawn))
        assert ours.low < theirs.value < ours.high, metric


def test_a_steady_model_has_no_noise(store):
    model = rater()
    ratings = rate(model, POCKET, store)
    assert rating_noise(model, ratings, POCKET, store) == pytest.approx((0, 0), abs=1e-12)
    assert model.batches[-REPEATED_CELLS:] == [1] * REPEATED_CELLS
    asked = model.asked
    rating_noise(model, ratings, POCKET, store)
    assert model.asked == asked == 3000 + REPEATED_CELLS


def test_noise_is_how_far_cells_move_when_asked_alone():
    warm = replace(LOGITS, temperature=1.0)  # where a mean moves as its centre does
    ratings, wider = (rate(rater(width=width / WIDTH), POCKET, estimator=warm) for width in (1, 1.2))
    of_s, of_r = rating_noise(rater(shaken=(0.1, 0.0)), ratings, POCKET)
    assert of_s == pytest.approx(0.1 / ratings.susceptibility().value, rel=0.15)
    assert of_r < 0.05
    of_s, of_r = rating_noise(rater(shaken=(0.0, 0.2)), ratings, POCKET)
    assert of_r == pytest.approx(wider.sds.mean() / ratings.sds.mean() - 1, rel=0.2)
    assert of_s < 0.1


def test_noise_is_of_cells_of_all_personas_and_items():
    asked = []

    class Listening(Rater):
        def choice_logprobs(self, chats, choices):
            if len(chats) == 1:
                asked.append(chats[0])
            return super().choice_logprobs(chats, choices)

    model = Listening("base")
    rating_noise(model, rate(model, POCKET), POCKET)
    texts = [text for ((_, text),) in asked]
    assert len(set(texts)) == len({text.split("\n\n")[0] for text in texts}) == REPEATED_CELLS
    assert len({text.split("\n\n", 2)[2] for text in texts}) > 5


@pytest.mark.parametrize(("moves", "noise"), [(False, (0, 0)), (True, (math.inf, math.inf))])
def test_noise_of_ratings_that_never_vary(moves, noise):
    alone = []

    class Still(ScriptedModel):
        def choice_logprobs(self, chats, choices):
            alone.append(len(chats) == 1)
            return super().choice_logprobs(chats, choices)

    model = Still("still", lambda text, _: [0, 0, 0, 0.5, 0.5 if moves and alone[-1] else 0, 0])
    assert rating_noise(model, rate(model, FEW), FEW) == noise
