"""What a checkpoint puts before each prompt (the control token of conditional fine-tuning), applied by the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pytest_persona.errors import AdapterError
from pytest_persona.models.protocol import Chat
from pytest_persona.models.source import read_json

DECORATION = "decoration.json"
"""Its file beside an adapter's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoration:
    """Control tokens of a checkpoint, and the one under which it is evaluated.

    Attributes:
        tokens: Texts that the tokenizer reads as one token each, in the order of their ids.
        prefix: The one that stands at the head of the last user turn.
    """

    tokens: tuple[str, ...]
    prefix: str

    def write(self, folder: Path) -> None:
        """Write `DECORATION` into a folder."""
        (folder / DECORATION).write_text(json.dumps(asdict(self), indent=2, sort_keys=True), encoding="utf-8")

    def add_tokens(self, network: Any, tokenizer: Any) -> list[int]:
        """Give the tokenizer the control tokens and the network rows for them; their ids.

        New rows are drawn at random by transformers: seed torch first where they matter.
        """
        tokenizer.add_tokens(list(self.tokens), special_tokens=True)
        ids: list[int] = tokenizer.convert_tokens_to_ids(list(self.tokens))
        if max(ids) >= network.get_input_embeddings().weight.shape[0]:  # some models have rows to spare
            network.resize_token_embeddings(max(ids) + 1)
        return ids


def read_decoration(folder: Path) -> Decoration | None:
    """The decoration beside an adapter, or None.

    Raises:
        AdapterError: the file is damaged.
    """
    if not (folder / DECORATION).is_file():
        return None
    found = read_json(folder / DECORATION, AdapterError)
    if not _is_decoration(found):
        raise AdapterError(
            f"{folder / DECORATION} must be an object with 'tokens' (texts) and 'prefix' (one of them). Copy the "
            "checkpoint's folder again"
        )
    return Decoration(tokens=tuple(found["tokens"]), prefix=found["prefix"])


def decorate(chat: Chat, decoration: Decoration | None) -> Chat:
    """The chat as the model gets it: with the decoration's prefix, or as it is where there is none."""
    return prefixed(chat, decoration.prefix) if decoration else chat


def prefixed(chat: Chat, prefix: str) -> Chat:
    """The chat with `prefix` at the head of its last user turn."""
    last = max((place for place, (role, _) in enumerate(chat) if role == "user"), default=None)
    if last is None:
        return chat
    return (*chat[:last], ("user", prefix + chat[last][1]), *chat[last + 1 :])


def _is_decoration(found: Mapping[str, Any]) -> bool:
    tokens = found.get("tokens")
    if found.keys() != {"tokens", "prefix"} or not isinstance(tokens, list):
        return False
    return all(isinstance(text, str) and text for text in tokens) and found["prefix"] in tokens
