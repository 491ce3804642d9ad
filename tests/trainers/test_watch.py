"""Peaks of memory: those of this run, on the GPU where there is one."""

import numpy as np
import torch

from pytest_persona.trainers.watch import forget_peaks, peak_memory


def test_a_peak_before_the_run_is_forgotten():
    big = np.ones(60_000_000)  # touched, so that it is resident
    before = peak_memory()
    del big
    forget_peaks()
    assert peak_memory() < before - 300_000_000


def test_a_peak_within_the_run_is_kept():
    forget_peaks()
    before = peak_memory()
    big = np.ones(60_000_000)
    del big
    assert peak_memory() > before + 300_000_000


def test_where_linux_does_not_tell_the_process_does(monkeypatch, tmp_path):
    from pytest_persona.trainers import watch

    monkeypatch.setattr(watch, "_STATUS", tmp_path / "status")
    monkeypatch.setattr(watch, "_RESET", tmp_path / "none" / "clear_refs")
    forget_peaks()
    assert peak_memory() > 10_000_000


def test_on_a_gpu_the_peaks_are_the_gpus(monkeypatch):
    """Every name of torch.cuda that is used exists; what it gives is the GPU's."""
    calls = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda: calls.append("reset"))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 123)
    forget_peaks()
    assert calls == ["reset"]
    assert peak_memory() == 123
