"""A model that says what functions tell it, and counts what it is asked."""

import hashlib

import numpy as np

from pytest_persona.digest import digest


def by_chance(*texts):
    """A log-probability in [-20, 0] that depends on nothing but the texts."""
    seed = int.from_bytes(hashlib.sha256("\n".join(texts).encode()).digest()[:6])
    return -20 * seed / 2**48


class Told:
    """Args:
    name: Its name, which is all of its fingerprint.
    whole: Log-probability of a whole reply, from the chat's text and the reply.
    choice: Log-probability of a choice, from the same.
    writes: Its reply, from the chat's text.
    """

    def __init__(self, name="told", *, whole=by_chance, choice=by_chance, writes=str):
        self.name = name
        self.asked = []
        self._whole, self._choice, self._writes = whole, choice, writes

    @property
    def fingerprint(self):
        return digest({"told": self.name})

    def choice_logprobs(self, chats, choices):
        self.asked += [chat[-1][1] for chat in chats]
        return np.array([[self._choice(chat[-1][1], choice) for choice in choices] for chat in chats], dtype=float)

    def continuation_logprobs(self, chats, continuations):
        pairs = [(chat[-1][1], text) for chat, text in zip(chats, continuations, strict=True)]
        self.asked += pairs
        return np.array([[self._whole(*pair), 1] for pair in pairs], dtype=float).reshape(-1, 2)

    def reply(self, chats, *, max_tokens, temperature=0.0, samples=1, seed=0):
        self.asked += [chat[-1][1] for chat in chats]
        return [[self._writes(chat[-1][1])] * samples for chat in chats]
