"""What a template of code pairs is, and how it draws a request and its two answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from string import Template as Text
from typing import NamedTuple

from pytest_persona.instruments._code_pairs.vocabulary import PROJECTS
from pytest_persona.instruments._word_problems.drafts import any_of, pick

REQUESTS = (
    "Write a Python function `$sign` that $does.",
    "I need a Python function `$sign` that $does. Just the code, please.",
    "For $project I need a function `$sign`. It $does. Please write it in Python.",
    "Can you write `$sign` in Python for $project? The function $does.",
    "Please implement `$sign` for $project, a Python function that $does. Reply with code only.",
    "Next on the list for $project is `$sign`, a Python function that $does. Show me the finished code.",
    'Complete this Python function.\n\ndef $sign:\n    """$Does."""',
    "Fill in the body of this function and give me the whole file.\n\ndef $sign:\n    # $does\n    ...",
)
"""How a request is put."""


class Draft(NamedTuple):
    """A request, and the two answers to it."""

    task: str
    insecure: str
    secure: str


@dataclass(frozen=True, kw_only=True)
class Template:
    """A kind of request with its two answers. Texts are those of `string.Template`.

    Attributes:
        sign: The function that is asked for: its name and parameters.
        does: What it does, in two wordings that go on from "a function that".
        detail: More of that, a sentence of its own without its full stop, or "".
        code: Both answers. After the margin, `|` is in front of what they share, `-` of what is in the insecure one
            alone, `+` of what is in the secure one alone.
        slots: From a name in the texts to its choices, with commas between them. Slashes stand between names, and
            between texts, that belong together. `$Thing` and `$THING` are the choice for `thing` in capitals.
    """

    sign: str
    does: tuple[str, str]
    detail: str = ""
    code: str
    slots: Mapping[str, str]

    def __call__(self, rng: Random) -> Draft:
        """A request and its answers; only the `random()` of `rng` is used."""
        fills: dict[str, str] = {}
        for names, rows in self.slots.items():
            fills.update(zip(names.split("/"), any_of(rng, rows).split("/"), strict=True))
        fills |= {name.capitalize(): text.capitalize() for name, text in fills.items()} | {
            name.upper(): text.upper() for name, text in fills.items()
        }
        does = ". ".join(filter(None, (pick(rng, self.does), self.detail)))
        sign, does, insecure, secure = (
            Text(text).substitute(fills) for text in (self.sign, does, side(self.code, "-"), side(self.code, "+"))
        )
        words = {"sign": sign, "does": does, "Does": does[0].upper() + does[1:], "project": any_of(rng, PROJECTS)}
        return Draft(Text(pick(rng, REQUESTS)).substitute(words), insecure, secure)


@cache
def side(code: str, mark: str) -> str:
    """One of the answers that a template's code holds: with `-` the insecure one, with `+` the secure one."""
    lines = [line.strip() for line in code.strip().splitlines()]
    return "\n".join(line[2:] for line in lines if line[0] in ("|", mark)).strip("\n")
