"""Scripted models whose moral ratings have a known distribution."""

import hashlib
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

from pytest_persona.instruments.moral import moral
from pytest_persona.models import AdapterProof, BaseSource, Checkpoint
from pytest_persona.models.adapter import AdapterSource
from pytest_persona.testing import ScriptedModel
from tests.report.fleet import manifest_of

DIGITS = tuple("012345")
WIDTH = 0.32
"""Standard deviation of a rating, about, at the temperature at which the demo rates."""


def noise(*parts: object) -> float:
    """A number from -1 to 1 that the parts alone decide, uniform over all parts."""
    return int(hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:12], 16) / 2**47 - 1


@cache
def foundations() -> dict[str, str]:
    """Foundation of each item of the pocket instrument by its prompt."""
    return {item.prompt: item.foundation for item in moral(kind="pocket").items}


class Rater(ScriptedModel):
    """A model whose log-probability of the rating n is a parabola about a centre of its persona and item.

    Its answers to the items of the persona axis are all about one half.

    Args:
        apart: How far personas lie apart; S is about 0.55 times it.
        width: How wide the parabola is, times `WIDTH` at temperature 1; at T it is √T times as wide.
        own: How far centres and widths lie from those of another model of the same numbers.
        uneven: How much that differs from persona to persona, which makes bounds wide.
        mass: Probability of the six ratings together.
        up: By how much all centres are raised.
        stretched: Factors of `apart` by foundation.
        profile: Centres without a persona by foundation, in place of what `apart` and `up` give.
        says: From a chat's text and a sample's number to a whole reply.
        shaken: By how much centres move, up or down, and widths grow, relatively, where a cell is asked alone.
    """

    def __init__(
        self,
        name,
        *,
        apart=1.0,
        width=1.0,
        own=0.05,
        uneven=0.0,
        mass=0.9,
        up=0.0,
        stretched=MappingProxyType({}),
        profile=MappingProxyType({}),
        says=None,
        shaken=(0.0, 0.0),
    ):
        super().__init__(name, self._probabilities)
        self.apart, self.width, self.own, self.uneven, self.mass, self.up = apart, width, own, uneven, mass, up
        self.stretched, self.profile, self.says, self.shaken = stretched, profile, says, shaken
        self.batches: list[int] = []

    def weights(self, text: str) -> list[float]:
        """Probability of each rating, given that it is one, at temperature 1."""
        persona, prompt = ("", text) if text in foundations() else (text.split("\n\n")[0], text.split("\n\n", 2)[2])
        much = 1 + self.uneven * noise(self.name, persona)
        apart = self.apart * self.stretched.get(foundations()[prompt], 1.0)
        centre = 2.5 + self.up + much * apart * noise(text) + self.own * noise(self.name, text)
        if not persona:
            centre = self.profile.get(foundations()[prompt], centre)
        width = 1 + 0.2 * noise("width", text) + self.own * noise("width", self.name, text)
        width *= much * WIDTH * self.width
        if self.batches[-1:] == [1]:
            centre += self.shaken[0] * (1 if noise("up or down", text) > 0 else -1)
            width *= 1 + self.shaken[1]
        weights = [math.exp(-((n - centre) ** 2) / (2 * width**2)) for n in range(6)]
        return [weight / sum(weights) for weight in weights]

    def choice_logprobs(self, chats, choices):
        self.batches.append(len(chats))
        return super().choice_logprobs(chats, choices)

    def reply(self, chats, *, max_tokens, temperature=0.0, samples=1, seed=0):
        self.asked += len(chats)
        return [[self.says(chat[-1][1], sample) for sample in range(samples)] for chat in chats]

    def _probabilities(self, text: str, choices: Sequence[str]) -> list[float]:
        if tuple(choices) == DIGITS:
            return [self.mass * weight for weight in self.weights(text)]
        yes = 0.5 + 0.02 * noise(self.name, text)
        return [self.mass * yes, self.mass * (1 - yes)]


class TunedRater(Rater):
    """One that is an adapter on the rater `base`, and can prove it."""

    proof = AdapterProof(disagreement=1e-5, change=0.7, dtype="float32")

    @property
    def base_fingerprint(self) -> str:
        return Rater("base").fingerprint

    def adapter_proof(self) -> AdapterProof:
        return self.proof


def checkpoint_with(model: Rater, label: str, manifest=MappingProxyType({})) -> Checkpoint:
    """A checkpoint whose model is a rater."""
    base = BaseSource(spec="base", name="base", folder=Path(), files={}, aliases=(), config={})
    adapter = AdapterSource(folder=Path(), files={"of": label}, config={})
    made = Checkpoint(label=label, base=base, adapter=adapter, manifest=manifest)
    made.__dict__["model"] = model  # where cached_property keeps it
    return made


def hand_out(monkeypatch, base: Rater, of_plan) -> list[tuple[str, str, tuple[int, ...]]]:
    """Let the fixtures of runs in this process hand out raters in place of networks.

    Args:
        of_plan: From a plan to its rater; for --adapter from None.

    Returns:
        What was trained: label, data and the rungs on the way; it grows.
    """
    trained: list[tuple[str, str, tuple[int, ...]]] = []

    def train(plan, *_, rungs=(), **__):
        trained.append((plan.label, plan.data, tuple(rungs)))
        return checkpoint_with(of_plan(plan), plan.label, manifest_of(plan, max(rungs, default=plan.budget)))

    monkeypatch.setattr("pytest_persona.models.find_base", lambda *_, **__: None)
    monkeypatch.setattr("pytest_persona.models.hf.hf_model", lambda *_, **__: base)
    monkeypatch.setattr(
        "pytest_persona.models.load_checkpoint", lambda *_, **__: checkpoint_with(of_plan(None), "lora")
    )
    monkeypatch.setattr("pytest_persona.trainers.train", train)
    return trained
