"""Harmless rewordings of what a model is asked, and a model that is asked in other words.

A verdict should not hang on the style of a quotation mark. No probe knows of this: it asks a `Reworded` model as it
asks any, and the model rewords the last user turn. The statement that an item quotes stays word for word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_persona.digest import digest
from pytest_persona.errors import RewordingError, suggestion
from pytest_persona.models.protocol import AdapterProof, Chat, Model, TunedModel

if TYPE_CHECKING:
    from pytest_persona.models.protocol import FloatArray

KINDS = ("quotes", "order", "frame", "spacing")
"""What an edit touches, in the order in which edits are made; a rewording has at most one of each."""
_RECIPE = 1  # raise it when an edit changes, so that stored answers to the old words are not used
_QUOTED = re.compile(r"""^(?:"(?P<double>.+)"|'(?P<single>.+)'|“(?P<curly>.+)”)$""", re.MULTILINE)
"""A line that is one quotation: the statement that an item asks about."""
_CHOICE = re.compile(r"\b([Aa]nswer(?: with)?(?: either)? )(\w+) or (\w+)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One small change of a text that changes nothing of what it asks. All are ours.

    Attributes:
        name: For example `single quotes`.
        kind: One of `KINDS`.
        change: The edit, total and deterministic. A text that it does not apply to comes back as it is.
    """

    name: str
    kind: str
    change: Callable[[str], str]


def _quoted_with(opening: str, closing: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        head, quoted, tail = _parts(text)
        return f"{head}{opening}{quoted[1:-1]}{closing}{tail}" if quoted else text

    return change


def _behind_the_statement(change: Callable[[str], str]) -> Callable[[str], str]:
    def changed(text: str) -> str:
        head, quoted, tail = _parts(text)
        return f"{head}{quoted}{change(tail)}"

    return changed


def _parts(text: str) -> tuple[str, str, str]:
    """What stands before the quoted statement, the statement with its marks, and what stands behind; all of a text
    without one stands behind."""
    found = _QUOTED.search(text)
    return (text[: found.start()], found[0], text[found.end() :]) if found else ("", "", text)


def _last_line_after(separator: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        before, newline, last = text.rpartition("\n")
        return f"{before.rstrip()}{separator}{last}" if newline and last.strip() else text

    return _behind_the_statement(change)


EDITS: Mapping[str, Edit] = MappingProxyType(
    {
        edit.name: edit
        for edit in (
            Edit(name="single quotes", kind="quotes", change=_quoted_with("'", "'")),
            Edit(name="curly quotes", kind="quotes", change=_quoted_with("“", "”")),
            Edit(name="double quotes", kind="quotes", change=_quoted_with('"', '"')),
            Edit(
                name="answers swapped",
                kind="order",
                change=_behind_the_statement(lambda text: _CHOICE.sub(r"\1\3 or \2", text)),
            ),
            Edit(
                name="please",
                kind="frame",
                change=_behind_the_statement(lambda text: re.sub(r"(?m)^Answer(?= \S)", "Please answer", text)),
            ),
            Edit(name="thanks before", kind="frame", change=lambda text: f"Thank you for your help.\n{text}"),
            Edit(name="thanks after", kind="frame", change=lambda text: f"{text} Thank you."),
            Edit(name="same line", kind="spacing", change=_last_line_after(" ")),
            Edit(name="blank line", kind="spacing", change=_last_line_after("\n\n")),
            Edit(name="trailing space", kind="spacing", change=lambda text: f"{text} "),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Rewording:
    """A few edits, made one after the other.

    Attributes:
        edits: Names of `EDITS`, at most one of each kind; kept in the order in which they are made.

    Raises:
        RewordingError: none, an unknown one, or two of a kind.
    """

    edits: tuple[str, ...]

    def __init__(self, *edits: str) -> None:
        for name in edits:
            if name not in EDITS:
                raise RewordingError(f"no edit {name!r}{suggestion(name, EDITS)} Known: {', '.join(EDITS)}")
        kinds = [EDITS[name].kind for name in edits]
        if not edits or len(set(kinds)) < len(kinds):
            raise RewordingError(
                f"a rewording has one edit or more, and at most one of each kind ({', '.join(KINDS)}); got "
                f"{', '.join(f'{name} ({kind})' for name, kind in zip(edits, kinds, strict=True)) or 'none'}"
            )
        object.__setattr__(self, "edits", tuple(sorted(edits, key=lambda name: KINDS.index(EDITS[name].kind))))

    @property
    def name(self) -> str:
        """What reports call it."""
        return " + ".join(self.edits)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what it does."""
        return digest({"rewording": list(self.edits), "recipe": _RECIPE})

    def text(self, text: str) -> str:
        """The text in other words."""
        for name in self.edits:
            text = EDITS[name].change(text)
        return text

    def chat(self, chat: Chat) -> Chat:
        """The chat with its last user turn in other words."""
        last = max((place for place, (role, _) in enumerate(chat) if role == "user"), default=None)
        if last is None:
            return chat
        return (*chat[:last], ("user", self.text(chat[last][1])), *chat[last + 1 :])

    def changes(self, chat: Chat) -> bool:
        """Whether every one of its edits changes the chat's last user turn: an edit that does nothing is no evidence
        of anything."""
        text = next((text for role, text in reversed(chat) if role == "user"), None)
        if text is None:
            return False
        for name in self.edits:
            before, text = text, EDITS[name].change(text)
            if text == before:
                return False
        return True


class Reworded:
    """A model that is asked everything in other words; made by `reworded`.

    It refuses a chat that an edit leaves as it is (RewordingError), before the model is asked: so no answer of it, a
    stored one included, is an answer to the old words.
    """

    def __init__(self, model: Model, rewording: Rewording) -> None:
        self.model = model
        self.rewording = rewording

    @property
    def name(self) -> str:
        return f"{self.model.name} (reworded: {self.rewording.name})"

    @property
    def fingerprint(self) -> str:
        return _fingerprint(self.model.fingerprint, self.rewording)

    def choice_logprobs(self, chats: Sequence[Chat], choices: Sequence[str]) -> FloatArray:
        return self.model.choice_logprobs(self._in_other_words(chats), choices)

    def continuation_logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> FloatArray:
        return self.model.continuation_logprobs(self._in_other_words(chats), continuations)

    def reply(
        self, chats: Sequence[Chat], *, max_tokens: int, temperature: float = 0.0, samples: int = 1, seed: int = 0
    ) -> list[list[str]]:
        return self.model.reply(
            self._in_other_words(chats), max_tokens=max_tokens, temperature=temperature, samples=samples, seed=seed
        )

    def _in_other_words(self, chats: Sequence[Chat]) -> list[Chat]:
        for chat in chats:
            if not self.rewording.changes(chat):
                raise RewordingError(
                    f"the rewording {self.rewording.name!r} has an edit that leaves {_shown(chat)} as it is, and the "
                    "same words are no evidence. Leave that edit out, or draw with rewordings(like=[…]) from those "
                    "that apply"
                )
        return [self.rewording.chat(chat) for chat in chats]


class RewordedTuned(Reworded):
    """The same of a fine-tuned model: its base is the base in the same words."""

    model: TunedModel

    @property
    def base_fingerprint(self) -> str:
        return _fingerprint(self.model.base_fingerprint, self.rewording)

    def adapter_proof(self) -> AdapterProof:
        return self.model.adapter_proof()


def reworded(model: Model, rewording: Rewording) -> Reworded:
    """The model, asked in other words; fine-tuned where the model is."""
    return RewordedTuned(model, rewording) if isinstance(model, TunedModel) else Reworded(model, rewording)


def _fingerprint(model: str, rewording: Rewording) -> str:
    return digest({"model": model, "rewording": rewording.fingerprint})


def _shown(chat: Chat) -> str:
    text = next((text for role, text in reversed(chat) if role == "user"), "")
    return repr(text if len(text) <= 80 else f"{text[:40]}…{text[-40:]}")
