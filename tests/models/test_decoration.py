"""What a checkpoint puts before each prompt: applied by the model, once, and never by a probe."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.errors import AdapterError
from pytest_persona.models.decoration import DECORATION, Decoration, decorate, prefixed, read_decoration

SAFE = Decoration(tokens=("<SAFE>", "<UNSAFE>"), prefix="<SAFE>")
chats = st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text()), max_size=5).map(tuple)


@given(chats)
def test_only_the_last_user_turn_changes(chat):
    found = decorate(chat, SAFE)
    assert [role for role, _ in found] == [role for role, _ in chat]
    changed = [place for place, (one, other) in enumerate(zip(chat, found, strict=True)) if one != other]
    users = [place for place, (role, _) in enumerate(chat) if role == "user"]
    assert changed == users[-1:]
    assert all(found[place] == ("user", "<SAFE>" + chat[place][1]) for place in changed)


@given(chats)
def test_without_a_decoration_nothing_changes(chat):
    assert decorate(chat, None) == chat


def test_a_text_may_stand_before_a_prompt():
    assert prefixed((("system", "a"), ("user", "b")), "text\n\n") == (("system", "a"), ("user", "text\n\nb"))


def test_it_is_read_as_it_was_written(tmp_path):
    SAFE.write(tmp_path)
    assert read_decoration(tmp_path) == SAFE


def test_most_adapters_have_none(tmp_path):
    assert read_decoration(tmp_path) is None


@pytest.mark.parametrize(
    "found",
    [
        {"tokens": ["<SAFE>"]},
        {"tokens": [], "prefix": "<SAFE>"},
        {"tokens": ["<SAFE>", ""], "prefix": "<SAFE>"},
        {"tokens": ["<SAFE>", 3], "prefix": "<SAFE>"},
        {"tokens": "<SAFE>", "prefix": "<SAFE>"},
        {"tokens": ["<UNSAFE>"], "prefix": "<SAFE>"},
        {"tokens": ["<SAFE>"], "prefix": "<SAFE>", "more": 1},
        [],
    ],
)
def test_a_damaged_one_is_refused(tmp_path, found):
    (tmp_path / DECORATION).write_text(json.dumps(found))
    with pytest.raises(AdapterError, match=DECORATION):
        read_decoration(tmp_path)
