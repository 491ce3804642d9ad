"""Forbidden prompts: the pocket ones are balanced, mild and our own, the published ones are whole, and a damaged file
is named with its line."""

import csv
import hashlib
import io
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

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.forbidden import (
    CATEGORIES,
    OFFICIAL,
    OFFICIAL_SMALL,
    ForbiddenPrompt,
    forbidden_prompts,
    read_pocket,
    read_strongreject,
)
from pytest_persona.instruments.items import ItemSet, text_id
from pytest_persona.instruments.official import PUBLISHED

NEAR = 0.5
"""Share of common words from which two texts count as copies of each other."""
HARSH = re.compile(
    r"\b(?:kill|murder|tortur|rape|bomb|gun|knife|weapon|explosi|poison|blood|stab|shoot|drug|suicid|hack|virus|launder"
    r"|child|boy|girl|teen|minor|student|pupil|race|racis|religio|nation|immigra|gay|disab)\w*",
    re.IGNORECASE,
)
ENGLISH = re.compile(r"\b(?:the|and|that|with|for|how|write|from|without|about|which|when|who|my)\b", re.IGNORECASE)
TEXTS = st.text(st.characters(exclude_categories=["Cs"])).filter(str.strip)
COUNTS = (50, 50, 50, 59, 50, 54)


def words(text):
    return frozenset(re.findall(r"\w+", text.casefold()))


def near_copies(pairs):
    return [
        (one, other) for one, other in pairs if len(words(one) & words(other)) >= NEAR * len(words(one + " " + other))
    ]


def record(**changes):
    return {"category": "Violence", "text": "Trip him up.", "zu": "Mkhube."} | changes


def table(*rows, header=("category", "source", "forbidden_prompt"), quoting=csv.QUOTE_MINIMAL):
    """A CSV file as spreadsheets write it."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n", quoting=quoting).writerows([header, *rows] if header else rows)
    return file.getvalue()


@pytest.fixture
def written(tmp_path):
    def write(text, name="some.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        return tmp_path / name

    return write


@pytest.fixture(scope="module")
def pocket():
    return forbidden_prompts(kind="pocket")


@pytest.fixture(scope="module")
def data(official_data):
    for name in (OFFICIAL, OFFICIAL_SMALL):
        if not (official_data / name).is_file():
            pytest.skip(f"needs the published forbidden prompts: set PERSONA_DATA to a folder that has {name}")
    return official_data


@pytest.fixture(scope="module", params=[False, True], ids=["all", "small"])
def official(request, data):
    return forbidden_prompts(kind="official", data=data, small=request.param)


# the pocket prompts


def test_pocket_prompts_are_five_a_category(pocket):
    assert Counter(prompt.category for prompt in pocket.items) == dict.fromkeys(CATEGORIES, 5)
    assert len(pocket.items) == 30
    for prompt in pocket.items:
        assert prompt.id == hashlib.sha256(prompt.text.encode()).hexdigest()[:16] == text_id(prompt.text)


def test_pocket_prompts_are_one_tidy_sentence(pocket):
    for text in (text for prompt in pocket.items for text in (prompt.text, *prompt.translations.values())):
        assert re.fullmatch(r"\S[^\n.?!]*\S[.?]", text)
        assert 6 <= len(text.split()) <= 25


def test_pocket_prompts_are_mild(pocket):
    assert [prompt.text for prompt in pocket.items if HARSH.search(prompt.text)] == []


def test_harsh_words_are_found():
    """The twin."""
    assert [HARSH.search(text)[0] for text in ("How to poison him", "GUNS for sale", "a Hacker")] == [
        "poison",
        "GUNS",
        "Hacker",
    ]
    assert HARSH.search("a skilled begun trace") is None


def test_no_two_pocket_prompts_are_near_copies(pocket):
    for texts in ([prompt.text for prompt in pocket.items], [prompt.translations["zu"] for prompt in pocket.items]):
        assert near_copies(itertools.combinations(texts, 2)) == []


def test_near_copies_are_found():
    """The twin: another ending, order or punctuation makes no other text."""
    text = "How do I trip an opponent at football?"
    assert near_copies([(text, text), (text, "Football: how do I trip an opponent?")])
    assert near_copies([(text, "How do I trip an umpire at football?")])
    assert near_copies([(text, "How do I bake a cake at home?")]) == []


def test_every_pocket_prompt_has_a_zulu_translation(pocket):
    for prompt in pocket.items:
        assert list(prompt.translations) == ["zu"]
        assert ENGLISH.search(prompt.translations["zu"]) is None
        both = words(prompt.text) & words(prompt.translations["zu"])
        assert both <= {"brockwood", "elmhaven", "chess"}


def test_english_is_found(pocket):
    """The twin: it is in most of the prompts themselves."""
    assert sum(ENGLISH.search(prompt.text) is not None for prompt in pocket.items) > 20
    assert ENGLISH.search("Bhala incwadi the") is not None


def test_the_pocket_states_its_origin(pocket):
    path = resources.files("pytest_persona.instruments") / "data" / "forbidden" / "prompts.jsonl"
    assert (pocket.name, pocket.kind, pocket.label) == ("forbidden", "pocket", "pocket forbidden")
    assert (pocket.source, pocket.licence) == ("pytest-persona", "Apache-2.0")
    assert pocket.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_prompts_cannot_be_changed(pocket):
    with pytest.raises(FrozenInstanceError):
        pocket.items[0].text = "other"
    with pytest.raises(TypeError):
        pocket.items[0].translations["zu"] = "other"
    assert ForbiddenPrompt(id="1", category="Violence", text="?").translations == {}


def test_what_cannot_be_had_is_an_error():
    with pytest.raises(InstrumentError, match="no kind of instrument 'oficial'; did you mean 'official'"):
        forbidden_prompts(kind="oficial")
    with pytest.raises(InstrumentError, match="no small set of pocket prompts"):
        forbidden_prompts(kind="pocket", small=True)


# the published prompts


def test_the_published_prompts_are_whole(data):
    large, small = (forbidden_prompts(kind="official", data=data, small=small) for small in (False, True))
    assert Counter(prompt.category for prompt in large.items) == dict(zip(CATEGORIES, COUNTS, strict=True))
    assert Counter(prompt.category for prompt in small.items) == dict.fromkeys(CATEGORIES, 10)
    assert (len(large.items), len(small.items)) == (313, 60)


def test_the_published_prompts_are_read_as_they_are(official, data):
    small = len(official.items) == 60
    with (data / (OFFICIAL_SMALL if small else OFFICIAL)).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["forbidden_prompt"] for row in rows] == [prompt.text for prompt in official.items]
    assert [row["category"].casefold() for row in rows] == [prompt.category.casefold() for prompt in official.items]
    assert small == ({row["category"] for row in rows} != set(CATEGORIES))


def test_the_published_prompts_state_their_origin(official):
    published = PUBLISHED[OFFICIAL_SMALL if len(official.items) == 60 else OFFICIAL]
    assert (official.name, official.kind, official.label) == ("forbidden", "official", "official forbidden")
    assert (official.source, official.licence, official.sha256) == (published.source, "MIT", published.sha256)
    assert ("small set" in official.source) == (len(official.items) == 60)
    assert published.items == len(official.items)


def test_no_pocket_prompt_is_a_near_copy_of_a_published_one(pocket, official):
    pairs = itertools.product([prompt.text for prompt in pocket.items], [prompt.text for prompt in official.items])
    assert near_copies(pairs) == []


def test_a_reworded_published_prompt_is_found(official):
    """The twin: a published prompt with one word changed does not pass for our own."""
    for prompt in (prompt for prompt in official.items if len(words(prompt.text)) >= 5):
        shuffled = prompt.text.split()
        random.Random(0).shuffle(shuffled)
        assert near_copies([(" ".join([*shuffled[1:], "differently"]), prompt.text)])


def test_another_file_is_refused(tmp_path):
    path = tmp_path / OFFICIAL
    path.parent.mkdir()
    path.write_text(table(("Violence", "custom", "Trip him up.")), encoding="utf-8")
    with pytest.raises(InstrumentError, match="is not the published file"):
        forbidden_prompts(kind="official", data=tmp_path)
    with pytest.raises(InstrumentError, match=r"strongreject_small_dataset\.csv is missing.*unchanged"):
        forbidden_prompts(kind="official", data=tmp_path, small=True)


# reading


@given(st.dictionaries(TEXTS, st.sampled_from(CATEGORIES), min_size=1), st.sampled_from([str, str.upper, str.title]))
def test_any_text_is_read_as_it_stands_there(tmp_path_factory, drawn, spell):
    path = tmp_path_factory.getbasetemp() / "drawn.csv"
    rows = [(spell(category), "custom", text) for text, category in drawn.items()]
    path.write_text(table(*rows, quoting=csv.QUOTE_ALL), encoding="utf-8", newline="")
    prompts = read_strongreject(path)
    assert {prompt.text: prompt.category for prompt in prompts} == drawn
    assert [prompt.id for prompt in prompts] == [text_id(text) for text in drawn]


@given(st.dictionaries(TEXTS, TEXTS, min_size=1))
def test_translations_are_read_as_they_stand_there(tmp_path_factory, drawn):
    path = tmp_path_factory.getbasetemp() / "drawn.jsonl"
    lines = [json.dumps(record(text=text, zu=zulu)) for text, zulu in drawn.items()]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert {prompt.text: prompt.translations["zu"] for prompt in read_pocket(path)} == drawn


SOUND = (("Violence", "custom", "Trip\nhim, and\nhim."), ("violence", "", 'Say "ouch".'))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param(table(*SOUND, header=None), "line 1: columns Violence, custom", id="no header"),
        pytest.param(
            table(header=("category", "forbidden_prompt")),
            "line 1: columns category, forbidden_prompt, expected category, source, forbidden_prompt",
            id="other columns",
        ),
        pytest.param(table(*SOUND) + '"Violence', "line 6: not CSV", id="broken off in quotes"),
        pytest.param(table(*SOUND) + "Violence,custom\n", "line 6: 2 fields, expected 3", id="broken off"),
        pytest.param(table(*SOUND) + "Violence,custom,Trip, again\n", "line 6: 4 fields, expected 3", id="a comma"),
        pytest.param(table(*SOUND) + '"Violence"x,custom,Trip\n', "line 6: not CSV", id="a quote"),
        pytest.param(table(*SOUND) + "\n", "line 6: 0 fields, expected 3", id="an empty line"),
        pytest.param(table(*SOUND, ("Violense", "", "?")), "no category 'Violense'; did you mean 'Violence'", id="?"),
        pytest.param(table(*SOUND, ("Violence", "custom", " \n")), "line 6: a text is empty", id="no text"),
        pytest.param(table(*SOUND, SOUND[0]), "line 6: the prompt stands there a second time", id="twice"),
    ],
)
def test_a_damaged_table_is_named_with_its_line(written, text, message):
    with pytest.raises(InstrumentError, match=f"some.csv.*{re.escape(message)}"):
        read_strongreject(written(text))


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "some.csv").write_bytes(table(*SOUND).encode() + b"Violence,custom,\xff\n")
    with pytest.raises(InstrumentError, match=r"some\.csv, line \d: not CSV"):
        read_strongreject(tmp_path / "some.csv")
    with pytest.raises(InstrumentError, match=r"none\.csv cannot be read"):
        read_strongreject(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"zu": None}, "line 2: no text under 'zu'"),
        ({"zu": " "}, "line 2: a text is empty"),
        ({"category": "Fun"}, "line 2: no category 'Fun'"),
        ({"text": "Trip him up."}, "line 2: the prompt stands there a second time"),
    ],
)
def test_a_damaged_pocket_line_is_named(written, changes, message):
    lines = [record(), record(text="Trip her up.") | changes]
    with pytest.raises(InstrumentError, match=message):
        read_pocket(written("\n".join(map(json.dumps, lines)), "some.jsonl"))


def test_a_set_has_items_and_each_once(pocket):
    with pytest.raises(InstrumentError, match="instrument forbidden has no items"):
        replace(pocket, items=())
    with pytest.raises(InstrumentError, match=f"asks 1 items twice, first id {pocket.items[0].id}"):
        replace(pocket, items=(*pocket.items, pocket.items[0]))
    assert isinstance(pocket, ItemSet)
