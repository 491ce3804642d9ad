"""assert_sr_within_band: what does not count, however good it looks."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pytest_persona.asserts import (
    FRONTIER_S,
    VerdictError,
    assert_sr_within_band,
)
from pytest_persona.instruments.moral import moral
from pytest_persona.models import AdapterProof
from pytest_persona.probes.moral import ESTIMATORS, rate
from pytest_persona.testing import ScriptedModel
from pytest_persona.wording import explain
from tests.raters import Rater, TunedRater, noise
from tests.sr.by_hand import (
    BASE,
    FAIL,
    INCONCLUSIVE,
    INVALID,
    ITEMS,
    MFQ,
    PASS,
    N,
    as_json,
    assert_invalid,
    both,
    rated,
    reasons_of,
    records_of,
    sampled,
    unread,
)


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


def test_cells_that_lost_repetitions_count_as_unread():
    whole = sampled("whole")
    values, asked = whole.values.copy(), whole.asked
    values[:, ::2, 1:] = np.nan  # half of the cells kept one reply of several, as a file that is cut off would have
    lost = replace(whole, name="lost", values=values, asked=asked)
    for record in assert_invalid(lost, sampled("base")):
        assert "hold no rating" in record.reasons[0]


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
