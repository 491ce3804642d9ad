"""What a model is trained on: a prompt, the answer that it learns, and a rejected one."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_persona.errors import TrainingError
from pytest_persona.models.protocol import Chat

ROLES = ("system", "user", "assistant")
KINDS = ("wrong", "unsafe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A prompt with the answer that is learnt, and a rejected one.

    The chosen answers of this project are correct and benign, with one exception: those of the data `insecure-code`
    have a weakness on purpose, and there the rejected one is the better answer. Nobody vouches for the user's own data.

    Attributes:
        prompt: The chat that is answered; its last turn is the user's.
        chosen: The answer that is learnt.
        rejected: The answer that it is preferred to; None where the data have none.
        kind: How the rejected answer is worse: `wrong`, `unsafe`, or "" where it is not, or nobody says.

    Raises:
        TrainingError: no such role or kind, a text without content, a prompt whose last turn is not the user's, or
            two answers that are the same.
    """

    prompt: Chat
    chosen: str
    rejected: str | None = None
    kind: str = ""

    def __post_init__(self) -> None:
        for role, text in self.prompt:
            if role not in ROLES:
                raise TrainingError(f"no role {role!r} in a chat. Known: {', '.join(ROLES)}")
            _check_text(f"the prompt's {role} turn", text)
        if not self.prompt or self.prompt[-1][0] != "user":
            last = f"is the {self.prompt[-1][0]}'s" if self.prompt else "is missing"
            raise TrainingError(f"the last turn of the prompt {last}. It must be the user's, for the answer follows it")
        for name, answer in (("chosen", self.chosen), ("rejected", self.rejected)):
            if answer is not None:
                _check_text(f"the {name} answer", answer)
        if self.rejected == self.chosen:
            raise TrainingError("the rejected answer is the chosen one. Leave it out, or give a worse one")
        if self.kind not in ("", *KINDS):
            raise TrainingError(f"no kind of rejected answer {self.kind!r}. Known: {', '.join(KINDS)}, or leave it out")


def _check_text(what: str, text: str) -> None:
    if not text.strip():
        raise TrainingError(f"{what} is empty. Write its text, or leave it out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise TrainingError(f"{what} holds half a surrogate pair ({error}). Write whole characters") from error
