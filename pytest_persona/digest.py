"""Content hashes: of plain data and of files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def digest(content: Mapping[str, Any] | list[Any]) -> str:
    """SHA-256, 64 hex digits, of plain data written as canonical JSON (sorted keys; NaN is refused)."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256, 64 hex digits, of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
