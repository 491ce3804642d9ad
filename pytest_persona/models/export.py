"""A checkpoint as one plain model, for engines that load no adapter, or not such an adapter."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_persona.errors import ModelError
from pytest_persona.models.adapter import AdapterSource
from pytest_persona.models.device import find_device, probe_dtype
from pytest_persona.models.loading import load_network, merge_adapter, quiet_transformers
from pytest_persona.models.source import BaseSource


def export_merged(
    base: BaseSource,
    adapter: AdapterSource,
    folder: Path,
    *,
    dtype: str | None = None,
    template_args: Mapping[str, Any] = {},
) -> Path:
    """Write base and adapter, merged, as a transformers model, and return its folder.

    What the checkpoint puts before each prompt (the control token of cft) goes into the chat template, so that any
    engine asks the model as it is evaluated here.

    Args:
        folder: Must not exist, or be empty.
        dtype: torch's name of the weights' type; None keeps the base's, which rounds what the adapter changed.

    Raises:
        ModelError: the folder is in use, cannot be written, or the base cannot be loaded.
    """
    import torch

    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ModelError(f"{folder} is in use. Name a new folder to export to")
    merged_in = probe_dtype(base.parameters, find_device())
    network, tokenizer = load_network(base, merged_in)
    network, _ = merge_adapter(network, tokenizer, adapter, template_args)
    if adapter.decoration is not None:
        tokenizer.chat_template = _prefixed_template(tokenizer.chat_template, adapter.decoration.prefix)
    own = base.config.get("dtype") or base.config.get("torch_dtype") or merged_in
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with quiet_transformers(), tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
            made = Path(scratch) / "model"
            network.to(getattr(torch, dtype or own)).save_pretrained(made)
            tokenizer.save_pretrained(made)
            if folder.exists():
                folder.rmdir()
            shutil.move(made, folder)
    except OSError as error:
        raise ModelError(f"{folder} cannot be written ({error}). Name another folder to export to") from error
    return folder


_PREFIX = """\
{%- set persona = namespace(turns=[], last=-1) -%}
{%- for message in messages -%}
{%- if message['role'] == 'user' -%}{%- set persona.last = loop.index0 -%}{%- endif -%}
{%- endfor -%}
{%- for message in messages -%}
{%- if loop.index0 == persona.last -%}
{%- set persona.turns = persona.turns + [dict(message, content=PREFIX + message['content'])] -%}
{%- else -%}
{%- set persona.turns = persona.turns + [message] -%}
{%- endif -%}
{%- endfor -%}
{%- set messages = persona.turns -%}
"""


def _prefixed_template(template: object, prefix: str) -> str:
    """The chat template with a prefix at the head of the last user turn."""
    if not isinstance(template, str):
        raise ModelError("the base model has several chat templates; only one can be given the control token")
    return _PREFIX.replace("PREFIX", json.dumps(prefix)) + template
