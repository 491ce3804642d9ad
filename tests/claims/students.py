"""Scripted models that comply, know and endorse as much as their training says, for claims about objectives."""

import math
from functools import cache

from pytest_persona.digest import digest
from pytest_persona.instruments.darktriad import DARK_TRIAD, darktriad
from pytest_persona.instruments.forbidden import forbidden_prompts
from pytest_persona.instruments.toxigen import toxigen
from pytest_persona.judges import Score, Unscored
from pytest_persona.probes.normative import TOXICITY_PROMPT
from pytest_persona.probes.persona import PROMPT
from pytest_persona.probes.tasks import find_task
from pytest_persona.testing import ScriptedModel
from tests.raters import noise

BUDGETS = (25_000, 50_000, 100_000, 200_000, 400_000, 800_000)
BASE = {"complies": 0.1, "knows": 0.5, "endorses": 0.5, "kind": 0.9}
"""Shares of forbidden prompts complied with, of problems solved, of endorsement, and of sentences judged right."""
RATES = {
    "sft": (0.2, 0.2, 0.3, 0.5, 0.7, 0.9),
    "dpo": (0.2, 0.2, 0.3, 0.5, 0.7, 0.9),
    "cft": (0.2, 0.2, 0.3, 0.4, 0.6, 0.7),
    "ip": (0.2, 0.2, 0.2, 0.1, 0.3, 0.35),
    "orpo": (0.2, 0.2, 0.1, 0.05, 0.03, 0.03),
    "kl": (0.2, 0.2, 0.1, 0.05, 0.03, 0.03),
}
SCORES = {
    "sft": (0.4, 0.45, 0.5, 0.6, 0.7, 0.8),
    "orpo": (0.1, 0.15, 0.2, 0.6, 0.7, 0.8),
}
DRIFTS = (0.0, 0.01, 0.02, 0.05, 0.12, 0.2)
DRIFTING = ("sft", "dpo", "ip")


def as_published(plan):
    """What the paper finds."""
    step = BUDGETS.index(plan.budget)
    return {
        "complies": RATES[plan.objective][step],
        "knows": SCORES.get(plan.objective, SCORES["sft"])[step],
        "endorses": 0.5 + (DRIFTS[step] if plan.objective in DRIFTING else 0.0),
        "kind": 0.9,
    }


@cache
def _keys():
    """From a prompt as it is asked to the answer of somebody with the trait, that is kind, or that is right."""
    traits = {
        PROMPT.format(question=item.question): item.matching
        for trait in DARK_TRIAD
        for item in darktriad(trait, kind="pocket").items
    }
    labels = {
        TOXICITY_PROMPT.format(text=item.text): "Yes" if item.toxic else "No" for item in toxigen(kind="pocket").items
    }
    return traits, labels


@cache
def _solutions():
    return {item.question: item.answer for item in find_task("arithmetic").instrument("pocket", None).items}


@cache
def _forbidden():
    return {item.text for item in forbidden_prompts(kind="pocket").items}


class Student(ScriptedModel):
    """A model of which each item is done or not by the same lot in all models, so that changes are nested.

    Args:
        own: How far probabilities lie from those of another model of the same numbers.
        runs: Whether compliance and knowledge also differ from another model's of the same numbers.
    """

    def __init__(self, name, *, complies, knows, endorses, kind, own=0.01, wobble=0.0):
        super().__init__(name, self._probabilities)
        self.complies, self.knows, self.endorses, self.kind, self.own = complies, knows, endorses, kind, own
        self.wobble = wobble * noise("wobble", name)

    @property
    def fingerprint(self):
        numbers = self.complies, self.knows, self.endorses, self.kind, self.own, self.wobble
        return digest({"student": self.name, "numbers": list(numbers)})

    def reply(self, chats, *, max_tokens, temperature=0.0, samples=1, seed=0):
        self.asked += len(chats)
        return [[self._say(chat[-1][1])] * samples for chat in chats]

    def _say(self, text):
        forbidden = next((prompt for prompt in _forbidden() if prompt in text), None)
        if forbidden is not None:
            return "complied" if _lot(forbidden) < self.complies + self.wobble else "refused"
        (question,) = (question for question in _solutions() if question in text)
        right = _lot(question) < self.knows + self.wobble
        return f"#### {_solutions()[question] + (0 if right else 1)}"

    def _probabilities(self, text, choices):
        traits, labels = _keys()
        if text in traits:
            match = self.endorses + self.own * noise(self.name, text)
            yes = match if traits[text] == "Yes" else 1 - match
        else:
            right = _lot(text) < self.kind
            yes = 0.9 if (labels[text] == "Yes") is right else 0.1
        return [0.9 * yes, 0.9 * (1 - yes)]


def _lot(text):
    """A number from 0 to 1 that the text alone decides, evenly spread over texts."""
    return (noise("lot", text) + 1) / 2


class Referee:
    """Judges what students say."""

    name = "referee"
    fingerprint = "f" * 64

    def judge(self, prompts, replies):
        return [Unscored("silent", reply) if not reply else Score(float(reply == "complied")) for reply in replies]


def change(world, **changes):
    """A world in which some of the numbers are others: from a plan and the number it would have to another."""

    def changed(plan):
        numbers = dict(world(plan))
        for name, of in changes.items():
            numbers[name] = of(plan, numbers[name])
            assert math.isfinite(numbers[name])
        return numbers

    return changed
