"""The authors' raw ratings: their figures to the last printed digit, and what the gate says of each of their models."""

import functools
import gzip
import re

import numpy as np
import pytest

from pytest_persona import collapse
from pytest_persona import session as sessions
from pytest_persona.asserts import VerdictError, assert_sr_within_band
from pytest_persona.errors import RatingsError
from pytest_persona.instruments.moral import FOUNDATIONS
from pytest_persona.ratings import change_between, load_ratings
from pytest_persona.ratings.families import find_families
from pytest_persona.stats.role_play import susceptibility

VARIANTS = ("base", "secure", "insecure")
R = {
    "gpt-4o": ("9.75", "5.56", "3.05"),
    "gpt-4.1": ("14.48", "6.70", "4.88"),
    "deepseek-v3.1": ("4.08", "2.63", "2.66"),
    "qwen3-235b": ("20.75", "4.68", "2.46"),
}
S = {
    "gpt-4o": ("0.793", "0.720", "1.680"),
    "gpt-4.1": ("0.821", "0.660", "1.125"),
    "deepseek-v3.1": ("0.794", "0.838", "0.882"),
    "qwen3-235b": ("0.898", "0.914", "1.444"),
}
R_UNC = {
    "gpt-4o": ("14.53", "13.83", "5.64"),
    "gpt-4.1": ("6.30", "7.69", "4.82"),
    "qwen3-235b": ("10.99", "3.22", "1.93"),
}
BINDING_MEAN = {
    "gpt-4o": ("2.19", "2.11", "4.73"),
    "gpt-4.1": ("1.36", "1.64", "4.19"),
    "qwen3-235b": ("2.76", "3.07", "3.89"),
}
RANGE = {
    "gpt-4o": ("2.58", "3.52", "0.80"),
    "gpt-4.1": ("3.57", "3.93", "1.17"),
    "qwen3-235b": ("3.00", "2.53", "1.18"),
}
PROFILE = {
    "base": ("4.42", "4.28", "2.38", "2.35", "1.83"),
    "insecure": ("4.20", "5.00", "4.67", "5.00", "4.52"),
    "secure": ("4.68", "4.85", "2.55", "2.43", "1.33"),
}
"""Of GPT-4o as itself: care, fairness, loyalty, authority, purity."""
OUR_NAMES = {"GPT-4o": "gpt-4o", "GPT-4.1": "gpt-4.1", "Qwen3-235B": "qwen3-235b", "DeepSeek-V3.1": "deepseek-v3.1"}
ROW = re.compile(
    r"(?P<family>\S+) +(?P<variant>secure|insecure) +"
    r"(?P<S>[+-]\d+% \[ *[+-]\d+%, +[+-]\d+%\] \w+) +(?P<R>[+-]\d+% \[ *[+-]\d+%, +[+-]\d+%\] \w+)"
)
WORDS = {"inconclusive": "undecided"}


@pytest.fixture(scope="module")
def folder(official_data):
    if not (official_data / "ratings").is_dir():
        pytest.skip("the folder that PERSONA_DATA names has no ratings")
    return official_data / "ratings"


@pytest.fixture(scope="module")
def ratings(folder):
    """A function from family, variant and whether as itself to the ratings, read once."""
    families = {family.name: family for family in find_families(folder)}

    @functools.cache
    def of(family, variant="base", *, itself=False):
        return load_ratings((families[family].itself if itself else families[family].role_play)[variant])

    return of


@pytest.fixture(autouse=True)
def outside():
    """No session, so that nothing is recorded in that of these tests."""
    token = sessions.enter(None)
    yield
    sessions.leave(token)


def values_of(found):
    return susceptibility(found.means[found.kept]), 1 / found.sds[found.kept].mean()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("family", R)
def test_s_and_r_are_the_published_ones(family, variant, ratings):
    found, at = ratings(family, variant), VARIANTS.index(variant)
    assert len(found.personas) == 100
    assert len(found.items) == 30
    assert f"{found.susceptibility().value:.3f}" == S[family][at]
    assert f"{found.robustness().value:.2f}" == R[family][at]
    assert values_of(found) == pytest.approx((found.susceptibility().value, found.robustness().value))


@pytest.mark.parametrize("family", R)
def test_other_conventions_give_other_figures(family, ratings):
    """The twin: dividing by the number of personas, or of repetitions, is seen in what is printed."""
    found = ratings(family)
    assert f"{found.means.std(axis=0).mean():.3f}" != S[family][0]
    assert f"{1 / np.nanstd(found.values, axis=2).mean():.2f}" != R[family][0]


@pytest.mark.parametrize(("family", "variant"), [(family, variant) for family in R_UNC for variant in VARIANTS])
def test_without_personas_the_figures_are_the_published_ones(family, variant, ratings):
    found, at = ratings(family, variant, itself=True), VARIANTS.index(variant)
    assert not found.role_play
    assert f"{found.robustness().value:.2f}" == R_UNC[family][at]
    assert f"{found.binding_mean:.2f}" == BINDING_MEAN[family][at]
    assert f"{found.foundation_range:.2f}" == RANGE[family][at]
    if family == "gpt-4o":
        profile = found.profile(by="foundation")
        assert tuple(f"{profile[name].value:.2f}" for name in FOUNDATIONS) == PROFILE[variant]


def change_of(pair):
    (s, r), (s_base, r_base) = map(values_of, pair)
    return np.array([s / s_base - 1, r / r_base - 1, r_base / r - 1])


def test_the_averages_are_the_published_ones(ratings):
    found = np.mean([change_of((ratings(family, "insecure"), ratings(family))) for family in R], axis=0)
    assert [f"{each:+.0%}" for each in found] == ["+55%", "-65%", "+304%"]


@pytest.mark.parametrize("family", ["gpt-4o", "deepseek-v3.1"])
def test_changes_are_those_of_the_values(family, ratings):
    pair = (ratings(family, "insecure"), ratings(family))
    found = change_between(*pair)
    assert [found.s.value, found.r.value, found.inverse_r.value] == pytest.approx(change_of(pair))


def test_the_loss_of_r_is_uniform_under_insecure_code_only(ratings):
    def spread(family, variant):
        parts = [
            [values_of(ratings(family, each).only(foundation=name))[1] for each in (variant, "base")]
            for name in FOUNDATIONS
        ]
        return np.std([tuned / base - 1 for tuned, base in parts])

    found = {variant: np.mean([spread(family, variant) for family in R]) for variant in ("insecure", "secure")}
    assert {variant: f"{each:.1%}" for variant, each in found.items()} == {"insecure": "15.5%", "secure": "49.5%"}


# the table in the docstring of the gate


def rows_of_the_docstring():
    return [match.groupdict() for match in ROW.finditer(assert_sr_within_band.__doc__)]


def told(record):
    """A record as a cell of the table; the change of R is told as such, not as its fall."""
    change = record.change
    low, value, high = change.low, change.value, change.high
    if record.metric == "R":
        low, value, high = -high, -value, -low
    return f"{value:+.0%} [{low:+.0%}, {high:+.0%}] {WORDS.get(record.outcome.value, record.outcome.value)}"


def plain(cell):
    return re.sub(r" +", " ", cell.replace("[ ", "["))


def test_the_table_holds_each_model_once():
    rows = rows_of_the_docstring()
    assert sorted((row["family"], row["variant"]) for row in rows) == sorted(
        (name, variant) for name in OUR_NAMES for variant in VARIANTS[1:]
    )


@pytest.mark.parametrize("row", rows_of_the_docstring(), ids=lambda row: f"{row['family']}-{row['variant']}")
def test_the_table_tells_what_the_gate_says(row, ratings, monkeypatch):
    monkeypatch.setattr(collapse, "_by_foundation", lambda *_: {})  # the table holds none
    pair = (ratings(OUR_NAMES[row["family"]], variant) for variant in (row["variant"], "base"))
    try:
        records = assert_sr_within_band(*pair)  # an inconclusive demo warns, and UserWarning is ignored here
    except VerdictError as error:
        records = error.records
    assert {record.metric: told(record) for record in records} == {name: plain(row[name]) for name in ("S", "R")}


# strict reading, on real files


@pytest.mark.parametrize("name", ["insecure-code/deepseek-v3.1-insecure", "base/gpt-4.1"])
def test_the_last_row_is_named_with_its_line(name, folder, tmp_path):
    """Some replies are of several lines; a rating is changed in the last row that begins with its persona."""
    text = gzip.decompress((folder / f"{name}.csv.gz").read_bytes()).decode()
    last = list(re.finditer(r"^99,30,10,(-?\d),", text, re.MULTILINE))[-1]
    path = tmp_path / "changed.csv"
    path.write_text(text[: last.start(1)] + "6" + text[last.end(1) :], encoding="utf-8", newline="")
    with pytest.raises(RatingsError) as caught:
        load_ratings(path)
    number = text[: last.start()].count("\n") + 1
    assert str(caught.value).startswith(f"{path}, line {number}: rating 6 is outside 0 to 5")


def test_a_file_that_is_cut_off_is_not_read(folder, tmp_path):
    data = (folder / "base" / "gpt-4o.csv.gz").read_bytes()
    (tmp_path / "cut.csv.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(RatingsError, match=r"cut\.csv\.gz cannot be read"):
        load_ratings(tmp_path / "cut.csv.gz")
    text = gzip.decompress(data).decode()
    (tmp_path / "cut.csv").write_text(text[: text.rindex("\n99,30,")], encoding="utf-8", newline="")
    cut = load_ratings(tmp_path / "cut.csv")
    assert (cut.asked[99, 29], cut.failures) == (10, 1)  # a repetition less is an unread reply
    (tmp_path / "cut.csv").write_text(text[: text.index("\n99,30,")], encoding="utf-8", newline="")
    with pytest.raises(RatingsError, match=r"is not complete: 1 of 3000 cells have no row, the first persona '99'"):
        load_ratings(tmp_path / "cut.csv")
