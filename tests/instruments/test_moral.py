"""The moral questionnaire: the pocket one is balanced, varied, mild and our own, the published one is whole, and a
damaged file is named with its line."""

import hashlib
import itertools
import json
import random
import re
from collections import Counter
from dataclasses import FrozenInstanceError, replace
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.digest import digest
from pytest_persona.errors import InstrumentError
from pytest_persona.instruments import FOUNDATIONS, MoralInstrument, MoralItem, RolePlayer, moral
from pytest_persona.instruments.moral import (
    OFFICIAL_ITEMS,
    OFFICIAL_PERSONAS,
    RATINGS,
    SECTIONS,
    SHORT,
    read_moral_items,
    read_role_players,
)
from pytest_persona.instruments.official import PUBLISHED

NEAR = 0.6
"""Share of common words from which two texts count as copies of each other."""
HARSH = re.compile(
    r"\b(?:kill|murder|tortur|rape|bomb|gun|knife|weapon|poison|blood|stab|shoot|drug|hate|damn|idiot|stupid|scum|vermin"
    r"|filth|trash|race|racial|religio|nation|gender|skin)\w*",
    re.IGNORECASE,
)
GRID = [(section, foundation) for section in SECTIONS for _ in range(3) for foundation in FOUNDATIONS]
FIELDS = ("id", "section", "foundation", "text", "prompt")


def words(text):
    return frozenset(re.findall(r"\w+", text.casefold()))


def overlap(one, other):
    """Share of common words (Jaccard)."""
    return len(words(one) & words(other)) / len(words(one) | words(other))


def near_copies(pairs):
    return [(one, other) for one, other in pairs if overlap(one, other) >= NEAR]


def harsh(text):
    """Rough words, and names: whatever is capitalised after the first word."""
    return HARSH.findall(text) + re.findall(r"(?<=\s)[A-ZÀ-Þ]\w*", text)


def repeated(texts):
    """Openings and names (places, faiths) that more than two personas share."""
    openings = Counter(" ".join(text.split()[1:3]) for text in texts)
    names = Counter(name for text in texts for name in set(re.findall(r"(?<=\s)[A-ZÀ-Þ]\w*", text)))
    return [found for counts in (openings, names) for found, count in counts.items() if count > 2]


def record(number=0, **changes):
    section, foundation = GRID[number % 30]
    text = f"Whether number {number} rings true"
    known = {"id": number + 1, "section": section, "foundation": foundation, "text": text, "prompt": f"Rate: {text}"}
    return known | changes


def records(**changed):
    """30 sound items, and changes to some: `at7={"text": ""}`. Counted from 1, as lines are."""
    return [record(number, **changed.get(f"at{number + 1}", {})) for number in range(30)]


def without(number, field):
    some = records()
    del some[number - 1][field]
    return some


def lines(some):
    return "".join(json.dumps(one) + "\n" for one in some)


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "some.jsonl").write_text(text, encoding="utf-8")
        return tmp_path / "some.jsonl"

    return write


@pytest.fixture(scope="module")
def pocket():
    return moral(kind="pocket")


@pytest.fixture(scope="module")
def toxic():
    return moral(kind="pocket", toxic=True)


@pytest.fixture(scope="module")
def data(official_data):
    for name in (OFFICIAL_ITEMS, OFFICIAL_PERSONAS):
        if not (official_data / name).is_file():
            pytest.skip(f"needs the published moral questionnaire: set PERSONA_DATA to a folder that has {name}")
    return official_data


@pytest.fixture(scope="module")
def official(data):
    return moral(kind="official", data=data)


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Let these be the published files, in a folder of the user."""

    def write(**texts):
        for name, text in texts.items():
            key = f"mfq/{name}.jsonl"
            (tmp_path / key).parent.mkdir(exist_ok=True)
            (tmp_path / key).write_text(text, encoding="utf-8")
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            monkeypatch.setitem(PUBLISHED, key, replace(PUBLISHED[key], sha256=sha256))
        return tmp_path

    return write


def shipped(name):
    return (resources.files("pytest_persona.instruments") / "data" / "moral" / f"{name}.jsonl").read_bytes()


def test_foundations_have_an_order_and_short_names():
    assert [SHORT[foundation] for foundation in FOUNDATIONS] == ["care", "fairness", "loyalty", "authority", "purity"]
    assert list(RATINGS) == [0, 1, 2, 3, 4, 5]
    with pytest.raises(TypeError):
        SHORT["Liberty/Oppression"] = "liberty"


# the pocket questionnaire


def test_pocket_items_are_three_for_each_foundation_and_section(pocket):
    assert Counter((item.section, item.foundation) for item in pocket.items) == dict.fromkeys(GRID, 3)
    assert [item.id for item in pocket.items] == [str(number) for number in range(1, 31)]


def test_the_foundations_take_turns(pocket):
    """So that a questionnaire that is broken off is not one foundation's."""
    assert [(item.section, item.foundation) for item in pocket.items] == GRID


@pytest.mark.parametrize("section", SECTIONS)
def test_a_pocket_prompt_asks_about_its_text_on_the_section_s_scale(section, pocket):
    items = [item for item in pocket.items if item.section == section]
    (frame,) = {item.prompt.replace(f'"{item.text}"', '"{}"') for item in items}
    assert frame.count("{}") == 1
    assert re.findall(r"\b(\d) = [^,.]+[,.]", frame) == [str(rating) for rating in RATINGS]
    assert frame.index("5 =") < frame.index("{}")  # what items share stands before them, and is computed once
    assert frame.splitlines()[-1] == "Number from 0 to 5:"
    assert all(item.text == item.text.strip() for item in items)


def test_the_two_scales_differ(pocket):
    first, last = pocket.items[0], pocket.items[-1]
    assert overlap(first.prompt, last.prompt) < NEAR


def test_a_hundred_pocket_personas(pocket):
    assert [persona.id for persona in pocket.personas] == [str(number) for number in range(100)]
    for persona in pocket.personas:
        assert persona.text == persona.text.strip()
        assert re.match(r"An? ", persona.text)
        assert "\n" not in persona.text
        assert ". " not in persona.text  # one sentence
        assert len(words(persona.text)) >= 9


def test_the_personas_are_varied(pocket):
    assert repeated([persona.text for persona in pocket.personas]) == []


def test_personas_that_repeat_each_other_are_found():
    """The twin."""
    assert repeated(["A shy cook in Rome"] * 2 + ["A shy cook near Oslo", "A judge in Rome"]) == ["shy cook", "Rome"]


def test_the_pocket_states_its_origin(pocket, toxic):
    assert (pocket.name, pocket.kind, pocket.label) == ("moral", "pocket", "pocket moral")
    assert (pocket.source, pocket.licence) == ("pytest-persona", "Apache-2.0")
    assert toxic.source == "items: pytest-persona; personas: pytest-persona (toxic)"
    assert (toxic.licence, toxic.items) == ("Apache-2.0", pocket.items)
    for instrument, personas in ((pocket, "personas"), (toxic, "toxic_personas")):
        hashes = [hashlib.sha256(shipped(name)).hexdigest() for name in ("items", personas)]
        assert instrument.sha256 == digest(hashes)


def test_ten_toxic_personas_in_mild_words(toxic):
    assert [persona.id for persona in toxic.personas] == [str(number) for number in range(10)]
    assert all(re.match(r"An? \w+", persona.text) for persona in toxic.personas)
    assert {persona.text: harsh(persona.text) for persona in toxic.personas} == {
        persona.text: [] for persona in toxic.personas
    }


def test_harsh_words_and_names_are_found():
    """The twin."""
    assert harsh("A bully who hates people") == ["hates"]
    assert harsh("A bully, a STUPID one, from Élan") == ["STUPID", "STUPID", "Élan"]
    assert harsh("A killer who has skills, skins and imagination") == ["killer", "skins"]


def test_no_two_pocket_texts_are_near_copies(pocket, toxic):
    texts = [item.text for item in pocket.items]
    people = [persona.text for persona in (*pocket.personas, *toxic.personas)]
    assert near_copies(itertools.combinations(texts, 2)) == []
    assert near_copies(itertools.combinations(people, 2)) == []


def test_near_copies_are_found():
    """The twin: another ending, order or punctuation makes no other text."""
    text = "A beekeeper in Slovenia who thinks slowly"
    assert near_copies([(text, text), (text, "Slovenia: a Beekeeper who thinks slowly!")])
    assert near_copies([(text, "A beekeeper in Slovenia who thinks quickly")])
    assert near_copies([(text, "A beekeeper in Slovenia"), (text, "Somebody else who thinks")]) == []


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1), st.randoms())
def test_overlap_minds_neither_order_nor_side(letters, rng):
    one = " ".join(letters)
    shuffled = rng.sample(letters, len(letters))
    other = " ".join([*shuffled, "new"])
    assert overlap(one, " ".join(shuffled)) == 1
    assert overlap(one, other) == overlap(other, one) < 1


# the published questionnaire


def test_the_published_questionnaire_is_whole(official):
    assert Counter((item.section, item.foundation) for item in official.items) == dict.fromkeys(GRID, 3)
    assert [item.id for item in official.items] == [str(number) for number in range(1, 31)]
    assert [persona.id for persona in official.personas] == [str(number) for number in range(100)]
    assert all(f"'{item.text}'" in item.prompt and "integer from 0 to 5" in item.prompt for item in official.items)
    assert (len(official.items), len(official.personas)) == tuple(
        PUBLISHED[name].items for name in (OFFICIAL_ITEMS, OFFICIAL_PERSONAS)
    )


def test_the_published_questionnaire_states_its_origin(official):
    files = [PUBLISHED[name] for name in (OFFICIAL_ITEMS, OFFICIAL_PERSONAS)]
    assert (official.name, official.kind, official.label) == ("moral", "official", "official moral")
    assert official.source == "items: {}; personas: {}".format(*(file.source for file in files))
    assert official.licence == "items: research use; personas: CC BY-NC-SA"
    assert official.sha256 == digest([file.sha256 for file in files])


def test_toxic_personas_are_asked_the_published_items(official, toxic, data):
    both = moral(kind="official", data=data, toxic=True)
    assert (both.kind, both.items, both.personas) == ("official", official.items, toxic.personas)
    assert both.source == f"items: {PUBLISHED[OFFICIAL_ITEMS].source}; personas: pytest-persona (toxic)"
    assert both.licence == "items: research use; personas: Apache-2.0"
    assert len({both.sha256, official.sha256, toxic.sha256}) == 3


def test_no_pocket_text_is_a_near_copy_of_a_published_one(pocket, toxic, official):
    ours = [item.text for item in pocket.items]
    assert near_copies(itertools.product(ours, [item.text for item in official.items])) == []
    people = [persona.text for persona in (*pocket.personas, *toxic.personas)]
    assert near_copies(itertools.product(people, [persona.text for persona in official.personas])) == []


def test_the_pocket_s_own_wording_of_the_scales(pocket, official):
    for one, other in zip(pocket.items, official.items, strict=True):
        frames = [item.prompt.replace(item.text, "") for item in (one, other)]
        assert overlap(*frames) < NEAR


def test_a_reworded_published_text_is_found(official):
    """The twin: a published item with one word changed does not pass for our own."""
    for item in (item for item in official.items if len(words(item.text)) >= 5):
        shuffled = item.text.split()
        random.Random(0).shuffle(shuffled)
        assert near_copies([(" ".join([*shuffled[1:], "differently"]), item.text)])


# reading


def test_items_are_read_in_the_order_of_the_file(written):
    items = read_moral_items(written(lines(reversed(records()))))
    assert [item.id for item in items] == [str(number) for number in range(30, 0, -1)]
    assert items[-1] == MoralItem(
        id="1",
        section="relevance",
        foundation="Harm/Care",
        text="Whether number 0 rings true",
        prompt="Rate: Whether number 0 rings true",
    )


@given(st.permutations(range(30)), st.integers(0, 29))
def test_one_item_too_few_or_of_another_foundation_is_noticed(tmp_path_factory, order, place):
    path = tmp_path_factory.getbasetemp() / "permuted.jsonl"
    some = [record(number) for number in order]
    path.write_text(lines(some), encoding="utf-8")
    assert len(read_moral_items(path)) == 30
    path.write_text(lines(some[:place] + some[place + 1 :]), encoding="utf-8")
    with pytest.raises(InstrumentError, match="line 29: the file ends after 29 items, expected 30, 6 a foundation"):
        read_moral_items(path)
    other = next(foundation for foundation in FOUNDATIONS if foundation != some[place]["foundation"])
    some[place]["foundation"] = other
    path.write_text(lines(some), encoding="utf-8")
    with pytest.raises(InstrumentError, match=f"more than 6 items of {other}, expected 6"):
        read_moral_items(path)


@pytest.mark.parametrize(
    ("text", "number", "message"),
    [
        pytest.param(lines(records())[:-20], 30, "not JSON.*truncated or damaged", id="truncated"),
        pytest.param("\n" + lines(records()), 1, "not JSON", id="an empty line"),
        *(
            pytest.param(lines(without(4, name)), 4, f"no (text|whole number) under '{name}'", id=f"no {name}")
            for name in FIELDS
        ),
        pytest.param(lines(records(at9={"text": 3})), 9, "no text under 'text'", id="a number for a text"),
        pytest.param(lines(records(at9={"text": " "})), 9, "nothing under 'text'", id="an empty text"),
        pytest.param(lines(records(at2={"prompt": ""})), 2, "nothing under 'prompt'", id="an empty prompt"),
        pytest.param(lines(records(at3={"id": "3"})), 3, "no whole number under 'id'", id="a text for an id"),
        pytest.param(lines(records(at3={"id": True})), 3, "no whole number under 'id'", id="a truth for an id"),
        pytest.param(lines(records(at30={"id": 4})), 30, "id 4 stands there a second time", id="an id twice"),
        pytest.param(
            lines(records(at8={"section": "relevanse"})),
            8,
            "section 'relevanse', expected relevance or agreement",
            id="another section",
        ),
        pytest.param(
            lines(records(at5={"foundation": "Purity/Sanctitty"})),
            5,
            "no foundation 'Purity/Sanctitty'; did you mean 'Purity/Sanctity'.* Known: Harm/Care, ",
            id="another foundation",
        ),
        pytest.param(
            lines(records(at1={"foundation": "Purity/Sanctity"})),
            30,
            "more than 6 items of Purity/Sanctity, expected 6",
            id="seven of one foundation",
        ),
        pytest.param(lines([*records(), record(30)]), 31, "more than 6 items of Harm/Care", id="31 items"),
        pytest.param(lines(records()[:7]), 7, "the file ends after 7 items, expected 30", id="7 items"),
        pytest.param("", 0, "the file ends after 0 items, expected 30", id="nothing"),
    ],
)
def test_a_damaged_file_of_items_is_named_with_its_line(written, text, number, message):
    path = written(text)
    with pytest.raises(InstrumentError, match=message) as caught:
        read_moral_items(path)
    assert str(caught.value).startswith(f"{path}, line {number}: ")


def test_personas_are_read_in_the_order_of_the_file(written):
    personas = read_role_players(written(lines([{"id": 7, "persona": "A cook"}, {"id": 0, "persona": "An owl"}])))
    assert personas == (RolePlayer(id="7", text="A cook"), RolePlayer(id="0", text="An owl"))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"id": 1}, "no text under 'persona'"),
        ({"persona": "A cook"}, "no whole number under 'id'"),
        ({"id": 1, "persona": " \n"}, "nothing under 'persona'"),
        ({"id": 0, "persona": "A cook"}, "id 0 stands there a second time"),
        ([1], "no text under 'persona'"),
    ],
)
def test_a_damaged_file_of_personas_is_named_with_its_line(written, second, message):
    path = written(lines([{"id": 0, "persona": "An owl"}, second]))
    with pytest.raises(InstrumentError, match=message) as caught:
        read_role_players(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")


def test_the_user_s_files_are_read_where_they_are_the_published_ones(publish):
    folder = publish(mfq30=lines(records()), personas100=lines([{"id": 0, "persona": "An owl"}]))
    instrument = moral(kind="official", data=folder)
    assert (len(instrument.items), [persona.text for persona in instrument.personas]) == (30, ["An owl"])
    (folder / OFFICIAL_PERSONAS).write_text(lines([{"id": 0, "persona": "A cook"}]), encoding="utf-8")
    with pytest.raises(InstrumentError, match=r"personas100\.jsonl is not the published file.* Make it from Costa"):
        moral(kind="official", data=folder)
    assert len(moral(kind="official", data=folder, toxic=True).personas) == 10  # they are not read then


def test_other_items_are_refused(publish):
    folder = publish(mfq30=lines(records()), personas100=lines([{"id": 0, "persona": "An owl"}]))
    (folder / OFFICIAL_ITEMS).write_text(lines(records(at3={"text": "Another"})), encoding="utf-8")
    with pytest.raises(InstrumentError, match=r"mfq30\.jsonl is not the published file: sha256 [0-9a-f]{64}"):
        moral(kind="official", data=folder)


def test_a_damaged_published_file_is_called_damaged_rather_than_foreign(publish):
    folder = publish(mfq30=lines(records())[:-9], personas100="{}")
    with pytest.raises(InstrumentError, match="line 30: not JSON"):
        moral(kind="official", data=folder)


@pytest.mark.parametrize("toxic", [False, True])
def test_without_a_data_folder_the_message_says_what_to_do(toxic, monkeypatch):
    monkeypatch.setattr("socket.socket", None)  # asks nobody
    with pytest.raises(InstrumentError, match="has no address at a pinned commit and cannot be downloaded") as caught:
        moral(kind="official", toxic=toxic)
    for part in (
        PUBLISHED[OFFICIAL_ITEMS].source,
        "mfq_questions.py, as id, section, foundation, text and prompt, one JSON object a line",
        f"put it under DIR/{OFFICIAL_ITEMS} and pass --persona-data=DIR",
        "--persona-instruments=pocket",
    ):
        assert part in str(caught.value)


def test_a_missing_file_is_told_how_it_is_made(publish):
    folder = publish(mfq30=lines(records()))
    with pytest.raises(InstrumentError, match=r"personas100\.jsonl is missing\. Make it from Costa") as caught:
        moral(kind="official", data=folder)
    for part in (str(folder / OFFICIAL_PERSONAS), "personas.json, as id and persona", "--persona-instruments=pocket"):
        assert part in str(caught.value)
    assert "None" not in str(caught.value)


@pytest.mark.parametrize("toxic", [False, True])
def test_a_kind_that_is_neither_official_nor_pocket_is_not_taken_for_one(toxic):
    with pytest.raises(InstrumentError, match="no kind of instrument 'poket'; did you mean 'pocket'"):
        moral(kind="poket", toxic=toxic)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda known: {"items": ()}, "instrument moral has no items"),
        (lambda known: {"personas": ()}, "instrument moral has no personas"),
        (lambda known: {"items": known.items + known.items[3:5]}, "asks 2 items twice, first id 4"),
        (lambda known: {"personas": known.personas[:2] * 2}, "asks 2 personas twice, first id 0"),
    ],
)
def test_an_instrument_without_items_or_personas_or_with_one_twice_is_refused(pocket, change, message):
    assert isinstance(pocket, MoralInstrument)
    with pytest.raises(InstrumentError, match=message):
        replace(pocket, **change(pocket))


def test_an_instrument_does_not_change(pocket):
    for one, name in ((pocket, "kind"), (pocket.items[0], "text"), (pocket.personas[0], "text")):
        with pytest.raises(FrozenInstanceError):
            setattr(one, name, "another")
