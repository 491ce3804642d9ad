"""What a person sees while they wait: a bar on a terminal, plain lines elsewhere, nothing when asked to be quiet."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TextIO

Advance = Callable[[float], None]
"""Called with the absolute amount that is done."""


class Progress(Protocol):
    """Shows how far a long task is."""

    def task(self, label: str, total: float, unit: str) -> contextlib.AbstractContextManager[Advance]:
        """A task of `total` units that is done when the context ends."""
        ...


class Silent:
    """Shows nothing."""

    @contextlib.contextmanager
    def task(self, label: str, total: float, unit: str) -> Iterator[Advance]:
        yield lambda _done: None


class Lines:
    """A line when a task starts and one when it ends, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @contextlib.contextmanager
    def task(self, label: str, total: float, unit: str) -> Iterator[Advance]:
        print(f"persona: {label}: {total:,.0f} {unit} …", file=self._stream, flush=True)
        start = time.monotonic()
        yield lambda _done: None
        print(f"persona: {label}: done in {time.monotonic() - start:.0f} s", file=self._stream, flush=True)


class Bars:
    """A rich progress bar, removed when the task ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @contextlib.contextmanager
    def task(self, label: str, total: float, unit: str) -> Iterator[Advance]:
        from rich import progress as rich_progress
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

        bar = rich_progress.Progress(
            TextColumn("persona: {task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} " + unit),
            TimeRemainingColumn(),
            console=Console(file=self._stream),
            transient=True,
        )
        print(file=self._stream)  # leaves pytest's own line of dots alone
        with bar:
            number = bar.add_task(label, total=total)
            yield lambda done: bar.update(number, completed=done)


class Aside:
    """Shows what `inner` shows while something else (pytest's capture) stands aside."""

    def __init__(self, inner: Progress, aside: Callable[[], contextlib.AbstractContextManager[object]]) -> None:
        self._inner = inner
        self._aside = aside

    @contextlib.contextmanager
    def task(self, label: str, total: float, unit: str) -> Iterator[Advance]:
        with self._aside(), self._inner.task(label, total, unit) as advance:
            yield advance
