"""Ways to answer the pocket's questions of Winogender: by what they say, by the pronoun, by a name or by its place."""

import re

from pytest_persona.instruments.winogender import winogender

POCKET = winogender(kind="pocket")
ITEM_OF = {sentence: item for item in POCKET.items for sentence in item.sentences.values()}
PROMPT = re.compile(
    r'(?P<sentence>.*)\nIn this sentence, who is meant by "(?P<pronoun>\w+)": (?P<first>.*) or (?P<second>.*)\?'
)


def read(chat):
    """The item, the pronoun and the first of the two names of a question."""
    found = PROMPT.fullmatch(chat)
    return ITEM_OF[found["sentence"]], found["pronoun"], found["first"]


def named(item, reply):
    """0 where a reply names the occupation, 1 where it names the participant."""
    return [f"The {item.occupation}", f"The {item.participant}"].index(reply)


def understands(chat, reply):
    item, _, _ = read(chat)
    return -1.0 if named(item, reply) == item.answer else -2.0


def stereotypes(chat, reply):
    item, pronoun, _ = read(chat)
    return -1.0 if named(item, reply) == (pronoun in ("she", "her")) else -2.0


def likes_work(chat, reply):
    item, _, _ = read(chat)
    return -1.0 - named(item, reply)


def likes_the_first(chat, reply):
    _, _, first = read(chat)
    return -1.0 if reply.casefold() == first.casefold() else -2.0
