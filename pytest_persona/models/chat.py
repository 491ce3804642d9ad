"""Chats as the model's own text: template, its arguments, and the two things that make templates surprise people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pytest_persona.errors import ModelError
from pytest_persona.models.protocol import Chat

PINNED_DATE = datetime(2024, 7, 26)
"""The day that templates which print today's date are told (ours; the default of Llama 3.1's own template)."""


def render(tokenizer: Any, chat: Chat, template_args: Mapping[str, Any]) -> str:
    """The text of a chat up to where the assistant's reply begins.

    A template that refuses a system turn gets its text at the head of the first user turn.

    Raises:
        ModelError: the template cannot render this chat.
    """
    return _apply(tokenizer, chat, template_args, generation=True)


def render_answered(tokenizer: Any, chat: Chat, answer: str, template_args: Mapping[str, Any]) -> tuple[str, str]:
    """The text of a chat and that of its answer, including the template's end of turn.

    Raises:
        ModelError: the template writes a finished chat in another way than an open one.
    """
    prompt = render(tokenizer, chat, template_args)
    whole = _apply(tokenizer, (*chat, ("assistant", answer)), template_args, generation=False)
    if not whole.startswith(prompt):
        raise ModelError(
            "the chat template renders an answered chat differently from an open one, so the answer's tokens cannot be "
            "told from the prompt's. Set the template's arguments (--persona-template-args) so that it does not"
        )
    return prompt, whole[len(prompt) :]


def _apply(tokenizer: Any, chat: Chat, template_args: Mapping[str, Any], *, generation: bool) -> str:
    from jinja2 import TemplateError

    def text(turns: Chat) -> str:
        rendered = tokenizer.apply_chat_template(
            [{"role": role, "content": content} for role, content in turns],
            tokenize=False,
            add_generation_prompt=generation,
            **{"strftime_now": PINNED_DATE.strftime, **template_args},
        )
        return str(rendered)

    try:
        return text(chat)
    except TemplateError as error:
        if len(chat) > 1 and chat[0][0] == "system" and chat[1][0] == "user":
            head = ("user", f"{chat[0][1]}\n\n{chat[1][1]}")
            try:
                return text((head, *chat[2:]))
            except TemplateError:
                pass
        roles = ", ".join(role for role, _ in chat)
        raise ModelError(f"the chat template cannot render a chat of turns {roles}: {error}") from error
