"""Recordings of any rate and length through a separator, block by block, sample for sample aligned.

A stream takes blocks `(c, t)` at the recording's rate and gives the sources `(k, c, t)` of its next
samples, all in all as many as it took.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from tympan.tasks.windows import OverlapAdd, OverlappingWindows

if TYPE_CHECKING:
    from torch import nn

    from tympan.nets.mask_net import BandMaskNet
    from tympan.tasks.separate.config import SeparateConfig

Wave = npt.NDArray[np.float32]

# So many frames at once of a file; more would only take memory.
MOST_FRAMES = 1024
# Where channels cancel, their mean holds less than this share of the loudest.
CANCELLED = 0.05
# What lies above the net's band goes as what lies in the upper half of it.
TOP_SHARE = 0.5
# Blocks are brought to this level for a net; quieter ones than the floor stay silent.
LEVEL_RMS, FLOOR_RMS = 0.05, 1e-6


class Stream(Protocol):
    """A recording on its way through a separator.

    Attributes:
        latency_s: so long after a sample came in, its sources are out, at most.
    """

    @property
    def latency_s(self) -> float: ...

    def push(self, wave: Wave) -> Wave:
        """Take the next samples `(c, t)`; give those `(k, c, t)` that are done."""
        ...

    def finish(self) -> Wave:
        """The recording ends here; give the rest."""
        ...


class MaskStream:
    """Frame by frame through a causal net of masks, at the recording's own rate.

    A frame lasts as long as one of the net's, whatever the rate, so its lower bins are those that
    the net knows: nothing is resampled, and what is not masked comes out as it came in. Above the
    net's band, bins go as the upper half of it does on average. One mask is for all channels, so
    that sources stay where they are.

    Args:
        net: masks `(b, f, n)` of spectra.
        rate_hz: of the recording.
        channels: of the recording.
        device: where the net is.

    >>> from tympan.nets.mask_net import MaskNet
    >>> stream = MaskStream(MaskNet(1, features=8, memory=4, layers=1).eval(), 44100, 2)
    >>> wave = np.zeros((2, 5000), np.float32)
    >>> stream.push(wave).shape, stream.finish().shape, round(stream.latency_s, 3)
    ((1, 2, 4236), (1, 2, 764), 0.032)
    """

    def __init__(self, net: BandMaskNet, rate_hz: int, channels: int, device: str = "cpu") -> None:
        self._net, self._device, self._rate_hz = net, device, rate_hz
        self.hop = max(8, round(rate_hz * net.hop / net.rate_hz))
        size = 2 * self.hop
        self._window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size))
        self._window = self._window.astype(np.float32)
        self._scale = np.float32(net.n_fft / size)
        self._held = np.zeros((channels, self.hop), np.float32)
        self._tail = np.zeros((net.sources, channels, self.hop), np.float32)
        self._state = net.begin(1)
        self._taken = self._given = 0
        self._begun = False

    @property
    def latency_s(self) -> float:
        """Two hops: a sample waits for the end of the last frame that it is in."""
        return 2 * self.hop / self._rate_hz

    def push(self, wave: Wave) -> Wave:
        """Take the next samples."""
        self._taken += wave.shape[1]
        self._held = np.concatenate((self._held, wave), axis=1)
        parts = []
        while (count := min(MOST_FRAMES, self._held.shape[1] // self.hop - 1)) > 0:
            parts.append(self._frames(self._held[:, : (count + 1) * self.hop], count))
            self._held = self._held[:, count * self.hop :]
        return self._joined(parts)

    def finish(self) -> Wave:
        """Frames that reach behind the end."""
        missing = self._taken - self._given
        if not missing:
            return self._joined([])
        taken = self._taken
        silence = np.zeros((len(self._held), missing + 2 * self.hop), np.float32)
        rest = self.push(silence)[..., :missing]
        self._taken = self._given = taken
        return rest

    def _joined(self, parts: list[Wave]) -> Wave:
        if not parts:
            return self._tail[..., :0]
        whole = np.concatenate(parts, axis=2) if len(parts) > 1 else parts[0]
        if not self._begun:  # the first half of the first frame lies before the recording
            whole, self._begun = whole[..., self.hop :], True
        self._given += whole.shape[2]
        return whole

    def _frames(self, wave: Wave, count: int) -> Wave:
        """`count` frames; their samples that no later frame changes."""
        hop = self.hop
        halves = wave.reshape(len(wave), count + 1, hop)
        frames = np.concatenate((halves[:, :-1], halves[:, 1:]), axis=2) * self._window
        spec = np.fft.rfft(frames).astype(np.complex64)  # (c, n, f)
        masked = spec * self._mask(spec)[:, None]
        back = np.fft.irfft(masked, 2 * hop).astype(np.float32) * self._window
        first, second = back[..., :hop], back[..., hop:]
        first[:, :, 0] += self._tail
        first[:, :, 1:] += second[:, :, :-1]
        self._tail = second[:, :, -1].copy()
        found: Wave = first.reshape(*first.shape[:2], count * hop)
        return found

    def _mask(self, spec: npt.NDArray[np.complex64]) -> npt.NDArray[np.complex64]:
        """Masks `(k, n, f)` of frames `(c, n, f)`."""
        net, bins = self._net, spec.shape[2]
        known = min(bins, net.num_bins)
        heard = np.zeros((spec.shape[1], net.num_bins), np.complex64)
        heard[:, :known] = mean_of(spec)[:, :known] * self._scale
        with torch.inference_mode():
            given = torch.from_numpy(heard.T[None]).to(self._device)
            mask, self._state = net.mask(given, self._state)
        found = mask[0].transpose(1, 2).cpu().numpy()  # (k, n, f)
        if bins <= known:
            return np.asarray(found[..., :bins], np.complex64)
        first = round(net.num_bins * (1 - TOP_SHARE))
        above = np.abs(found[..., first:]).mean(2, keepdims=True).clip(max=1.0)
        above = np.broadcast_to(above, (*found.shape[:2], bins - known))
        return np.concatenate((found, above), axis=2).astype(np.complex64)


def mean_of(spec: npt.NDArray[np.complex64]) -> npt.NDArray[np.complex64]:
    """The mean of channels `(c, n, f)`; in frames where they cancel, the loudest of them."""
    if len(spec) == 1:
        only: npt.NDArray[np.complex64] = spec[0]
        return only
    mean = spec.mean(0)
    power = np.square(np.abs(spec)).mean(2)  # (c, n)
    loudest = power.argmax(0)
    cancelled = np.square(np.abs(mean)).mean(1) < CANCELLED * power.max(0)
    picked = spec[loudest, np.arange(spec.shape[1])]
    found: npt.NDArray[np.complex64] = np.where(cancelled[:, None], picked, mean)
    return found


class Stitcher(Protocol):
    """Says which source of a block is which of the block before, where sources have no names."""

    def order(self, before: Wave, block: Wave, overlap: int) -> tuple[int, ...]:
        """The order of `block` `(k, c, t)` that goes on with `before`, already in order.

        Args:
            before: the block before.
            block: this one, whose first `overlap` samples are the last of that.
            overlap: samples that both have.
        """
        ...


class OverlapStitcher:
    """Sources go on as they are most alike where blocks overlap.

    >>> before = np.random.default_rng(0).standard_normal((2, 1, 100)).astype("f4")
    >>> OverlapStitcher().order(before, before[::-1, :, 60:], 40)
    (1, 0)
    """

    def order(self, before: Wave, block: Wave, overlap: int) -> tuple[int, ...]:
        """See `Stitcher`."""
        from itertools import permutations

        a = before[..., -overlap:].reshape(len(before), -1).astype(np.float64)
        b = block[..., :overlap].reshape(len(block), -1).astype(np.float64)
        alike = a @ b.T
        orders = permutations(range(len(block)))
        return max(orders, key=lambda order: sum(alike[i, j] for i, j in enumerate(order)))


class BlockStream:
    """Overlapping blocks through a net that looks ahead, each fading into the next.

    The recording is resampled to the net's rate and back. A net of one channel gets channels one
    by one, in an order of sources that is that of the first; a net of two gets them in pairs, and
    one that is left over, as that of a mono recording, twice.

    Args:
        net: `(b, c, t)` to `(b, k, c, t)`.
        config: its configuration.
        rate_hz: of the recording.
        channels: of the recording.
        device: where the net is.
        sources: how many the net gives.
        stitcher: joins sources without names; by default by what they share.
        condition: what the net is told beside the mix, `(d,)`.
    """

    def __init__(
        self,
        net: nn.Module,
        config: SeparateConfig,
        rate_hz: int,
        channels: int,
        device: str = "cpu",
        *,
        sources: int = 1,
        stitcher: Stitcher | None = None,
        condition: Any = None,
    ) -> None:
        from tympan.audio._resample import Resampler

        self._net, self._config, self._device = net, config, device
        self._rate_hz, self._channels = rate_hz, channels
        core = round(config.window_s * config.rate_hz)
        self._overlap = min(core // 2, max(1, round(config.overlap_s * config.rate_hz)))
        geometry = OverlappingWindows(core=core, hop=core - self._overlap)
        self._cutter, self._joined = geometry.cutter(), OverlapAdd(geometry)
        same = rate_hz == config.rate_hz
        self._down = None if same else Resampler(rate_hz, config.rate_hz, channels)
        self._up: Any = None
        self._make_up = None if same else (lambda n: Resampler(config.rate_hz, rate_hz, n))
        self._stitcher = stitcher or (OverlapStitcher() if config.permute else None)
        self._before: tuple[int, Wave] | None = None
        self._condition = condition
        self._shape = (sources, channels)
        self._taken = self._given = 0

    @property
    def latency_s(self) -> float:
        """A sample waits for the end of the block after its own."""
        return float(self._config.window_s)

    def push(self, wave: Wave) -> Wave:
        """Take the next samples."""
        self._taken += wave.shape[1]
        return self._out(self._through(self._resampled(wave, last=False)), last=False)

    def finish(self) -> Wave:
        """The blocks that remain."""
        end = np.zeros((self._channels, 0), np.float32)
        parts = [self._through(self._resampled(end, last=True))]
        parts += [self._block(window) for window in self._cutter.finish()]
        parts.append(self._joined.finish())
        parts = [one for one in parts if one.ndim == 3]
        if not parts:
            return np.zeros((*self._shape, self._taken - self._given), np.float32)
        return self._out(np.concatenate(parts, axis=2), last=True)

    def _resampled(self, wave: Wave, *, last: bool) -> Wave:
        if self._down is None:
            return wave
        found: Wave = self._down.push(np.ascontiguousarray(wave.T), last=last).T
        return found

    def _through(self, wave: Wave) -> Wave:
        if not wave.shape[1]:
            return np.zeros(0, np.float32)
        parts = [self._block(window) for window in self._cutter.push(wave)]
        return np.concatenate(parts, axis=2) if parts else np.zeros(0, np.float32)

    def _block(self, window: Any) -> Wave:
        """The sources of the samples that are final now."""
        found = self._separated(window.wave)
        if self._stitcher is not None:
            if self._before is not None:
                start, before = self._before
                shared = start + before.shape[2] - window.offset
                found = found[list(self._stitcher.order(before, found, shared))]
            elif hasattr(self._stitcher, "first"):  # it knows what belongs where
                found = found[list(self._stitcher.first(found))]
            self._before = (window.offset, found)
        return self._joined.push(window, found)

    def _separated(self, wave: Wave) -> Wave:
        """`(c, t)` → `(k, c, t)`, whatever the level and the channels."""
        rms = float(np.sqrt(np.square(wave, dtype=np.float64).mean())) if wave.size else 0.0
        gain = np.float32(LEVEL_RMS / rms) if rms > FLOOR_RMS else np.float32(1)
        x = torch.from_numpy(np.ascontiguousarray(wave) * gain).to(self._device)
        own, channels = self._config.channels, len(wave)
        alone = -channels % own  # the last channel stands for those that the net wants besides
        x = torch.cat((x, x[-1:].expand(alone, -1))).reshape(-1, own, x.shape[-1])  # (b, c, t)
        more = () if self._condition is None else (self._condition.expand(len(x), -1),)
        with torch.inference_mode():
            y: Wave = self._net(x, *more).float().cpu().numpy() / gain
        y = self._alike(y).transpose(1, 0, 2, 3)
        y = y.reshape(len(y), channels + alone, y.shape[3])  # (k, c, t)
        found = np.ascontiguousarray(y[:, :channels])
        if alone:
            found[:, -1] = y[:, channels - 1 :].mean(1)
        return found

    def _alike(self, y: Wave) -> Wave:
        """Groups of channels `(b, k, c, t)`, the sources of each in the order of the first."""
        if self._stitcher is None:
            return y
        own = OverlapStitcher()
        orders = [own.order(y[0], one, y.shape[-1]) for one in y]
        return np.stack([one[list(order)] for one, order in zip(y, orders, strict=True)])

    def _out(self, found: Wave, *, last: bool) -> Wave:
        """At the recording's rate, and no more than came in."""
        if found.ndim != 3:
            found = np.zeros((*self._shape, 0), np.float32)
        if self._make_up is not None:
            flat = found.reshape(self._shape[0] * self._shape[1], found.shape[2])
            self._up = self._up or self._make_up(len(flat))
            flat = self._up.push(np.ascontiguousarray(flat.T), last=last).T
            found = flat.reshape(*self._shape, flat.shape[1])
        left = self._taken - self._given
        found = found[..., :left]
        if last and found.shape[2] < left:  # rates round
            found = np.pad(found, ((0, 0), (0, 0), (0, left - found.shape[2])))
        self._given += found.shape[2]
        return found
