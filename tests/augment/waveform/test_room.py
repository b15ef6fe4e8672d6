"""Simulated rooms, against the geometry and the formulae that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tympan.augment.waveform._room import LEAD, SOUND_M_PER_S, simulate

RATE_HZ = 16000


def room(size: list[float], rt60_s: float, length: int = 16000, number: int = 1) -> torch.Tensor:
    one = torch.tensor([size]).expand(number, 3)
    tails = torch.arange(number) * 20_000
    places = one * torch.tensor([0.31, 0.42, 0.53]), one * torch.tensor([0.72, 0.63, 0.44])
    return simulate(one, *places, torch.full((number,), rt60_s), tails, RATE_HZ, length)


@pytest.mark.parametrize("rt60_s", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("size", [[3.0, 3.5, 2.5], [9.0, 7.0, 3.5]])
def test_falls_by_sixty_decibels_in_the_reverberation_time(
    size: list[float], rt60_s: float
) -> None:
    energy = room(size, rt60_s, number=8).double().square().mean(0)
    left = energy.flip(0).cumsum(0).flip(0) / energy.sum()  # Schroeder 1965
    left_db = 10 * torch.log10(left).numpy()
    start, end = (np.flatnonzero(left_db < level)[0] for level in (-5, -25))
    measured_s = 3 * (end - start) / RATE_HZ
    assert abs(measured_s / rt60_s - 1) < 0.2


def test_direct_sound_and_first_reflections_come_when_they_should() -> None:
    size = torch.tensor([[6.0, 5.0, 4.0]])
    source, microphone = torch.tensor([[1.0, 2.5, 2.0]]), torch.tensor([[4.0, 2.5, 2.0]])
    response = simulate(
        size, source, microphone, torch.tensor([0.6]), torch.zeros(1).long(), RATE_HZ, 2000
    )[0]
    assert response[LEAD] == pytest.approx(1.0, abs=1e-3)
    assert response[: LEAD - 8].abs().max() < 0.05
    # From the wall behind the source: 5 m instead of 3. From floor and ceiling: 5 m too.
    # From the side walls and the far wall: longer ways.
    arrival = LEAD + (5.0 - 3.0) / SOUND_M_PER_S * RATE_HZ
    around = response[round(arrival) - 3 : round(arrival) + 4]
    reflected = 10 ** (-12 * 120 / (148 * 0.6) / SOUND_M_PER_S)
    # Three images at that distance, each weakened once by a wall and by the way.
    assert around.sum().item() == pytest.approx(3 * reflected * 3 / 5, rel=0.1)


def test_images_go_over_into_noise_without_a_step() -> None:
    energy = room([5.0, 5.0, 3.0], 0.6, number=40).double().square().mean(0)
    edge = LEAD + round((4 * 3.0) / SOUND_M_PER_S * RATE_HZ) - 100
    before, after = energy[edge - 300 : edge - 50].mean(), energy[edge + 50 : edge + 300].mean()
    fall_db = 10 * torch.log10(before / after).item()
    expected_db = 60 * 350 / RATE_HZ / 0.6
    assert abs(fall_db - expected_db) < 2.5
