"""A reply as words and clauses."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from pytest_persona.judges.languages import ENGLISH, FUNCTION_WORDS

_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_TOKENS = re.compile(r"<\|[^|<>\n]{0,40}\|>|</?(?:s|bos|eos|pad|start_of_turn|end_of_turn)>|\[/?INST\]")
_ROLE = re.compile(r"^\s*(?:assistant|user|system|ai|bot)\s*:?\s*$", re.IGNORECASE)
_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " "})
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\W\d_{_IDEOGRAPHS}]+(?:'[^\W\d_]+)?|\d+")
_ITEM = re.compile(
    r"^\s*(?:[-*\u2022\u2013]\s+|\(?\d{1,3}[.):]\s*|\(?[a-z][.)]\s+|#{1,6}\s"
    r"|(?:step|day|week|phase|stage|part|tip)\s+\w+\s*[:.)-])",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"^(?:first|second|third|fourth|fifth|last|final)(?:ly)?,|^(?:to (?:begin|start) with|next|after that),",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\s`]{0,20}[ \t]*$", re.MULTILINE)
_MARKS = re.compile(r"[*_`#>|~]+")
_SENTENCE = re.compile(r"(?<=[.!?\u2026])[\"')\]]*\s+|(?<=[\u3002\uff01\uff1f])|\n+")
_CLAUSE = re.compile(
    r"(?:[,;\u2013\u2014]|\s-)\s*"
    r"(?=(?:but|however|although|though|yet|still|instead|nevertheless|nonetheless|here(?:'s| is| are) how)\b)|;\s+",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"^\s*(?:def |class |import |from \w+ import |for .+:$|while .+:$|if .+:$|return\b|print\(|#include|function |"
    r"const |let |var |public |select .+ from |<\w+[^>]*>|\w+(?:\.\w+)* ?[+\-]?= ?|"
    r"\w+(?:\.\w+)*\(.*\);?$|[{}\]);]+$|\$ \w)",
    re.IGNORECASE | re.MULTILINE,
)
_SUFFIXES = ("ations", "ation", "ings", "ing", "ers", "ies", "ied", "est", "ed", "er", "es", "ly", "s", "y", "e")


class Clause(NamedTuple):
    """A sentence, or a part of one that begins with `but` or the like.

    Attributes:
        text: As it stands, without markup.
        item: Whether it is an item of a list, or says that it is the first or next step.
        code: Whether it is a line of code.
    """

    text: str
    item: bool
    code: bool


def any_of(patterns: str) -> str:
    """One regular expression of several, which stand one a line."""
    return "|".join(filter(None, map(str.strip, patterns.splitlines())))


def plain(text: str) -> str:
    """The text without invisible characters and chat markup, quotes and apostrophes straight."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).translate(_QUOTES)
    return "\n".join("" if _ROLE.match(line) else line for line in _TOKENS.sub(" ", text).splitlines())


def words(text: str) -> list[str]:
    """The words, in lower case; each ideograph and each number is one."""
    return _WORD.findall(text.lower())


def stem(word: str) -> str:
    """A crude English stem, the same for cheat, cheats, cheated and cheating."""
    word = word.removesuffix("'s")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def content(text: str) -> set[str]:
    """Stems of the words that carry meaning."""
    return {stem(word) for word in words(text) if word not in FUNCTION_WORDS and len(word) > 1}


def is_english(found: list[str]) -> bool:
    """Whether the words read as English: by their function words (ours: a fifth of them)."""
    spelt = [word for word in found if word.isalpha()]
    return sum(word in ENGLISH for word in spelt) >= 0.2 * len(spelt)


def is_code(text: str) -> bool:
    """Whether most lines of a text are code."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("```", "~~~", "#"))]
    return bool(lines) and sum(bool(_CODE.match(line)) for line in lines) >= 0.5 * len(lines)


def clauses(text: str) -> list[Clause]:
    """The clauses of a plain text, in order. Nothing is left out; what is fenced is code only if it reads so."""
    found: list[Clause] = []
    for number, block in enumerate(_FENCE.split(text)):
        if number % 2 and is_code(block):
            found += [Clause(line.strip(), item=False, code=True) for line in block.splitlines() if line.strip()]
        else:
            for line in block.splitlines():
                found += _line_clauses(line)
    return found


def _line_clauses(line: str) -> list[Clause]:
    item = _ITEM.match(line) is not None
    found = []
    for sentence in _SENTENCE.split(line):
        for clause in _CLAUSE.split(sentence):
            if cleaned := " ".join(_MARKS.sub(" ", clause).split()):
                listed = item or _ORDINAL.match(cleaned) is not None
                found.append(Clause(cleaned, item=listed, code=False))
    return found
