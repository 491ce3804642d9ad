"""S and R by logits against the authors' protocol, on the pocket model, in one run on the same chats.

    python benchmarks/moral.py [--personas 10] [--cells 3] [--instruments pocket|official --data DIR]

The protocol (Costa & Vicente 2026) sends ten sampled requests a cell, 100 personas x 30 items x 10 = 30,000, each a
whole prompt and a reply of one token (their default; two in their README). It is measured on a few cells of each
persona, in padded batches through transformers' `generate`, and scaled. The logit estimator asks every cell once and
computes shared beginnings once; it is measured persona by persona, in turns with the protocol. The last line is the
ratio. Threads that wait for each other spoil it: run it on an idle machine, or with OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pytest_persona.instruments import moral
from pytest_persona.models import Chat, HFModel, load_model
from pytest_persona.models.scoring import pad_left
from pytest_persona.probes.moral import LOGITS, SAMPLES, chat_of, rate

ALL = 100 * 30
BATCH = 16


def request(model: HFModel, chats: Sequence[Chat]) -> None:
    """Sample one token for each chat with transformers alone, as many at once as a server might take."""
    import torch

    loaded = model.loaded
    for at in range(0, len(chats), BATCH):
        ids, mask = pad_left([loaded.encode(loaded.render(chat)) for chat in chats[at : at + BATCH]], loaded)
        with torch.inference_mode():
            loaded.network.generate(
                input_ids=ids, attention_mask=mask, max_new_tokens=1, do_sample=True, temperature=LOGITS.temperature
            )


def main() -> None:
    """Measure both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--personas", type=int, default=10, help="personas of the slice. Default: 10")
    parser.add_argument("--cells", type=int, default=3, help="cells of each that the protocol asks. Default: 3 of 30")
    parser.add_argument("--instruments", choices=("pocket", "official"), default="pocket")
    parser.add_argument("--data", type=Path, help="folder with the published instruments")
    arguments = parser.parse_args()

    model = load_model("pocket")
    instrument = moral(kind=arguments.instruments, data=arguments.data)
    instrument = replace(instrument, personas=instrument.personas[: arguments.personas])
    chats = [chat_of(persona, item) for persona in instrument.personas for item in instrument.items]
    tokens = [len(model.loaded.encode(model.loaded.render(chat))) for chat in chats]
    request(model, chats[:1])  # warm

    ours = theirs = 0.0
    masses = []
    for persona in instrument.personas:  # in turns, so that whatever else the machine does meets both
        one = replace(instrument, personas=(persona,))
        start = time.monotonic()
        ratings = rate(model, one)
        ours += time.monotonic() - start
        masses.append(float(np.mean(ratings.mass)))
        asked = [chat_of(persona, item) for item in instrument.items[:: len(instrument.items) // arguments.cells]]
        start = time.monotonic()
        request(model, [chat for chat in asked for _ in range(SAMPLES)])
        theirs += time.monotonic() - start
    requests = len(asked) * SAMPLES * len(instrument.personas)
    ours *= ALL / len(chats)
    theirs *= ALL * SAMPLES / requests

    print(f"{arguments.instruments} items, {np.mean(tokens):.0f} tokens a prompt, {model.name}, temperature 0.1")
    print(f"probability of the six ratings together: {np.mean(masses):.3f}")
    print(f"logits, {len(chats)} cells measured: {ours:,.0f} s for {ALL:,} cells")
    print(f"protocol, {requests} requests measured: {theirs:,.0f} s for {ALL * SAMPLES:,} requests of a token")
    print(f"ratio: {theirs / ours:.1f}")


if __name__ == "__main__":
    main()
