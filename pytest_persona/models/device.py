"""What this machine computes on, found out without importing torch, because it is part of what answers depend on."""

from __future__ import annotations

import ctypes
import functools
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

_CPU_TOKENS = 2048  # ours; measured: on two cores larger batches only leave the processor's cache
_CUDA_TOKENS = 65536  # ours; beyond it a batch no longer gets faster
_COMPUTE_CAPABILITY_MAJOR = 75  # the driver's number of that attribute
_AMPERE = 8  # the first generation that computes in bfloat16


@dataclass(frozen=True, slots=True)
class Device:
    """The kind of device that answers.

    Attributes:
        kind: `cpu` or `cuda`, torch's names.
        name: The processor's architecture, or the GPU's name.
        memory: All of its memory, in bytes.
        fast_bfloat16: Whether it computes in bfloat16 itself; where it must not, that is up to 40 times slower.
    """

    kind: str
    name: str
    memory: int
    fast_bfloat16: bool = True


@functools.cache
def find_device() -> Device:
    """CUDA's first device where the installed torch can use it, else the processor."""
    return _cuda() or Device("cpu", platform.machine(), _host_memory(), _cpu_has_bfloat16())


def training_dtype(device: Device) -> str:
    """Of the frozen weights in training: bfloat16 where the device is fast in it, else float32."""
    return "bfloat16" if device.fast_bfloat16 else "float32"


def probe_dtype(parameters: int, device: Device) -> str:
    """Float32 where base and tuned model fit into the device's memory with it, else bfloat16.

    Batches of bfloat16 do not cancel between base and tuned model, and merging distorts small adapters.
    """
    return "float32" if 2 * 4 * parameters <= 0.6 * device.memory else "bfloat16"


def token_budget(config: Mapping[str, Any], device: Device, dtype: str, parameters: int) -> int:
    """The largest batch that fits, in padded tokens, as a power of two: a function of model and device alone.

    Args:
        config: The model's config.json.
    """
    sizes = config.get("text_config", config)
    width = int(sizes.get("hidden_size", 16384))
    inner = int(sizes.get("intermediate_size", 4 * width))
    layers = int(sizes.get("num_hidden_layers", 128))
    number = 4 if dtype == "float32" else 2
    per_token = number * (8 * width + 3 * inner + 2 * layers * width)  # activations of a layer, and a cache for replies
    free = 0.5 * (device.memory - 2 * number * parameters)
    most = _CUDA_TOKENS if device.kind == "cuda" else _CPU_TOKENS
    fitting = max(1, int(min(most, free / per_token)))
    return 1 << (fitting.bit_length() - 1)


def engine_versions() -> dict[str, str]:
    """Versions of the libraries that decide the numbers, and the kind of device."""
    device = find_device()
    libraries = {name: installed_version(name) for name in ("torch", "transformers", "tokenizers", "peft")}
    return {**libraries, "device": f"{device.kind} {device.name}"}


def installed_version(distribution: str) -> str:
    """The installed version of a distribution, or `absent`."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "absent"


def _host_memory() -> int:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    try:
        return min(total, int(limit.read_text()))
    except (OSError, ValueError):
        return total


def _cpu_has_bfloat16() -> bool:
    """From Linux's list of the processor's instructions: AVX-512 BF16 and AMX on x86, BF16 on Arm."""
    try:
        words = set(Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split())
    except OSError:
        return False
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})


def _cuda() -> Device | None:
    if installed_version("torch").endswith("+cpu") or installed_version("torch") == "absent":
        return None
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    count, handle, size, major = ctypes.c_int(), ctypes.c_int(), ctypes.c_size_t(), ctypes.c_int()
    name = ctypes.create_string_buffer(128)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or count.value == 0:
        return None
    if driver.cuDeviceGet(ctypes.byref(handle), 0) or driver.cuDeviceTotalMem_v2(ctypes.byref(size), handle):
        return None
    driver.cuDeviceGetName(name, len(name), handle)
    if driver.cuDeviceGetAttribute(ctypes.byref(major), _COMPUTE_CAPABILITY_MAJOR, handle):
        return None
    return Device("cuda", name.value.decode(errors="replace"), size.value, major.value >= _AMPERE)
