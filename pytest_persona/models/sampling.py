"""Replies of a loaded network, each from a random stream of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from pytest_persona.models import decoding, loops
from pytest_persona.models.batching import plan_batches
from pytest_persona.models.loading import Loaded
from pytest_persona.models.protocol import Chat, Cut
from pytest_persona.models.scoring import pad_left


def replies(
    loaded: Loaded, chats: Sequence[Chat], *, max_tokens: int, temperature: float, samples: int, seed: int
) -> list[list[str]]:
    """See `Model.reply`.

    Sampling adds Gumbel noise to the scaled logits and takes the largest, which draws from exactly the softmax; the
    noise of a reply comes from a generator seeded by its chat, its sample number and `seed`. The end of a turn, a loop
    and `max_tokens` end a reply; no wording does, for models refuse and then comply.

    Raises:
        ValueError: fewer than one token or sample, or a negative temperature.
    """
    if max_tokens < 1 or samples < 1 or not temperature >= 0:
        raise ValueError("reply needs max_tokens and samples of 1 or more and a temperature of 0 or more")
    texts = [loaded.render(chat) for chat in chats]
    count = samples if temperature > 0 else 1
    rows = {(text, sample): place for place, (text, sample) in enumerate(_rows(texts, count))}
    streams = [_stream(text, sample, seed) for text, sample in rows] if temperature > 0 else None
    prompts = {text: loaded.encode(text) for text in texts}
    asked = [prompts[text] for text, _ in rows]
    longest = max(map(len, asked), default=0) + max_tokens
    if all(asked) and decoding.understands(loaded.network, longest):
        choose = _chooser(streams, temperature)
        written = decoding.decode(loaded, asked, max_tokens=max_tokens, ends=_ends(loaded), choose=choose)
    else:
        written = generated(loaded, asked, max_tokens=max_tokens, streams=streams, temperature=temperature)
    answers = [_text(loaded, ids, max_tokens) for ids in written]
    return [[answers[rows[text, sample % count]] for sample in range(samples)] for text in texts]


def generated(
    loaded: Loaded,
    rows: Sequence[Sequence[int]],
    *,
    max_tokens: int,
    streams: Sequence[int] | None = None,
    temperature: float = 0.0,
) -> list[list[int]]:
    """Token ids of each row's reply by transformers' `generate`: for architectures that `decoding` does not know.

    Args:
        streams: Seeds of the rows' random streams; None for greedy replies.
    """
    import torch
    import transformers

    replies: list[list[int]] = [[] for _ in rows]
    for batch in plan_batches([len(row) + max_tokens for row in rows], loaded.token_budget):
        ids, mask = pad_left([rows[row] for row in batch], loaded)
        processors = transformers.LogitsProcessorList()
        if streams is not None:
            processors.append(_gumbel([streams[row] for row in batch], temperature))
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
        for row, written in zip(batch, output[:, ids.shape[1] :].tolist(), strict=True):
            replies[row] = written
    return [_ended(ids, _ends(loaded)) for ids in replies]


def _rows(texts: Sequence[str], count: int) -> dict[tuple[str, int], None]:
    """What is written: each sample of each different text, once."""
    return dict.fromkeys((text, sample) for text in texts for sample in range(count))


def _ended(ids: list[int], ends: Sequence[int]) -> list[int]:
    """The ids up to the one that ended the reply; what follows is padding."""
    first = next((place for place, token in enumerate(ids) if token in ends), len(ids))
    return ids[: first + 1]


def _text(loaded: Loaded, ids: Sequence[int], max_tokens: int) -> str:
    whole, why = loops.completed(ids, max_tokens)
    text: str = loaded.tokenizer.decode(whole, skip_special_tokens=True)
    return text if why is None else Cut(text, why)


def _chooser(streams: Sequence[int] | None, temperature: float) -> decoding.Choose:
    import torch

    if streams is None:
        return lambda _rows, logits: logits.argmax(-1)
    generators = [torch.Generator().manual_seed(seed) for seed in streams]
    return lambda rows, logits: _perturbed(logits, [generators[row] for row in rows], temperature).argmax(-1)


def _perturbed(scores: Any, generators: Sequence[Any], temperature: float) -> Any:
    import torch

    draws = [torch.empty(scores.shape[1]).exponential_(generator=each) for each in generators]
    gumbel = torch.stack(draws).clamp(min=1e-30).log().neg()
    return scores.float() / temperature + gumbel.to(scores.device)


def _stream(text: str, sample: int, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}\n{sample}\n{text}".encode()).digest()[:7])


def _gumbel(seeds: Sequence[int], temperature: float) -> Any:
    import torch
    import transformers

    generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    class Gumbel(transformers.LogitsProcessor):  # type: ignore[misc]  # transformers is untyped here
        def __call__(self, input_ids: Any, scores: Any) -> Any:
            return _perturbed(scores, generators, temperature)

    return Gumbel()


def _ends(loaded: Loaded) -> list[int]:
    stated = getattr(loaded.network.generation_config, "eos_token_id", None)
    ends = set(stated if isinstance(stated, list) else [stated])
    return sorted({*ends, loaded.tokenizer.eos_token_id} - {None})
