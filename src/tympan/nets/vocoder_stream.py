"""A vocoder block by block."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from tympan.errors import ArgumentError
from tympan.nets.pulses import HarmonicSource, SourceState
from tympan.nets.vocoder_mel import VocoderConfig


class StreamableVocoder(Protocol):
    """What a `VocoderStream` needs: a source that keeps a state, and a filter that keeps none."""

    config: VocoderConfig
    source: HarmonicSource

    @property
    def context(self) -> int:
        """Frames that one depends on before and behind itself."""

    def check(self, mels: Tensor, f0: Tensor) -> None:
        """Raise unless mels and F0 belong together."""

    def render(self, mels: Tensor, f0: Tensor, pulses: Tensor, noise: Tensor) -> Tensor:
        """Filter a source by mels."""


class VocoderStream:
    """Takes mels and F0 block by block and gives the samples they complete.

    All blocks together give what the vocoder gives for the whole. The samples of a frame come
    once the vocoder's `context` frames behind it have arrived. Frames of the context are computed
    anew with each block, so that blocks shorter than it cost more.

    Args:
        vocoder: what filters.
        seed: of the noise.

    Attributes:
        late_s: how many seconds of mels must have come after a sample.
    """

    def __init__(self, vocoder: StreamableVocoder, seed: int) -> None:
        self.vocoder, self.seed = vocoder, seed
        self.late_s = vocoder.context * vocoder.config.hop / vocoder.config.rate_hz
        self._state: SourceState | None = None
        self._mels: Any = None  # frames from `_first` on
        self._f0: Any = None
        self._pulses: Any = None  # samples from frame `_first` on, as far as the source is made
        self._noise: Any = None
        self._first = self._given = self._received = 0
        self._ended = False

    def push(self, mels: Tensor, f0: Tensor) -> Tensor:
        """Take the next frames, (b, n_mels, n) and (b, n): the samples (b, t) they complete.

        Raises:
            ShapeError: other axes than before, or the two have not the same number of frames.
            ArgumentError: the stream has ended.
        """
        if self._ended:
            raise ArgumentError("the stream has ended", fix="begin another with stream()")
        self.vocoder.check(mels, f0)
        if self._state is None:
            self._state = self.vocoder.source.start(len(f0), self.seed, f0.device)
            self._mels, self._f0 = mels[..., :0], f0[:, :0]
            self._pulses = self._noise = torch.zeros(len(f0), 0, device=f0.device)
        self._mels = torch.cat([self._mels, mels], 2)
        self._f0 = torch.cat([self._f0, f0], 1)
        self._received += f0.shape[1]
        # The source of the last frame needs the F0 of the next one.
        self._make_source(self._received - 1, ended=False)
        return self._give(self._received - 1, self._received - self.vocoder.context)

    def flush(self) -> Tensor:
        """End the stream: the samples (b, t) that are left."""
        self._ended = True
        if self._state is None:
            return torch.zeros(1, 0)
        self._make_source(self._received, ended=True)
        return self._give(self._received, self._received)

    def _make_source(self, until: int, *, ended: bool) -> None:
        """Extend the source as far as frame `until`."""
        made = self._first + self._pulses.shape[1] // self.vocoder.config.hop
        if until <= made:
            return
        f0 = self._f0[:, made - self._first : until - self._first]
        following = None if ended else self._f0[:, until - self._first]
        pulses, noise = self.vocoder.source(f0, self._state, following)
        self._pulses = torch.cat([self._pulses, pulses], 1)
        self._noise = torch.cat([self._noise, noise], 1)

    def _give(self, known: int, until: int) -> Tensor:
        """The samples of the frames up to `until`, from what is known up to frame `known`."""
        hop = self.vocoder.config.hop
        if until <= self._given:
            return self._pulses[:, :0]
        size = known - self._first
        wave = self.vocoder.render(
            self._mels[..., :size],
            self._f0[:, :size],
            self._pulses[:, : size * hop],
            self._noise[:, : size * hop],
        )
        found = wave[:, (self._given - self._first) * hop : (until - self._first) * hop]
        self._given = until
        self._forget(max(0, until - self.vocoder.context))
        return found

    def _forget(self, first: int) -> None:
        """Drop what no later frame needs."""
        drop = first - self._first
        hop = self.vocoder.config.hop
        self._mels, self._f0 = self._mels[..., drop:].clone(), self._f0[:, drop:].clone()
        self._pulses = self._pulses[:, drop * hop :].clone()
        self._noise = self._noise[:, drop * hop :].clone()
        self._first = first
