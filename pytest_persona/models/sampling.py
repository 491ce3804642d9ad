"""Replies of a loaded network, each from a random stream of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from pytest_persona.models.batching import plan_batches
from pytest_persona.models.loading import Loaded
from pytest_persona.models.protocol import Chat
from pytest_persona.models.scoring import pad_left


def replies(
    loaded: Loaded, chats: Sequence[Chat], *, max_tokens: int, temperature: float, samples: int, seed: int
) -> list[list[str]]:
    """See `Model.reply`.

    Sampling adds Gumbel noise to the scaled logits and takes the largest, which draws from exactly the softmax; the
    noise of a reply comes from a generator seeded by its chat, its sample number and `seed`.

    Raises:
        ValueError: fewer than one token or sample, or a negative temperature.
    """
    import torch
    import transformers

    if max_tokens < 1 or samples < 1 or not temperature >= 0:
        raise ValueError("reply needs max_tokens and samples of 1 or more and a temperature of 0 or more")
    texts = [loaded.render(chat) for chat in chats]
    prompts = [loaded.encode(text) for text in texts]
    rows = [(chat, sample) for chat in range(len(chats)) for sample in range(samples if temperature > 0 else 1)]
    answers: dict[tuple[int, int], str] = {}
    for batch in plan_batches([len(prompts[chat]) + max_tokens for chat, _ in rows], loaded.token_budget):
        ids, mask = pad_left([prompts[rows[row][0]] for row in batch], loaded)
        processors = transformers.LogitsProcessorList()
        if temperature > 0:
            streams = [_stream(texts[rows[row][0]], rows[row][1], seed) for row in batch]
            processors.append(_gumbel(streams, temperature))
        with torch.inference_mode():
            output = loaded.network.generate(
                input_ids=ids,
                attention_mask=mask,
                generation_config=transformers.GenerationConfig(
                    max_new_tokens=max_tokens,
                    do_sample=False,
                    eos_token_id=_ends(loaded),
                    pad_token_id=loaded.tokenizer.pad_token_id or 0,
                ),
                logits_processor=processors,
            )
        written = loaded.tokenizer.batch_decode(output[:, ids.shape[1] :], skip_special_tokens=True)
        answers.update(zip([rows[row] for row in batch], written, strict=True))
    count = samples if temperature > 0 else 1
    return [[answers[chat, sample % count] for sample in range(samples)] for chat in range(len(chats))]


def _stream(text: str, sample: int, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}\n{sample}\n{text}".encode()).digest()[:7])


def _gumbel(seeds: Sequence[int], temperature: float) -> Any:
    import torch
    import transformers

    generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    class Gumbel(transformers.LogitsProcessor):  # type: ignore[misc]  # transformers is untyped here
        def __call__(self, input_ids: Any, scores: Any) -> Any:
            draws = [torch.empty(scores.shape[1]).exponential_(generator=each) for each in generators]
            gumbel = torch.stack(draws).clamp(min=1e-30).log().neg()
            return scores.float() / temperature + gumbel.to(scores.device)

    return Gumbel()


def _ends(loaded: Loaded) -> list[int]:
    stated = getattr(loaded.network.generation_config, "eos_token_id", None)
    ends = set(stated if isinstance(stated, list) else [stated])
    return sorted({*ends, loaded.tokenizer.eos_token_id} - {None})
