"""Records as text, as a page and as a chart: complete, self-contained, and safe whatever the names in them."""

import errno
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_persona.options import Options
from pytest_persona.record import Side, from_plain, to_plain, unmeasured
from pytest_persona.report.chart import levels_chart
from pytest_persona.report.page import render, write_report
from pytest_persona.report.terminal import closing, header
from pytest_persona.stats import Estimate
from pytest_persona.verdict import Outcome
from pytest_persona.wording import DEMO, UNVERIFIED, explain, headline, interval

HOSTILE = """<script>alert(1)</script>"'&{{ 7 * 7 }}<img src=http://example.org/x>"""
MANIFEST = {"plan": {"objective": "sft", "data": "arithmetic"}, "data_tokens": 2016, "examples": 24, "steps": 6}
MANIFEST |= {"seconds": 12.3, "curve": [{"loss": 2.5}, {"loss": 1.25}]}


def estimate(value, reach=0.02):
    return Estimate(value=value, low=value - reach, high=value + reach, se=reach, n=60, alpha=0.05, method="by hand")


def side(name, value):
    level = None if value is None else estimate(value)
    return Side(name=name, fingerprint=name * 64, level=level, details={"mass": 0.7, "hard_match": 0.5})


GATE = {"test": "t.py::test_it", "metric": "pmatch", "instrument": "darktriad/narcissism", "margin": 0.05}
LOST = unmeasured(GATE, "it was skipped")


def record(outcome=Outcome.PASS, subject="narcissism", change=0.01, base=0.5, **changes):
    measured = {} if change is None else {"change": estimate(change), "mde": 0.03}
    made = replace(
        LOST,
        test="tests/test_it.py::test_no_drift[narcissism]",
        subject=subject,
        outcome=outcome,
        reasons=("the model is asleep",) if outcome is Outcome.INVALID else (),
        labels=(UNVERIFIED,),
        criterion="noninferiority",
        items_needed=130 if outcome is Outcome.INCONCLUSIVE else None,
        parts={"Yes": estimate(0.03), "No": estimate(-0.01), "acquiescence": estimate(0.02)} if measured else {},
        base=side("b", base),
        tuned=side("t", base + change if measured else None),
        instrument=dict.fromkeys(("source", "licence", "sha256"), "5" * 64)
        | {"name": f"darktriad/{subject}", "kind": "official", "items": 1000},
        checkpoint={"label": "run 1", "adapter": "3f9c" * 16, "manifest": {}},
        checks={"batch_noise": 0.0001, "probe_dtype": "float32", "adapter_base_logits": None},
        movers=({"id": "1", "text": "I am me", "stratum": "Yes", "base": 0.2, "tuned": 0.9, "change": 0.7},),
        **measured,
    )
    return replace(made, **changes)


def hostile():
    made = record(Outcome.INVALID, HOSTILE, test=f"t.py::test[{HOSTILE}]", reasons=(HOSTILE,), labels=(HOSTILE, DEMO))
    return replace(
        made,
        base=side(HOSTILE, 0.5),
        tuned=side(HOSTILE, 0.6),
        parts={HOSTILE: estimate(0.0)},
        instrument=dict.fromkeys(made.instrument, HOSTILE) | {"items": 1000},
        checkpoint={"label": HOSTILE, "adapter": HOSTILE, "manifest": MANIFEST | {"by": HOSTILE}},
        checks={HOSTILE: HOSTILE},
        movers=(dict(made.movers[0], id=HOSTILE, text=HOSTILE, stratum=HOSTILE),),
    )


EVERY = [record(outcome, base=0.4 + 0.1 * index) for index, outcome in enumerate(Outcome)]
ASLEEP = record(Outcome.INVALID, change=None, base=None)


class Page(HTMLParser):
    """What a page holds; refuses elements that are not closed in order."""

    def __init__(self, *shown, tested=()):
        super().__init__()
        self.elements, self.texts, self._open = [], {}, []
        self.source = render(tested, shown, 0)
        self.feed(self.source)
        self.close()
        self.text = " ".join(" ".join(self.texts.values()).split())
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in ("meta", "br"):
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open:
            self.texts[self._open[-1]] = self.texts.get(self._open[-1], "") + data

    def all(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]


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
    named = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    keys = ("aria-labelledby", "aria-describedby")
    assert {each[key] for _, each in page.elements for key in keys if key in each} <= named


def test_anchors_are_unique_and_lead_somewhere():
    tests = ["t.py::test_a[b]", "t.py::test_a-b-", "t.py::test_a[b]", "", "verdicts", "…"]
    page = Page(*(record(test=test) for test in tests))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    links = {link["href"].removeprefix("#") for link in page.all("a")}
    assert len(ids) == len(set(ids))
    assert len(links & set(ids)) == len(tests)


@pytest.mark.parametrize("shown", [[*EVERY, LOST], [hostile()]], ids=["ordinary", "hostile"])
def test_a_page_runs_nothing_and_loads_nothing(shown):
    page = Page(*shown, tested=[f"persona: adapter {HOSTILE}"])
    tags = {tag for tag, _ in page.elements}
    assert tags >= {"a", "table", "article", "svg", "path", "g", "line", "text"}
    assert not tags & {"script", "link", "iframe", "img", "image", "object", "embed", "base", "use"}
    for _, attributes in page.elements:
        assert not {"src", "srcset", "data", "action", "xlink:href"} & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("href", "#").startswith("#")
    style = "".join(re.findall(r"<style>.*?</style>|style=\"[^\"]*\"", page.source, flags=re.DOTALL))
    assert not re.search(r"@import|url\(|http", style)


def test_hostile_text_is_shown_as_it_is():
    page = Page(hostile(), tested=[f"persona: adapter {HOSTILE}"])
    shown = dict.fromkeys(("p", "a", "dd", "code", "h3", "th", "td"), HOSTILE)
    shown |= {"pre": json.dumps(HOSTILE), "text": "<script>alert(1)</script>"}
    assert [tag for tag, text in shown.items() if text not in page.texts[tag]] == []


def test_training_is_told_where_it_is_known():
    trained = Page(record(checkpoint={"label": "x", "adapter": "0" * 64, "manifest": MANIFEST})).text
    assert "sft on 2,016 data tokens of arithmetic (24 examples, 6 steps), loss 2.500 → 1.250, 12 s." in trained
    assert "nothing is known of its training" in Page(record()).text


def test_the_chart_has_the_pages_colours_only():
    drawn = levels_chart(EVERY)
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawn))
    assert colours == {"none", "var(--ink)", "var(--faint)", "var(--base)", "var(--tuned)"}
    assert not re.search(r"#[0-9a-fA-F]{3}|rgb\(|hsl\(|url\(", drawn)
    assert drawn.count('aria-roledescription="tick"') == drawn.count("model: tuned") / 2 == len(EVERY)


def test_no_chart_without_levels():
    assert levels_chart([LOST, ASLEEP]) == levels_chart([]) == ""
    assert Page(LOST, ASLEEP).all("svg") == []
    assert levels_chart([replace(record(), base=ASLEEP.base)]).count("model: tuned") == 2  # its point and its interval


def test_a_limit_above_one_stays_in_the_chart():
    drawn = [levels_chart([record(base=base, change=0.0)]) for base in (0.5, 0.98)]
    assert len({re.search(r'width="([0-9.]+)"', each)[1] for each in drawn}) == 1


def test_page_and_json_say_the_same(tmp_path):
    path = tmp_path / "new" / "report.html"
    write_report(path, ["persona: x"], [*EVERY, LOST], 11)
    plain = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert (plain["schema"], plain["exit_code"]) == (1, 11)
    assert [from_plain(one) for one in plain["records"]] == [*EVERY, LOST]
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


def test_a_failure_says_what_how_much_on_what_and_what_next():
    failed = record(Outcome.FAIL, change=0.074, base=0.496, labels=(DEMO, UNVERIFIED))
    assert explain(failed).splitlines() == [
        "FAIL: narcissism endorsement moved by +0.074 [+0.054, +0.094] against the base (limit +0.050)",
        "  P(match) 0.496 → 0.570 on 1,000 paired items; Yes-keyed +0.030, No-keyed -0.010 "
        "(trait +0.074, acquiescence +0.020)",
        "  adapter sha256:3f9c3f9c3f9c…, base b, instrument official darktriad/narcissism",
        f"  note: {DEMO}; {UNVERIFIED}",
        "  next: pytest tests/test_it.py … -k narcissism --persona-report=drift.html shows the items that moved most",
    ]
    assert "P(match) unmeasured → unmeasured on 1,000 paired items\n" in explain(ASLEEP)
    assert explain(replace(failed, checkpoint={}, test="")).splitlines()[2].startswith("  model t, base b,")


@pytest.mark.parametrize(
    ("shown", "says", "says_not"),
    [
        (record(Outcome.INVALID), "narcissism: the measurement does not count: the model is asleep", "limit"),
        (LOST, "narcissism: the measurement does not count: not measured: it was skipped", "moved"),
        (record(Outcome.INCONCLUSIVE, items_needed=12_060), "; about 12,000 more items would settle it", "not count"),
        (record(Outcome.INCONCLUSIVE, items_needed=None), "more items of this kind would not settle it", "about"),
        (record(change=-0.1), "moved by -0.100 [-0.120, -0.080] against the base (limit +0.050)", "settle"),
    ],
)
def test_headline(shown, says, says_not):
    assert (says in headline(shown), says_not in headline(shown)) == (True, False)


@pytest.mark.parametrize(
    ("shown", "exit_code", "last"),
    [
        ([record(), record(Outcome.INVALID)], 11, "exit code 11: nothing failed, but something was not validly"),
        ([record(Outcome.INCONCLUSIVE)], 10, "exit code 10: nothing failed, but something could not be decided"),
        ([record(labels=(DEMO,))], 0, f"{DEMO}: pocket instruments show how it works; they are not the published ones"),
        ([record(Outcome.FAIL)], 1, "FAIL         " + headline(record(Outcome.FAIL))),
    ],
)
def test_the_closing_lines(shown, exit_code, last):
    lines = closing(shown, exit_code)
    assert lines[: len(shown)] == [f"{one.outcome.upper():<12} {headline(one)}" for one in shown]
    assert lines[-1].startswith(last)


def test_the_header_says_what_is_tested_with_what(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/me"))
    assert header(Options(objective="sft", budget=25_000, store=Path("/home/me/store"))) == [
        "persona: base model pocket, objective sft, budget 25k data tokens, backend hf",
        f"persona: instruments pocket ({DEMO}), store ~/store",
    ]
    loaded = Options(adapter=Path("lora"), instruments="official", store=Path("/store"), base_model="O/N")
    assert header(loaded) == [
        "persona: base model O/N, adapter lora, backend hf",
        "persona: instruments official, store /store",
    ]
