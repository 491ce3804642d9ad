"""Models that can be asked: the protocol, its engines, and the way from a name to a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_persona.models.adapter import read_adapter
from pytest_persona.models.checkpoint import Checkpoint
from pytest_persona.models.hf import HFModel, hf_model
from pytest_persona.models.pocket import POCKET, pocket_source
from pytest_persona.models.protocol import AdapterProof, Chat, Cut, Model, TunedModel, ask
from pytest_persona.models.source import BaseSource, local_or_hub
from pytest_persona.progress import Progress
from pytest_persona.store import Store, default_store

__all__ = [
    "AdapterProof",
    "BaseSource",
    "Chat",
    "Checkpoint",
    "Cut",
    "HFModel",
    "Model",
    "TunedModel",
    "ask",
    "find_base",
    "hf_model",
    "load_checkpoint",
    "load_model",
]


def find_base(spec: str, store: Store, *, progress: Progress | None = None) -> BaseSource:
    """The files of a base model: `pocket`, a local folder, or a hub id.

    Raises:
        ModelError: it cannot be found or must not be loaded.
    """
    return pocket_source(store, progress) if spec == POCKET else local_or_hub(spec)


def load_checkpoint(
    adapter: str | Path,
    base: BaseSource,
    *,
    aliases: tuple[str, ...] = (),
    template_args: Mapping[str, Any] = {},
) -> Checkpoint:
    """A LoRA that was trained elsewhere, checked against its base model.

    Raises:
        AdapterError: missing, not a LoRA, or made for another base model.
    """
    folder = Path(adapter).expanduser().resolve()
    source = read_adapter(folder, base, aliases)
    return Checkpoint(label=folder.name, base=base, adapter=source, template_args=template_args)


def load_model(
    base_model: str,
    *,
    adapter: str | Path | None = None,
    store: str | Path | None = None,
    template_args: Mapping[str, Any] = {},
) -> HFModel:
    """A model by name, its weights loaded when it is first asked.

    Args:
        base_model: `pocket`, a folder with safetensors, or a hub id.
        adapter: Folder of a PEFT LoRA to apply.
        store: Where the pocket model is kept; `$PERSONA_STORE` or the user's cache folder by default.
        template_args: Extra arguments of the chat template.

    Raises:
        ModelError: the base model cannot be found or must not be loaded.
        AdapterError: the adapter does not fit it.
    """
    base = find_base(base_model, Store(Path(store) if store is not None else default_store()))
    if adapter is None:
        return hf_model(base, template_args=template_args)
    return load_checkpoint(adapter, base, template_args=template_args).model
