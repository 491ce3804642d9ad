"""What each fine-tune buys, and at what price: levels of checkpoints beside each other."""

import json
from dataclasses import replace

import pytest

from pytest_persona.record import Level, level_from_plain, level_to_plain
from pytest_persona.report.document import document
from pytest_persona.report.page import render
from pytest_persona.report.tradeoff import AXES, all_levels, trade_off, trade_off_charts
from pytest_persona.verdict import Outcome
from tests.report.by_hand import estimate
from tests.report.fleet import TRAITS, make_fleet, untold
from tests.report.reading import HOSTILE, Page


def level(metric, base, tuned, subject="", objective="sft", budget=2000, seed=0, asked="pocket"):
    return Level(
        test="t.py::test_it",
        label=f"{objective}-{budget // 1000}k-s{seed}",
        objective=objective,
        budget=budget,
        seed=seed,
        metric=metric,
        subject=subject or metric,
        asked=asked,
        base=None if base is None else estimate(base),
        tuned=None if tuned is None else estimate(tuned),
    )


LADDER = [
    made
    for objective, price in (("sft", 0.1), ("orpo", 0.01))
    for step, budget in enumerate((8000, 2000))  # not in order
    for made in (
        level("accuracy", 0.3, 0.6 - 0.1 * step, "gsm8k", objective, budget),
        level("asr", 0.1, 0.1 + price * (2 - step), "attacks", objective, budget),
        level("pmatch", 0.5, 0.5 + price, "narcissism", objective, budget),
        level("pmatch", 0.4, 0.4, "psychopathy", objective, budget),
    )
]


def test_axes_are_averaged_over_their_subjects():
    first, second, *_ = trade_off(LADDER)
    assert [first.label, second.label] == ["sft-2k-s0", "sft-8k-s0"]  # by budget
    score, asr, persona, companions = second.cells
    assert (score.base, score.tuned) == (0.3, 0.6)
    assert asr.tuned == pytest.approx(0.3)
    assert (persona.base, persona.tuned) == pytest.approx((0.45, 0.5))
    assert persona.subjects == ("narcissism", "psychopathy")
    assert companions is None
    assert [point.objective for point in trade_off(LADDER)] == ["sft", "sft", "orpo", "orpo"]


def test_one_axis_is_no_trade_off():
    assert trade_off([each for each in LADDER if each.metric == "asr"]) == ()
    assert trade_off([]) == ()
    assert trade_off_charts(()) == ()


def test_an_axis_that_is_half_measured_is_not_averaged():
    lost = [replace(each, tuned=None) if each.subject == "psychopathy" else each for each in LADDER]
    assert all(point.cells[AXES.index("pmatch")] is None for point in trade_off(lost))


def test_rates_under_other_attacks_are_no_points_of_one_chart():
    other = level("asr", 0.9, 0.9, "attacks", "sft", 2000, asked="dan alone")
    for levels in ([*LADDER, other], [other, *LADDER]):
        assert trade_off(levels) == trade_off(LADDER)
    alone = [each for each in LADDER if each.metric != "asr"]
    assert [point.cells[AXES.index("asr")] is None for point in trade_off([*alone, other])] == [False, True, True, True]


def test_levels_come_from_verdicts_too():
    fleet = make_fleet(("sft",), (2000,), 1)
    found = all_levels(fleet, [level("asr", 0.1, 0.2)])
    assert {(each.metric, each.subject) for each in found} == {("asr", "asr"), *(("pmatch", trait) for trait in TRAITS)}
    assert {each.label for each in found} == {"sft-2k-s0"}
    (point,) = trade_off(found)
    assert point.cells[AXES.index("pmatch")].tuned == pytest.approx(
        sum(record.tuned.level.value for record in fleet) / 3
    )


def test_what_a_test_noted_and_a_verdict_holds_stands_once():
    fleet = make_fleet(("sft",), (2000,), 1)
    again = all_levels(fleet, all_levels(fleet, ()))
    assert again == all_levels(fleet, ())
    assert len(again) == len(fleet)


def test_invalid_verdicts_and_foreign_models_are_no_points():
    fleet = make_fleet(("sft",), (2000,), 1)
    assert all_levels([replace(record, outcome=Outcome.INVALID) for record in fleet], ()) == ()
    assert all_levels(untold(fleet), ()) == ()


def test_levels_survive_json():
    plain = json.loads(json.dumps([level_to_plain(each) for each in LADDER], allow_nan=False))
    assert [level_from_plain(each) for each in plain] == LADDER
    document_of = json.loads(json.dumps(document([], 0, levels=LADDER), allow_nan=False))
    assert document_of["levels"] == plain


def test_the_page_shows_table_and_charts():
    page = Page(levels=LADDER)
    page.refuse_to_act()
    page.refuse_loose_ends()
    assert "What each fine-tune buys, and at what price" in page.text
    assert "0.300 → 0.600" in page.text
    assert page.text.count("over 2") == 4
    assert "ASR against accuracy" in page.text
    assert "change of P(match) against accuracy" in page.text


def test_a_page_without_a_trade_off_says_nothing_of_it():
    assert "at what price" not in render([], make_fleet(("sft",), (2000,), 1), 0)


def test_one_checkpoint_has_no_section_of_its_own():
    assert "at what price" not in Page(levels=[each for each in LADDER if each.label == "sft-8k-s0"]).text


def test_names_are_escaped():
    page = Page(levels=[replace(each, label=each.label + HOSTILE) for each in LADDER])
    page.refuse_to_act()
    assert HOSTILE in page.texts["th"]
