"""Models that know what they are told to know, tasks with scores by hand, and the records of both."""

from dataclasses import replace

import numpy as np

from pytest_persona import VerdictError
from pytest_persona.instruments.items import ItemSet
from pytest_persona.instruments.multiple_choice import multiple_choice
from pytest_persona.instruments.sums import sums
from pytest_persona.models.protocol import AdapterProof
from pytest_persona.performance import score_record
from pytest_persona.probes.scores import Scores
from pytest_persona.testing import ScriptedModel

SUMS = sums()
ANSWERS = {item.question: item.answer for item in SUMS.items}
CHOICES = multiple_choice(kind="pocket")


class Pupil(ScriptedModel):
    """Gets the first `share` of the sums right, and the rest of them wrong in the way of `wrong`."""

    def __init__(self, name, share=1.0, wrong=lambda answer: f"It is {answer + 1}."):
        super().__init__(f"{name} {share}", lambda text, choices: [0.9 / len(choices)] * len(choices))
        self.known = set(list(ANSWERS)[: round(share * len(ANSWERS))])
        self.wrong = wrong

    def reply(self, chats, *, max_tokens, temperature=0.0, samples=1, seed=0):
        self.asked += len(chats)
        asked = [chat[-1][1].split("\n")[0] for chat in chats]
        return [[f"That is {ANSWERS[q]}." if q in self.known else self.wrong(ANSWERS[q])] for q in asked]


class Chooser(ScriptedModel):
    """Prefers the right option of the first `share` of the pocket's questions, another one of the rest."""

    def __init__(self, name, share=1.0, mass=0.9):
        rights = {item.question: item.answer for item in CHOICES.items}
        known = list(rights)[: round(share * len(rights))]

        def answer(text, choices):
            (question,) = [each for each in rights if text.startswith(each + "\n")]
            best = (rights[question] + (question not in known)) % len(choices)
            return [mass * (0.8 if at == best else 0.2 / (len(choices) - 1)) for at in range(len(choices))]

        super().__init__(f"{name} {share} {mass}", answer)


class Tuned(Pupil):
    """A pupil that is an adapter on another, with a proof that is told."""

    def __init__(self, base, share=1.0, change=1.0):
        super().__init__("tuned", share)
        self.base_fingerprint = base.fingerprint
        self.change = change

    def adapter_proof(self):
        return AdapterProof(disagreement=0.0, change=self.change, dtype="float32")


class Item:
    """An item of a set by hand."""

    def __init__(self, name):
        self.id = self.question = name


def items(n):
    return ItemSet(
        name="task",
        kind="official",
        source="a test",
        licence="none",
        sha256="5" * 64,
        items=tuple(Item(f"item {at}") for at in range(n)),
    )


def scores(values, model="model", **changes):
    values = np.asarray(values, dtype=np.float64)
    made = Scores(
        task="task",
        model=model,
        fingerprint=model,
        instrument=items(len(values)),
        prompt="{question}",
        texts=tuple(f"item {at}" for at in range(len(values))),
        values=values,
        guessing=changes.get("floor", 0.0),
        floor=0.0,
        mass=None,
        details={},
        seconds=0.0,
    )
    return replace(made, **changes)


class ByHand:
    """A task whose scores are told, by model."""

    name = "task"

    def __init__(self, *some, axis="capability"):
        self.axis = axis
        self.some = {each.fingerprint: each for each in some}

    def measure(self, model, instrument, store=None, *, progress=None):
        return self.some[model.name]


class Named(ScriptedModel):
    """A model that is nothing but its name."""

    def __init__(self, name):
        super().__init__(name, lambda text, choices: [0.5])

    @property
    def fingerprint(self):
        return self.name


def record_of(tuned, base=None, *, margin=0.1, alpha=0.05, criterion="noninferiority", axis="capability"):
    """The record of scores that are told."""
    both = [tuned] if base is None else [tuned, base]
    model, before = Named(tuned.model), None if base is None else Named(base.model)
    task = ByHand(*both, axis=axis)
    return score_record(task, model, before, tuned.instrument, None, margin=margin, alpha=alpha, criterion=criterion)


def records_of(assertion, *args, **settings):
    """The records of an assertion, whether or not they let a test pass."""
    try:
        return assertion(*args, **settings)
    except VerdictError as error:
        return error.records
