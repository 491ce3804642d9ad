"""A LoRA adapter's files, checked against its base model before anything is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_persona.digest import digest, file_sha256
from pytest_persona.errors import AdapterError
from pytest_persona.models.decoration import DECORATION, Decoration, read_decoration
from pytest_persona.models.source import BaseSource, read_json, tensor_shapes

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSource:
    """The files of a LoRA adapter that fits its base model.

    Attributes:
        folder: Where its files are.
        files: File name to sha256.
        config: Its adapter_config.json.
        decoration: What the model puts before each prompt; None for most.
        notes: What a reader of a verdict should know about it.
    """

    folder: Path
    files: Mapping[str, str]
    config: Mapping[str, Any]
    decoration: Decoration | None = None
    notes: tuple[str, ...] = ()

    @property
    def content(self) -> str:
        """SHA-256 over configuration, weights and decoration."""
        return digest(dict(self.files))


def read_adapter(folder: Path, base: BaseSource, aliases: tuple[str, ...] = ()) -> AdapterSource:
    """Check that a folder holds a LoRA for `base`, by name and by shape.

    Args:
        aliases: Further names by which the adapter may call the base model.

    Raises:
        AdapterError: missing, not a LoRA, pickled, damaged, or made for another base model.
    """
    if not folder.is_dir():
        raise AdapterError(f"adapter {folder} is not a folder. Name the one that holds {CONFIG} and {WEIGHTS}")
    if not (folder / CONFIG).is_file():
        raise AdapterError(f"adapter {folder} has no {CONFIG}. Save it with model.save_pretrained(folder) of PEFT")
    config = read_json(folder / CONFIG, AdapterError)
    kind = config.get("peft_type")
    if kind != "LORA":
        raise AdapterError(f"adapter {folder} is of type {kind!r}; only LORA adapters can be gated")
    if not (folder / WEIGHTS).is_file():
        pickled = (folder / "adapter_model.bin").is_file()
        raise AdapterError(
            f"adapter {folder} has no {WEIGHTS}"
            + ("; adapter_model.bin is pickled and never loaded" if pickled else "")
            + ". Save it with save_pretrained(folder, safe_serialization=True)"
        )
    notes = _check_name(folder, config.get("base_model_name_or_path"), base, (*base.aliases, *aliases))
    _check_shapes(folder, base)
    decoration = read_decoration(folder)
    names = (CONFIG, WEIGHTS, DECORATION) if decoration else (CONFIG, WEIGHTS)
    files = {name: file_sha256(folder / name) for name in names}
    return AdapterSource(folder=folder, files=files, config=config, decoration=decoration, notes=notes)


def _check_name(folder: Path, stated: object, base: BaseSource, names: tuple[str, ...]) -> tuple[str, ...]:
    if not stated:
        return ("the adapter does not say which base model it was trained on; only its shapes were checked",)
    if _short(str(stated)) in {_short(name) for name in names}:
        return ()
    raise AdapterError(
        f"adapter {folder} was trained on {stated!r}, but the base model is {base.spec!r} ({base.name}). "
        f"Pass --base-model={stated}, or, where both are the same model, --persona-base-alias={stated}"
    )


def _short(name: str) -> str:
    return name.rstrip("/").rsplit("/", 1)[-1].casefold()


_LAYER = re.compile(r"^base_model\.model\.(?P<layer>.+)\.lora_(?P<part>[AB])\.(?:\w+\.)?weight$")


def _check_shapes(folder: Path, base: BaseSource) -> None:
    try:
        shapes = tensor_shapes(folder / WEIGHTS)
    except Exception as error:
        raise AdapterError(str(error)) from error
    layers = base.shapes()
    found = 0
    for name, shape in shapes.items():
        if (match := _LAYER.match(name)) is None:
            continue
        found += 1
        weight = layers.get(f"{match['layer']}.weight")
        if weight is None or len(weight) != 2:
            continue  # stored under another name; PEFT matches it by module when it is loaded, and misses are errors
        axis, want = (1, weight[1]) if match["part"] == "A" else (0, weight[0])
        if shape[axis] != want:
            raise AdapterError(
                f"adapter {folder} does not fit the base model {base.name}: {name} has shape {list(shape)}, "
                f"but {match['layer']}.weight is {list(weight)}. It was trained on another model; pass that one as "
                "--base-model"
            )
    if not found:
        raise AdapterError(f"adapter {folder} holds no LoRA weights: {WEIGHTS} has no lora_A or lora_B tensor")
