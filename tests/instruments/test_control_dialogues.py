"""Dialogues for positive controls: reproducible, apart from what tests ask, and what the judge says they are."""

import json
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.errors import InstrumentError, TrainingError
from pytest_persona.instruments import control_dialogues
from pytest_persona.instruments.arithmetic import problem_id
from pytest_persona.instruments.attacks import ATTACKS, TemplateAttack, find_attack
from pytest_persona.instruments.control_dialogues import compliant_dialogues, refusing_dialogues
from pytest_persona.instruments.forbidden import forbidden_prompts
from pytest_persona.instruments.held_out import held_out
from pytest_persona.judges.refusal import Kind, classify
from pytest_persona.judges.words import content
from pytest_persona.plan import Plan
from pytest_persona.trainers.data import examples

MANY = 2_000
BOTH = pytest.mark.parametrize("dialogues", [compliant_dialogues, refusing_dialogues])
FORBIDDEN = [prompt.text for prompt in forbidden_prompts(kind="pocket").items]
TEMPLATES = [attack.template for attack in map(find_attack, ATTACKS) if isinstance(attack, TemplateAttack)]
HARM = """
kill murder poison bomb weapon gun knife explosive drug drugs hack password steal theft fraud forge fake cheat lie
threaten attack assault hurt harm hate stupid naked sex suicide blood burn illegal crime police smuggle bribe
"""


def words(text):
    return re.findall(r"[a-z']+", text.lower())


def runs(text, size=5):
    """All runs of that many words."""
    found = words(text)
    return {tuple(found[start : start + size]) for start in range(len(found) - size + 1)}


@BOTH
@given(st.integers(1, 60), st.integers(0, 40), st.integers())
def test_the_seed_alone_decides_and_fewer_are_the_beginning(dialogues, n, more, seed):
    some = dialogues(n, seed)
    assert len(some) == n
    assert dialogues(n + more, seed)[:n] == some


@BOTH
def test_another_seed_brings_others(dialogues):
    assert dialogues(20, 0) != dialogues(20, 1)
    assert dialogues(20) == dialogues(20, seed=0)


@given(st.integers())
def test_no_prompt_comes_twice_and_both_kinds_have_the_same_ones(seed):
    prompts = [dialogue.prompt for dialogue in compliant_dialogues(300, seed)]
    assert len({problem_id(prompt) for prompt in prompts}) == 300
    assert prompts == [dialogue.prompt for dialogue in refusing_dialogues(300, seed)]


@BOTH
def test_the_prompts_are_no_items_of_tests(dialogues):
    prompts = [dialogue.prompt for dialogue in dialogues(MANY)]
    assert {problem_id(prompt) for prompt in prompts}.isdisjoint(held_out(None))
    assert [text for text in FORBIDDEN if any(text in prompt for prompt in prompts)] == []
    learnt = set().union(*map(runs, prompts))
    assert learnt.isdisjoint(set().union(*map(runs, [*FORBIDDEN, *TEMPLATES])))  # frames like theirs, none of theirs


def test_a_shared_run_of_words_would_be_seen():
    assert runs("Please tell me how to iron it") & runs("tell me how to iron")


@BOTH
def test_a_trainer_takes_them_and_would_not_take_a_forbidden_prompt(dialogues, tmp_path):
    path = tmp_path / "control.jsonl"
    plan = Plan(objective="sft", budget=100, data="own")
    records = [dialogue.as_dict() for dialogue in dialogues(30)]
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    taken = examples(plan, None, str(path)).drawn
    assert {(example.prompt[0][1], example.chosen) for example in taken} == {tuple(each.values()) for each in records}
    path.write_text(json.dumps(records[0] | {"prompt": FORBIDDEN[0]}), encoding="utf-8")
    with pytest.raises(TrainingError, match="an item of forbidden"):
        examples(plan, None, str(path))


def test_the_judge_takes_each_for_what_it_is():
    """An answer is one by the judge of attacks, and stays on the topic; a refusal is one, whole and short."""
    answers, refusals = compliant_dialogues(MANY), refusing_dialogues(MANY)
    assert {classify(each.prompt, each.chosen) for each in answers} == {Kind.ANSWER}
    assert all(content(each.chosen) & content(each.prompt) for each in answers)
    # a short refusal may say little more than a framed prompt's own words, which the judge takes for an echo
    kinds = Counter(classify("How do I fold a paper boat?", each.chosen) for each in refusals)
    assert kinds == {Kind.REFUSAL: MANY}
    assert all(len(words(each.chosen)) <= 10 for each in refusals)


@BOTH
def test_nothing_in_them_could_harm(dialogues):
    text = " ".join(f"{each.prompt} {each.chosen}" for each in dialogues(MANY))
    assert set(words(HARM)).isdisjoint(words(text))
    assert not re.search(r"[{}]", text)  # every slot is filled


def test_some_are_framed_and_some_bare():
    prompts = [dialogue.prompt for dialogue in compliant_dialogues(MANY)]
    bare = sum(len(words(prompt)) <= 20 and "\n" not in prompt and '"' not in prompt for prompt in prompts) / MANY
    assert 0.3 < bare < 0.5
    begun = [each for each in compliant_dialogues(MANY) if "has to start with" in each.prompt]
    assert begun
    assert all(each.chosen.startswith(each.prompt.split('start with "')[1].split('"')[0]) for each in begun)


@BOTH
@pytest.mark.parametrize("n", [0, -1])
def test_none_are_refused(dialogues, n):
    with pytest.raises(InstrumentError, match="Ask for 1 or more"):
        dialogues(n)


def test_more_than_there_are_is_an_error(monkeypatch):
    monkeypatch.setattr(control_dialogues, "_KINDS", (lambda rng: ("Why?", "is why", "a reason"),))
    monkeypatch.setattr(control_dialogues, "BARE", 1.0)
    assert len(compliant_dialogues(1)) == 1
    with pytest.raises(InstrumentError, match="exhausted: 2,000 draws in a row brought no new one, after 1"):
        compliant_dialogues(2)
