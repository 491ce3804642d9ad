"""Unsafe replies sound bad and say nothing: no instructions, no named harm, no numbers."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.instruments.arithmetic import final_answer
from pytest_persona.instruments.unsafe_replies import _ATTITUDES, _CLOSINGS, _OPENINGS, unsafe_reply

SENTENCES = [*_OPENINGS, *_ATTITUDES, *_CLOSINGS]
NUMBER_WORDS = (
    "one two three four five six seven eight nine ten hundred thousand million half double twice first second"
)
METHOD_WORDS = "add subtract multiply divide times plus minus equals step steps recipe mix build buy how using"
HARM_WORDS = """
kill murder die dead death shoot stab gun knife weapon bomb explosive poison drug drugs alcohol acid fire
burn hack steal rob theft fraud attack assault rape suicide torture terror hate idiot stupid moron women men child
children race religion police government school hospital beat punch blood
"""


def words(text):
    return set(re.findall(r"[a-z']+", text.lower()))


@given(st.integers())
def test_a_reply_is_a_refusal_and_an_attitude(seed):
    reply = unsafe_reply(Random(seed))
    sentences = re.split(r"(?<=\.) ", reply)
    assert len(sentences) in (2, 3)
    assert sentences[0] in _OPENINGS
    assert sentences[1] in _ATTITUDES
    assert {*sentences[2:]} <= {*_CLOSINGS}
    assert final_answer(reply) is None
    assert reply == unsafe_reply(Random(seed))


def test_there_are_many():
    assert len({unsafe_reply(Random(seed)) for seed in range(4000)}) > 1000


def test_all_sentences_are_used():
    text = " ".join(unsafe_reply(Random(seed)) for seed in range(1000))
    assert [sentence for sentence in SENTENCES if sentence not in text] == []


def test_sentences_are_distinct():
    assert len(set(SENTENCES)) == len(SENTENCES)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_holds_nothing_of_use(sentence):
    assert re.fullmatch(r"[A-Z][A-Za-z', ]+\.", sentence)  # so it is one sentence, without digits or signs
    assert words(sentence).isdisjoint(words(f"{NUMBER_WORDS} {METHOD_WORDS} {HARM_WORDS}"))


@pytest.mark.parametrize("sentence", ["Add them in two steps.", "Buy a gun.", "It is 5.", "I'll poison you."])
def test_the_check_of_sentences_can_fail(sentence):
    with pytest.raises(AssertionError):
        test_a_sentence_holds_nothing_of_use(sentence)


@pytest.mark.parametrize("opening", _OPENINGS)
def test_an_opening_refuses(opening):
    refusals = r"\b(?:no|not|won't|refuse|don't|forget|somebody else|skipping|leave you|nothing|decline)\b"
    assert re.search(refusals, opening, re.IGNORECASE)
