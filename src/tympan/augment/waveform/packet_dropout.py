"""Packets lost on the way."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tympan.augment._draw import check_range, uniform
from tympan.augment.base import Params, Transform
from tympan.errors import ArgumentError


class PacketDropout(Transform):
    """Lose packets in bursts, as a call over a bad network does.

    Whether a packet is lost depends on the one before: the two-state model of Gilbert, "Capacity
    of a burst-noise channel", 1960, with a drawn share of lost packets and a drawn mean length
    of bursts.

    Hazards: short events may be lost with their label. `conceal="zeros"` clicks at every edge,
    which a net learns at once; real receivers repeat and fade ("repeat").

    Args:
        min_loss: smallest share of packets lost.
        max_loss: largest share.
        min_burst: shortest mean burst, in packets.
        max_burst: longest mean burst.
        packet_s: duration of a packet.
        conceal: "zeros", or "repeat" (the latest packet, 6 dB softer each time).
        rate_hz: sample rate of the audio.
        p: probability of being applied to an item.

    >>> import torch
    >>> y = PacketDropout(0.5, 0.5, rate_hz=1000)(torch.ones(1, 1, 10_000), 0)
    >>> 0.3 < (y == 0).float().mean().item() < 0.7
    True
    """

    def __init__(
        self,
        min_loss: float = 0.02,
        max_loss: float = 0.2,
        min_burst: float = 1.0,
        max_burst: float = 4.0,
        packet_s: float = 0.02,
        conceal: str = "zeros",
        *,
        rate_hz: int,
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        check_range("loss", min_loss, max_loss, 0.0, 0.95)
        check_range("burst", min_burst, max_burst, 1.0, 1000.0)
        check_range("packet_s", packet_s, packet_s, 1.0 / rate_hz, 10.0)
        if conceal not in ("zeros", "repeat"):
            raise ArgumentError(f"conceal {conceal!r}", fix="choose zeros or repeat")
        self.min_loss, self.max_loss = min_loss, max_loss
        self.min_burst, self.max_burst = min_burst, max_burst
        self.packet_s, self.conceal = packet_s, conceal
        self.packet = round(packet_s * rate_hz)
        self.rate_hz = rate_hz

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        items = x.shape[:1]
        packets = math.ceil(x.shape[-1] / self.packet)
        loss = uniform(generator, items, self.min_loss, self.max_loss)
        burst = uniform(generator, items, self.min_burst, self.max_burst)
        chance = uniform(generator, (*items, packets))
        # Leaving the lost state, and entering it so that the share comes out.
        leave = 1 / burst
        enter = (leave * loss / (1 - loss)).clamp_max(1.0)
        state, lost = uniform(generator, items) < loss, []
        for now in chance.unbind(1):
            lost.append(state)
            state = torch.where(state, now >= leave, now < enter)
        flags = torch.stack(lost, 1) if lost else chance.bool()
        return {"lost": flags}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        lost, t = params["lost"], x.shape[-1]
        room = lost.shape[1] * self.packet - t
        packets = torch.nn.functional.pad(x, (0, room)).unflatten(2, (-1, self.packet))
        if self.conceal == "zeros":
            y = packets * (~lost)[:, None, :, None]
        else:
            number = torch.arange(lost.shape[1], device=x.device)
            latest = torch.where(lost, -1, number).cummax(1).values
            gain = torch.exp2(-(number - latest).to(x.dtype)) * (latest >= 0)
            items = torch.arange(len(x), device=x.device)[:, None]
            y = packets.transpose(1, 2)[items, latest.clamp_min(0)].transpose(1, 2)
            y = y * gain[:, None, :, None]
        return y.flatten(2)[..., :t]
