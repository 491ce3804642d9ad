"""Where a base model's files are, and what they are: found and hashed without importing torch."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_persona.digest import digest, file_sha256
from pytest_persona.errors import ModelError

FILES = ("*.safetensors", "*.json", "*.jinja", "*.model", "vocab.txt", "merges.txt")
"""What is read of a model's folder. Pickled weights and Python code are never read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseSource:
    """The files of a base model.

    Attributes:
        spec: What the user called it: `pocket`, a folder or a hub id.
        name: What reports call it.
        folder: Where its files are.
        files: File name to sha256, of every file that is read.
        aliases: Names by which an adapter's config may call it.
        config: Its config.json.
    """

    spec: str
    name: str
    folder: Path
    files: Mapping[str, str]
    aliases: tuple[str, ...]
    config: Mapping[str, Any]

    @property
    def content(self) -> str:
        """SHA-256 over all files that are read: weights, tokenizer, chat template, configuration."""
        return digest(dict(self.files))

    @property
    def parameters(self) -> int:
        """Number of weights, from the headers of the safetensors files."""
        return sum(_size(shape) for shape in self.shapes().values())

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor by name."""
        return {
            name: shape
            for file in self.files
            if file.endswith(".safetensors")
            for name, shape in tensor_shapes(self.folder / file).items()
        }


def describe_folder(folder: Path, *, spec: str, name: str, aliases: tuple[str, ...] = ()) -> BaseSource:
    """Check and hash a model's folder.

    Raises:
        ModelError: no config, no safetensors, pickled weights only, or no chat template.
    """
    paths = sorted({path for pattern in FILES for path in folder.glob(pattern) if path.is_file()})
    names = {path.name for path in paths}
    if "adapter_config.json" in names:
        raise ModelError(
            f"base model {spec!r}: {folder} holds an adapter_config.json, so transformers would load that adapter into "
            "the base. Put the adapter into a folder of its own"
        )
    if "config.json" not in names:
        raise ModelError(f"base model {spec!r}: {folder} has no config.json. Name the folder of a transformers model")
    if not any(file.endswith(".safetensors") for file in names):
        pickled = sorted(path.name for pattern in ("*.bin", "*.pt", "*.pth") for path in folder.glob(pattern))
        raise ModelError(
            f"base model {spec!r}: {folder} has no *.safetensors"
            + (f"; {', '.join(pickled)} is pickled and never loaded" if pickled else "")
            + ". Save it with model.save_pretrained(folder) of a current transformers"
        )
    if not _has_chat_template(folder):
        raise ModelError(
            f"base model {spec!r} has no chat template, so it cannot be asked as a chat. Use its instruction-tuned "
            "variant, or put a chat_template.jinja into its folder"
        )
    return BaseSource(
        spec=spec,
        name=name,
        folder=folder,
        files={path.name: file_sha256(path) for path in paths},
        aliases=(spec, name, *aliases),
        config=read_json(folder / "config.json", ModelError),
    )


def local_or_hub(spec: str, aliases: tuple[str, ...] = ()) -> BaseSource:
    """A local folder, or a model of the hub (its cache, else downloaded; safetensors and text files only).

    Raises:
        ModelError: neither, or it cannot be reached.
    """
    path = Path(spec).expanduser()
    if path.is_dir():
        path = path.resolve()
        return describe_folder(path, spec=spec, name=path.name, aliases=(str(path), *aliases))
    if path.exists() or spec.startswith((".", "/", "~")) or not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", spec):
        raise ModelError(f"base model {spec!r} is neither a folder nor a hub id (OWNER/NAME), nor 'pocket'")
    return describe_folder(_from_hub(spec), spec=spec, name=spec, aliases=aliases)


def tensor_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor of a safetensors file, from its header.

    Raises:
        ModelError: the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except SafetensorError as error:
        raise ModelError(f"{path} is not a whole safetensors file ({error}). Copy or download it again") from error


def read_json(path: Path, error_type: type[ModelError]) -> dict[str, Any]:
    """A JSON object.

    Raises:
        error_type: the file cannot be read or is no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise error_type(f"{path} cannot be read as JSON ({error})") from error
    if not isinstance(content, dict):
        raise error_type(f"{path} holds {type(content).__name__}, not a JSON object")
    return content


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _has_chat_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").is_file() or (folder / "chat_template.json").is_file():
        return True
    path = folder / "tokenizer_config.json"
    return path.is_file() and bool(read_json(path, ModelError).get("chat_template"))


def _from_hub(spec: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(spec, allow_patterns=list(FILES)))
    except (OSError, ValueError, RuntimeError) as error:  # hub, network and offline errors all derive from these
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"base model {spec!r} is in no local cache and cannot be downloaded ({reason}). "
            "Check the name and the network, log in for a gated model, or pass --base-model=FOLDER with its files"
        ) from error
