"""Records as a page and as a chart: complete, self-contained, and safe whatever the names in them."""

import errno
import json
import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_persona.record import Side, from_plain, to_plain
from pytest_persona.report.chart import levels_charts
from pytest_persona.report.page import render, write_report
from pytest_persona.verdict import Outcome
from pytest_persona.wording import headline, interval
from tests.report.by_hand import ASLEEP, EVERY, LOST, estimate, hostile, record
from tests.report.reading import HOSTILE, Page

words = st.text(max_size=12)
estimates = st.builds(estimate, st.floats(-1, 1), st.sampled_from([0.0, 0.1]))
sides = st.builds(Side, name=words, fingerprint=words, level=st.none() | estimates, details=st.just({"mass": None}))
records = st.fixed_dictionaries(
    {"outcome": st.sampled_from(Outcome), "subject": words, "base": sides, "tuned": sides}
    | {"change": st.none() | estimates, "parts": st.dictionaries(words, estimates, max_size=3)}
    | dict.fromkeys(("reasons", "labels"), st.lists(words, max_size=2).map(tuple))
    | {"movers": st.lists(st.dictionaries(words, st.floats(-1, 1) | words, max_size=3), max_size=2).map(tuple)}
).map(lambda changes: replace(record(), **changes))


@settings(deadline=None)
@given(records)
@example(LOST)
def test_a_record_survives_json(original):
    assert from_plain(json.loads(json.dumps(to_plain(original)), parse_constant=pytest.fail)) == original


@pytest.mark.parametrize("shown", [*EVERY, LOST, ASLEEP])
def test_a_page_states_the_verdict_and_its_evidence(shown):
    page = Page(shown, tested=["persona: base model M"])
    assert page.texts["title"] == f"{shown.outcome} – persona report"
    assert shown.outcome.capitalize() + "." in page.texts["span"]
    told = [headline(shown), *shown.reasons, shown.test, shown.base.name, *(mover["text"] for mover in shown.movers)]
    told += ["base model M"] + ([interval(shown.change, sign=True)] if shown.change else [])
    assert [part for part in told if part not in page.text] == []
    assert "None" not in page.text


@pytest.mark.parametrize("outcome", Outcome)
def test_the_worst_verdict_is_the_pages(outcome):
    page = Page(record(), record(outcome), record())
    assert page.all("header") == [{"class": f"head {outcome}"}]
    assert [row["class"] for row in page.all("tr") if "class" in row] == ["pass", outcome, "pass"]


def test_a_page_is_built_for_all_readers():
    page = Page(*EVERY, LOST)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("title")) == len(page.all("main")) == 1
    assert {heading.get("scope") for heading in page.all("th")} == {"col", "row"}
    assert ["P(match)" in box["aria-label"] for box in page.all("div") if box.get("role") == "img"] == [True]
    page.refuse_loose_ends()


def test_anchors_are_unique_and_lead_somewhere():
    tests = ["t.py::test_a[b]", "t.py::test_a-b-", "t.py::test_a[b]", "", "verdicts", "…"]
    page = Page(*(record(test=test) for test in tests))
    page.refuse_loose_ends()
    assert len(page.all("a")) == len(tests)


@pytest.mark.parametrize("shown", [[*EVERY, LOST], [hostile()]], ids=["ordinary", "hostile"])
def test_a_page_runs_nothing_and_loads_nothing(shown):
    page = Page(*shown, tested=[f"persona: adapter {HOSTILE}"])
    tags = {tag for tag, _ in page.elements}
    assert tags >= {"a", "table", "article", "svg", "path", "g", "line", "text"}
    page.refuse_to_act()


def test_hostile_text_is_shown_as_it_is():
    page = Page(hostile(), tested=[f"persona: adapter {HOSTILE}"])
    shown = dict.fromkeys(("p", "a", "dd", "code", "h3", "th", "td"), HOSTILE)
    shown |= {"pre": json.dumps(HOSTILE), "text": "<script>alert(1)</script>"}
    assert [tag for tag, text in shown.items() if text not in page.texts[tag]] == []


def test_the_chart_has_the_pages_colours_only():
    drawn = levels_charts(EVERY)[0].svg
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawn))
    assert colours == {"none", "var(--ink)", "var(--faint)", "var(--base)", "var(--tuned)"}
    assert not re.search(r"#[0-9a-fA-F]{3}|rgb\(|hsl\(|url\(", drawn)
    assert drawn.count('aria-roledescription="tick"') == drawn.count("model: tuned") / 2 == len(EVERY)


def test_no_chart_without_levels():
    assert levels_charts([LOST, ASLEEP]) == levels_charts([]) == []
    assert Page(LOST, ASLEEP).all("svg") == []
    assert (
        levels_charts([replace(record(), base=ASLEEP.base)])[0].svg.count("model: tuned") == 2
    )  # its point and its interval


def test_a_limit_above_one_stays_in_the_chart():
    drawn = [levels_charts([record(base=base, change=0.0)])[0].svg for base in (0.5, 0.98)]
    assert len({re.search(r'width="([0-9.]+)"', each)[1] for each in drawn}) == 1


def test_page_and_json_say_the_same(tmp_path):
    path = tmp_path / "new" / "report.html"
    write_report(path, ["persona: x"], [*EVERY, LOST], 11)
    plain = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert (plain["schema"], plain["exit_code"]) == (4, 11)
    assert [from_plain(one | {"checkpoint": EVERY[0].checkpoint}) for one in plain["records"][:4]] == EVERY
    assert from_plain(plain["records"][4]) == LOST
    assert path.read_text(encoding="utf-8") == render(["persona: x"], [*EVERY, LOST], 11)
    assert sorted(file.name for file in path.parent.iterdir()) == ["report.html", "report.json"]


def test_names_that_no_encoding_has_are_written_too(tmp_path):
    write_report(tmp_path / "report.html", ["persona: adapter \udcff"], [record(test="\udcff.py")], 0)
    assert "<code>?.py" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("step", ["tempfile.mkstemp", "os.fdopen", "pathlib.Path.rename"])
def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch, step):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    write_report(tmp_path / "report.html", [], [record()], 0)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(OSError, match=r"report\.html"):
        write_report(tmp_path / "report.html" / "no folder.html", [], [record()], 0)
    monkeypatch.setattr(step, full)
    with pytest.raises(OSError, match="No space"):
        write_report(tmp_path / "report.html", [], [record(Outcome.FAIL)], 1)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
