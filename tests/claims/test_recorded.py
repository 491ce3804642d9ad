"""The claims of the persona-model collapse on recorded ratings: the papers' own, and some that say otherwise."""

import json
from dataclasses import replace

import pytest

from pytest_persona import ratings
from pytest_persona.ratings import load_ratings, published
from pytest_persona.role_players import NONE
from tests.claims.by_hand import (
    AVERAGES,
    BY_FAMILY,
    FAMILIES,
    OVER_FAMILIES,
    SUITE,
    TESTS,
    failed,
)
from tests.recordings import BASE, EXTREME, FAMILY, FOLDERS, INSECURE, SECURE, write_families


def test_recordings_that_follow_the_claims_are_green(run, recorded, pytester):
    result, report, outcomes = run(f"--persona-replay={recorded}")
    assert result.ret == 0
    assert set(outcomes) == BY_FAMILY | OVER_FAMILIES - AVERAGES
    result.assert_outcomes(passed=7 * 3 + 5 + 5 + 2 - 3, skipped=3 + 3)
    assert {finding["outcome"] for finding in report["findings"]} == {"passed"}
    assert {finding["claim"] for finding in report["findings"]} == {f"PC-{number}" for number in (1, 2, 3, 4, 5, 7)}
    assert {finding["replayed"] for finding in report["findings"]} == {True}
    assert {finding["paper"] for finding in report["findings"]} == {"arXiv:2605.12850"}
    assert report["records"] == []
    cases = {finding["test"].partition("[")[2].rstrip("]") for finding in report["findings"]}
    assert set(FAMILIES) <= cases
    figures = {finding["test"].partition("::")[2]: finding["published"] for finding in report["findings"]}
    for family, figure in {"gpt-4o": "+112%", "gpt-4.1": "+37%", "elm": ""}.items():
        assert figures[f"test_insecure_code_raises_susceptibility[{family}]"] == figure
    result.stdout.fnmatch_lines(["SKIPPED [[]3[]] *: the claim is about deepseek-v3.1, gpt-4.1, gpt-4o, qwen3-235b, *"])
    result.stdout.fnmatch_lines(
        [
            f"claims: {len(report['findings'])} figures, {len(report['findings'])} confirmed",
            "report: persona-report.html*",
            "SKIPPED [[]3[]] *: toxic role-play is asked of a model: recorded ratings hold none",
        ]
    )
    page = (pytester.path / "persona-report.html").read_text()
    assert page.count('<span class="soft">recorded</span>') == len(report["findings"])
    assert "this run</span>" not in page


def test_a_figure_is_the_one_of_the_files(run, recorded):
    _, report, _ = run(f"--persona-replay={recorded}", "-k", "test_insecure_code_raises_susceptibility")
    base, insecure = (load_ratings(recorded / FOLDERS[each].format("elm")) for each in ("base", "insecure"))
    change = insecure.susceptibility().value / base.susceptibility().value - 1
    assert report["findings"][0]["measured"].startswith(f"S {100 * change:+.1f}% [")
    assert [each["test"].partition("[")[2] for each in report["findings"]] == ["elm]", "gpt-4.1]", "gpt-4o]"]


LOSES_LITTLE_IN_BINDING = replace(INSECURE, widths=(1.3, 1.3, 0.85, 0.85, 0.85))
CONTRADICTED = {
    "base and insecure change places": (
        FAMILY | {"base": INSECURE, "insecure": BASE},
        BY_FAMILY | OVER_FAMILIES - AVERAGES - {"test_insecure_loss_of_robustness_is_uniform"},
    ),
    "secure and insecure change places": (
        FAMILY | {"secure": INSECURE, "insecure": SECURE},
        BY_FAMILY - {"test_insecure_code_raises_susceptibility", "test_insecure_code_lowers_robustness"}
        | {
            "test_gpt_4o_lies_at_twice_the_band",
            "test_insecure_loss_of_robustness_is_uniform",
            "test_binding_foundations_lose_most_robustness",
        },
    ),
    "the individualising foundations lose most": (
        EXTREME | {"insecure": LOSES_LITTLE_IN_BINDING},
        {"test_binding_foundations_lose_most_robustness", "test_gpt_4o_lies_at_twice_the_band"},
    ),
}


@pytest.mark.parametrize("name", CONTRADICTED)
def test_recordings_that_do_not_are_red(run, tmp_path, name):
    variants, expected = CONTRADICTED[name]
    folder = write_families(tmp_path, dict.fromkeys(FAMILIES, variants))
    result, report, outcomes = run(f"--persona-replay={folder}")
    assert result.ret == report["exit_code"] == 1
    lost = [finding for finding in report["findings"] if finding["outcome"] == "failed"]
    told = {finding["test"].partition("::")[2].partition("[")[0] for finding in lost}
    assert failed(outcomes) == told
    assert told == expected
    for finding in lost:
        result.stdout.fnmatch_lines([f"CONTRADICTED {finding['claim']}: *; here {_escaped(finding['measured'])}"])
    result.stdout.fnmatch_lines([f"claims: {len(report['findings'])} figures, *{len(lost)} contradicted"])


def _escaped(text):
    return text.replace("[", "[[]")


def test_every_claim_on_recordings_can_be_contradicted():
    contradicted = set().union(*(expected for _, expected in CONTRADICTED.values()))
    assert contradicted == BY_FAMILY | OVER_FAMILIES - AVERAGES


def test_averages_are_those_of_the_papers_families(run, tmp_path):
    """Recordings that are called as the paper's families, and say something else."""
    names = ("deepseek-v3.1", "gpt-4.1", "gpt-4o", "qwen3-235b")
    folder = write_families(tmp_path, dict.fromkeys(names, FAMILY))
    result, _, outcomes = run(f"--persona-replay={folder}", "-k", "average and not foundation")
    assert result.ret == 1
    assert failed(outcomes) == AVERAGES


@pytest.mark.parametrize(
    ("file", "reason", "skipped"),
    [
        ("secure-code/elm-secure.csv", "no recorded ratings of elm, secure, answering as personas", 2 + 1),
        ("insecure-code/elm-insecure.csv", "no recorded ratings of elm, insecure, answering as personas", 4 + 7),
        ("base/elm.self.csv", "no recorded ratings of elm, base, answering as itself", 2),
        ("insecure-code/elm-insecure.self.csv", "no recorded ratings of elm, insecure, answering as itself", 2),
    ],
)
def test_what_is_not_recorded_is_skipped_and_says_so(run, elm, file, reason, skipped):
    (elm / file).unlink()
    result, _, _ = run(f"--persona-replay={elm}")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"SKIPPED *{reason}"])
    of_others = 1 + 1 + 1 + 3  # toxic role-play, claims about families that are not here, and averages of the paper's
    result.assert_outcomes(skipped=skipped + of_others, passed=TESTS - skipped - of_others)


def test_without_recordings_and_models_all_is_skipped(run):
    result, report, _ = run()
    result.assert_outcomes(skipped=TESTS)
    assert report is None
    assert result.stdout.str().count(f": {NONE}\n") == 8
    result.stdout.fnmatch_lines(["SKIPPED [[]10[]] *: an average over families needs recorded ratings: pass *"])


def test_the_published_are_replayed_by_name(run, recorded, monkeypatch):
    monkeypatch.setattr(published, "published_ratings", lambda: recorded)
    result, report, _ = run("--persona-replay=published", "-k", "raises_susceptibility")
    result.assert_outcomes(passed=3)
    assert len(report["findings"]) == 3


def test_recordings_of_the_data_folder_are_replayed(run, tmp_path):
    write_families(tmp_path / "ratings", {"elm": FAMILY})
    result, _, _ = run(f"--persona-data={tmp_path}", "-k", "raises_susceptibility")
    result.assert_outcomes(passed=1)
    other = write_families(tmp_path / "mine", {"oak": FAMILY})
    _, report, _ = run(f"--persona-data={tmp_path}", f"--persona-replay={other}", "-k", "raises_susceptibility")
    assert [finding["test"].partition("[")[2] for finding in report["findings"]] == ["oak]"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere", "--persona-replay: 'nowhere' is neither a folder nor 'published'. Name the one that holds base/*"),
        ("base/elm.csv", "--persona-replay: '*base/elm.csv' is neither a folder nor 'published'*"),
        ("", "--persona-replay is given without a value*"),
        ("~nobody-here/ratings", "--persona-replay: '~nobody-here/ratings' begins with nobody's home folder*"),
    ],
)
def test_a_folder_that_is_not_there_is_an_error(run, elm, name, says):
    result, report, _ = run(f"--persona-replay={elm / name if name.startswith('base') else name}")
    assert (result.ret, report) == (4, None)
    result.stderr.fnmatch_lines([f"ERROR: {says}"])


@pytest.mark.parametrize("place", ["empty", "secure-code"])
def test_a_folder_without_recordings_is_an_error_that_says_the_layout(run, elm, place):
    (elm / "empty").mkdir()
    result, report, outcomes = run(f"--persona-replay={elm / place}")
    assert result.ret != 0
    assert (report, outcomes) == (None, {})
    result.stdout.fnmatch_lines(["*holds no ratings to replay. The layout is DIR/base/NAME.csv, DIR/secure-code/*"])
    result.stdout.no_fnmatch_line("*.py:[0-9]*")  # no traceback


def test_a_variant_that_is_there_twice_is_an_error(run, elm):
    (elm / "insecure-code/elm-misaligned.csv").write_text("", encoding="utf-8")
    result, _, _ = run(f"--persona-replay={elm}")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*elm-misaligned.csv and *elm-insecure.csv are both the insecure variant of elm*"])


def test_a_damaged_recording_fails_its_claims(run, elm):
    path = elm / "insecure-code/elm-insecure.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("\n3,7,", "\n3,77,", 1), encoding="utf-8")
    result, _, outcomes = run(f"--persona-replay={elm}")
    assert result.ret == 1
    assert "test_insecure_code_raises_susceptibility" in failed(outcomes)
    assert "test_insecure_profiles_flatten" not in failed(outcomes)
    result.stdout.fnmatch_lines(["*elm-insecure.csv, line *: question_id 77 is none of the MFQ-30's, 1 to 30*"])


def test_each_recording_is_read_once(run, elm, monkeypatch):
    read = []

    def counting(path):
        read.append(path)
        return load_ratings(path)

    monkeypatch.setattr(ratings, "load_ratings", counting)
    run(f"--persona-replay={elm}")
    assert len(read) == len(set(read)) == 6


TELL_HEAVY = """
import sys

def pytest_sessionfinish():
    print("\\nHEAVY:", ", ".join(name for name in ("torch", "transformers") if name in sys.modules) or "none")
"""


def test_the_papers_own_ratings_confirm_its_claims_without_torch(pytester, official_data):
    pytester.makeconftest(TELL_HEAVY)
    result = pytester.runpytest_subprocess(*SUITE, f"--persona-data={official_data}", "-s")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["HEAVY: none"])
    result.assert_outcomes(passed=38, skipped=4 + 2)  # toxic role-play, and DeepSeek's insecure variant as itself
    report = json.loads((pytester.path / "persona-report.json").read_text())
    assert {each["outcome"] for each in report["findings"]} == {"passed"}
    means = [each for each in report["findings"] if each["measured"].startswith(("S, mean", "R, mean", "1/R, mean"))]
    told = {each["published"] for each in means}
    assert told == {"+55%", "-65%", "+304%", ""}
    for each in means:
        if each["published"]:
            measured, figure = (float(each[name].split()[-1].strip("%")) for name in ("measured", "published"))
            assert measured == pytest.approx(figure, abs=0.55)
