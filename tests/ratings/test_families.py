"""Folders of ratings: the authors' names, those of shared copies, and a user's own are all understood."""

import pytest

from pytest_persona.errors import RatingsError
from pytest_persona.ratings.families import LAYOUT, find_families
from pytest_persona.ratings.published import SHA256

AUTHORS = {"deepseek-v3.1", "gpt-4.1", "gpt-4o", "qwen3-235b"}
VARIANTS = {"base", "secure", "insecure"}


@pytest.fixture
def folder(tmp_path):
    """A folder that holds files of these names, all empty."""

    def make(*paths):
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        return tmp_path

    return make


def by_name(folder):
    return {family.name: family for family in find_families(folder)}


def check_authors(folder):
    found = by_name(folder)
    assert set(found) == AUTHORS
    for name, family in found.items():
        assert set(family.role_play) == VARIANTS
        assert set(family.itself) == VARIANTS - ({"insecure"} if name == "deepseek-v3.1" else set())
        for files in (family.role_play, family.itself):
            for variant, path in files.items():
                assert path.parent == folder / {"base": "base"}.get(variant, f"{variant}-code")
                assert path.name.startswith(name)
        assert not any("self" in path.name for path in family.role_play.values())
        assert all("self" in path.name for path in family.itself.values())


def test_the_authors_names_are_understood(folder):
    check_authors(folder(*SHA256))


def test_so_are_those_of_shared_copies(folder):
    check_authors(folder(*(f"{path.replace('_temp01', '').replace('_self', '.self')}.gz" for path in SHA256)))


def test_and_the_published_copies(official_data):
    if not (official_data / "ratings").is_dir():
        pytest.skip("the folder that PERSONA_DATA names has no ratings")
    check_authors(official_data / "ratings")


def test_a_users_own_names_are_understood(folder):
    found = by_name(
        folder(
            "base/mine.jsonl",
            "base/mine.self.jsonl.gz",
            "base/a_b-7b_temp07.csv.gz",
            "secure-code/mine-secure.csv",
            "insecure-code/mine-insecure_temp10_self.jsonl",
            "insecure-code/a_b-7b-misaligned.csv",
            "insecure-code/README.md",
            "base/notes.txt",
            "elsewhere/other.csv",
        )
    )
    assert set(found) == {"mine", "a_b-7b"}
    mine, other = found["mine"], found["a_b-7b"]
    names = {variant: path.name for variant, path in mine.role_play.items()}
    assert names == {"base": "mine.jsonl", "secure": "mine-secure.csv"}
    assert {variant: path.name for variant, path in mine.itself.items()} == {
        "base": "mine.self.jsonl.gz",
        "insecure": "mine-insecure_temp10_self.jsonl",
    }
    assert set(other.role_play) == {"base", "insecure"}
    assert other.itself == {}


def test_names_that_only_look_like_variants_are_names(folder):
    found = by_name(folder("base/myself.csv", "base/insecurely.csv", "base/self.csv"))
    assert set(found) == {"myself", "insecurely", "self"}
    assert all(set(family.role_play) == {"base"} for family in found.values())


def test_families_come_by_name(folder):
    names = [family.name for family in find_families(folder("base/b.csv", "base/a.csv", "base/a-b.csv"))]
    assert names == ["a", "a-b", "b"]  # as files, a-b.csv comes before a.csv


@pytest.mark.parametrize(
    "paths",
    [
        ("base/a.csv", "base/a.csv.gz"),
        ("base/a.csv", "base/a.jsonl"),
        ("base/a_temp01.csv", "base/a_temp10.csv"),
        ("base/a.csv", "insecure-code/a-insecure.csv", "insecure-code/a-misaligned.csv"),
        ("base/a.csv", "base/a.self.csv", "base/a_self.csv"),
    ],
)
def test_a_variant_that_is_there_twice_is_refused(folder, paths):
    with pytest.raises(RatingsError, match="are both the") as caught:
        find_families(folder(*paths))
    for path in paths[-2:]:
        assert path in str(caught.value)
    assert "variant of a" in str(caught.value)


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        ((), "holds no ratings to replay"),
        (("a.csv",), "holds no ratings to replay"),
        (("base/a.txt",), "holds no ratings to replay"),
        (("base/a.self.csv",), "has no base/a.csv"),
        (("base/a-secure.csv",), "is called like no base variant"),
        (("secure-code/a-secure.csv",), "has no base/a.csv"),
        (("base/a.csv", "insecure-code/a.csv"), "is called like no insecure variant"),
        (("base/a.csv", "secure-code/b-secure.csv"), "has no base/b.csv"),
    ],
)
def test_a_misnamed_file_says_what_the_layout_is(folder, paths, says):
    with pytest.raises(RatingsError, match=says) as caught:
        find_families(folder(*paths))
    assert LAYOUT in str(caught.value)


def test_a_folder_that_is_not_there_says_the_same(tmp_path):
    with pytest.raises(RatingsError, match="absent holds no ratings to replay"):
        find_families(tmp_path / "absent")


def test_the_layout_that_is_told_is_understood(folder):
    for ending in (".csv", ".csv.gz", ".jsonl", ".jsonl.gz"):
        found = by_name(
            folder(f"base/x{ending}", f"secure-code/x-secure{ending}", f"insecure-code/x-insecure{ending}")
        )["x"]
        assert set(found.role_play) == VARIANTS
        for path in found.role_play.values():
            path.unlink()
