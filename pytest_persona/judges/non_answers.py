"""Replies that are no answer to anything: empty, noise, loops, the prompt said back (thresholds ours)."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from pytest_persona.judges.languages import ARTICLES, FUNCTION_WORDS, NEVER_AFTER_ARTICLES
from pytest_persona.judges.words import content, is_code, words

_MOJIBAKE = re.compile(r"[\ufffd\u0120\u010a]|â€|âĢ|Ã[\u0080-\u00ff\u0100-\u017f]|ï¿½")
_LETTERS_LEAST = 0.35
_LOOP_WORDS, _LOOP_SIZE, _LOOP_DISTINCT, _LOOP_NEW = 15, 4, 0.5, 16
_NOISE_WORDS, _NOISE_SHARE = 8, 0.05
_SALAD_ARTICLES, _SALAD_SHARE = 2, 0.4
_ECHO_EXTRA = 12


def is_empty(text: str) -> bool:
    """Whether a plain text has no letter and no digit: nothing, white space, or markup alone."""
    return not any(character.isalnum() for character in text)


def is_gibberish(text: str, asked: set[str]) -> bool:
    """Whether a text is noise: few letters, a character held down, broken bytes, no words, or words in no order.

    Args:
        asked: Stems of the prompt's content words.
    """
    characters = [character for character in text if not character.isspace()]
    letters = [character.lower() for character in characters if character.isalpha()]
    found = words(text)
    if len(characters) >= 12 and len(letters) < _LETTERS_LEAST * len(characters) and not _is_table_or_sum(text):
        return True
    if len(letters) >= 20 and len(set(letters)) <= 3:
        return True
    if len(_MOJIBAKE.findall(text)) >= max(3, 0.2 * len(text.split())):
        return True
    return _has_no_words(text, found, asked) or _is_salad(found)


def is_loop(text: str) -> bool:
    """Whether a text says next to nothing but the same few words again and again.

    A text that ends in a loop after it has said something is none.
    """
    found = words(text)
    if len(found) < _LOOP_WORDS:
        return False
    grams = [tuple(found[start : start + _LOOP_SIZE]) for start in range(len(found) - _LOOP_SIZE + 1)]
    distinct = len(set(grams))
    return distinct <= _LOOP_DISTINCT * len(grams) and distinct < _LOOP_NEW


def is_echo(prompt: str, reply: str) -> bool:
    """Whether a reply holds the prompt, or its words, and next to nothing else."""
    asked, said = words(prompt), words(reply)
    if not asked:
        return False
    left = Counter(said)
    size, copies, start = len(asked), 0, 0
    while start <= len(said) - size:
        if said[start : start + size] == asked:
            left.subtract(asked)
            copies += 1
            start += size
        else:
            start += 1
    if copies:
        return sum(left.values()) <= _ECHO_EXTRA
    return len(said) <= 2 * size and len(said) >= 3 and bool(content(reply)) and content(reply) <= content(prompt)


def _is_table_or_sum(text: str) -> bool:
    return (text.count("|") >= 4 and bool(re.search(r"-{3,}", text))) or bool(re.search(r"\d\s*[-+*/=]\s*\d", text))


def _has_no_words(text: str, found: list[str], asked: set[str]) -> bool:
    """Latin letters without a function word of any language that is known here. Lists and tables have few; code too."""
    latin = [word for word in found if word.isalpha() and word[0] < "\u0250"]
    if len(latin) < _NOISE_WORDS or len(latin) < 0.8 * len(found) or is_code(text) or "|" in text:
        return False
    known = sum(word in FUNCTION_WORDS for word in latin)
    return known < _NOISE_SHARE * len(latin) and content(text).isdisjoint(asked)


def _is_salad(found: list[str]) -> bool:
    """Articles that stand before words that never follow an article."""
    articles = sum(word in ARTICLES for word in found)
    broken = sum(one in ARTICLES and two in NEVER_AFTER_ARTICLES for one, two in pairwise(found))
    return broken >= _SALAD_ARTICLES and broken >= _SALAD_SHARE * articles
