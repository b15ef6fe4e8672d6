"""The device and the precision are chosen, or refused by name."""

from __future__ import annotations

import pytest
import torch

from tympan.errors import ArgumentError
from tympan.training import TrainingConfig, choose_device, choose_precision, describe


def test_a_device_that_is_here() -> None:
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in ("cpu", "cuda", "mps")


def test_a_device_that_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name in ("cuda", "gpu"):
        with pytest.raises(ArgumentError, match=r"no cuda device .use accelerator=auto"):
            choose_device(name)
    with pytest.raises(ArgumentError, match=r"auto, cpu, cuda or mps, not 'tpu'"):
        choose_device("tpu")


@pytest.mark.parametrize(
    ("amx", "avx512", "instructions", "precision"),
    [
        (True, True, "AMX", "bf16"),
        (False, True, "AVX-512", "bf16"),
        (False, False, "", "32"),
    ],
)
def test_bf16_only_where_the_processor_is_made_for_it(
    monkeypatch: pytest.MonkeyPatch, amx: bool, avx512: bool, instructions: str, precision: str
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    assert describe("cpu")["cpu_bf16"] == instructions
    assert choose_precision("auto", "cpu") == precision
    assert choose_precision("32", "cpu") == "32"
    assert choose_precision("bf16", "cpu") == "bf16"
    assert describe("cpu")["precision"] == precision


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": -1},
        {"batch_size": -1},
        {"lr": 0.0},
        {"devices": 0},
        {"precision": "16"},
        {"ema_decay": 1.0},
        {"lr": float("nan")},
    ],
)
def test_a_configuration_that_makes_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        TrainingConfig(**wrong)  # type: ignore[arg-type]
