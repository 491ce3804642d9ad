"""Next-token scores with each shared prefix computed once, beside the plain padded way, in one process.

Run `python benchmarks/prefixes.py [--model pocket] [--personas 6] [--items 30] [--pairs 3]` on an idle machine. Both
ways get the same token ids, weights, float type and token budget, and give log-probabilities of the same tokens:

    role play   a persona, an instruction, an item and a scale, for every pair of a persona and an item; digits 0 to 5
    dark triad  the pocket items of three traits, as the gate asks them; Yes and No

They take turns; seconds are the medians of the pairs, and the last line is the median of the pairs' ratios over both
sets. Tokens are those that enter the network, padding included.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from pytest_persona.instruments.darktriad import DARK_TRIAD, KEYS, darktriad
from pytest_persona.models import Chat, ask, find_base
from pytest_persona.models.hf import hf_model
from pytest_persona.models.loading import Loaded
from pytest_persona.models.scoring import plain_next_token, token_variants
from pytest_persona.models.shared import next_token
from pytest_persona.probes.persona import PROMPT
from pytest_persona.store import Store, default_store

TRADES = ("retired sailor", "young teacher", "strict judge", "street musician", "night nurse", "village baker")
CARES = ("the family", "rules", "freedom", "money", "the poor", "peace and quiet", "honour")
DEEDS = ("was cruel", "broke a promise", "kept quiet", "acted alone", "took more than a share", "laughed at a custom")
SCALE = (
    "0 = not at all, 1 = hardly, 2 = a little, 3 = somewhat, 4 = much, 5 = more than anything. Begin with the number."
)


def role_play(personas: int, items: int) -> list[Chat]:
    """A chat for every pair; the wording is this script's own."""
    people = [
        f"You are a {TRADES[n % len(TRADES)]} of {20 + n} years, and what you care for most is {CARES[n % len(CARES)]}."
        for n in range(personas)
    ]
    asked = [
        f"When you judge what somebody did, how much does it matter to you whether, in case {n}, that person "
        f"{DEEDS[n % len(DEEDS)]}{' although nobody was watching at the time' * (n % 3 > 0)}?"
        for n in range(items)
    ]
    return [ask(f"{person}\nAnswer as this person would.\n{item}\n{SCALE}") for person, item in product(people, asked)]


def dark_triad() -> list[Chat]:
    """The pocket items of all traits."""
    instruments = [darktriad(trait, kind="pocket") for trait in DARK_TRIAD]
    return [ask(PROMPT.format(question=item.question)) for instrument in instruments for item in instrument.items]


def load(name: str) -> Loaded:
    """A base model's weights; `tiny` is the tests' own."""
    if name != "tiny":
        return hf_model(find_base(name, Store(default_store()))).loaded
    from pytest_persona.testing import write_tiny_model

    with tempfile.TemporaryDirectory() as folder:
        return hf_model(find_base(str(write_tiny_model(Path(folder))), Store(Path(folder)))).loaded


def measured(loaded: Loaded, way: Callable[[], Any]) -> tuple[Any, float, int]:
    """What a way gives, its seconds, and the tokens that entered the network."""
    tokens: list[int] = []

    def count(_module: Any, _args: Any, kwargs: Any) -> None:
        tokens.append(kwargs["input_ids"].numel())

    handle = loaded.network.register_forward_pre_hook(count, with_kwargs=True)
    start = time.perf_counter()
    try:
        return way(), time.perf_counter() - start, sum(tokens)
    finally:
        handle.remove()


def compare(name: str, loaded: Loaded, chats: Sequence[Chat], choices: Sequence[str], pairs: int) -> list[list[float]]:
    """A line for one set of chats; the seconds of each pair, plain and shared."""
    prompts = [loaded.encode(loaded.render(chat)) for chat in chats]
    variants = {ids for choice in choices for ids in token_variants(loaded, loaded.render(chats[0]), choice)}
    wanted = sorted(ids[0] for ids in variants if len(ids) == 1)
    seconds, differences = [], []
    tokens = plain_tokens = 0
    for _ in range(pairs):
        plain, plain_seconds, plain_tokens = measured(loaded, lambda: plain_next_token(loaded, prompts, wanted))
        found, shared_seconds, tokens = measured(loaded, lambda: next_token(loaded, prompts, wanted))
        if found is None:
            raise SystemExit(f"{name}: this model goes the plain way, there is nothing to compare")
        seconds.append([plain_seconds, shared_seconds])
        differences.append(abs(plain - found).max())
    before, after = (statistics.median(times) for times in zip(*seconds, strict=True))
    print(
        f"{name:<11} {len(prompts):>7} {plain_tokens:>13} {tokens:>13} {before:>9.1f} {after:>10.1f} "
        f"{max(differences):>15.1e} {statistics.median(one / other for one, other in seconds):>7.2f}",
        flush=True,
    )
    return seconds


def main() -> None:
    """Measure both sets."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--personas", type=int, default=6)
    parser.add_argument("--items", type=int, default=30)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    loaded = load(options.model)
    print(f"{options.model}, {loaded.network.dtype}, token budget {loaded.token_budget}, {options.pairs} pairs")
    print("set         prompts  plain tokens shared tokens   plain s   shared s  max difference   ratio")
    played = compare("role play", loaded, role_play(options.personas, options.items), "012345", options.pairs)
    asked = compare("dark triad", loaded, dark_triad(), KEYS, options.pairs)
    both = [[a + b for a, b in zip(*pair, strict=True)] for pair in zip(played, asked, strict=True)]
    print(f"ratio (plain / shared, seconds of both sets) {statistics.median(one / other for one, other in both):.2f}")


if __name__ == "__main__":
    main()
