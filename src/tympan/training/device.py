"""Choose where to compute and how exactly."""

from __future__ import annotations

from typing import Any

from tympan.errors import ArgumentError


def choose_device(accelerator: str = "auto") -> str:
    """The device a training will use: `"cuda"`, `"mps"` or `"cpu"`.

    Raises:
        ArgumentError: one is named that is not here.

    >>> choose_device("cpu")
    'cpu'
    """
    import torch

    here = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    name = {"gpu": "cuda"}.get(accelerator, accelerator)
    if name == "auto":
        return next(device for device, present in here.items() if present)
    if name not in here:
        raise ArgumentError(f"accelerator must be auto, cpu, cuda or mps, not {accelerator!r}")
    if not here[name]:
        raise ArgumentError(f"this machine has no {name} device", fix="use accelerator=auto")
    return name


def choose_precision(precision: str = "auto", device: str = "cpu") -> str:
    """`"bf16"` where bfloat16 pays, else `"32"`.

    That is on GPUs since Ampere and on CPUs with AMX tiles or AVX-512's bfloat16 instructions;
    elsewhere it is emulated, or no faster than float32.

    >>> choose_precision("32")
    '32'
    """
    import torch

    if precision != "auto":
        return precision
    if device == "cuda":
        return "bf16" if torch.cuda.get_device_capability() >= (8, 0) else "32"
    return "bf16" if device == "cpu" and _bf16_instructions() else "32"


def _bf16_instructions() -> str:
    """By which instructions this processor multiplies bfloat16; empty: it does not."""
    import torch

    probes = {"AMX": "_is_amx_tile_supported", "AVX-512": "_is_avx512_bf16_supported"}
    for name, probe in probes.items():
        supported = getattr(torch.cpu, probe, None)  # private, so it may go
        if supported is not None and supported():
            return name
    return ""


def describe(accelerator: str = "auto") -> dict[str, Any]:
    """Device, its name, threads, memory and the precision that training will use.

    >>> sorted(describe("cpu"))
    ['count', 'cpu_bf16', 'device', 'memory_gib', 'name', 'precision', 'threads']
    """
    import torch

    device = choose_device(accelerator)
    facts: dict[str, Any] = {
        "device": device,
        "name": _processor_name(),
        "count": 1,
        "threads": torch.get_num_threads(),
        "memory_gib": None,
        "cpu_bf16": _bf16_instructions(),
        "precision": choose_precision("auto", device),
    }
    if device == "cuda":
        facts["name"] = torch.cuda.get_device_name()
        facts["count"] = torch.cuda.device_count()
        facts["memory_gib"] = torch.cuda.get_device_properties(0).total_memory / 2**30
    return facts


def _processor_name() -> str:
    import platform
    from pathlib import Path

    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:  # not Linux
        pass
    return platform.processor() or platform.machine()
