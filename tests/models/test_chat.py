"""Chat templates: no system role, today's date, and templates that rewrite an answered chat."""

import pytest
import transformers

from pytest_persona.errors import ModelError
from pytest_persona.models.chat import render, render_answered
from pytest_persona.models.protocol import ask
from pytest_persona.testing import TEMPLATE, tiny_model

NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
DATED = "{{ date_string if date_string is defined else strftime_now('%d %b %Y') }}"
THINKING = "{% if enable_thinking is defined and enable_thinking is false %}<no think>{% endif %}"


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_model().loaded.tokenizer


def with_template(tokenizer, template):
    copied = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, eos_token="<|end|>")
    copied.chat_template = template
    return copied


def test_the_reply_begins_where_the_text_ends(tokenizer):
    assert render(tokenizer, ask("Hi"), {}) == "<|user|>Hi<|end|><|assistant|>"


def test_a_system_turn_is_kept_where_the_template_has_one(tokenizer):
    text = render(tokenizer, (("system", "Be brief."), ("user", "Hi")), {})
    assert text.startswith("<|system|>Be brief.<|end|><|user|>Hi")


def test_a_system_turn_goes_to_the_head_of_the_user_turn_where_it_has_none(tokenizer):
    refusing = with_template(tokenizer, NO_SYSTEM + TEMPLATE)
    text = render(refusing, (("system", "Be brief."), ("user", "Hi")), {})
    assert text == "<|user|>Be brief.\n\nHi<|end|><|assistant|>"


def test_a_template_that_refuses_everything_is_an_error(tokenizer):
    refusing = with_template(tokenizer, "{{ raise_exception('never') }}")
    with pytest.raises(ModelError, match="cannot render a chat of turns user: never"):
        render(refusing, ask("Hi"), {})


def test_todays_date_is_pinned(tokenizer):
    dated = with_template(tokenizer, DATED + TEMPLATE)
    assert render(dated, ask("Hi"), {}).startswith("26 Jul 2024")
    assert render(dated, ask("Hi"), {"date_string": "1 Jan 2025"}).startswith("1 Jan 2025")


def test_template_arguments_reach_the_template(tokenizer):
    thinking = with_template(tokenizer, THINKING + TEMPLATE)
    assert not render(thinking, ask("Hi"), {}).startswith("<no think>")
    assert render(thinking, ask("Hi"), {"enable_thinking": False}).startswith("<no think>")


def test_an_answer_comes_with_its_end_of_turn(tokenizer):
    prompt, answer = render_answered(tokenizer, ask("2 + 2?"), "4", {})
    assert (prompt, answer) == ("<|user|>2 + 2?<|end|><|assistant|>", "4<|end|>")


def test_a_template_that_rewrites_answered_chats_is_an_error(tokenizer):
    rewriting = with_template(tokenizer, TEMPLATE.replace("<|assistant|>{% endif", "<think></think>{% endif"))
    with pytest.raises(ModelError, match="--persona-template-args"):
        render_answered(rewriting, ask("2 + 2?"), "4", {})
