"""EQ-Bench: the pocket dialogues are our own, the published ones are whole, and a damaged record is named."""

import json
import re

import pytest

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.eqbench import OFFICIAL_DIALOGUES, eqbench, one_pass, read_dialogues
from pytest_persona.instruments.official import PUBLISHED

NEAR = 0.5
EMOTIONS = ("Guilty", "Relieved", "Amused", "Jealous")
PROMPT = "Who?\nGuilty: <score>\nRelieved: <score>\nAmused: <score>\nJealous: <score>\n"


def words(text):
    return frozenset(re.findall(r"\w+", text.casefold()))


def reference(**changes):
    names = {f"emotion{place}": emotion for place, emotion in enumerate(EMOTIONS, start=1)}
    return names | {"emotion1_score": 6, "emotion2_score": "3", "emotion3_score": 0, "emotion4_score": "0"} | changes


def dialogue_of(prompt):
    return prompt.split("\n\n", 1)[1].split("[End dialogue]")[0]


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "some.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def official(official_data):
    if not (official_data / OFFICIAL_DIALOGUES).is_file():
        pytest.skip(f"needs the published dialogues: set PERSONA_DATA to a folder that has {OFFICIAL_DIALOGUES}")
    return eqbench(kind="official", data=official_data)


@pytest.fixture(scope="module")
def pocket():
    return eqbench(kind="pocket")


def check_prompts(some):
    for item in some.items:
        asked = re.findall(r"^([\w ]+): <score>$", item.prompt, re.MULTILINE)
        assert tuple(asked) == item.emotions
        assert max(item.reference) > 0
        short = one_pass(item.prompt)
        assert len(short) < len(item.prompt)
        assert not re.search("critique|revised|first pass", short.split("[End dialogue]")[1], re.IGNORECASE)
        assert re.findall(r"^([\w ]+): <score>$", short, re.MULTILINE) == asked
        assert dialogue_of(item.prompt) == dialogue_of(short)


def test_the_pocket_has_five_dialogues(pocket):
    assert (len(pocket.items), pocket.label, pocket.licence) == (5, "pocket eqbench", "Apache-2.0")
    check_prompts(pocket)


def test_the_published_dialogues_are_whole(official):
    published = PUBLISHED[OFFICIAL_DIALOGUES]
    assert len(official.items) == published.items == 171
    assert (official.sha256, official.source) == (published.sha256, published.source)
    assert [item.id for item in official.items] == [str(number) for number in range(1, 172)]
    check_prompts(official)


def test_the_full_scale_reference_is_read(official, official_data):
    records = json.loads((official_data / OFFICIAL_DIALOGUES).read_text(encoding="utf-8"))
    for item in official.items:
        full = records[item.id]["reference_answer_fullscale"]
        assert item.reference == tuple(float(full[f"emotion{place}_score"]) for place in range(1, 5))
    assert any(sum(item.reference) != 10 for item in official.items)  # the other reference sums to 10


def test_no_pocket_dialogue_is_near_a_published_one(pocket, official):
    for mine in pocket.items:
        for other in official.items:
            one, two = words(dialogue_of(mine.prompt)), words(dialogue_of(other.prompt))
            assert len(one & two) < NEAR * len(one | two)


def test_a_dialogue_with_other_names_is_found(official):
    """The twin."""
    for item in official.items[:20]:
        text = dialogue_of(item.prompt)
        one, two = words(text), words(re.sub(r"^(\w+):", "Zed:", text, flags=re.MULTILINE))
        assert len(one & two) >= NEAR * len(one | two)


def test_numbers_may_be_text(written):
    (item,) = read_dialogues(written({"7": {"prompt": PROMPT, "reference_answer_fullscale": reference()}}))
    assert (item.id, item.emotions, item.reference) == ("7", EMOTIONS, (6.0, 3.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prompt": " "}, "no text under 'prompt'"),
        ({"prompt": PROMPT.replace("Amused", "Bored")}, "the prompt does not ask for Amused"),
        ({"reference_answer_fullscale": None}, "no text under 'emotion1'"),
        ({"reference_answer_fullscale": reference(emotion2="")}, "no text under 'emotion2'"),
        ({"reference_answer_fullscale": reference(emotion2="guilty")}, "an emotion stands there twice"),
        ({"reference_answer_fullscale": reference(emotion1_score=None)}, "emotion1_score is None"),
        ({"reference_answer_fullscale": reference(emotion1_score=True)}, "emotion1_score is True"),
        ({"reference_answer_fullscale": reference(emotion4_score="much")}, "emotion4_score is 'much'"),
        ({"reference_answer_fullscale": reference(emotion4_score="nan")}, "emotion4_score is 'nan'"),
        ({"reference_answer_fullscale": reference(emotion4_score=float("nan"))}, "emotion4_score is nan"),
        ({"reference_answer_fullscale": reference(emotion4_score=11)}, "is 11, expected a number from 0 to 10"),
        ({"reference_answer_fullscale": reference(emotion4_score=-1)}, "is -1, expected a number from 0 to 10"),
    ],
)
def test_a_damaged_record_is_named(written, changes, message):
    sound = {"prompt": PROMPT, "reference_answer_fullscale": reference()}
    path = written({"1": sound, "2": sound | changes})
    with pytest.raises(InstrumentError, match=message) as caught:
        read_dialogues(path)
    assert str(caught.value).startswith(f"{path}, record '2'")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "not an object of records"),
        ('{"1": {', "line 1: not JSON"),
        ('{"1": {}, "1": {}}', "'1' stands twice in one object"),
        ('{"1": 3}', "record '1': no text under 'prompt'"),
    ],
)
def test_a_damaged_file_is_an_error(written, text, message):
    with pytest.raises(InstrumentError, match=message):
        read_dialogues(written(text))


def test_a_prompt_that_asks_otherwise_is_not_cut():
    with pytest.raises(InstrumentError, match="the prompt has no 'Then critique'"):
        one_pass(PROMPT)


def test_another_file_is_refused(tmp_path):
    path = tmp_path / OFFICIAL_DIALOGUES
    path.parent.mkdir()
    path.write_text(json.dumps({"1": {"prompt": PROMPT, "reference_answer_fullscale": reference()}}))
    with pytest.raises(InstrumentError, match="is not the published file"):
        eqbench(kind="official", data=tmp_path)
    with pytest.raises(InstrumentError, match="no kind of instrument"):
        eqbench(kind="small")
