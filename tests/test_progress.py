"""Progress: what is shown to whom, and speeds that count no work of an earlier run."""

import io
import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.progress import Bars, Lines, Silent, Speed, choose, figures


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("narrate", "stream", "environ", "chosen"),
    [
        (True, Terminal(), {}, Bars),
        (True, io.StringIO(), {}, Lines),
        (False, Terminal(), {}, Silent),
        (False, io.StringIO(), {}, Silent),
        *((True, Terminal(), {"CI": text}, Silent) for text in ("true", "1", "yes", "woodpecker")),
        *((True, Terminal(), {"CI": text}, Bars) for text in ("", "0", "false", "False", " ")),
        (True, io.StringIO(), {"CI": "true"}, Silent),
        (True, io.StringIO(), {"CI": "false"}, Lines),
        (True, Terminal(), {"CIRCLE": "true"}, Bars),
    ],
)
def test_who_sees_what(narrate, stream, environ, chosen):
    assert type(choose(narrate, stream, environ)) is chosen


@pytest.mark.parametrize(
    ("done", "total", "unit", "speed", "text"),
    [
        (1234, 2000, "tokens", 140.2, "1,234/2,000 tokens · 140 tok/s · 0:00:05 left"),
        (0, 2000, "tokens", None, "0/2,000 tokens"),
        (2010, 2000, "tokens", 140, "2,010/2,000 tokens · 140 tok/s · 0:00:00 left"),
        (10, 98.4, "MB", 1.25, "10/98 MB · 1.2 MB/s · 0:01:11 left"),
        (0, 4e6, "tokens", 20, "0/4,000,000 tokens · 20 tok/s · 2 days, 7:33:20 left"),
    ],
)
def test_figures(done, total, unit, speed, text):
    assert figures(done, total, unit, speed) == text


@given(st.integers(0, 10**6), st.lists(st.integers(1, 500), min_size=1, max_size=20))
def test_a_speed_counts_nothing_that_was_done_before(before, steps):
    speed, done = Speed(), before
    speed.note(done, 100.0)
    assert speed.value is None
    for second, step in enumerate(steps, 1):
        done += step
        speed.note(done, 100.0 + second)
    assert speed.value == pytest.approx(sum(steps) / len(steps))


def test_a_speed_is_that_of_the_last_while():
    speed = Speed()
    for second in range(100):
        speed.note(1000 * second, second)
    for second in range(100, 200):
        speed.note(100_000 + 10 * (second - 100), second)
    assert speed.value == pytest.approx(10)


def test_a_step_may_take_longer_than_the_while():
    speed = Speed()
    for step in range(4):
        speed.note(300 * step, 100 * step)
    assert speed.value == pytest.approx(3)


@pytest.mark.parametrize("noted", [[], [(5, 1.0)], [(5, 1.0), (9, 1.0)], [(5, 1.0), (5, 2.0)]])
def test_no_speed_is_told_that_is_not_known(noted):
    speed = Speed()
    for done, now in noted:
        speed.note(done, now)
    assert speed.value is None


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_bar_shows_its_figures_whole_on_any_terminal(monkeypatch, width):
    now = iter(range(100))
    monkeypatch.setattr("pytest_persona.progress.time", SimpleNamespace(monotonic=lambda: float(next(now))))
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with Bars(stream).task("training ipo-4k-s0 [red] (on the way: 2k)", 4010, "tokens") as advance:
        for done in (2000, 2140, 2280):
            advance(done)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert "2,280/4,010 tokens · 140 tok/s · 0:00:12 left" in shown
    assert "persona: t" in shown
    assert ("━" in shown) == ("[red] (on the way: 2k)" in shown) == (width == 120)
    assert max(map(len, re.split(r"[\r\n]", shown))) <= width


def test_lines_say_start_and_end():
    stream = io.StringIO()
    with Lines(stream).task("training sft-2k-s0", 2010, "tokens") as advance:
        advance(2010)
    assert stream.getvalue().splitlines() == [
        "persona: training sft-2k-s0: 2,010 tokens …",
        "persona: training sft-2k-s0: done in 0 s",
    ]
