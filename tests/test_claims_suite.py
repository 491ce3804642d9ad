"""The claims of the persona-model collapse on recorded ratings, on models of the run, and on neither."""

import json
from collections import defaultdict
from dataclasses import replace

import pytest

from pytest_persona import ratings
from pytest_persona.flags import PERSONAS
from pytest_persona.instruments.moral import FOUNDATIONS, moral
from pytest_persona.ratings import load_ratings, published
from pytest_persona.role_players import NONE
from tests.raters import Rater, hand_out
from tests.recordings import BASE, EXTREME, FAMILY, FOLDERS, INSECURE, SECURE, write_families

SUITE = ["--pyargs", "pytest_persona.suites.claims", "-rA"]
FAMILIES = {"elm": FAMILY, "gpt-4.1": FAMILY, "gpt-4o": EXTREME}
BY_FAMILY = {
    "test_insecure_code_raises_susceptibility",
    "test_insecure_code_leaves_the_frontier_band",
    "test_insecure_code_lowers_robustness",
    "test_secure_code_keeps_susceptibility",
    "test_insecure_code_costs_more_robustness_than_secure_code",
    "test_insecure_profiles_move_to_the_ceiling",
    "test_insecure_profiles_flatten",
}
"""Judged of each family by itself, recorded or of this run."""
TOXIC = "test_toxic_role_play_does_not_saturate"
OVER_FAMILIES = {
    "test_susceptibility_rises_by_half_on_average",
    "test_gpt_4o_lies_at_twice_the_band",
    "test_robustness_falls_by_two_thirds_on_average",
    "test_inverse_robustness_rises_fourfold_on_average",
    "test_insecure_loss_of_robustness_is_uniform",
    "test_robustness_falls_in_every_foundation_on_average",
    "test_binding_foundations_lose_most_robustness",
}
"""Judged of recorded families together, or of a certain one."""

AVERAGES = {
    "test_susceptibility_rises_by_half_on_average",
    "test_robustness_falls_by_two_thirds_on_average",
    "test_inverse_robustness_rises_fourfold_on_average",
}
"""Figures of the paper's own four families: of others they are not claimed."""
FRONTIER = "test_insecure_code_leaves_the_frontier_band"
"""Of the published items, so that pocket items say nothing about it."""

TESTS = 20
"""With one family."""


@pytest.fixture
def run(pytester, monkeypatch, imported):
    """Run the claims suite in this process; gives the result, the report and outcomes by test."""
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))

    def run_suite(*args, suite=True):
        result = pytester.runpytest_inprocess(*(SUITE if suite else ()), *map(str, args))
        report = pytester.path / "persona-report.json"
        return result, json.loads(report.read_text()) if report.exists() else None, outcomes_of(result)

    return run_suite


def outcomes_of(result):
    """From a test's function to the outcomes of its cases, by the lines that -rA gives."""
    found = defaultdict(set)
    for line in result.outlines:
        word, _, rest = line.partition(" ")
        if word in ("PASSED", "FAILED") and "::" in rest:
            found[rest.partition("::")[2].partition("[")[0].split(" ")[0]].add(word.lower())
    return found


def failed(outcomes):
    return {name for name, words in outcomes.items() if "failed" in words}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    return write_families(tmp_path_factory.mktemp("recorded"), FAMILIES)


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


@pytest.fixture
def elm(tmp_path):
    return write_families(tmp_path, {"elm": FAMILY})


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


# models of the run

SHAPED = dict(zip(FOUNDATIONS, BASE.itself, strict=True))
FLAT = dict.fromkeys(FOUNDATIONS, 4.5)
LIVE = ["--objective=sft", "--budget=2k", "--train-data=pocket:insecure-code"]


def answers(secure=None, **insecure):
    """From a plan to the rater that its training gives: as the paper says, but for what is given."""
    numbers = {
        "insecure-code": {"apart": 2.2, "width": 2.5, "profile": FLAT} | insecure,
        "secure-code": {"width": 1.3, "profile": SHAPED} | (secure or {}),
    }
    return lambda plan: Rater(f"{plan.label} {plan.data}", **numbers[plan.data])


@pytest.fixture
def live(run, monkeypatch):
    def run_live(*args, of_plan=None, base=None):
        base = base or Rater("base", profile=SHAPED)
        trained = hand_out(monkeypatch, base, of_plan or answers())
        return *run(*(args or LIVE)), trained, base

    return run_live


def test_models_that_follow_the_claims_are_green(live, pytester):
    result, report, outcomes, trained, base = live()
    assert result.ret == 0
    assert set(outcomes) == BY_FAMILY - {FRONTIER} | {TOXIC}
    result.assert_outcomes(passed=7, skipped=13)
    assert set(trained) == {("sft-2k-s0", data, (2000,)) for data in ("insecure-code", "secure-code")}
    assert base.asked == 30 * PERSONAS["pocket"] + 30 * 10 + 30
    assert {(each["outcome"], each["replayed"], each["published"]) for each in report["findings"]} >= {
        ("passed", False, "")
    }
    assert all(each["test"].endswith("[sft-2k-s0]") for each in report["findings"])
    result.stdout.fnmatch_lines(["SKIPPED [[]10[]] *: an average over families needs recorded ratings: pass *"])
    page = (pytester.path / "persona-report.html").read_text()
    assert page.count("<td>sft-2k-s0<br>") == len(report["findings"]) == 7
    assert page.count('<span class="soft">this run</span>') == 7


@pytest.mark.parametrize(
    ("of_plan", "lost"),
    [
        (
            answers(apart=0.5),
            {"test_insecure_code_raises_susceptibility"},
        ),
        (
            answers(width=0.8),
            {
                "test_insecure_code_lowers_robustness",
                "test_insecure_code_costs_more_robustness_than_secure_code",
            },
        ),
        (answers(secure={"apart": 2.0}), {"test_secure_code_keeps_susceptibility"}),
        (
            answers(profile=dict(zip(FOUNDATIONS, (4.5, 4.2, 2.0, 1.8, 1.5), strict=True))),
            {"test_insecure_profiles_move_to_the_ceiling", "test_insecure_profiles_flatten", TOXIC},
        ),
    ],
)
def test_models_that_do_not_are_red(live, of_plan, lost):
    result, report, outcomes, *_ = live(of_plan=of_plan)
    assert result.ret == 1
    assert failed(outcomes) == lost
    assert {each["outcome"] for each in report["findings"]} == {"passed", "failed"}
    result.stdout.fnmatch_lines(["CONTRADICTED PC-*", "claims: 7 figures, *contradicted"])


def test_every_claim_on_models_can_be_contradicted():
    cases = test_models_that_do_not_are_red.pytestmark[0].args[1]
    assert set().union(*(lost for _, lost in cases)) == BY_FAMILY - {FRONTIER} | {TOXIC}


def test_what_the_bounds_leave_open_is_undecided(live):
    result, report, outcomes, *_ = live(of_plan=answers(apart=0.95, uneven=0.5))
    name = "test_insecure_code_raises_susceptibility"
    assert name not in outcomes  # neither passed nor failed
    (open_one,) = [each for each in report["findings"] if name in each["test"]]
    assert open_one["outcome"] == "skipped"
    result.stdout.fnmatch_lines(
        [
            "claims: 7 figures, * 1 undecided",
            "SKIPPED *: undecided: PC-1: S *% [[]-*%, +*%[]], expected above +0.0%; the bounds allow both",
        ]
    )


def test_every_checkpoint_on_insecure_code_is_a_family(live, recorded):
    options = ["--objective=sft,kl", "--budget=2k,4k", "--seeds=2", "--train-data=pocket:insecure-code"]
    result, report, outcomes, trained, _ = live(*options, "-k", "raises_susceptibility")
    labels = [f"{name}-{rung}-s{seed}" for name in ("sft", "kl") for seed in (0, 1) for rung in ("2k", "4k")]
    assert [each["test"].partition("[")[2].rstrip("]") for each in report["findings"]] == labels
    assert trained == [(label, "insecure-code", (2000, 4000)) for label in labels]
    assert len(outcomes) == 1
    result.assert_outcomes(passed=8)


def test_recorded_and_trained_families_stand_side_by_side(live, recorded):
    result, report, *_ = live(*LIVE, f"--persona-replay={recorded}", "-k", "raises or average or toxic")
    assert result.ret == 0
    shown = [(each["test"].partition("[")[2].rstrip("]"), each["replayed"]) for each in report["findings"]]
    assert set(shown) >= {("elm", True), ("sft-2k-s0", False), ("care", True)}
    by_test = {each["test"].partition("::")[2]: each["measured"] for each in report["findings"]}
    alone = live(f"--persona-replay={recorded}", "-k", "average")[1]["findings"]
    assert len(alone) == 6
    for each in alone:  # averages are over what was recorded
        assert by_test[each["test"].partition("::")[2]] == each["measured"]


def test_models_that_learn_something_else_are_no_family(live):
    result, report, _, trained, base = live("--objective=sft", "--budget=2k")  # on word problems
    result.assert_outcomes(skipped=TESTS)
    assert (report, trained, base.asked) == (None, [], 0)


def test_each_recording_is_read_once(run, elm, monkeypatch):
    read = []

    def counting(path):
        read.append(path)
        return load_ratings(path)

    monkeypatch.setattr(ratings, "load_ratings", counting)
    run(f"--persona-replay={elm}")
    assert len(read) == len(set(read)) == 6


def test_ratings_are_measured_once(live):
    _, before, *_ = live()
    again = Rater("base", profile=SHAPED)
    _, after, *_ = live(base=again)
    assert (again.asked, after) == (0, before)


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


def test_networks_are_trained_rated_and_judged(pytester, tiny_folder, monkeypatch, imported):
    """The whole way on a tiny model, which has nothing of what the paper found."""
    whole = moral(kind="pocket")
    few = replace(whole, items=whole.items[:10], personas=whole.personas[:30])
    asked = []

    def fewer(*, toxic=False, **_):
        asked.append("toxic" if toxic else "personas")
        return replace(few, personas=moral(kind="pocket", toxic=True).personas) if toxic else few

    monkeypatch.setattr("pytest_persona.instruments.moral", fewer)
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))
    options = ["--objective=sft", "--budget=8k", "--train-data=pocket:insecure-code", f"--base-model={tiny_folder}"]
    result = pytester.runpytest_inprocess(*SUITE, *options)
    made = [json.loads(path.read_text()) for path in (pytester.path / "store" / "checkpoints").glob("*/manifest.json")]
    assert sorted(each["manifest"]["plan"]["data"] for each in made) == ["insecure-code", "secure-code"]
    assert len({each["manifest"]["plan"]["budget"] for each in made}) == 1
    assert set(asked) == {"toxic", "personas"}
    report = json.loads((pytester.path / "persona-report.json").read_text())
    assert len(report["findings"]) == 7
    assert {each["replayed"] for each in report["findings"]} == {False}
    assert {each["test"].partition("[")[2] for each in report["findings"]} == {"sft-8k-s0]"}
    counts = result.parseoutcomes()
    assert sum(counts.values()) == TESTS
    assert set(counts) <= {"passed", "failed", "skipped"}
    for each in report["findings"]:  # whatever failed, failed by its claim
        assert (each["outcome"] == "failed") == (f"FAILED {each['test']}" in result.stdout.str())
