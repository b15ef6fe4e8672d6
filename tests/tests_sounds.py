"""Sounds that tests train on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tympan import synth
from tympan.audio import Clip

KINDS = ("chirp", "noise", "tone")
QUICK = {"encoder": "small", "n_mels": "32", "hop": "160", "n_fft": "512", "batch_size": "16"}


def sound(kind: str, seed: int, rate_hz: int = 16000) -> Clip:
    """A short sound of a kind, each seed another pitch, level and length."""
    rng = np.random.default_rng(seed)
    duration_s, pitch_hz = rng.uniform(0.4, 0.9), rng.uniform(300, 1500)
    if kind == "noise":
        clip = synth.white_noise(duration_s=duration_s, rate_hz=rate_hz, amplitude=0.3, seed=seed)
    elif kind == "tone":
        clip = synth.sine(frequency_hz=pitch_hz, duration_s=duration_s, rate_hz=rate_hz)
    else:
        clip = synth.chirp(200, 3500, duration_s=duration_s, rate_hz=rate_hz)
    return clip.gain(rng.uniform(-20, 0))


def few_recordings(root: Path, each: int = 5, first: int = 900, rate_hz: int = 16000) -> Path:
    """A folder of some clips of each of three kinds."""
    for kind in KINDS:
        (root / kind).mkdir(parents=True)
        for i in range(each):
            sound(kind, first + i, rate_hz).save(root / kind / f"{i}.wav")
    return root
