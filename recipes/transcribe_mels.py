"""Spectrograms of the voice `en` without their sound, many times as fast as with it.

The voice makes log mels first, and its vocoder spends nearly all of the time. What the recogniser
takes are other mels (64 bands, every 10 ms, in dB): a linear map, fitted on a few sentences that
were spoken with sound, takes the ones to the others. The net takes away the mean of each band, so
that a constant error of one does no harm.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr
import torch
from torch import Tensor, nn

from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.net import log_mels

Values = np.ndarray
RIDGE = 1.0
FITTED = (
    "The birch canoe slid on the smooth planks.",
    "Rice is often served in round bowls, and the juice of lemons makes fine punch.",
    "Four hours of steady work faced us; the box was thrown beside the parked truck.",
    "A large size in stockings is hard to sell, she thought, and measured the young boy's shoe.",
    "Kick the ball straight and follow through! Help the woman get back to her feet.",
    "The view from the edge of the valley was rather vague, but everybody enjoyed the joke.",
)


class Kept(nn.Module):
    """In the place of a vocoder: keeps the mels `(n_mels, n)` and gives silence of their length.

    Args:
        hop: samples of a frame.
    """

    def __init__(self, hop: int) -> None:
        super().__init__()
        self.hop = hop
        self.mels: Values = np.zeros((0, 0), np.float32)

    def forward(self, mels: Tensor, f0: Tensor) -> Tensor:
        """Mels `(1, n_mels, n)` → silence `(1, t)`."""
        self.mels = mels[0].float().cpu().numpy()
        return torch.zeros(1, mels.shape[2] * self.hop)


def features(mels: Values, frame_s: float, count: int, config: TranscribeConfig) -> Values:
    """A voice's log mels `(n_mels, n)` at the recogniser's frames `(count, n_mels + 1)`."""
    times = np.arange(count) * config.frame_s / frame_s
    places = np.arange(mels.shape[1])
    rows = np.stack([np.interp(times, places, band) for band in mels], 1)
    return np.concatenate([rows, np.ones((count, 1))], 1)


def fitted(voice: Any, config: TranscribeConfig) -> Values:
    """The map `(n_mels + 1, n_mels)` from a voice's log mels to the recogniser's, in dB."""
    from tympan.text import read

    vocoder, kept = voice.vocoder, Kept(voice.config.hop)
    frame_s = voice.config.hop / voice.rate_hz
    rows, wanted = [], []
    for number, text in enumerate(FITTED):
        for sentence in read(text, "en"):
            who = number % max(1, len(voice.speakers))
            voice.vocoder = vocoder
            sound = voice.part(sentence, speaker=who).samples
            voice.vocoder = kept
            voice.part(sentence, speaker=who)
            length = kept.mels.shape[1] * kept.hop
            wave = soxr.resample(sound[:length], voice.rate_hz, config.rate_hz)
            mels = log_mels(wave.astype(np.float32), config).T.numpy()
            wanted.append(mels)
            rows.append(features(kept.mels, frame_s, len(mels), config))
    voice.vocoder = vocoder
    x, y = np.concatenate(rows), np.concatenate(wanted)
    found: Values = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
    error = np.sqrt(np.mean((x @ found - y) ** 2))
    print(f"mels of the voice: off by {error:.1f} dB, of a spread of {y.std():.1f} dB", flush=True)
    return found


def mapped(mels: Values, frame_s: float, found: Values, config: TranscribeConfig) -> Values:
    """The recogniser's log mels `(n_mels, n)` of a voice's `(n_mels, n)`."""
    count = int(mels.shape[1] * frame_s / config.frame_s)
    rows = features(mels, frame_s, count, config) @ found
    return np.maximum(rows, -100.0).T.astype(np.float32)
