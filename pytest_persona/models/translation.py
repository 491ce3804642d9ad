"""From one language into another: by a file of translations, or by a translation model of transformers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from pytest_persona.digest import digest, file_sha256
from pytest_persona.errors import InstrumentError, ModelError, TranslationError
from pytest_persona.instruments.jsonl import read_jsonl
from pytest_persona.models.batching import plan_batches
from pytest_persona.models.device import engine_versions, find_device, installed_version, probe_dtype, token_budget
from pytest_persona.models.loading import quiet_transformers
from pytest_persona.models.source import FILES, read_json, tensor_shapes

NLLB_CODES: Mapping[str, str] = MappingProxyType({"en": "eng_Latn", "zu": "zul_Latn"})
"""From ISO 639-1 to the codes of NLLB; other languages are named by NLLB's own code."""
MOST_TOKENS = 256
"""Ours: longest part that is translated at once; NLLB is trained on sentences."""
_EXTRA = 32  # ours: a translation ends within this many tokens more than twice the tokens of its sentence
_BETWEEN = re.compile(r"((?<=[.!?…])[ \t]+|[ \t]*\n\s*)")
_ENDS = re.compile(r"(^\s+|\s+$)")


@runtime_checkable
class Translator(Protocol):
    """Translates texts. Blank texts are their own translation.

    Attributes:
        name: What reports call it.
        fingerprint: SHA-256 over all that decides the translations.
    """

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def can(self, source: str, target: str) -> bool:
        """Whether it knows this direction at all; quick, nothing is loaded. Languages as ISO 639-1 codes."""
        ...

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        """Translations, one a text, the same whatever the other texts are (up to the rounding of arithmetic).

        Raises:
            TranslationError: some cannot be translated, which `texts` of the error lists, or none can.
        """
        ...


class FileTranslator:
    """Translations out of a JSON Lines file, in both directions; white space around a text does not matter.

    Args:
        path: Each line holds a text in both languages, for example `{"en": "Good day", "zu": "Sawubona"}`.
        languages: The two keys.

    Raises:
        InstrumentError: a damaged line, or nothing in the file.
    """

    def __init__(self, path: Path, languages: tuple[str, str] = ("en", "zu")) -> None:
        self.name = path.name
        self.path = path
        one, other = self.languages = languages
        self._known: dict[tuple[str, str], dict[str, dict[str, int]]] = {(one, other): {}, (other, one): {}}
        for number, record in read_jsonl(path, languages):
            for source, target in self._known:
                choices = self._known[source, target].setdefault(record[source].strip(), {})
                choices.setdefault(record[target], number)
        if not self._known[one, other]:
            raise InstrumentError(f"{path} holds no translations. Each line is {_line(languages)}")
        self.fingerprint = digest({"translations": file_sha256(path), "languages": list(languages)})

    def can(self, source: str, target: str) -> bool:
        return (source, target) in self._known

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        if not self.can(source, target):
            raise TranslationError(f"{self.path} translates between {' and '.join(self.languages)}, not to {target!r}")
        known = self._known[source, target]
        failing = [text for text in texts if text.strip() and len(known.get(text.strip(), {})) != 1]
        if failing:
            lines = known.get(failing[0].strip(), {}).values()
            raise TranslationError(
                f"{self.path} has no single translation of {len(failing)} texts from {source} to {target}. The first, "
                f"{_short(failing[0])}, "
                + (f"has several, in lines {', '.join(map(str, lines))}. Keep one" if lines else "is not in it")
                + f". A line is {_line(self.languages)}",
                failing,
            )
        return [next(iter(known[text.strip()])) if text.strip() else text for text in texts]


class Seq2SeqTranslator:
    """A translation model of transformers with NLLB's language codes, loaded when it first translates.

    It translates sentence by sentence, greedily, and keeps in memory what it translated. A text with a sentence whose
    translation is empty or does not end, as of gibberish, cannot be translated: half a reply is not to be judged.

    Args:
        model: A folder with safetensors, or a hub id.

    Raises:
        ModelError: it cannot be found, has no safetensors, or does not read one text and write another.
    """

    def __init__(self, model: str) -> None:
        if "absent" in (installed_version("torch"), installed_version("transformers")):
            raise ModelError(f"translator {model!r} needs torch and transformers: pip install 'pytest-persona[hf]'")
        self.folder = _find(model)
        self.name = self.folder.name if Path(model).expanduser().is_dir() else model
        config = read_json(self.folder / "config.json", ModelError)
        if config.get("is_encoder_decoder") is not True:
            raise ModelError(f"translator {model!r} is not a sequence-to-sequence model. Use one such as NLLB")
        files = sorted({path for pattern in FILES for path in self.folder.glob(pattern) if path.is_file()})
        shapes = [tensor_shapes(path) for path in files if path.suffix == ".safetensors"]
        if not shapes:
            raise ModelError(
                f"translator {model!r} has no *.safetensors, and pickled weights are never loaded. Where you trust it, "
                "load it once, save it with save_pretrained(FOLDER), and name that folder"
            )
        device, parameters = find_device(), sum(prod(shape) for some in shapes for shape in some.values())
        self._dtype = probe_dtype(parameters, device)
        self._budget = token_budget(_sizes(config), device, self._dtype, parameters)
        positions = int(config.get("max_position_embeddings", 1024))
        self._most = max(4, min(MOST_TOKENS, (positions - _EXTRA) // 2))
        self._done: dict[tuple[str, str, str], str | None] = {}
        self.fingerprint = digest(
            {
                "files": {path.name: file_sha256(path) for path in files},
                "dtype": self._dtype,
                "token_budget": self._budget,
                "most_tokens": self._most,
                **engine_versions(),
            }
        )

    def can(self, source: str, target: str) -> bool:
        """Whether these are two languages; which ones the model knows is seen when it is loaded."""
        return source != target

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        parts = [split(text, lambda part: len(self._encode(part, source)) <= self._most) for text in texts]
        wanted = {part for some in parts for part in some if _has_words(part)}
        self._add(sorted(part for part in wanted if (part, source, target) not in self._done), source, target)

        def done(part: str) -> str | None:
            return self._done[part, source, target] if _has_words(part) else part

        written = [[done(part) for part in some] for some in parts]
        failing = [text for text, some in zip(texts, written, strict=True) if None in some]
        if failing:
            raise TranslationError(
                f"translator {self.name} makes nothing, or comes to no end, of a sentence in {len(failing)} texts from "
                f"{source} to {target}, first {_short(failing[0])}. They are gibberish, or the translator is bad",
                failing,
            )
        return ["".join(part for part in some if part is not None) for some in written]

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import torch

        with quiet_transformers() as transformers:
            try:
                tokenizer = transformers.AutoTokenizer.from_pretrained(self.folder, trust_remote_code=False)
                network, report = transformers.AutoModelForSeq2SeqLM.from_pretrained(
                    self.folder,
                    dtype=getattr(torch, self._dtype),
                    trust_remote_code=False,
                    use_safetensors=True,
                    output_loading_info=True,
                )
            except (OSError, ValueError, KeyError, RuntimeError) as error:
                raise ModelError(f"translator {self.name!r} cannot be loaded: {error}") from error
        if lost := sorted(map(str, report["missing_keys"])):
            raise ModelError(f"translator {self.name!r} lacks {len(lost)} weights, first {lost[0]}. Download it again")
        return network.to(find_device().kind).eval(), tokenizer

    def _code(self, language: str) -> tuple[str, int]:
        """The model's name for a language, and its token."""
        code, (_, tokenizer) = NLLB_CODES.get(language, language), self._loaded
        token = tokenizer.convert_tokens_to_ids(code)
        if token is None or token == tokenizer.unk_token_id:
            raise TranslationError(f"translator {self.name} does not know the language {code!r}. Use one such as NLLB")
        return code, int(token)

    def _encode(self, text: str, source: str) -> list[int]:
        _, tokenizer = self._loaded
        tokenizer.src_lang = self._code(source)[0]
        ids: list[int] = tokenizer(text)["input_ids"]
        return ids

    def _add(self, parts: Sequence[str], source: str, target: str) -> None:
        import torch

        if not parts:
            return
        (network, tokenizer), (_, code) = self._loaded, self._code(target)
        rows = [self._encode(part, source) for part in parts]
        limits = [2 * len(row) + _EXTRA for row in rows]
        for batch in plan_batches([len(row) + limit for row, limit in zip(rows, limits, strict=True)], self._budget):
            longest = max(len(rows[index]) for index in batch)
            filler = tokenizer.pad_token_id
            ids = torch.tensor([rows[index] + [filler] * (longest - len(rows[index])) for index in batch])
            mask = torch.tensor([[1] * len(rows[index]) + [0] * (longest - len(rows[index])) for index in batch])
            with torch.inference_mode(), quiet_transformers() as transformers:
                output = network.generate(
                    input_ids=ids.to(network.device),
                    attention_mask=mask.to(network.device),
                    generation_config=transformers.GenerationConfig(
                        max_new_tokens=max(limits[index] for index in batch),
                        do_sample=False,
                        num_beams=1,
                        forced_bos_token_id=code,
                        decoder_start_token_id=network.config.decoder_start_token_id,
                        eos_token_id=tokenizer.eos_token_id,
                        pad_token_id=filler,
                    ),
                )
            for index, row in zip(batch, output[:, 1:].tolist(), strict=True):  # the first may be the end token itself
                ends = tokenizer.eos_token_id in row[: limits[index]]
                written = tokenizer.decode(row, skip_special_tokens=True).strip() if ends else ""
                self._done[parts[index], source, target] = written or None


def split(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The text cut into sentences and what stands between them, which joined are the text again.

    Args:
        fits: Whether a sentence is short enough; one that is not is cut in halves, at a space where there is one.
    """
    parts = []
    todo = [part for part in reversed(_BETWEEN.split(text)) if part]
    while todo:
        part = todo.pop()
        if _has_words(part) and len(part) > 1 and not fits(part):
            half = len(part) // 2
            space = part.rfind(" ", 1, half + 1)
            middle = space if space > 0 else half
            todo += [part[middle:], part[:middle]]
        else:
            parts += [piece for piece in _ENDS.split(part) if piece]
    return parts


def _has_words(text: str) -> bool:
    return any(sign.isalpha() for sign in text)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def _line(languages: tuple[str, str]) -> str:
    return "{" + ", ".join(f'"{language}": "…"' for language in languages) + "}"


def _sizes(config: Mapping[str, Any]) -> dict[str, int]:
    """What `token_budget` reads, as a causal model's config.json calls it."""
    width = int(config.get("d_model", 16384))
    inner = max(int(config.get(f"{side}_ffn_dim", 4 * width)) for side in ("encoder", "decoder"))
    layers = sum(int(config.get(f"{side}_layers", 64)) for side in ("encoder", "decoder"))
    return {"hidden_size": width, "intermediate_size": inner, "num_hidden_layers": layers}


def _find(model: str) -> Path:
    """The folder of a translation model: a local one, the hub's cache, else downloaded without pickled files."""
    path = Path(model).expanduser()
    if path.is_dir():
        return path.resolve()
    if path.exists() or not re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", model):
        raise ModelError(f"translator {model!r} is neither a folder nor a hub id (OWNER/NAME)")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model, allow_patterns=list(FILES)))
    except (OSError, ValueError, RuntimeError) as error:  # hub, network and offline errors all derive from these
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(
            f"translator {model!r} is in no local cache and cannot be downloaded ({reason}). Check the name and the "
            "network, name a folder with its files, or use a file of translations"
        ) from error
