"""What codecs leave."""

from __future__ import annotations

import io
import math
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from tympan.augment._draw import check_range, integers, uniform
from tympan.augment.base import Params, Transform
from tympan.errors import ArgumentError

# Name → container and codec in libsndfile.
CODECS = {
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "opus": ("OGG", "OPUS"),
    "vorbis": ("OGG", "VORBIS"),
}
MP3_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
MU = 255.0


class CodecLoss(Transform):
    """Encode and decode each item with a drawn codec at a drawn quality.

    "mp3", "opus" and "vorbis" are the real codecs, through libsndfile: one item at a time on
    several threads, at the codec's own speed (about 100 to 300 times real time on one core).
    "mulaw" is the 8-bit telephone companding law as a formula, on the whole batch at once.
    Results keep their length and place. Gradients pass straight through, as if nothing were lost.

    Hazards: low qualities cut the upper band off altogether, which a net can take for the label
    if only some classes were recorded that way. The codecs go over the processor even if the
    batch lives on a GPU. Their results may differ from one version of libsndfile to another.

    Source: of the law, ITU-T G.711 (the continuous curve with mu = 255, not its segments).

    Args:
        codecs: to choose from: "mp3", "opus", "vorbis", "mulaw".
        min_quality: worst, 0 to 1: libsndfile's scale for the codec, from its lowest bit rate to
            its highest ("mulaw" has only one).
        max_quality: best.
        rate_hz: sample rate of the audio; mp3 and opus take certain rates only.
        p: probability of being applied to an item.

    >>> import torch
    >>> x = torch.linspace(-1, 1, 5)[None, None]
    >>> CodecLoss(("mulaw",), rate_hz=8000)(x, 0)
    tensor([[[-1.0000, -0.4953,  0.0000,  0.4953,  1.0000]]])
    """

    def __init__(
        self,
        codecs: tuple[str, ...] = ("mp3", "vorbis", "mulaw"),
        min_quality: float = 0.0,
        max_quality: float = 0.6,
        *,
        rate_hz: int,
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        check_range("quality", min_quality, max_quality, 0.0, 1.0)
        unknown = sorted(set(codecs) - {*CODECS, "mulaw"})
        if unknown or not codecs:
            what = f"codecs {unknown or 'none'}"
            raise ArgumentError(what, fix=f"choose of {', '.join([*CODECS, 'mulaw'])}")
        for name, rates in (("mp3", MP3_RATES_HZ), ("opus", OPUS_RATES_HZ)):
            if name in codecs and rate_hz not in rates:
                what = f"{name} at {rate_hz} Hz"
                raise ArgumentError(what, fix=f"resample to one of {rates} Hz, or use vorbis")
        self.codecs = tuple(codecs)
        self.min_quality, self.max_quality = min_quality, max_quality
        self.rate_hz: int = rate_hz

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        items = x.shape[:1]
        return {
            "codec": integers(generator, items, 0, len(self.codecs) - 1),
            "quality": uniform(generator, items, self.min_quality, self.max_quality),
        }

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        with torch.no_grad():
            y = torch.empty_like(x)
            if "mulaw" in self.codecs:
                rows = params["codec"] == self.codecs.index("mulaw")
                y[rows] = mu_law(x[rows])
            jobs = [
                (row, self.codecs[codec], quality)
                for row, (codec, quality) in enumerate(
                    zip(params["codec"].tolist(), params["quality"].tolist(), strict=True)
                )
                if self.codecs[codec] != "mulaw"
            ]
            if jobs:
                self._round_trips(x, y, jobs)
        return x + (y - x).detach() if x.requires_grad else y

    def _round_trips(self, x: Tensor, y: Tensor, jobs: list[tuple[int, str, float]]) -> None:
        """Write the decoded items to `y`; libsndfile lets other threads run meanwhile."""
        waves = x.detach().to("cpu", torch.float32).numpy()
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
        with ThreadPoolExecutor(min(len(jobs), cores)) as pool:
            done = pool.map(lambda job: round_trip(waves[job[0]], self.rate_hz, *job[1:]), jobs)
            for (row, _, _), wave in zip(jobs, done, strict=True):
                y[row] = torch.from_numpy(wave)


def round_trip(wave: np.ndarray, rate_hz: int, codec: str, quality: float) -> np.ndarray:
    """Encode and decode `wave` (c, t) in memory.

    Args:
        wave: float32; beyond ±1 it is clipped, as in a file.
        rate_hz: sample rate.
        codec: "mp3", "opus" or "vorbis".
        quality: 0 to 1.

    Returns:
        float32 (c, t).
    """
    import soundfile

    container, subtype = CODECS[codec]
    file = io.BytesIO()
    soundfile.write(
        file,
        np.clip(wave.T, -1.0, 1.0),
        rate_hz,
        format=container,
        subtype=subtype,
        # Exactly 1 is refused by some encoders.
        compression_level=min(0.99, 1.0 - quality),
    )
    file.seek(0)
    decoded = soundfile.read(file, dtype="float32", always_2d=True)[0].T
    y = np.zeros_like(wave)
    length = min(y.shape[1], decoded.shape[1])
    y[:, :length] = decoded[:, :length]
    return y


def mu_law(x: Tensor) -> Tensor:
    """Return `x` rounded to the 255 levels of the mu-law curve.

    >>> mu_law(torch.tensor([0.5]))
    tensor([0.4953])
    """
    scale = math.log1p(MU)
    curve = torch.copysign(torch.log1p(MU * x.abs().clamp_max(1.0)) / scale, x)
    rounded = torch.round(curve * 127.0) / 127.0
    return torch.copysign(torch.expm1(rounded.abs() * scale) / MU, rounded)
