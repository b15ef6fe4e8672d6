"""Higher or lower at the same duration."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from tympan.augment._draw import check_range, uniform
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._resample import nearest_fraction, resample
from tympan.augment.waveform._vocoder import stretch_time


class PitchShift(Transform):
    """Raise or lower the pitch of each item by a drawn number of semitones.

    The item is resampled, which changes pitch and duration, and then stretched back to its
    duration. The shift drawn is met within 1 cent; nearer than 7 cents to 0 or an octave within
    3.4 cents.

    Hazards: formants move along, so voices sound like other people: bad where the speaker or the
    speaker's sex is the label, and beyond ±4 semitones for speech at all. Shifting up loses what
    comes to lie above half the sample rate; shifting down leaves the top of the band empty,
    which a net can see. Attacks are smeared over the 48 ms window.

    Sources: Puckette, "Phase-locked vocoder", 1995; Salamon and Bello, "Deep convolutional neural
    networks and data augmentation for environmental sound classification", 2017.

    Args:
        min_semitones: lowest shift.
        max_semitones: highest shift.
        rate_hz: sample rate of the audio.
        p: probability of being applied to an item.

    >>> import torch
    >>> tone = torch.sin(torch.arange(8000) * 2 * torch.pi * 440 / 8000)[None, None]
    >>> y = PitchShift(12.0, 12.0, rate_hz=8000)(tone, 0)
    >>> torch.fft.rfft(y[0, 0]).abs().argmax().item()
    880
    """

    def __init__(
        self,
        min_semitones: float = -4.0,
        max_semitones: float = 4.0,
        *,
        rate_hz: int,
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        check_range("semitones", min_semitones, max_semitones, -24.0, 24.0)
        self.min_semitones, self.max_semitones = min_semitones, max_semitones
        self.rate_hz: int = rate_hz

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        drawn = uniform(generator, x.shape[:1], self.min_semitones, self.max_semitones)
        return {"semitones": drawn}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        factors = [nearest_fraction(2 ** (-shift / 12)) for shift in params["semitones"].tolist()]
        items = [resample(item, factor) for item, factor in zip(x, factors, strict=True)]
        longest = max(item.shape[-1] for item in items)
        played = torch.stack([pad(item, (0, longest - item.shape[-1])) for item in items])
        rates = torch.tensor([float(f) for f in factors], dtype=torch.float64, device=x.device)
        return stretch_time(played, rates, self.rate_hz, x.shape[-1])
