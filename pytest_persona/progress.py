"""What a person sees while they wait: a bar on a terminal, plain lines elsewhere, nothing when asked to be quiet."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Protocol, TextIO

Advance = Callable[[float], None]
"""Called with the absolute amount that is done."""

_WINDOW = 30.0
"""Seconds over which a speed is averaged (ours)."""
_SHORTEST_BAR = 8
"""Characters below which a bar says nothing (ours)."""
_SHORT = {"tokens": "tok"}
"""Units as they are written in a speed."""


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
    """A rich progress bar with speed and time left, removed at the end; a narrow terminal gets the text alone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @contextlib.contextmanager
    def task(self, label: str, total: float, unit: str) -> Iterator[Advance]:
        from rich import progress as rich_progress
        from rich.console import Console
        from rich.progress import BarColumn, ProgressColumn, TextColumn

        console = Console(file=self._stream)
        room = console.width - len(f"persona: {_widest(total, unit)}") - 2
        label = label if len(label) <= room else label[: max(0, room - 1)] + "…"
        columns: list[ProgressColumn] = [TextColumn("persona: {task.description}", markup=False)]
        if room - len(label) > _SHORTEST_BAR:
            columns.append(BarColumn(min(40, room - len(label) - 1)))
        columns.append(TextColumn("{task.fields[figures]}", markup=False))
        bar = rich_progress.Progress(*columns, console=console, transient=True)
        speed = Speed()
        print(file=self._stream)  # leaves pytest's own line of dots alone
        with bar:
            number = bar.add_task(label, total=total, figures=figures(0, total, unit, None))

            def advance(done: float) -> None:
                speed.note(done, time.monotonic())
                bar.update(number, completed=done, figures=figures(done, total, unit, speed.value))

            yield advance


class Aside:
    """Shows what `inner` shows while something else (pytest's capture) stands aside."""

    def __init__(self, inner: Progress, aside: Callable[[], contextlib.AbstractContextManager[object]]) -> None:
        self._inner = inner
        self._aside = aside

    @contextlib.contextmanager
    def task(self, label: str, total: float, unit: str) -> Iterator[Advance]:
        with self._aside(), self._inner.task(label, total, unit) as advance:
            yield advance


class Speed:
    """Units a second over the last while.

    What the first call brings may have been done long before, by a run that this one resumes, and never counts.
    """

    def __init__(self) -> None:
        self._noted: deque[tuple[float, float]] = deque()

    def note(self, done: float, now: float) -> None:
        """Take the absolute amount `done` at `now`, in seconds of any clock that only goes forward."""
        self._noted.append((now, done))
        while len(self._noted) > 2 and self._noted[1][0] <= now - _WINDOW:
            self._noted.popleft()

    @property
    def value(self) -> float | None:
        """None before anything is known of it."""
        if len(self._noted) < 2:
            return None
        (start, before), (end, after) = self._noted[0], self._noted[-1]
        return (after - before) / (end - start) if end > start and after > before else None


def figures(done: float, total: float, unit: str, speed: float | None) -> str:
    """For example `1,234/2,000 tokens · 140 tok/s · 0:00:06 left`."""
    text = f"{done:,.0f}/{total:,.0f} {unit}"
    if speed is None:
        return text
    left = timedelta(seconds=round(max(0.0, total - done) / speed))
    return f"{text} · {speed:,.{0 if speed >= 10 else 1}f} {_SHORT.get(unit, unit)}/s · {left} left"


def _widest(total: float, unit: str) -> str:
    return figures(total, total, unit, 9_999)


def choose(narrate: bool, stream: TextIO, environ: Mapping[str, str]) -> Progress:
    """What suits a run: nothing when it is to be quiet or runs under CI, a bar on a terminal, lines elsewhere.

    Args:
        narrate: Whether progress may be shown at all (off under -q).
        environ: `CI` in it means CI unless it is empty, 0 or false.
    """
    if not narrate or environ.get("CI", "").strip().lower() not in ("", "0", "false"):
        return Silent()
    return Bars(stream) if stream.isatty() else Lines(stream)
