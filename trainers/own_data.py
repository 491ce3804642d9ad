"""The user's own training data: a JSON Lines file, or a dataset of the Hugging Face hub."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path

from pytest_persona.errors import TrainingError
from pytest_persona.models.protocol import Chat, ask
from pytest_persona.trainers.example import Example

__all__ = ["read_own"]

SHAPES = (
    "A record has 'prompt' and 'chosen' (or 'completion') and may have 'rejected' and 'kind', or it has 'messages' "
    "that end in the assistant's answer. A prompt or an answer is a text or a list of {'role': …, 'content': …}"
)


def read_own(spec: str) -> list[Example]:
    """All examples, in the order of the data. A record that is not understood is an error, never left out.

    Records are `{"prompt": …, "chosen": …}`, optionally with `rejected` and `kind`, where a prompt is a text or chat
    messages and an answer is a text or messages that end in the assistant's; or `{"messages": […]}`, whose last turn
    is the chosen answer. `completion` is another name for `chosen`. `prompt` comes before `messages`. A null counts
    as absent; other keys are ignored.

    Args:
        spec: Path of a `.jsonl` file, or `OWNER/NAME` or `OWNER/NAME:SPLIT` of a dataset (split `train` if unsaid).

    Raises:
        TrainingError: the data cannot be read, are empty, or have a malformed record (named by its line or row).
    """
    path = Path(spec)
    some = []
    for place, record in _lines(path) if path.is_file() or path.suffix == ".jsonl" else _rows(spec):
        try:
            some.append(_example(record))
        except TrainingError as error:
            raise TrainingError(f"{place}: {str(error).rstrip('.')}. {SHAPES}") from error
    if not some:
        raise TrainingError(f"{spec} is empty. {SHAPES}")
    return some


def _lines(path: Path) -> Iterator[tuple[str, object]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise TrainingError(f"{path} is missing. Give the path of a .jsonl file, or OWNER/NAME of a dataset") from error
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path} cannot be read as UTF-8 text ({error})") from error
    lines = [*StringIO(text)]  # splitlines would break a text at U+2028 too
    if lines and not lines[-1].strip():
        del lines[-1]
    for number, line in enumerate(lines, start=1):
        place = f"{path}, line {number}"
        if not line.strip():
            raise TrainingError(f"{place}: the line is empty. Each line holds one JSON record; delete it")
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise TrainingError(f"{place}: not JSON ({error}). Each line holds one JSON record") from error
        yield place, record


def _rows(spec: str) -> Iterator[tuple[str, object]]:
    name, split = spec, "train"
    if ":" in spec and not Path(spec).is_dir():
        name, _, split = spec.rpartition(":")
    try:
        import datasets
    except ImportError as error:
        raise TrainingError(
            f"{spec} is no file, and reading a dataset needs the library datasets: "
            "pip install 'pytest-persona[hf]', or give the path of a .jsonl file"
        ) from error
    try:
        rows = datasets.load_dataset(name, split=split)
        for number, row in enumerate(rows):
            yield f"{name}:{split}, row {number} (the first is 0)", row
    except Exception as error:  # a library that reads any format over any network has no common class for them
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TrainingError(
            f"the dataset {name!r}, split {split!r}, cannot be loaded ({reason}). Give OWNER/NAME or OWNER/NAME:SPLIT "
            "of a dataset that needs no configuration, or the path of a .jsonl file; without a network, only a dataset "
            "that was downloaded before can be used"
        ) from error


def _example(record: object) -> Example:
    if not isinstance(record, Mapping):
        raise TrainingError(f"the record is {_kind_of(record)}, not an object")
    given = {key: value for key, value in record.items() if value is not None}
    if "prompt" not in given and "messages" in given:
        chat = _messages("messages", given["messages"])
        return Example(prompt=chat[:-1], chosen=_last("messages", chat))
    if "chosen" in given and "completion" in given:
        raise TrainingError("both 'chosen' and 'completion' are given, which mean the same")
    name = "completion" if "completion" in given else "chosen"
    missing = [key for key in ("prompt", name) if key not in given]
    if missing:
        raise TrainingError(f"no {' and no '.join(map(repr, missing))}")
    prompt = given["prompt"]
    chat = ask(prompt) if isinstance(prompt, str) else _messages("prompt", prompt)
    kind = given.get("kind", "")
    if not isinstance(kind, str):
        raise TrainingError(f"'kind' is {_kind_of(kind)}, not a text")
    return Example(
        prompt=chat,
        chosen=_answer(name, given[name], chat),
        rejected=_answer("rejected", given["rejected"], chat) if "rejected" in given else None,
        kind=kind,
    )


def _answer(name: str, value: object, prompt: Chat) -> str:
    if isinstance(value, str):
        return value
    chat = _messages(name, value)
    if chat[:-1] not in ((), prompt):
        raise TrainingError(f"the turns of '{name}' before its last one are not those of the prompt")
    return _last(name, chat)


def _last(name: str, chat: Chat) -> str:
    role, text = chat[-1]
    if role != "assistant":
        raise TrainingError(f"the last turn of '{name}' is the {role}'s, not the assistant's")
    return text


def _messages(name: str, value: object) -> Chat:
    if not isinstance(value, list):
        raise TrainingError(f"'{name}' is {_kind_of(value)}, neither a text nor a list of messages")
    if not value:
        raise TrainingError(f"'{name}' has no messages")
    turns = []
    for number, message in enumerate(value, start=1):
        if not isinstance(message, Mapping):
            raise TrainingError(f"message {number} of '{name}' is {_kind_of(message)}, not an object")
        for key in ("role", "content"):
            if not isinstance(message.get(key), str):
                raise TrainingError(
                    f"{key!r} of message {number} of '{name}' is {_kind_of(message.get(key))}, not text"
                )
        turns.append((message["role"], message["content"]))
    return tuple(turns)


def _kind_of(value: object) -> str:
    names = {type(None): "missing", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "a list" if isinstance(value, list) else "an object")
