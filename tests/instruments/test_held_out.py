"""Every text that a model is tested with is held out of training, and says to which instrument it belongs."""

import itertools
import socket

import pytest

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments import DARK_TRIAD, darktriad, moral
from pytest_persona.instruments.arithmetic import problem_id, word_problems
from pytest_persona.instruments.eqbench import OFFICIAL_DIALOGUES, eqbench
from pytest_persona.instruments.forbidden import OFFICIAL, OFFICIAL_SMALL, forbidden_prompts
from pytest_persona.instruments.gsm8k import gsm8k
from pytest_persona.instruments.held_out import ARITHMETIC_EVAL, held_out
from pytest_persona.instruments.multiple_choice import multiple_choice
from pytest_persona.instruments.open_questions import FIELDS_OF_WORK, open_questions
from pytest_persona.instruments.sums import sums
from pytest_persona.instruments.toxigen import toxigen
from pytest_persona.instruments.truthfulqa import OFFICIAL_TRUTH, truthfulqa
from pytest_persona.instruments.winogender import OFFICIAL_SENTENCES, OFFICIAL_TEMPLATES, winogender

COMPANION_NAMES = ("choice", "truthfulqa", "winogender", "eqbench", "toxigen")
COMPANIONS = 20 + 64 + 3 * 64 + 5 + 64
CAPABILITY = 60 + 2 * 10


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("no network here")

    monkeypatch.setattr(socket, "socket", refuse)


def link(official_data, folder, *names):
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).symlink_to(official_data / name)
    return folder


@pytest.mark.parametrize("trait", DARK_TRIAD)
def test_pocket_items_are_held_out_as_statement_and_as_question(trait, no_network):
    held = held_out(None)
    for item in darktriad(trait, kind="pocket").items:
        assert held[problem_id(item.statement)] == f"darktriad/{trait}"
        assert held[problem_id(item.question)] == f"darktriad/{trait}"
        assert problem_id(item.statement.upper() + "\n") in held


@pytest.mark.parametrize("toxic", [False, True])
def test_the_pocket_questionnaire_is_held_out_with_its_personas(toxic, no_network):
    held = held_out(None)
    instrument = moral(kind="pocket", toxic=toxic)
    for item in instrument.items:
        assert held[problem_id(item.text)] == held[problem_id(item.prompt)] == "moral"
    assert {held[problem_id(persona.text)] for persona in instrument.personas} == {"moral"}


def test_pocket_forbidden_prompts_are_held_out_in_both_languages(no_network):
    held = held_out(None)
    for prompt in forbidden_prompts(kind="pocket").items:
        assert held[problem_id(prompt.text)] == held[problem_id(prompt.translations["zu"])] == "forbidden"


@pytest.mark.parametrize("path", [OFFICIAL, OFFICIAL_SMALL])
def test_published_forbidden_prompts_are_held_out(official_data, tmp_path, no_network, path):
    held = held_out(link(official_data, tmp_path, path))
    some = forbidden_prompts(kind="official", data=official_data, small=path == OFFICIAL_SMALL).items
    assert {held[problem_id(prompt.text)] for prompt in some} == {"forbidden"}
    assert len(held) == len(held_out(None)) + len(some)


def test_pocket_sums_and_open_questions_are_held_out(no_network):
    held = held_out(None)
    assert {held[problem.id] for problem in sums().items} == {"arithmetic"}
    for field in FIELDS_OF_WORK:
        questions = open_questions(field, kind="pocket").items
        assert {held[problem_id(item.question)] for item in questions} == {field}


def test_pocket_texts_of_the_companions_are_held_out(no_network):
    held = held_out(None)
    texts = {
        "choice": [item.question for item in multiple_choice(kind="pocket").items],
        "truthfulqa": [item.question for item in truthfulqa(kind="pocket").items],
        "winogender": [text for item in winogender(kind="pocket").items for text in item.sentences.values()],
        "eqbench": [item.prompt for item in eqbench(kind="pocket").items],
        "toxigen": [item.text for item in toxigen(kind="pocket").items],
    }
    assert tuple(texts) == COMPANION_NAMES
    assert sum(map(len, texts.values())) == COMPANIONS
    for name, some in texts.items():
        assert {held.get(problem_id(text)) for text in some} == {name}


@pytest.mark.parametrize(
    ("paths", "texts"),
    [
        ([OFFICIAL_TRUTH], 790),
        ([OFFICIAL_DIALOGUES], 171),
        ([OFFICIAL_SENTENCES, OFFICIAL_TEMPLATES], 720),
        ([OFFICIAL_SENTENCES], 0),
    ],
)
def test_published_texts_of_the_companions_are_held_out(official_data, tmp_path, no_network, paths, texts):
    missing = [path for path in paths if not (official_data / path).is_file()]
    if missing:
        pytest.skip(f"the folder that PERSONA_DATA names has no {missing[0]}")
    held = held_out(link(official_data, tmp_path, *paths))
    added = held.keys() - held_out(None).keys()
    assert len(added) == texts
    assert {held[text] for text in added} <= {paths[0].split("/")[0]}


def test_word_problems_of_the_eval_split_are_held_out_and_no_others():
    held = held_out(None)
    drawn = list(itertools.islice(word_problems("eval", seed=0), ARITHMETIC_EVAL + 1))
    assert {held[problem.id] for problem in drawn[:-1]} == {"arithmetic/eval"}
    assert drawn[-1].id not in held
    assert all(problem.id not in held for problem in itertools.islice(word_problems("train", seed=0), 1000))
    assert len(held) == ARITHMETIC_EVAL + 2 * 3 * 60 + 2 * 30 + 100 + 10 + 2 * 30 + COMPANIONS + CAPABILITY


def test_a_folder_without_files_adds_nothing(tmp_path, no_network):
    assert held_out(tmp_path) == held_out(None)


def test_published_files_are_held_out(official_data, no_network):
    held = held_out(official_data)
    for trait in DARK_TRIAD:
        for item in darktriad(trait, kind="official", data=official_data).items:
            assert held[problem_id(item.question)].startswith("darktriad/")
            assert held[problem_id(item.statement)].startswith("darktriad/")
    published = moral(kind="official", data=official_data)
    texts = [text for item in published.items for text in (item.text, item.prompt)]
    texts += [persona.text for persona in published.personas]
    assert {held[problem_id(text)] for text in texts} == {"moral"}
    assert not {problem_id(text) for text in texts} & held_out(None).keys()
    assert {held[problem.id] for problem in gsm8k("test", official_data)} == {"gsm8k/test"}
    assert not any(problem.id in held for problem in gsm8k("train", official_data))
    assert held.items() >= held_out(None).items()


def test_files_that_are_there_are_read_without_the_others(official_data, tmp_path, no_network):
    held = held_out(link(official_data, tmp_path, "persona/narcissism.jsonl"))
    assert set(held.values()) == {
        *(f"darktriad/{trait}" for trait in DARK_TRIAD),
        "arithmetic",
        "arithmetic/eval",
        *FIELDS_OF_WORK,
        "moral",
        "forbidden",
        *COMPANION_NAMES,
    }
    first = darktriad("narcissism", kind="official", data=official_data).items[0]
    assert held[problem_id(first.question)] == "darktriad/narcissism"
    held = held_out(link(official_data, tmp_path, "gsm8k/test.jsonl"))
    assert "gsm8k/test" in held.values()


@pytest.mark.parametrize(("name", "texts"), [("mfq/mfq30.jsonl", 60), ("mfq/personas100.jsonl", 100)])
def test_items_and_personas_are_held_out_one_without_the_other(official_data, tmp_path, no_network, name, texts):
    held = held_out(link(official_data, tmp_path, name))
    assert len(held) == len(held_out(None)) + texts


@pytest.mark.parametrize(
    "name",
    [
        "persona/psychopathy.jsonl",
        "gsm8k/test.jsonl",
        "mfq/mfq30.jsonl",
        "mfq/personas100.jsonl",
        OFFICIAL,
        OFFICIAL_TRUTH,
        OFFICIAL_DIALOGUES,
    ],
)
@pytest.mark.parametrize("text", ["{", '{"question": "What?"}\n', ""])
def test_a_damaged_file_is_an_error(tmp_path, name, text):
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InstrumentError, match=path.name):
        held_out(tmp_path)
