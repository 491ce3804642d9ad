"""Templates of the user's own, or of StrongREJECT, garak or PyRIT, from a text, JSON or YAML file."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from pytest_persona.errors import InstrumentError
from pytest_persona.flags import ATTACK_FILES
from pytest_persona.instruments.attacks import ATTACKS, PLACEHOLDER, TemplateAttack

SUFFIXES = ATTACK_FILES
SHAPES = 'an object of {"name": "template", …} or a list of {"name": …, "template": …}'
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # names stand in options, separated by commas, and in test ids
_DOUBLED = re.compile(r"\{\{\s*prompt\s*\}\}")
_FOREIGN = re.compile(r"\{forbidden_prompt\}|\[INSERT PROMPT HERE\]|\{0\}|\{\}")
"""Other tools' placeholders."""


def load_attacks(path: Path) -> tuple[TemplateAttack, ...]:
    """Attacks of a file, in its order. Each template holds `{prompt}` once; other braces are only braces.

    A text file is one template, without its last line break, named after the file. A JSON or YAML file holds templates
    by name, or a list of objects with `name` and `template`, whose other keys are ignored. YAML needs PyYAML, which
    comes with the extra `hf`.

    Args:
        path: A file that ends in `.txt`, `.json`, `.yaml` or `.yml`.

    Raises:
        InstrumentError: it cannot be read, holds something else, a name twice, a built-in attack's name, or a template
            without its one `{prompt}`; naming file and entry.
    """
    if path.suffix not in SUFFIXES:
        raise InstrumentError(f"{path} does not end in {', '.join(SUFFIXES)}, which say how templates are read")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InstrumentError(f"{path} cannot be read as UTF-8 text ({error})") from error
    if path.suffix == ".txt":
        entries: list[tuple[str, Any, Any]] = [("the template", path.stem, text.removesuffix("\n"))]
    else:
        entries = _entries(path, _json(path, text) if path.suffix == ".json" else _yaml(path, text))
    attacks = tuple(_attack(path, *entry) for entry in entries)
    if not attacks:
        raise InstrumentError(f"{path} holds no templates, expected {SHAPES}")
    twice = [name for name, count in Counter(attack.name for attack in attacks).items() if count > 1]
    if twice:
        raise InstrumentError(f"{path}: the name {twice[0]!r} stands there more than once")
    return attacks


def _json(path: Path, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: _unique(path, pairs))
    except (ValueError, RecursionError) as error:
        raise InstrumentError(f"{path} is not JSON ({error})") from error


def _yaml(path: Path, text: str) -> Any:
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError as error:
        raise InstrumentError(
            f"{path}: reading YAML needs PyYAML, which pip install 'pytest-persona[hf]' brings; or write the templates "
            "as JSON"
        ) from error

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # yaml is untyped
        """As safe_load, but a key that stands there twice is an error, not the last one."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            keys = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
            _unique(path, [(self.construct_object(key, deep=True), None) for key in keys])
            content: dict[Any, Any] = super().construct_mapping(node, deep=deep)
            return content

    try:
        return yaml.load(text, Loader=Loader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise InstrumentError(f"{path} is not YAML ({reason})") from error


def _unique(path: Path, pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    twice = [key for key, count in Counter(repr(key) for key, _ in pairs).items() if count > 1]
    if twice:
        raise InstrumentError(f"{path}: the key {twice[0]} stands there more than once in one object")
    return dict(pairs)


def _entries(path: Path, content: Any) -> list[tuple[str, Any, Any]]:
    """Where it stands, name and template of each entry, unchecked."""
    if isinstance(content, dict):
        return [(f"entry {number} ({name!r})", name, value) for number, (name, value) in enumerate(content.items(), 1)]
    if not isinstance(content, list):
        raise InstrumentError(f"{path} holds {_kind(content)}, expected {SHAPES}")
    entries = []
    for number, entry in enumerate(content, start=1):
        if not isinstance(entry, dict) or not {"name", "template"} <= entry.keys():
            raise InstrumentError(f"{path}, entry {number} is no object with 'name' and 'template'")
        entries.append((f"entry {number} ({entry['name']!r})", entry["name"], entry["template"]))
    return entries


def _attack(path: Path, place: str, name: Any, template: Any) -> TemplateAttack:
    where = f"{path}, {place}"
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InstrumentError(f"{where}: a name has letters, digits, '_', '-' and '.' only, in quotes where YAML asks")
    if name in ATTACKS:
        raise InstrumentError(f"{where}: {name!r} is a built-in attack. Call yours otherwise, such as my_{name}")
    if not isinstance(template, str):
        raise InstrumentError(f"{where}: the template is {_kind(template)}, not text. Put it in quotes")
    try:
        template.encode()
    except UnicodeEncodeError as error:
        raise InstrumentError(f"{where}: the template is not Unicode text ({error})") from error
    foreign = _DOUBLED.search(template)  # Jinja's; taken literally, it would leave a pair of braces around each prompt
    if foreign is not None or (count := template.count(PLACEHOLDER)) == 0:
        foreign = foreign or _FOREIGN.search(template)
        hint = f". Write it in place of {foreign[0]}" if foreign is not None else ""
        raise InstrumentError(f"{where}: the template lacks {PLACEHOLDER}{hint}")
    if count > 1:
        raise InstrumentError(f"{where}: the template holds {PLACEHOLDER} {count} times, expected once")
    return TemplateAttack(name=name, source=path.name, template=template)


def _kind(value: object) -> str:
    names = {type(None): "nothing", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "a list" if isinstance(value, list) else "an object")
