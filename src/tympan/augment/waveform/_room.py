"""Impulse responses of simulated rooms.

Early reflections come from image sources (Allen and Berkley, "Image method for efficiently
simulating small-room acoustics", 1979). Later ones are so dense that they are noise: Gaussian,
falling by 60 dB in the reverberation time, at the level that the images would have together
(their density 4π c³ t² / V times their energy): no parameter says where one ends.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tympan.augment.waveform.colored_noise import BANK_SAMPLES, noise_bank

SOUND_M_PER_S = 343.0
# Mirror rooms on each side; all images nearer than the first missing one are there.
MIRRORS = 2
# Samples before the direct sound, and half the width of the pulses that arrive between samples.
LEAD = 16
# Source and microphone count as this far apart at least.
NEAREST_M = 0.1


def simulate(
    room_m: Tensor,
    source_m: Tensor,
    microphone_m: Tensor,
    rt60_s: Tensor,
    tail: Tensor,
    rate_hz: int,
    length: int,
) -> Tensor:
    """Return the impulse responses (b, length) of box-shaped rooms.

    The direct sound arrives at sample `LEAD`, with amplitude 1.

    Args:
        room_m: width, depth and height (b, 3).
        source_m: place of the source in it (b, 3).
        microphone_m: place of the microphone (b, 3).
        rt60_s: time in which sound falls by 60 dB (b,).
        tail: start of the noise in the noise bank (b,).
        rate_hz: sample rate.
        length: samples.
    """
    room, rt60 = room_m.double(), rt60_s.double()
    apart = (source_m - microphone_m).double().norm(dim=1)
    direct = apart.clamp_min(NEAREST_M)[:, None]
    distance, reflections = _images(room, source_m.double(), microphone_m.double())
    # The nearest image that is missing is across MIRRORS pairs of rooms.
    known = (2 * MIRRORS * room.amin(1, keepdim=True)).clamp_min(1.01 * direct)
    amplitude = torch.exp(reflections * _log_reflected(room, rt60)[:, None])
    amplitude = amplitude * direct / distance.clamp_min(NEAREST_M)
    samples = rate_hz / SOUND_M_PER_S
    response = _pulses((distance - apart[:, None]) * samples, amplitude, distance < known, length)
    metres = torch.arange(length, device=room.device) - LEAD
    metres = metres / samples + direct  # (b, length), what sound has travelled by each sample
    density = 4 * math.pi * SOUND_M_PER_S / (room.prod(1) * rate_hz)
    fall = -3.0 * math.log(10) / (SOUND_M_PER_S * rt60[:, None])
    level = torch.exp((metres * fall).float()) * (density.sqrt()[:, None] * direct).float()
    late = torch.where(metres >= known, level * _noise(tail, rate_hz, length), 0.0)
    return (response + late).to(room_m.dtype)


def _log_reflected(room: Tensor, rt60: Tensor) -> Tensor:
    """Return the logarithm of the walls' amplitude reflection (b,), by Eyring's formula."""
    width, depth, height = room.unbind(1)
    surface = 2 * (width * depth + width * height + depth * height)
    return -12 * math.log(10) / SOUND_M_PER_S * room.prod(1) / (surface * rt60)


def _images(room: Tensor, source: Tensor, microphone: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distances (b, images) of all image sources, and their numbers of reflections."""
    numbers = torch.arange(-MIRRORS, MIRRORS + 1, device=room.device)
    places, counts = [], []
    for axis in range(3):
        size, place = room[:, axis, None], source[:, axis, None]
        both = torch.cat([2 * numbers * size + place, 2 * numbers * size - place], 1)
        places.append(both - microphone[:, axis, None])
        counts.append(torch.cat([2 * numbers.abs(), numbers.abs() + (numbers - 1).abs()]))
    x, y, z = places
    square = x[:, :, None, None] ** 2 + y[:, None, :, None] ** 2 + z[:, None, None, :] ** 2
    count = counts[0][:, None, None] + counts[1][:, None] + counts[2]
    return square.flatten(1).sqrt(), count.flatten().expand(len(room), -1)


def _pulses(delay: Tensor, amplitude: Tensor, wanted: Tensor, length: int) -> Tensor:
    """Return pulses (b, length) at `LEAD` plus a delay in samples, between samples if need be."""
    item = wanted.nonzero()[:, :1]
    delay, amplitude = delay[wanted][:, None], amplitude[wanted][:, None]
    reach = torch.arange(-LEAD + 1, LEAD + 1, device=delay.device)
    whole = delay.floor()
    away = delay - whole - reach
    values = amplitude * torch.sinc(away) * torch.cos(math.pi / 2 * away / LEAD) ** 2
    index = whole.long() + reach + LEAD
    inside = (index >= 0) & (index < length)
    response = torch.zeros(len(wanted), length, device=delay.device)
    places = (item.expand_as(index)[inside], index[inside])
    return response.index_put(places, values[inside].float(), accumulate=True)


def _noise(tail: Tensor, rate_hz: int, length: int) -> Tensor:
    """Return white noise (b, length) of unit power from the places `tail` of the noise bank."""
    bank = torch.from_numpy(noise_bank(0.0, rate_hz)).to(tail.device)
    index = (tail[:, None] + torch.arange(length, device=tail.device)) % BANK_SAMPLES
    return bank[index]
