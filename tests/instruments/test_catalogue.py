"""Counts that plans rely on are those of the items themselves, and a wrong name is answered with the right ones."""

import pytest

from pytest_persona.errors import InstrumentError
from pytest_persona.flags import COMPANIONS, FORBIDDEN, TASKS
from pytest_persona.instruments import DARK_TRIAD, darktriad, forbidden_prompts, moral
from pytest_persona.instruments.catalogue import COUNTED, NAMES, item_count

TRAITS = tuple(f"darktriad/{trait}" for trait in DARK_TRIAD)


def test_every_trait_has_a_name():
    assert sorted(COUNTED) == sorted([*TRAITS, "moral", "forbidden"])
    assert sorted(NAMES) == sorted([*COUNTED, *TASKS, *COMPANIONS])


def test_forbidden_prompts_are_as_many_as_are_asked_for():
    assert item_count("forbidden", "pocket") == len(forbidden_prompts(kind="pocket").items) == FORBIDDEN["pocket"][0]
    assert item_count("forbidden", "official") == FORBIDDEN["official"][0]
    assert item_count("forbidden", "official", prompts=313) == 313


def test_sizes_of_the_published_forbidden_prompts_are_the_files(official_data):
    some = [forbidden_prompts(kind="official", data=official_data, small=small) for small in (True, False)]
    assert tuple(len(each.items) for each in some) == FORBIDDEN["official"]


@pytest.mark.parametrize("kind", ["pocket", "official"])
def test_a_questionnaire_is_asked_of_every_persona(kind):
    assert item_count("moral", kind) == 30 * 100


def test_counts_of_the_published_questionnaire_are_the_files(official_data):
    asked = moral(kind="official", data=official_data)
    assert item_count("moral", "official") == len(asked.items) * len(asked.personas)


@pytest.mark.parametrize("name", TRAITS)
def test_pocket_counts(name):
    assert item_count(name, "pocket") == len(darktriad(name.split("/")[1], kind="pocket").items) == 60


@pytest.mark.parametrize("name", TRAITS)
def test_official_counts_are_known_before_anything_is_read(name):
    assert item_count(name, "official") == 1000


@pytest.mark.parametrize("name", TRAITS)
def test_official_counts_are_the_files(name, official_data):
    assert item_count(name, "official") == len(darktriad(name.split("/")[1], kind="official", data=official_data).items)


@pytest.mark.parametrize("kind", ["pocket", "official"])
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("darktriad/narcisism", "; did you mean 'darktriad/narcissism'?"),
        ("Darktriad/Psychopathy", "; did you mean 'darktriad/psychopathy'?"),
        ("big five", ""),
        ("", ""),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(name, meant, kind):
    with pytest.raises(InstrumentError) as caught:
        item_count(name, kind)
    assert f"no instrument {name!r}{meant}" in str(caught.value)
    assert "Known: darktriad/machiavellianism, darktriad/narcissism, darktriad/psychopathy" in str(caught.value)
    assert ("did you mean" in str(caught.value)) == bool(meant)
