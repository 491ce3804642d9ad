"""Records of S and R in reports: beside P(match), of one checkpoint and of several, of levels, and of infinity."""

import json
import math
import re
from dataclasses import replace

import pytest

from pytest_persona import session as sessions
from pytest_persona.asserts import VerdictError, assert_sr_within_band
from pytest_persona.record import from_plain, to_plain
from pytest_persona.report.changes import change_charts, point_rows
from pytest_persona.report.chart import levels_charts
from pytest_persona.report.checkpoints import by_checkpoint
from pytest_persona.report.document import document
from pytest_persona.report.matrix import matrix_of
from pytest_persona.report.terminal import closing
from pytest_persona.stats import role_play, stratified
from pytest_persona.verdict import Outcome
from pytest_persona.wording import change_text, explain, headline, limit_text, shown, value_text
from tests.raters import Rater
from tests.report.fleet import TRAITS, make_fleet
from tests.report.reading import Page

NUMBERS = ({}, {"apart": 1.5}, {"width": 2.0}, {"uneven": 0.5})
"""Of the tuned model, by checkpoint."""


@pytest.fixture(scope="module")
def judged():
    """From a rater's numbers to its records, outside a session and with fewer resamples."""
    patch = pytest.MonkeyPatch()
    for room in (role_play, stratified):
        patch.setattr(room, "RESAMPLES", 999)
    role_play._weights.cache_clear()
    token = sessions.enter(None)

    def judge(base=True, limits=None, **numbers):
        try:
            return assert_sr_within_band(Rater("tuned", **numbers), Rater("base") if base else None, **(limits or {}))
        except VerdictError as error:
            return error.records

    yield judge
    sessions.leave(token)
    patch.undo()
    role_play._weights.cache_clear()


def of_checkpoint(records, checkpoint):
    """The same verdicts, on a checkpoint and in a test of the gate suite."""
    return [
        replace(
            each,
            checkpoint=checkpoint,
            test=f"suites/gate/test_moral.py::test_{each.subject}[{checkpoint.get('label', '')}]",
        )
        for each in records
    ]


@pytest.fixture(scope="module")
def mixed(judged):
    """All axes of four checkpoints: three traits, S and R of each."""
    found = []
    fleet = make_fleet(("sft", "kl"), (2000, 4000), 1)
    for at, numbers in enumerate(NUMBERS):
        own = fleet[3 * at : 3 * at + 3]
        found += [*own, *of_checkpoint(judged(**numbers), own[0].checkpoint)]
    return found


def test_a_page_of_one_checkpoint_has_all_axes(mixed):
    page = Page(*mixed[5:10])
    page.refuse_to_act()
    page.refuse_loose_ends()
    assert len(page.all("article")) == 5
    drawn = [box["aria-label"].split(" of base")[0] for box in page.all("div") if box.get("role") == "img"]
    assert drawn[:3] == ["P(match)", "S", "R"]
    for each in mixed[5:10]:
        told = (each.subject, change_text(each), limit_text(each), headline(each), each.test)
        assert [part for part in told if part not in page.text] == []
    assert "+0.050" in page.texts["td"]
    assert "-30% to +10%" in page.texts["td"]
    assert "-35%" in page.texts["td"]
    assert "S, moral susceptibility, is how far personas" in page.text
    assert "R, moral robustness, is one over" in page.text
    assert "P(match) is the share" in page.text
    assert "the six ratings together 0.900" in page.text
    assert "Yes and No together" in page.text
    assert "None" not in re.sub(r"<pre>.*?</pre>", "", page.source, flags=re.DOTALL)


def test_a_page_of_several_has_a_column_and_a_chart_of_each(mixed):
    page = Page(*mixed)
    page.refuse_to_act()
    page.refuse_loose_ends()
    matrix = matrix_of(by_checkpoint(mixed))
    assert matrix.subjects == (*TRAITS, "susceptibility", "robustness")
    assert matrix.limit is None
    assert [len(rows) for _, rows in matrix.groups] == [2, 2]
    assert all(len(cell) == 1 for _, rows in matrix.groups for row in rows for cell in row.cells)
    cells = re.findall(r'<a class="cell (\w+)" href="#verdict-(\d+)">(.*?)</a>', page.source, flags=re.DOTALL)
    assert len(cells) == len(mixed) == 20
    for outcome, number, inside in cells:
        one = mixed[int(number) - 1]
        words = " ".join(re.sub(r"<.*?>", " ", inside).split())
        assert outcome == one.outcome
        assert words == f"{one.outcome} {change_text(one)} limit {limit_text(one)}"
    assert {one.outcome for one in mixed if one.axis == "moral"} == {
        Outcome.PASS,
        Outcome.FAIL,
        Outcome.INCONCLUSIVE,
    }
    charts = change_charts(by_checkpoint(mixed))
    assert [(each.metric, each.by, len(each.drawings)) for each in charts] == [
        ("P(match)", "over budgets", 3),
        ("S", "over budgets", 1),
        ("R", "over budgets", 1),
    ]


def test_charts_of_changes_point_as_their_metric_does(mixed):
    """A fall of R is drawn downward, though a record counts it as harm."""
    points = {metric: [] for metric in ("S", "R")}
    for point in point_rows(by_checkpoint(mixed)):
        if point["metric"] in points:
            points[point["metric"]].append(point)
    hot = points["R"][2]
    assert -0.7 < hot["low"] < hot["value"] < hot["high"] < -0.5
    assert hot["limits"] == [-0.35]
    apart = points["S"][1]
    assert 0.5 < apart["low"] < apart["value"] < apart["high"]
    assert apart["limits"] == [-0.3, 0.1]
    drawn = {each.metric: each.drawings[0].svg for each in change_charts(by_checkpoint(mixed))}
    for metric, rules in (("S", 3), ("R", 2), ("P(match)", 2)):
        assert drawn[metric].count('aria-roledescription="rule mark"') == 4 + rules
    assert re.search(r">[+−-]\d+%</text>", drawn["S"])
    assert "%" not in drawn["P(match)"]


def test_charts_of_levels_show_where_the_limits_lie(judged):
    s, r = judged(width=2.0)
    for each, count in ((s, 2), (r, 1)):
        (drawing,) = levels_charts([each])
        assert drawing.title == each.metric
        assert drawing.svg.count('aria-roledescription="tick"') == count
    base = r.base.level.value
    found = re.findall(r"limit: ([0-9.]+)", levels_charts([r])[0].svg)
    assert [float(each) for each in found] == pytest.approx([0.65 * base], rel=1e-3)
    found = re.findall(r"limit: ([0-9.]+)", levels_charts([s])[0].svg)
    level = s.base.level.value
    assert sorted(float(each) for each in found) == pytest.approx([0.7 * level, 1.1 * level], rel=1e-3)


def test_levels_alone_are_shown_as_levels(judged):
    records = judged(base=False, limits={"s_band": (0.3, 0.83), "r_min": 2.0})
    page = Page(*records)
    page.refuse_to_act()
    page.refuse_loose_ends()
    assert [limit_text(each) for each in records] == ["0.3 to 0.83", "2 or more"]
    for each in records:
        assert change_text(each) in page.texts["td"]
        assert "%" not in change_text(each) + headline(each)
    assert change_charts(by_checkpoint(records)) == ()
    ticks = [drawing.svg.count('aria-roledescription="tick"') for drawing in levels_charts(records)]
    assert ticks == [2, 1]
    several = Page(*records, *of_checkpoint(records, {"label": "other"}))
    several.refuse_loose_ends()


def test_of_several_checkpoints_a_level_is_no_movement(judged):
    records = judged(limits={"s_band": (0.3, 0.83), "r_min": 2.0})
    assert [each.outcome for each in records] == [Outcome.PASS] * 4
    s, r, level, least = records
    lines = closing([*records, *of_checkpoint(records, {"label": "other"})], 0)
    assert lines[0] == (
        f"PASS         tuned: 4 of 4 verdicts; moved by susceptibility {value_text(s)}, robustness {value_text(r)}; is "
        f"susceptibility {value_text(level)}, robustness {value_text(least)}"
    )
    assert value_text(s).endswith("%")
    assert value_text(level) == f"{level.change.value:.3f}"
    only = of_checkpoint(records[2:], {"label": "other"})
    assert "verdicts; is susceptibility" in closing([*records[:2], *only], 0)[1]


def test_nothing_is_lost_in_json(mixed):
    plain = json.loads(json.dumps(document(mixed, 1), allow_nan=False))
    assert [each["metric"] for each in plain["records"]] == [each.metric for each in mixed]
    assert len(plain["checkpoints"]) == 4
    for each in mixed:
        assert from_plain(json.loads(json.dumps(to_plain(each), allow_nan=False))) == each


def test_infinity_is_a_sign(judged):
    """Bounds and levels may be infinite, and JSON has no word for it."""
    r = judged(base=False, limits={"r_min": 2.0})[0]
    open_ended = replace(r.change, high=math.inf, se=math.inf)
    endless = replace(r, change=open_ended, mde=None, tuned=replace(r.tuned, level=open_ended))
    page = Page(endless)
    page.refuse_loose_ends()
    assert f"[{r.change.low:.3f}, ∞]" in page.texts["td"]
    assert "minimum detectable" not in page.text
    assert "∞]" in explain(endless)
    plain = json.loads(json.dumps(to_plain(endless), allow_nan=False))
    assert (plain["change"]["high"], plain["tuned"]["level"]["se"]) == (None, None)
    assert from_plain(plain) == endless
    assert levels_charts([endless]) == []
    infinite = replace(r, tuned=replace(r.tuned, level=None, details=r.tuned.details | {"infinite": 1.0}))
    assert "R ∞" in Page(infinite).text
    assert "∞" in Page(infinite).texts["td"]


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("S", 0.555, "+56%"),
        ("S", -0.074, "-7.4%"),
        ("S", 0.0994, "+9.9%"),
        ("S", 0.0996, "+10%"),
        ("R", 0.35, "-35%"),
        ("R", -0.021, "+2.1%"),
        ("pmatch", 0.05, "+0.050"),
    ],
)
def test_a_change_has_its_metrics_direction_and_unit(judged, metric, value, text):
    change = replace(judged()[0].change, value=value, low=value - 0.3, high=value + 0.5)
    found = shown(metric, change)
    assert found.split(" ")[0] == text
    low, high = (float(part.strip("[],%")) for part in found.split(" ")[1:])
    assert low < float(text.strip("%")) < high


def test_a_side_that_was_asked_again_is_told(judged):
    s = judged()[0]
    told = replace(s, tuned=replace(s.tuned, details=s.tuned.details | {"unread": 0.031, "retried": 0.52}))
    page = Page(told)
    assert "3.1% of replies unread, 52.0% asked again" in page.text
    assert "of replies unread" not in Page(s).text
