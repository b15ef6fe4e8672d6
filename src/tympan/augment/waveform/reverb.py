"""Rooms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tympan.augment._draw import check_range, integers, log_uniform, uniform
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._convolve import KeptSpectra, convolve
from tympan.augment.waveform._mixing import SILENT_POWER, power
from tympan.augment.waveform._room import LEAD, simulate
from tympan.augment.waveform._waves import first_channel
from tympan.augment.waveform.colored_noise import BANK_SAMPLES
from tympan.errors import ArgumentError


class Reverb(Transform):
    """Place each item in a room: convolve it with an impulse response, measured or simulated.

    Without measured ones, a box-shaped room is drawn for each item: its size, the places of
    source and microphone, and its reverberation time. Early reflections are image sources, later
    ones decaying noise. The direct sound stays where the item was in time, and the item keeps its
    power. What rings on after the end is cut off, or kept: then all items get longer, by the
    longest response.

    Hazards: blurs onsets, and what was quiet after a sound is not any more: time labels of ends
    become wrong. Recordings mostly hold a room already. Walls are alike at all frequencies here,
    where real ones swallow high ones first. All channels get the same response.

    Sources: Allen and Berkley, "Image method for efficiently simulating small-room acoustics",
    1979; Ko et al., "A study on data augmentation of reverberant speech", 2017.

    Args:
        impulse_responses: measured ones, at the rate of the audio: `Clip`, arrays or tensors
            (t,) or (c, t), of which the first channel is used. Simulated rooms if None.
        min_rt60_s: shortest reverberation time of the simulated rooms.
        max_rt60_s: longest.
        min_room_m: smallest room: width, depth, height.
        max_room_m: largest room.
        keep_tail: let all items get longer by what the longest response rings on.
        rate_hz: sample rate of the audio.
        p: probability of being applied to an item.

    >>> import torch
    >>> x = torch.zeros(1, 1, 8000)
    >>> x[..., 1000] = 1.0
    >>> y = Reverb(rate_hz=8000)(x, 0)
    >>> y[0, 0].abs().argmax().item(), bool((y[0, 0, 2000:3000] != 0).all())
    (1000, True)
    """

    def __init__(
        self,
        impulse_responses: Sequence[Any] | None = None,
        min_rt60_s: float = 0.15,
        max_rt60_s: float = 0.8,
        min_room_m: tuple[float, float, float] = (3.0, 3.0, 2.4),
        max_room_m: tuple[float, float, float] = (10.0, 10.0, 4.0),
        keep_tail: bool = False,
        *,
        rate_hz: int,
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        check_range("rt60_s", min_rt60_s, max_rt60_s, 0.05, 10.0)
        for low, high in zip(min_room_m, max_room_m, strict=True):
            check_range("room in metres", low, high, 1.5, 100.0)
        self.min_rt60_s, self.max_rt60_s = min_rt60_s, max_rt60_s
        self.min_room_m, self.max_room_m = tuple(min_room_m), tuple(max_room_m)
        self.rate_hz: int = rate_hz
        self.impulse_responses = impulse_responses
        self.measured: Tensor | None = None
        self._kept = KeptSpectra()
        if impulse_responses is not None:
            self.measured = _aligned(impulse_responses, rate_hz)
        self.keep_tail = bool(keep_tail)
        self.keeps_shape = not keep_tail

    @property
    def response_length(self) -> int:
        """Samples of the longest response, the direct sound at sample 16."""
        if self.measured is not None:
            return self.measured.shape[1]
        return LEAD + round(self.max_rt60_s * self.rate_hz)

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape, with room for the tail if it is kept."""
        if not self.keep_tail:
            return shape
        return (*shape[:-1], shape[-1] + max(0, self.response_length - LEAD - 1))

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        items = x.shape[:1]
        if self.measured is not None:
            return {"response": integers(generator, items, 0, len(self.measured) - 1)}
        shape = (*items, 3)
        bounds = torch.tensor([self.min_room_m, self.max_room_m], device=generator.device)
        room = bounds[0] + (bounds[1] - bounds[0]) * uniform(generator, shape)
        # Neither is nearer than half a metre to a wall.
        source, microphone = (0.5 + (room - 1.0) * uniform(generator, shape) for _ in range(2))
        return {
            "room_m": room,
            "source_m": source,
            "microphone_m": microphone,
            "rt60_s": log_uniform(generator, items, self.min_rt60_s, self.max_rt60_s),
            "tail": integers(generator, items, 0, BANK_SAMPLES - 1),
        }

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        length, t = self.output_shape(tuple(x.shape))[-1], x.shape[-1]
        if self.measured is not None:
            measured = self.measured.to(device=x.device, dtype=x.dtype)
            y = convolve(x, measured, LEAD, params["response"], length, self._kept)
        else:
            y = convolve(x, self.rooms(params).to(x.dtype), LEAD, None, length)
        # The level of the item is that without the tail, kept or not.
        before, after = power(x).clamp_min(SILENT_POWER), power(y[..., :t]).clamp_min(SILENT_POWER)
        gain = torch.sqrt(before / after)[:, None, None]
        return y * gain if y.requires_grad else y.mul_(gain)

    def rooms(self, params: Params) -> Tensor:
        """Return the simulated impulse responses (b, t); the direct sound is at sample 16."""
        return simulate(
            params["room_m"],
            params["source_m"],
            params["microphone_m"],
            params["rt60_s"],
            params["tail"],
            rate_hz=self.rate_hz,
            length=self.response_length,
        )


def _aligned(impulse_responses: Sequence[Any], rate_hz: int) -> Tensor:
    """Return the responses (m, t) with their direct sound, the highest peak, at `LEAD`."""
    if len(impulse_responses) == 0:
        raise ArgumentError("no impulse responses", fix="give at least one, or None for rooms")
    rows = []
    for number, response in enumerate(impulse_responses):
        samples = first_channel(response, f"impulse response {number}", rate_hz)
        wave = torch.from_numpy(np.array(samples, np.float32))
        if not bool(wave.abs().max() > 0) or not bool(wave.isfinite().all()):
            what = f"impulse response {number} is silent, or not finite"
            raise ArgumentError(what, fix="leave it out")
        peak = int(wave.abs().argmax())
        wave = torch.nn.functional.pad(wave, (LEAD, 0))[peak:]
        rows.append(wave / wave.abs().max())
    longest = max(len(row) for row in rows)
    return torch.stack([torch.nn.functional.pad(row, (0, longest - len(row))) for row in rows])
