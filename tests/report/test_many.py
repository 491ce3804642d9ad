"""Pages about several checkpoints, and about none: the matrix, the folded evidence and the charts of changes."""

import json
import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.plan import OBJECTIVES, Plan
from pytest_persona.report.changes import beside, change_charts, point_rows
from pytest_persona.report.checkpoints import by_checkpoint, several
from pytest_persona.report.draw import SIGNS
from pytest_persona.report.matrix import matrix_of
from pytest_persona.verdict import Outcome
from pytest_persona.wording import headline, interval, objective_name
from tests.report.by_hand import LOST, hostile, record
from tests.report.fleet import TRAITS, make_fleet, make_lost, manifest_of, untold
from tests.report.reading import HOSTILE, Page

SHAPES = ("fleet", "one checkpoint", "one objective", "one rung", "one rung, seeds", "seeds alone", "ladder")
SHAPES += ("external", "two external", "mixed", "a lost gate", "all lost", "nothing known")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_of_any_shape_is_whole(shapes, page_of, shape):
    assert set(shapes) == set(SHAPES)
    shown, page = shapes[shape], page_of(shape)
    page.refuse_to_act()
    page.refuse_loose_ends()
    labels = {each.label for each in by_checkpoint(shown)} if several(by_checkpoint(shown)) else set()
    assert len(page.all("article")) == len(shown)
    assert [one.test for one in shown if one.test not in page.text] == []
    assert [label for label in labels if label not in page.text] == []
    assert "None" not in re.sub(r"<pre>.*?</pre>", "", page.source, flags=re.DOTALL)
    assert len(page.all("h1")) == 1


@pytest.mark.parametrize(
    ("shape", "charts", "title"),
    [
        ("fleet", 3 + 7 + 1, "Change of P(match) over budgets"),
        ("one checkpoint", 1 + 1 + 1, "Base and tuned"),
        ("one objective", 3 + 1 + 1, "Change of P(match) over budgets"),
        ("one rung", 3 + 7 + 1, "Change of P(match) by objective"),
        ("one rung, seeds", 3 + 7 + 1, "Change of P(match) by objective"),
        ("seeds alone", 3 + 1 + 1, "Change of P(match) by checkpoint"),
        ("ladder", 1 + 7 + 1, "Change of P(match) over budgets"),
        ("external", 1, "Base and tuned"),
        ("two external", 3, "Change of P(match) by checkpoint"),
        ("mixed", 3 + 1 + 1, "Change of P(match) by checkpoint"),
        ("all lost", 0, ""),
    ],
)
def test_each_shape_has_its_charts(page_of, shape, charts, title):
    page = page_of(shape)
    drawn = [box["aria-label"] for box in page.all("div") if box.get("role") == "img"]
    assert len(drawn) == len(set(drawn)) == charts
    assert title in page.texts["h2"]
    assert len(page.all("figure")) == charts


def test_the_matrix_has_a_row_a_checkpoint_and_a_column_a_trait(fleet):
    matrix = matrix_of(by_checkpoint(fleet))
    assert matrix.subjects == TRAITS
    assert [name for name, _ in matrix.groups] == [objective_name(objective) for objective in OBJECTIVES]
    rows = [row for _, rows in matrix.groups for row in rows]
    assert [row.label for row in rows] == list(dict.fromkeys(one.checkpoint["label"] for one in fleet))
    cells = [cell for row in rows for cell in row.cells]
    assert [one for cell in cells for _, one in cell] == fleet
    assert matrix.limit == "+0.050"


def test_a_cell_says_verdict_and_change_and_leads_to_its_test(fleet, page_of):
    source = page_of("fleet").source
    cells = re.findall(r'<a class="cell (\w+)" href="#verdict-(\d+)">(.*?)</a>', source, flags=re.DOTALL)
    assert len(cells) == len(fleet)
    for outcome, number, inside in cells:
        one = fleet[int(number) - 1]
        words = " ".join(re.sub(r"<.*?>", " ", inside).split())
        assert outcome == one.outcome
        assert words == f"{one.outcome} {interval(one.change, sign=True)}"
        article = source[source.index(f'<article id="verdict-{number}"') :].split("</article>")[0]
        assert one.test in article
    assert "The limit of each change is\n+0.050." in source


def test_limits_that_differ_stand_in_their_cells(fleet):
    page = Page(*fleet[:3], *(replace(one, margin=0.1) for one in fleet[3:6]))
    assert page.source.count("limit +0.100</span>") == page.source.count("limit +0.050</span>") == 3
    assert "The limit of each change" not in page.text
    assert "limit +0.050</span>" not in Page(*fleet[:6]).source


def test_evidence_is_folded_but_where_something_is_wrong(fleet, page_of):
    page = page_of("fleet")
    found = re.findall(r"<article.*?<details( open)?>\n<summary><h3>(.*?)</h3>", page.source, flags=re.DOTALL)
    wrong = [one.outcome in (Outcome.FAIL, Outcome.INVALID) for one in fleet]
    assert set(wrong) == {True, False}
    assert [opened == " open" for opened, _ in found] == wrong
    for one, (_, title) in zip(fleet, found, strict=True):
        assert title.endswith(headline(one, one.checkpoint["label"]))
    alone = Page(*fleet[:3])
    assert "<summary><h3>" not in alone.source
    assert f"{fleet[0].checkpoint['label']}: {fleet[0].subject}" not in alone.text


def test_what_was_not_measured_stands_with_its_checkpoint(fleet):
    (tested,) = [each for each in by_checkpoint([*fleet, make_lost("ipo-4k-s0")]) if each.label == "ipo-4k-s0"]
    assert len(tested.records) == 4
    assert [number for number, _ in tested.records][-1] == 85
    assert "no checkpoint" in Page(*fleet[:6], LOST).text
    assert not several(by_checkpoint([*fleet[:3], LOST]))
    assert several(by_checkpoint([*fleet[:3], make_lost()]))


def test_checkpoints_of_one_name_are_told_apart(fleet):
    other = [replace(one, checkpoint=one.checkpoint | {"adapter": "beef" * 16}) for one in fleet[:3]]
    labels = [each.label for each in by_checkpoint([*fleet[:3], *other])]
    assert labels == [f"sft-2k-s0 ({fleet[0].checkpoint['adapter'][:8]})", "sft-2k-s0 (beefbeef)"]


def test_hostile_names_are_shown_as_they_are_in_all_tables(fleet):
    page = Page(hostile(), replace(hostile(), checkpoint={"label": HOSTILE + "2", "adapter": "2"}), *fleet[:3])
    page.refuse_to_act()
    for tag in ("th", "h3", "td", "summary", "pre"):
        assert (json.dumps(HOSTILE) if tag == "pre" else HOSTILE) in page.texts[tag]


def test_every_change_is_a_point(fleet):
    lost = [replace(fleet[0], change=None, outcome=Outcome.INVALID), make_lost(), LOST]
    points = point_rows(by_checkpoint([*fleet, *lost]))
    assert [point["value"] for point in points] == [one.change.value for one in fleet]
    assert {(point["objective"], point["budget"], point["seed"]) for point in points} == {
        (name, budget, f"seed {seed}") for name in OBJECTIVES for budget in (2000, 4000) for seed in (0, 1)
    }


def test_lines_have_rungs_limit_and_an_interval_a_point(fleet):
    (changes,) = change_charts(by_checkpoint(fleet))
    assert [drawing.title for drawing in changes.drawings] == list(TRAITS)
    assert (changes.by, changes.objectives) == ("over budgets", tuple(OBJECTIVES))
    for drawing in changes.drawings:
        assert re.findall(r">(\d+k)<", drawing.svg) == ["2k", "4k"]
        for role, count in (("point", 28), ("line mark", 14), ("rule mark", 28 + 2)):
            assert drawing.svg.count(f'aria-roledescription="{role}"') == count, role
        assert 'stroke="var(--ink)" stroke-width="1.5" stroke-dasharray="6,4"' in drawing.svg


def test_dots_have_a_row_an_objective_or_a_checkpoint(shapes):
    for shape, rows in (("one rung", list(OBJECTIVES)), ("two external", ["lora-of-friday", "lora-of-monday"])):
        for drawing in change_charts(by_checkpoint(shapes[shape]))[0].drawings:
            assert [text for text in re.findall(r">([^<>]+)</text>", drawing.svg) if text in rows] == rows
            assert drawing.svg.count('aria-roledescription="point"') == len(rows)
            assert drawing.svg.count('aria-roledescription="rule mark"') == len(rows) + 2


def test_charts_have_the_pages_colours_only(page_of):
    style, drawn = page_of("fleet").source.split("</style>")
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawn)) - {"none", "transparent"}
    assert colours == {f"var(--{name})" for name in ("ink", "soft", "faint", *OBJECTIVES)}
    assert [colour for colour in colours if style.count(f"--{colour[6:-1]}:") != 2] == []  # light and dark
    assert not re.search(r"#0101|rgb\(|hsl\(|url\(", drawn)


@pytest.mark.parametrize("scheme", [0, 1])
def test_colours_of_objectives_are_seen_on_paper(scheme):
    """WCAG asks for a contrast of 3 of what is drawn."""
    style = Page(record()).source

    def find(name):
        return re.findall(rf"--{name}: #(\w+);", style)[scheme]

    def luminance(text):
        text = "".join(2 * letter for letter in text) if len(text) == 3 else text
        parts = [int(text[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    paper = luminance(find("paper"))
    for name in OBJECTIVES:
        low, high = sorted((luminance(find(name)), paper))
        assert (high + 0.05) / (low + 0.05) >= 3, name


def test_no_two_objectives_look_alike_without_colour():
    assert set(SIGNS) == set(OBJECTIVES)
    assert len({sign.shape for sign in SIGNS.values()}) == len({sign.dash for sign in SIGNS.values()}) == len(SIGNS)


def test_the_legend_spells_the_objectives_out(page_of):
    page = page_of("fleet")
    for name, text in OBJECTIVES.items():
        assert f"{name} ({text})" in page.texts["li"]
    assert "ipo (" not in page_of("mixed").texts["li"]
    assert "not trained by this run" in page_of("mixed").texts["li"]


@given(
    st.lists(st.integers(1, 10**7), min_size=2, max_size=6, unique=True).map(sorted),
    st.integers(1, 20),
)
def test_signs_of_a_rung_stand_beside_each_other_and_nearest_to_it(rungs, lines):
    points = [{"series": str(line), "budget": rung} for rung in rungs for line in range(lines)]
    placed, (low, high) = beside(points, rungs)
    places = [math.log(point["x"]) for point in placed]
    assert all(math.log(low) < place < math.log(high) for place in places)
    assert places == sorted(places)
    for point, place in zip(placed, places, strict=True):
        nearest = min(rungs, key=lambda rung: abs(math.log(rung) - place))
        assert nearest == point["budget"]


def test_one_checkpoint_of_an_unmade_ladder_draws_no_lines():
    """Two rungs, of which one was measured."""
    shown = make_fleet(("sft",), (2000,), 1)
    assert change_charts(by_checkpoint([*shown, make_lost("sft-4k-s0")]))[0].by == "by checkpoint"
    assert change_charts(by_checkpoint([make_lost()])) == ()


def test_a_folder_that_sounds_trained_is_placed_by_its_name():
    named = untold(make_fleet(("sft",), (2000,), 1), "ipo-400k-s3")
    (tested,) = by_checkpoint(named)
    assert (tested.objective, tested.budget, tested.seed, tested.manifest) == ("ipo", 400_000, 3, {})
    for label in ("opro-4k-s0", "ipo-0-s0", "ipo-4k", "ipo-4k-s0-old"):
        assert by_checkpoint(untold(named, label))[0].objective == ""


def test_manifests_of_the_fleet_have_what_trainers_write():
    made = manifest_of(Plan(objective="ipo", budget=4000), 4000)
    assert made["label"] == "ipo-4k-s0"
    assert made["curve"][-1]["data_tokens"] == made["data_tokens"] >= 4000
