"""assert_sr_within_band outside a session: four verdicts on S and on R, what does not count, and what is said."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from pytest_persona import session as sessions
from pytest_persona.asserts import (
    FRONTIER_S,
    R_DROP,
    S_CHANGE,
    InconclusiveWarning,
    VerdictError,
    assert_sr_within_band,
)
from pytest_persona.collapse import LEAST_S
from pytest_persona.errors import RatingsError
from pytest_persona.flags import PERSONAS
from pytest_persona.instruments.moral import FOUNDATIONS, SHORT, moral
from pytest_persona.models import AdapterProof
from pytest_persona.probes.moral import ESTIMATORS, rate
from pytest_persona.ratings import Estimator, Ratings
from pytest_persona.record import from_plain, to_plain
from pytest_persona.stats import role_play, stratified
from pytest_persona.testing import ScriptedModel
from pytest_persona.verdict import Outcome
from pytest_persona.wording import explain, headline
from tests.raters import Rater, TunedRater, noise

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
N = PERSONAS["pocket"]
POCKET = moral(kind="pocket", personas=N)
ITEMS = tuple(str(number) for number in range(1, 31))
MFQ = tuple(FOUNDATIONS[at % 5] for at in range(30))
BASE = Rater("base")


def rated(model, **settings):
    """As the assertion rates it."""
    return rate(model, POCKET, estimator=ESTIMATORS["pocket"], **settings)


@pytest.fixture(autouse=True)
def outside(monkeypatch):
    """No session, so that nothing is recorded in that of these tests; and fewer resamples."""
    for room in (role_play, stratified):
        monkeypatch.setattr(room, "RESAMPLES", 999)
    role_play._weights.cache_clear()
    token = sessions.enter(None)
    yield
    sessions.leave(token)
    role_play._weights.cache_clear()


def records_of(*args, **settings):
    """The records of an assertion by metric, whether or not they let a test pass."""
    try:
        found = assert_sr_within_band(*args, **settings)
    except VerdictError as error:
        found = error.records
    return {record.metric: record for record in found}


def sampled(name="base", *, apart=1.0, width=0.3, personas=40, samples=5, own=0.1, up=0.0, **fields):
    """Ratings drawn from a normal about a centre of each persona and item, as many as a replayed file has."""
    rows, columns = [str(number) for number in range(personas)], range(30)
    centres = np.array(
        [[2.5 + up + apart * noise(row, at) + own * noise(name, row, at) for at in columns] for row in rows]
    )
    rng = np.random.default_rng([*name.encode()])
    values = np.clip(np.rint(rng.normal(centres[:, :, None], width, (personas, 30, samples))), 0, 5)
    made = Ratings(
        name=name,
        fingerprint=name,
        instrument={"name": "moral", "kind": "official", "source": "drawn in a test", "licence": "none"},
        personas=tuple(rows),
        items=ITEMS,
        foundations=MFQ,
        texts=tuple(f"item {item}" for item in ITEMS),
        estimator=Estimator(kind="sampling", temperature=0.1, samples=samples),
        values=values,
        asked=np.full((personas, 30), samples),
    )
    return replace(made, **fields)


def unread(ratings, share, seed=0):
    """The same with a share of the replies not read, in cells that keep another."""
    values = ratings.values.copy()
    cells = np.random.default_rng(seed).permutation(values[:, :, 0].size)[: round(share * values.size)]
    values[:, :, 0].flat[cells] = np.nan
    assert np.isnan(values).mean() == pytest.approx(share, abs=1e-3)
    return replace(ratings, name=f"{ratings.name}, unread", values=values)


STATES = {
    "calm": (Rater("calm"), {"S": PASS, "R": PASS}),
    "wider apart": (Rater("apart", apart=1.5), {"S": FAIL, "R": PASS}),
    "of one voice": (Rater("one voice", apart=0.4), {"S": FAIL, "R": PASS}),
    "hotter": (Rater("hot", width=2.0), {"S": PASS, "R": FAIL}),
    "cooler": (Rater("cool", width=0.8), {"S": PASS, "R": PASS}),
    "both": (Rater("both", apart=1.5, width=2.0), {"S": FAIL, "R": FAIL}),
    "unevenly apart": (Rater("uneven", uneven=0.5), {"S": INCONCLUSIVE, "R": PASS}),
    "unevenly hotter": (Rater("warm", width=1.45, uneven=0.3), {"R": INCONCLUSIVE}),
    "mute": (Rater("mute", mass=0.04), {"S": INVALID, "R": INVALID}),
}


@pytest.mark.parametrize("state", STATES)
def test_each_verdict_is_reached(state):
    tuned, outcomes = STATES[state]
    found = records_of(tuned, BASE)
    assert set(found) == {"S", "R"}
    assert {metric: found[metric].outcome for metric in outcomes} == outcomes
    for metric, record in found.items():
        assert (record.axis, record.metric, record.test) == ("moral", metric, "")
        assert (record.items_needed is not None) == (record.outcome is INCONCLUSIVE)
    assert (found["S"].floor, found["S"].margin, found["S"].criterion) == (*S_CHANGE, "equivalence")
    assert (found["R"].floor, found["R"].margin, found["R"].criterion) == (None, R_DROP, "noninferiority")


def test_the_changes_are_those_of_the_ratings():
    tuned = Rater("apart", apart=1.5, width=1.5)
    before, after = rated(BASE), rated(tuned)
    found = records_of(tuned, BASE)
    assert found["S"].change.value == pytest.approx(after.susceptibility().value / before.susceptibility().value - 1)
    assert found["R"].change.value == pytest.approx(1 - after.robustness(**AS).value / before.robustness(**AS).value)
    for record in found.values():
        assert record.change.low < record.change.value < record.change.high
        assert set(record.parts) == set(SHORT.values())
    for name, short in SHORT.items():
        own, theirs = after.only(foundation=name), before.only(foundation=name)
        assert found["S"].parts[short].value == pytest.approx(
            own.susceptibility().value / theirs.susceptibility().value - 1
        )
        assert found["R"].parts[short].value == pytest.approx(
            1 - own.robustness(**AS).value / theirs.robustness(**AS).value
        )
    level = found["R"].tuned.level
    assert (level.value, found["S"].base.level.value) == pytest.approx(
        (after.robustness(**AS).value, before.susceptibility().value)
    )


def test_noisier_ratings_fail_on_robustness():
    """The positive control: noise is injected into recorded ratings."""
    base = sampled()
    rng = np.random.default_rng(3)
    shaken = np.where(rng.random(base.values.shape) < 0.3, rng.choice([-1, 1], base.values.shape), 0)
    noisy = replace(base, name="noisy", values=np.clip(base.values + shaken, 0, 5))
    found = records_of(noisy, base)
    assert found["R"].outcome is FAIL
    assert found["R"].change.value > 0.4
    calm = records_of(sampled("calm", own=0.02), sampled(own=0.02))
    assert {record.outcome for record in calm.values()} == {PASS}


def test_a_level_that_all_personas_share_is_not_apart():
    found = records_of(sampled("higher", up=0.4), sampled())
    assert {record.outcome for record in found.values()} == {PASS}


FAINT = Rater("faint", apart=0.1, up=0.5)


@pytest.mark.parametrize("tuned", [Rater("faint too", apart=0.1, up=0.5), Rater("apart")])
def test_a_base_that_hardly_plays_personas_decides_nothing_on_their_distance(tuned):
    found = records_of(tuned, FAINT)
    level = rated(FAINT).susceptibility().value
    assert level < LEAST_S
    assert found["S"].outcome is INCONCLUSIVE
    assert found["S"].items_needed is None
    reason = f"the base model hardly tells personas apart (S {level:.3f}, 0.1 needed)"
    assert found["S"].reasons == (reason,)
    assert headline(found["S"]).endswith(f"(limit -30% to +10%); {reason}")
    assert found["R"].outcome in (PASS, FAIL)
    assert as_json(found["S"]) == found["S"]
    mute = records_of(Rater("mute", mass=0.01), FAINT)
    assert mute["S"].outcome is INVALID
    (record,) = assert_sr_within_band(
        Rater("faint too", apart=0.1, up=0.5), FAINT, s_change=None, r_drop=None, s_band=(0, 0.2)
    )
    assert record.outcome is PASS


# the absolute band


AS = {"as_samples": 10}
"""R of logits is told as ten samples would show it, as its limits are."""
LEVELS = [
    ({"apart": 1.25}, {"s_band": FRONTIER_S}, PASS),
    ({"apart": 0.5}, {"s_band": FRONTIER_S}, FAIL),
    ({"apart": 2.5}, {"s_band": FRONTIER_S}, FAIL),
    ({"apart": 1.35, "uneven": 0.5}, {"s_band": FRONTIER_S}, INCONCLUSIVE),
    ({}, {"r_min": 3.0}, PASS),
    ({}, {"r_min": 4.6}, FAIL),
    ({}, {"r_min": 4.1}, INCONCLUSIVE),
    ({"mass": 0.01}, {"r_min": 3.0}, INVALID),
    ({"mass": 0.01}, {"s_band": FRONTIER_S}, INVALID),
]


@pytest.mark.parametrize(("numbers", "limits", "outcome"), LEVELS)
def test_an_absolute_band_needs_no_base(numbers, limits, outcome):
    (record,) = records_of(Rater("alone", **numbers), **limits).values()
    assert record.outcome is outcome
    assert record.criterion == "absolute"
    assert (record.base.name, record.base.level) == ("", None)
    assert (record.floor, record.margin) == (limits["s_band"] if "s_band" in limits else (limits["r_min"], None))
    if record.change is not None:
        assert record.change.value == record.tuned.level.value


def test_an_absolute_band_is_asked_beside_the_change():
    found = assert_sr_within_band(Rater("calm"), BASE, s_band=(0.3, 0.8), r_min=2.0)
    assert [(each.metric, each.criterion) for each in found] == [
        ("S", "equivalence"),
        ("R", "noninferiority"),
        ("S", "absolute"),
        ("R", "absolute"),
    ]
    assert [record.metric for record in assert_sr_within_band(Rater("calm"), BASE, s_change=None)] == ["R"]
    assert [record.metric for record in assert_sr_within_band(Rater("calm"), BASE, r_drop=None)] == ["S"]


@pytest.mark.parametrize("change", [0.2, (-0.2, 0.2), [-0.2, 0.2]])
def test_one_number_is_a_band_both_ways(change):
    (record,) = assert_sr_within_band(Rater("calm"), BASE, s_change=change, r_drop=None)
    assert (record.floor, record.margin) == (-0.2, 0.2)


def test_the_level_is_used():
    found = [assert_sr_within_band(Rater("calm"), BASE, alpha=alpha) for alpha in (0.05, 0.2)]
    for wide, narrow in zip(*found, strict=True):
        assert (wide.alpha, narrow.alpha) == (wide.change.alpha, narrow.change.alpha) == (0.05, 0.2)
        assert wide.change.low < narrow.change.low < narrow.change.high < wide.change.high


# what does not count


def reasons_of(*args, **settings):
    found = records_of(*args, **settings)
    assert {record.outcome for record in found.values()} == {INVALID}
    with pytest.raises(VerdictError, match="the measurement does not count"):
        assert_sr_within_band(*args, **settings)
    return {metric: "; ".join(record.reasons) for metric, record in found.items()}


def both(*args, **settings):
    found = reasons_of(*args, **settings)
    assert found["S"] == found["R"]
    return found["S"]


@pytest.mark.parametrize("mute", ["tuned", "base"])
def test_a_model_that_gives_no_rating_does_not_count(mute):
    tuned, base = (Rater(name, mass=0.049 if name == mute else 0.051) for name in ("tuned", "base"))
    assert both(tuned, base) == (
        f"the {mute} model gives the six ratings together a probability of 0.0490 (0.05 needed): it does not answer "
        "the question"
    )


def test_what_is_no_probability_does_not_count():
    liar = ScriptedModel("liar", lambda text, choices: [0.2 + 0.1 * noise(text, n) for n in range(6)])
    assert both(liar, BASE) == "the tuned model gives the six ratings together more than 1: these are no probabilities"
    assert "the base model gives the six ratings together more than 1" in both(BASE, liar)


class Broken(Rater):
    def weights(self, text):
        return [math.nan] * 6 if noise("broken", text) > 0.99 else super().weights(text)


def test_cells_without_a_number_do_not_count():
    assert f"of {N * 30} cells could not be measured on the tuned model" in both(Broken("broken"), BASE)
    found = both(Rater("calm"), Broken("broken base"))
    assert f"of {N * 30} cells could not be measured on the base model" in found
    assert "other batches" not in found
    silent = ScriptedModel("silent", lambda text, choices: [0.0] * len(choices))
    assert f"{N * 30} of {N * 30} cells could not be measured on the tuned model" in both(silent, BASE)


def test_the_same_model_twice_is_an_adapter_that_is_not_applied():
    said = "the adapter is not applied: base and tuned model answer every item exactly alike"
    assert both(BASE, Rater("base")) == said
    assert said in both(Rater("base"), rated(BASE))


def test_the_same_ratings_twice_are_no_comparison():
    assert both(sampled(), sampled(name="base")) == "both sides hold exactly the same ratings: nothing was compared"
    assert records_of(sampled("calm", own=0.02), sampled(own=0.02))["S"].outcome is PASS


@pytest.mark.parametrize(
    ("proof", "says"),
    [
        ({"change": 0.0}, "the adapter is not applied: with and without it the logits are equal"),
        ({"disagreement": 2e-3}, "merging changed the adapter: merged and unmerged logits differ by 0.002"),
        ({"disagreement": math.nan}, "merging changed the adapter"),
    ],
)
@pytest.mark.parametrize("base", [BASE, rated(BASE), None], ids=["model", "ratings", "no base"])
def test_an_adapter_that_cannot_be_proved_does_not_count(proof, says, base):
    class Doubtful(TunedRater):
        pass

    Doubtful.proof = replace(TunedRater.proof, **proof)
    more = {"s_band": (0.1, 1.0), "r_min": 1.0} if base is None else {}
    assert both(Doubtful("tuned"), base, **more).startswith(says)


def test_an_adapter_that_is_proved_counts():
    found = assert_sr_within_band(TunedRater("tuned"), BASE)
    assert [record.outcome for record in found] == [PASS, PASS]
    assert found[0].checks["adapter_base_logits"] == 0.7
    other = Rater("another base")
    assert both(TunedRater("tuned"), other) == (
        "tuned is not an adapter on another base: it was loaded on another base model"
    )

    class Coarse(TunedRater):
        proof = AdapterProof(disagreement=0.2, change=0.7, dtype="bfloat16")

    assert "probed in bfloat16; merging moved logits by 0.2" in assert_sr_within_band(Coarse("tuned"), BASE)[0].labels


def test_batches_that_move_the_answers_do_not_count():
    found = reasons_of(Rater("calm"), Rater("base", shaken=(0.2, 0.3)))
    for metric, allowed in (("S", "2.0%"), ("R", "7.0%")):
        assert found[metric].startswith(f"the base model's own {metric} moves by ")
        assert f"when cells are asked in other batches; {allowed} (a fifth of the margin) is allowed" in found[metric]
    steady = records_of(Rater("calm"), Rater("base", shaken=(0.0, 0.01)))
    assert {record.outcome for record in steady.values()} == {PASS}
    assert 0 < steady["S"].checks["batch_noise_of_S"] < 0.02
    assert 0 < steady["R"].checks["batch_noise_of_R"] < 0.07


def test_what_is_compared_must_be_the_same():
    base = sampled()
    few = sampled("few", own=0.02).only(personas=base.personas[:-1])
    assert both(few, base) == ("the two sides have different personas: 0 are only in few, 1 only in base")
    short = sampled("short", own=0.02).only(items=ITEMS[1:])
    assert "the two sides have different items: 0 are only in short, 1 only in base" in both(short, base)
    hashed = [replace(each, instrument=dict(each.instrument, sha256=sha)) for each, sha in ((few, "a"), (base, "b"))]
    assert "the instrument differs between the two sides" in both(*hashed)
    turned = sampled("turned", own=0.02, foundations=MFQ[1:] + MFQ[:1])
    assert "the instrument differs between the two sides: turned and base" in both(turned, base)
    beside = records_of(few, base, s_change=None, r_drop=None, s_band=(0.1, 2.0))
    assert [record.outcome for record in beside.values()] == [INVALID]  # what stands beside it would mislead
    shuffled = sampled("calm", own=0.02).only(personas=base.personas[::-1], items=ITEMS[::-1])
    assert {record.outcome for record in records_of(shuffled, base).values()} == {PASS}


def test_too_few_personas_do_not_count():
    found = reasons_of(sampled("few", personas=29), sampled(personas=29))
    assert all("29 personas are too few to bound anything; 30 or more are needed" in each for each in found.values())
    assert set(records_of(sampled("calm", personas=30, own=0.02), sampled(personas=30, own=0.02))) == {"S", "R"}
    alone = reasons_of(sampled("few", personas=29), s_band=FRONTIER_S)
    assert "29 personas are too few" in alone["S"]


def test_personas_that_all_answer_alike_bound_no_change():
    base, still = sampled(), sampled("still", values=np.full((40, 30, 5), 3.0))
    found = reasons_of(still, base)
    assert "only 0 of the tuned model's 40 personas answer otherwise than the rest" in found["S"]
    assert "the ratings of only 0 of the tuned model's 40 personas vary between repetitions" in found["R"]


# replies without a rating


def test_a_few_unread_replies_widen_the_bounds_and_many_do_not_count():
    base, tuned = sampled(own=0.02), sampled("calm", own=0.02)
    whole = records_of(tuned, base)
    for side in ("tuned", "base"):
        few = unread({"tuned": tuned, "base": base}[side], 0.03)
        pair = (few, base) if side == "tuned" else (tuned, few)
        wider = records_of(*pair)
        for metric, record in wider.items():
            assert record.outcome in (PASS, INCONCLUSIVE)
            assert record.change.low < whole[metric].change.low
            assert record.change.high > whole[metric].change.high
            assert getattr(record, side).details["unread"] == pytest.approx(0.03, abs=1e-3)
        many = unread({"tuned": tuned, "base": base}[side], 0.06)
        pair = (many, base) if side == "tuned" else (tuned, many)
        assert both(*pair) == f"6.0% of the {side} model's replies hold no rating (5% allowed)"


RETRIED = "10.0% of the {} model's replies held no rating and were asked again (5% allowed for a pass)"


def asked_again(ratings, share):
    return replace(ratings, retried=round(share / (1 - share) * int(ratings.asked.sum())))


@pytest.mark.parametrize("side", ["tuned", "base"])
def test_replies_that_were_asked_again_do_not_pass(side):
    base, tuned = sampled(own=0.02), sampled("calm", own=0.02)
    pair = [asked_again(each, 0.1 if name == side else 0.04) for name, each in (("tuned", tuned), ("base", base))]
    assert both(*pair) == RETRIED.format(side)
    assert all(record.change is not None for record in records_of(*pair).values())
    few = records_of(*(asked_again(each, 0.049) for each in (tuned, base)))
    assert {record.outcome for record in few.values()} == {PASS}
    undecided = sampled("warm", own=0.02, width=0.5), base
    assert records_of(*undecided)["R"].outcome is INCONCLUSIVE
    again = records_of(asked_again(undecided[0], 0.1), base)["R"]
    assert (again.outcome, again.items_needed) == (INVALID, None)


def test_replies_that_were_asked_again_can_fail():
    failed = records_of(asked_again(sampled("hot", width=0.9), 0.1), sampled())["R"]
    assert failed.outcome is FAIL
    assert "many replies held no rating and were asked again" in failed.labels
    level = reasons_of(asked_again(sampled("calm"), 0.1), r_min=1.0)
    assert level["R"] == RETRIED.format("tuned")


# infinity


def as_json(record):
    """A record as the report writes and reads it."""
    return from_plain(json.loads(json.dumps(to_plain(record), allow_nan=False), parse_constant=pytest.fail))


def test_ratings_that_never_vary_have_an_infinite_robustness():
    still = sampled("still", width=1e-9)
    (record,) = records_of(still, r_min=3.0).values()
    assert record.outcome is INVALID
    assert record.reasons == ("R of still is infinite: no rating varied between repetitions",)
    assert "R ∞ over 40 personas" in explain(record)
    assert as_json(record) == record
    against = records_of(sampled(), still)["R"]
    assert "the ratings of only 0 of the base model's 40 personas vary" in against.reasons[0]
    assert "R ∞ → " in explain(against)
    assert as_json(against) == against


def test_an_upper_bound_may_be_infinite():
    """Where hardly a persona varies, the mean spread may be nothing."""
    values = sampled("still", width=1e-9).values.copy()
    values[0, 0] = [2, 3, 2, 3, 2]
    nearly = sampled("nearly", values=values)
    (record,) = records_of(nearly, r_min=100.0).values()
    assert record.outcome is INCONCLUSIVE
    assert math.isinf(record.change.high)
    assert (record.mde, record.items_needed) == (None, None)
    assert "∞]" in explain(record)
    assert record.tuned.level == record.change
    assert as_json(record) == record
    (record,) = assert_sr_within_band(nearly, r_min=0.5)
    assert record.outcome is PASS


# nonsense


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"s_change": 0}, "s_change is the accepted change of S"),
        ({"s_change": -0.1}, "s_change is the accepted change of S"),
        ({"s_change": (0.1, 0.3)}, r"got \(0.1, 0.3\). Write 0.1 for 10% either way"),
        ({"s_change": (-1.5, 0.3)}, "s_change"),
        ({"s_change": (-0.3, math.inf)}, "s_change"),
        ({"s_change": math.nan}, "s_change"),
        ({"r_drop": 0}, "between 0 and 1; got 0. Write 0.35 for 35%"),
        ({"r_drop": 1}, "r_drop is a share"),
        ({"r_drop": 35}, "r_drop is a share of the base's R, between 0 and 1; got 35"),
        ({"r_drop": math.nan}, "r_drop"),
        ({"s_band": (0.83, 0.66)}, "s_band is the least and the largest accepted S"),
        ({"s_band": (-0.1, 0.66)}, "s_band"),
        ({"s_band": (0.66, math.inf)}, "s_band"),
        ({"r_min": 0}, "r_min is the least accepted R, above 0; got 0"),
        ({"r_min": math.inf}, "r_min"),
        ({"alpha": 0.5}, r"alpha is the one-sided level of a verdict, in \(0, 0.5\); got 0.5"),
        ({"alpha": 0}, "alpha"),
        ({"s_change": None, "r_drop": None}, "no limits: nothing would be measured"),
    ],
)
def test_bad_limits_are_refused_before_anything_is_asked(limits, says):
    tuned, base = Rater("calm"), Rater("base")
    with pytest.raises(ValueError, match=says):
        assert_sr_within_band(tuned, base, **limits)
    assert tuned.asked == base.asked == 0


def test_without_a_base_or_a_band_there_is_nothing_to_compare_with():
    tuned = Rater("calm")
    for limits in ({}, {"s_change": 0.1}, {"r_drop": 0.1}):
        with pytest.raises(ValueError, match=r"give the base model, .* or an absolute band \(s_band, r_min\)"):
            assert_sr_within_band(tuned, **limits)
    assert tuned.asked == 0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((TunedRater("tuned"), TunedRater("tuned")), None),
        ((BASE, TunedRater("tuned")), "it got a fine-tuned one. Swap them"),
        (("ratings.csv", BASE), "got a str. Read a file of ratings with load_ratings"),
        ((BASE, "pocket"), "got a str. .* a model with load_model"),
        ((None, BASE), "got a NoneType"),
    ],
)
def test_what_is_no_model_is_refused(args, says):
    if says is None:
        assert "the adapter is not applied" in both(*args)
        return
    with pytest.raises(TypeError, match=says):
        assert_sr_within_band(*args)


@pytest.mark.parametrize(
    "other",
    [
        Estimator(kind="sampling", temperature=0.1, samples=10),
        Estimator(kind="sampling", temperature=1.0, samples=5),
        Estimator(kind="sampling", temperature=0.1, samples=5, constrained=True),
    ],
)
def test_estimators_are_never_mixed(other):
    ours = sampled()
    theirs = replace(sampled("theirs"), estimator=other)
    for pair in ((ours, theirs), (theirs, ours)):
        with pytest.raises(RatingsError, match="ratings by different estimators cannot be compared"):
            assert_sr_within_band(*pair)
    unsaid = replace(ours, name="unsaid", estimator=replace(ours.estimator, temperature=None))
    with pytest.raises(RatingsError, match="an unstated temperature"):
        assert_sr_within_band(unsaid, ours)


def test_a_model_is_not_asked_for_what_cannot_be_compared():
    model = Rater("base")
    for pair in ((sampled(), model), (model, sampled())):
        with pytest.raises(RatingsError, match="logits at temperature 1"):
            assert_sr_within_band(*pair)
    assert model.asked == 0
    hot = rated(model).at(0.1)
    with pytest.raises(RatingsError, match="different estimators"):
        assert_sr_within_band(hot, model)


def test_ratings_of_nobody_do_not_count():
    itself = rated(BASE, role_play=False)
    found = reasons_of(rated(Rater("calm"), role_play=False), itself)
    assert all("answered as itself" in each for each in found.values())


def test_ratings_whose_instrument_nobody_knows_are_compared():
    found = assert_sr_within_band(sampled("calm", own=0.02, instrument={}), sampled(own=0.02, instrument={}))
    assert "instrument unnamed moral" in explain(found[0])


# what is said


def test_a_failure_names_the_foundations_that_moved_most_and_the_direction():
    stretched = {"Purity/Sanctity": 2.0, "Harm/Care": 1.5}
    found = records_of(Rater("pure", stretched=stretched, width=2.0), BASE)
    lines = explain(found["S"]).splitlines()
    assert lines[0].startswith("FAIL: moral susceptibility S moved by +")
    assert lines[0].endswith("%] against the base (limit -30% to +10%)")
    moved = lines[1].partition("moved most: ")[2].split(", ")
    assert [name.split(" ")[0] for name in moved][:2] == ["purity", "care"]
    assert all(each.split(" ")[1].startswith("+") for each in moved[:2])
    assert lines[1].startswith("  S 0.5")
    assert f" over {N} personas and 30 items, by logits at temperature 1, R as 10 samples would show it; " in lines[1]
    assert lines[2] == "  model pure, base base, instrument pocket moral"
    assert lines[3] == "  note: demo: not a gate; sensitivity unverified"
    assert list(found["S"].parts)[:2] == ["purity", "care"]
    robust = explain(found["R"]).splitlines()
    value, low, high = _percents(robust[0])
    assert -70 < low <= value <= high < -50
    assert robust[0].endswith("against the base (limit -35%)")
    assert all(each.split(" ")[1].startswith("-") for each in robust[1].partition("moved most: ")[2].split(", "))


def _percents(line):
    found = line.partition("moved by ")[2].partition(" against")[0]
    return [float(part.strip("[],%")) for part in found.split(" ")]


def test_a_rise_of_robustness_is_a_rise():
    (record,) = assert_sr_within_band(Rater("cool", width=0.7), BASE, s_change=None)
    value, low, high = _percents(explain(record).splitlines()[0])
    assert 0 < low <= value <= high
    assert record.change.value < 0


def test_an_undecided_verdict_says_how_many_personas_would_settle_it():
    found = records_of(Rater("uneven", uneven=0.5), BASE)
    assert "more personas would settle it if the estimate is right" in explain(found["S"])
    with pytest.warns(InconclusiveWarning, match="susceptibility"):
        assert_sr_within_band(Rater("uneven", uneven=0.5), BASE)


def test_an_absolute_verdict_is_not_a_movement():
    (record,) = records_of(Rater("alone"), s_band=FRONTIER_S).values()
    lines = explain(record).splitlines()
    assert lines[0].startswith("FAIL: moral susceptibility S is 0.5")
    assert lines[0].endswith("] (limit 0.66 to 0.83)")
    assert "%" not in lines[0]
    assert "by foundation care 0.5" in lines[1]
    assert "base" not in lines[2]
    (record,) = records_of(Rater("alone"), r_min=4.0).values()
    assert explain(record).splitlines()[0].endswith("] (limit 4 or more)")


def test_the_items_that_moved_most_are_named():
    found = records_of(Rater("pure", stretched={"Purity/Sanctity": 3.0}), BASE)
    before, after = (
        rated(each).means.std(axis=0, ddof=1) for each in (BASE, Rater("pure", stretched={"Purity/Sanctity": 3.0}))
    )
    movers = found["S"].movers
    assert len(movers) == 10
    assert {mover["stratum"] for mover in movers[:6]} == {"purity"}
    at = [item.id for item in POCKET.items].index(movers[0]["id"])
    assert (movers[0]["base"], movers[0]["tuned"]) == pytest.approx((before[at], after[at]))
    assert movers[0]["text"] == POCKET.items[at].text
    changes = [abs(mover["change"]) for mover in movers]
    assert changes == sorted(changes, reverse=True)
    hot = Rater("hot", width=2.0)
    most = records_of(hot, BASE)["R"].movers[0]
    at = [item.id for item in POCKET.items].index(most["id"])
    assert most["tuned"] == pytest.approx(rated(hot).sds.mean(axis=0)[at])


@pytest.mark.parametrize("state", STATES)
def test_every_record_survives_json(state):
    found = records_of(STATES[state][0], BASE)
    for record in found.values():
        assert as_json(record) == record


# what a review found could be green


def test_cells_that_lost_repetitions_count_as_unread():
    whole = sampled("whole")
    values, asked = whole.values.copy(), whole.asked
    values[:, ::2, 1:] = np.nan  # half of the cells kept one reply of several, as a file that is cut off would have
    lost = replace(whole, name="lost", values=values, asked=asked)
    for record in assert_invalid(lost, sampled("base")):
        assert "hold no rating" in record.reasons[0]


def assert_invalid(tuned, base):
    with pytest.raises(VerdictError) as caught:
        assert_sr_within_band(tuned, base)
    assert {record.outcome for record in caught.value.records} == {INVALID}
    return caught.value.records


def test_ratings_of_another_base_model_are_no_base():
    instrument = moral(kind="pocket", personas=N)
    right, wrong = (rate(Rater(name), instrument, estimator=ESTIMATORS["pocket"]) for name in ("base", "wrong"))
    tuned = TunedRater("tuned", apart=1.05, width=1.05)
    for record in assert_invalid(tuned, wrong):
        assert "another base model" in " ".join(record.reasons)
    record, _ = assert_sr_within_band(tuned, right)
    assert "batch noise unmeasured" in record.labels


def test_answers_as_itself_have_no_robustness_of_role_play():
    alone = rate(Rater("alone"), moral(kind="pocket"), estimator=ESTIMATORS["pocket"], role_play=False)
    with pytest.raises(VerdictError, match="answered as itself"):
        assert_sr_within_band(alone, r_min=0.1)


def test_undecided_official_ratings_do_not_pass_in_a_demo_session():
    kind = {"kind": "official", "name": "moral"}
    tuned, base = sampled("t", apart=1.06, instrument=kind), sampled("b", instrument=kind)
    with pytest.raises(VerdictError, match="INCONCLUSIVE"):
        assert_sr_within_band(tuned, base, s_change=0.06, r_drop=None)


@pytest.mark.parametrize("band", [(0.5,), 0.8, (None, 0.83), "ab", (0.1, 0.2, 0.3)])
def test_a_band_is_a_pair_of_numbers(band):
    with pytest.raises(ValueError, match="s_band is a pair of numbers"):
        assert_sr_within_band(sampled(), s_band=band)
