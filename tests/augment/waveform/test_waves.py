from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tympan.audio.clip import Clip
from tympan.augment import BackgroundMix, Reverb
from tympan.augment.waveform._waves import first_channel
from tympan.errors import ArgumentError

WAVE = np.array([[1.0, 0.5, 0.25], [0.0, 0.0, 1.0]], np.float32)


@pytest.mark.parametrize(
    "given",
    [
        Clip(WAVE, 8000),
        WAVE,
        WAVE[0],
        WAVE.astype(np.float16),
        (WAVE[0] * 4).astype(np.int16),
        WAVE.tolist(),
        torch.from_numpy(WAVE),
        torch.from_numpy(WAVE).bfloat16(),
        torch.from_numpy(WAVE).half().requires_grad_(),
    ],
    ids=lambda given: type(given).__name__,
)
def test_all_that_holds_a_recording(given: Any) -> None:
    wave = first_channel(given, "x", 8000)
    np.testing.assert_array_equal(wave / wave[0], WAVE[0])
    x = torch.randn(2, 1, 50)
    torch.testing.assert_close(
        BackgroundMix([given], 0.0, 0.0)(x, 0), BackgroundMix([WAVE], 0.0, 0.0)(x, 0)
    )
    torch.testing.assert_close(
        Reverb([given], rate_hz=8000)(x, 0), Reverb([WAVE], rate_hz=8000)(x, 0)
    )


def test_a_memory_map_is_not_read(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", WAVE)
    assert isinstance(
        first_channel(np.load(tmp_path / "x.npy", mmap_mode="r"), "x", None), np.memmap
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Clip(WAVE, 44100), "0 is at 44100 Hz, the audio at 8000 Hz"),
        (np.zeros((2, 3, 4)), r"0 is float64 with the axes \(2, 3, 4\)"),
        (np.float32(3), r"with the axes \(\)"),
        (["a", "b"], "give numbers"),
        (np.zeros((2, 0)), "0 is empty"),
        ([], "0 is empty"),
    ],
)
def test_what_is_no_recording_is_named(given: Any, message: str) -> None:
    with pytest.raises(
        ArgumentError, match=f"impulse response {message}" if "0" in message else message
    ):
        Reverb([given], rate_hz=8000)
    with pytest.raises(ArgumentError, match=message):
        BackgroundMix([given], rate_hz=8000)(torch.ones(1, 1, 9), 0)
