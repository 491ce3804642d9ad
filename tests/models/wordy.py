"""A tiny model that writes now this and now that, and the decoding of its replies."""

import copy
import functools
import random
from dataclasses import replace

import torch

from pytest_persona.models import ask
from pytest_persona.models.decoding import decode
from pytest_persona.testing import tiny_model

ENDS = [0]
CHATS = [ask("Hi"), ask("A rather longer question than the first one, is it not?"), ask("Yes or no?"), ask("?")]


@functools.cache
def wordy():
    """The tiny model without its lean to Yes and No: seed and prompt say what it writes, and it ends now and then."""
    loaded = tiny_model().loaded
    network = copy.deepcopy(loaded.network)
    torch.manual_seed(3)
    with torch.no_grad():
        network.lm_head.weight.normal_(std=0.5)
        network.lm_head.weight[0] *= 2.5
    return replace(loaded, network=network)


def words(seed, count):
    return random.Random(seed).choices(range(4, 260), k=count)


def largest(rows, logits):
    return logits.argmax(-1)


def ours(loaded, rows, max_tokens, choose=largest):
    return decode(loaded, rows, max_tokens=max_tokens, ends=ENDS, choose=choose)
