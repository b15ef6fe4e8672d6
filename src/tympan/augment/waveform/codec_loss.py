"""What codecs leave."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import check_range, integers, uniform
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._codecs import (
    CODECS,
    RATES_HZ,
    check_mp3_encoder,
    mu_law,
    round_trip,
)
from tympan.augment.waveform._rows import each_item
from tympan.errors import ArgumentError


class CodecLoss(Transform):
    """Encode and decode each item with a drawn codec at a drawn quality.

    "mp3", "opus" and "vorbis" are the real codecs, one item at a time on several threads, at the
    codec's own speed (about 60 to 700 times real time on one core; MP3 is five times as fast with
    the package `lameenc`). "mulaw" is the 8-bit telephone companding law as a formula, on the whole
    batch at once. Results keep their length and place. Gradients pass straight through, as if
    nothing were lost.

    Hazards: low qualities cut the upper band off altogether, which a net can take for the label
    if only some classes were recorded that way. The codecs go over the processor even if the
    batch lives on a GPU. Their results may differ from one version of the encoder to another.

    Source: of the law, ITU-T G.711 (the continuous curve with mu = 255, not its segments).

    Args:
        codecs: to choose from: "mp3", "opus", "vorbis", "mulaw"; if None, mp3 (where it takes the
            rate), vorbis and mulaw.
        min_quality: worst, 0 to 1: the codec's own scale, from its lowest bit rate to its highest
            ("mulaw" has only one).
        max_quality: best.
        mp3_encoder: "lameenc" or "libsndfile"; if None, the first that is installed. They lose
            about as much, but not the same.
        rate_hz: sample rate of the audio; mp3 and opus take certain rates only.
        p: probability of being applied to an item.

    >>> import torch
    >>> x = torch.linspace(-1, 1, 5)[None, None]
    >>> CodecLoss(("mulaw",), rate_hz=8000)(x, 0)
    tensor([[[-1.0000, -0.4953,  0.0000,  0.4953,  1.0000]]])
    """

    def __init__(
        self,
        codecs: tuple[str, ...] | None = None,
        min_quality: float = 0.0,
        max_quality: float = 0.6,
        mp3_encoder: str | None = None,
        *,
        rate_hz: int,
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        check_range("quality", min_quality, max_quality, 0.0, 1.0)
        if codecs is None:
            codecs = ("vorbis", "mulaw")
            codecs = ("mp3", *codecs) if rate_hz in RATES_HZ["mp3"] else codecs
        unknown = sorted(set(codecs) - {*CODECS, "mulaw"})
        if unknown or not codecs:
            what = f"codecs {unknown or 'none'}"
            raise ArgumentError(what, fix=f"choose of {', '.join([*CODECS, 'mulaw'])}")
        for name, rates in RATES_HZ.items():
            if name in codecs and rate_hz not in rates:
                what = f"{name} at {rate_hz} Hz"
                raise ArgumentError(what, fix=f"resample to one of {rates} Hz, or use vorbis")
        self.codecs = tuple(codecs)
        self.min_quality, self.max_quality = min_quality, max_quality
        self.mp3_encoder = check_mp3_encoder(mp3_encoder) if "mp3" in codecs else mp3_encoder
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
        """Write the decoded items to `y`; the codecs let other threads run meanwhile."""
        waves = x.detach().to("cpu", torch.float32).numpy()
        encoder = self.mp3_encoder or "libsndfile"

        def through(number: int) -> None:
            row, codec, quality = jobs[number]
            decoded = round_trip(waves[row], self.rate_hz, codec, quality, encoder)
            y[row] = torch.from_numpy(decoded)

        each_item(through, len(jobs))
