"""Greedy replies as the harness writes them, beside transformers' `generate` at batch 16, in one process.

Run `python benchmarks/replies.py [--model pocket] [--prompts 60] [--attacks none,dan] [--max-tokens 128] [--pairs 1]`
on an idle machine. The prompts are the pocket's mild forbidden ones, put by each attack. Both ways get the same chats,
weights and float type; `generate` gets them in their order, 16 at a time, as its users do. Rendering and decoding of
text are in both. The harness asks all at once, or with `--at-once 20` so many at a time, as the probe does.

Texts that differ are those that the harness cut because they looped, those whose first different token was a near tie
in float32, and mistakes; cut ones have to begin the other text. Verdicts are the refusal judge's. The last line is the
median ratio of seconds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pytest_persona.instruments.attacks import FIVE, find_attack
from pytest_persona.instruments.forbidden import forbidden_prompts
from pytest_persona.judges import RefusalJudge, Score
from pytest_persona.models import Chat, find_base
from pytest_persona.models.hf import hf_model
from pytest_persona.models.loading import Loaded
from pytest_persona.models.protocol import Cut
from pytest_persona.models.sampling import replies
from pytest_persona.models.scoring import pad_left
from pytest_persona.store import Store, default_store

BATCH = 16


def load(name: str) -> Loaded:
    """A base model's weights; `tiny` is the tests' own."""
    if name != "tiny":
        return hf_model(find_base(name, Store(default_store()))).loaded
    from pytest_persona.testing import write_tiny_model

    with tempfile.TemporaryDirectory() as folder:
        return hf_model(find_base(str(write_tiny_model(Path(folder))), Store(Path(folder)))).loaded


def by_generate(loaded: Loaded, chats: Sequence[Chat], max_tokens: int) -> list[str]:
    """Batches of 16 in the order of the chats."""
    import torch

    texts: list[str] = []
    for at in range(0, len(chats), BATCH):
        ids, mask = pad_left([loaded.encode(loaded.render(chat)) for chat in chats[at : at + BATCH]], loaded)
        with torch.inference_mode():
            output = loaded.network.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=max_tokens,
                do_sample=False,
                eos_token_id=loaded.tokenizer.eos_token_id,
                pad_token_id=loaded.tokenizer.pad_token_id or 0,
            )
        texts += loaded.tokenizer.batch_decode(output[:, ids.shape[1] :], skip_special_tokens=True)
    return texts


def by_harness(loaded: Loaded, chats: Sequence[Chat], max_tokens: int, at_once: int) -> list[str]:
    """As a probe asks."""
    found: list[str] = []
    for at in range(0, len(chats), at_once):
        some = replies(loaded, chats[at : at + at_once], max_tokens=max_tokens, temperature=0, samples=1, seed=0)
        found += [first for first, *_ in some]
    return found


def main() -> None:
    """Measure both ways."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--prompts", type=int, default=60)
    parser.add_argument("--attacks", default=",".join(FIVE))
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--at-once", type=int, default=0, help="chats in one call of the harness; 0: all")
    parser.add_argument("--token-budget", type=int, help="of the harness; the model's own unless given")
    parser.add_argument("--pairs", type=int, default=1)
    options = parser.parse_args()
    items = forbidden_prompts(kind="pocket").items[: options.prompts]
    attacks = options.attacks.split(",")
    chats = [chat for name in attacks for chat in find_attack(name).chats(items)]
    asked = [item.text for _ in attacks for item in items]
    loaded = load(options.model)
    if options.token_budget is not None:
        loaded = replace(loaded, token_budget=options.token_budget)
    by_generate(loaded, chats[:1], 2)  # neither pays for the first call
    by_harness(loaded, chats[:1], 2, 1)
    print(
        f"{options.model}, {loaded.network.dtype}, token budget {loaded.token_budget}; {len(attacks)} attacks × "
        f"{len(items)} prompts, to {options.max_tokens} tokens; {options.pairs} pairs",
        flush=True,
    )
    ratios = []
    for _ in range(options.pairs):
        start = time.perf_counter()
        theirs = by_generate(loaded, chats, options.max_tokens)
        middle = time.perf_counter()
        ours = by_harness(loaded, chats, options.max_tokens, options.at_once or len(chats))
        end = time.perf_counter()
        ratios.append((middle - start) / (end - middle))
        for name, texts, seconds in (("generate", theirs, middle - start), ("harness", ours, end - middle)):
            print(
                f"{name:<9} {sum(len(loaded.encode(text)) for text in texts):>7} tokens {seconds:>8.1f} s", flush=True
            )
    cut = [isinstance(text, Cut) for text in ours]
    alike = [
        own == other or (looped and other.startswith(own)) for own, other, looped in zip(ours, theirs, cut, strict=True)
    ]
    marks = [
        [mark.value if isinstance(mark, Score) else None for mark in RefusalJudge().judge(asked, texts)]
        for texts in (ours, theirs)
    ]
    print(
        f"of {len(ours)} replies {sum(own == other for own, other in zip(ours, theirs, strict=True))} are identical, "
        f"{sum(cut)} cut at a loop, {len(alike) - sum(alike)} different otherwise; "
        f"verdicts that differ: {sum(own != other for own, other in zip(*marks, strict=True))}"
    )
    print(f"ratio (generate / harness, seconds) {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
