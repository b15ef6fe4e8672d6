"""A voice model without a training: what it takes for a voice is the shape of the spectrum."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor, nn

from tympan.audio import Clip
from tympan.tasks.identify.config import IdentifyConfig
from tympan.tasks.identify.model import IdentifyModel
from tympan.tasks.identify.scoring import Scorer

RATE_HZ = 16000
BANDS = 16


class SpectrumNet(nn.Module):
    """The mean spectrum in bands, as a vector of length 1."""

    def vectors(self, waves: Tensor) -> Tensor:
        power = torch.fft.rfft(waves).abs().square()
        edges = torch.linspace(0, power.shape[1], BANDS + 1).long().tolist()
        bands = torch.stack([power[:, a:b].mean(1) for a, b in itertools.pairwise(edges)], 1)
        levels = bands.clamp_min(1e-9).log()
        return nn.functional.normalize(levels - levels.mean(1, keepdim=True), dim=1)


def made_voice(who: int, take: int = 0, duration_s: float = 4.0, level: float = 0.2) -> Clip:
    """A "voice": noise with a spectrum of its own, in syllables."""
    rng = np.random.default_rng((who, take))
    size = round(duration_s * RATE_HZ)
    shape = np.random.default_rng(who).normal(0, 1.5, BANDS)
    spectrum = np.fft.rfft(rng.standard_normal(size))
    gains = np.exp(np.interp(np.linspace(0, BANDS - 1, len(spectrum)), np.arange(BANDS), shape))
    wave = np.fft.irfft(spectrum * gains, size)
    t = np.arange(size) / RATE_HZ
    wave *= np.sin(2 * np.pi * 3 * t) > -0.5
    wave *= level / np.sqrt(np.square(wave).mean())
    return Clip(np.clip(wave, -0.97, 0.97).astype(np.float32)[None], RATE_HZ, f"voice{who}-{take}")


def spectrum_model() -> IdentifyModel:
    """Calibrated by hand; its cohort are 40 voices that no test uses."""
    net = SpectrumNet()
    waves = torch.stack(
        [torch.from_numpy(made_voice(1000 + i).samples[0].copy()) for i in range(40)]
    )
    cohort = net.vectors(waves).numpy()
    scorer = Scorer(cohort, (3.0, 0.0, -6.0), 0.5, 20)
    config = IdentifyConfig(size=BANDS, window_s=2.0)
    return IdentifyModel(net, config, "spectrum", scorer, "abc")  # type: ignore[arg-type]
