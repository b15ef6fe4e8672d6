"""The autoencoder that DCASE 2020 gave out as a baseline of its task 2, written anew.

Koizumi et al., *Description and Discussion on DCASE2020 Challenge Task 2*, 2020: log-mel energies
(frames of 1024, hop 512, 128 bands), five frames joined to 640 numbers, through dense layers of
128, 128, 128, 128, 8, 128, 128, 128, 128 with batch normalisation and ReLU back to 640; Adam, a
learning rate of 1e-3, 100 epochs in batches of 512; the score of a recording is its mean squared
error. The challenge had hours of each machine; of a few seconds 100 epochs are too few steps to
learn anything, so there are more epochs where one has fewer steps than `STEPS_PER_EPOCH`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
N_FFT, HOP, BANDS, FRAMES = 1024, 512, 128, 5
EPOCHS, BATCH, LR, STEPS_PER_EPOCH = 100, 512, 1e-3, 12


def vectors(wave: Array, rate_hz: int) -> Array:
    """Joined frames `(n, 640)` of a recording `(t,)`, in dB."""
    import torch

    from tympan.spectra import LogMel

    front = LogMel(rate_hz, N_FFT, HOP, BANDS, 0.0, floor_db=-120.0)
    levels = front(torch.from_numpy(np.array(wave, np.float32))[None])[0].numpy()
    count = levels.shape[1] - FRAMES + 1
    return np.concatenate([levels[:, i : i + count] for i in range(FRAMES)]).T


def network() -> Any:
    """The dense autoencoder, untrained."""
    from torch import nn

    layers: list[nn.Module] = []
    widths = (BANDS * FRAMES, 128, 128, 128, 128, 8, 128, 128, 128, 128)
    for given, wanted in itertools.pairwise(widths):
        layers += [nn.Linear(given, wanted), nn.BatchNorm1d(wanted), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], widths[0]))


def train(rows: Array, seed: int, epochs: int = EPOCHS) -> Any:
    """Train it on vectors `(m, 640)` of normal recordings."""
    import torch

    torch.manual_seed(seed)
    net, data = network(), torch.from_numpy(rows)
    optimiser = torch.optim.Adam(net.parameters(), lr=LR)
    order = torch.Generator().manual_seed(seed)
    steps = max(1, len(data) // BATCH)
    for _ in range(max(epochs, -(-(STEPS_PER_EPOCH * epochs) // steps))):
        for at in torch.randperm(len(data), generator=order).split(BATCH):
            if len(at) < 2:  # batch normalisation needs two
                continue
            optimiser.zero_grad()
            (net(data[at]) - data[at]).square().mean().backward()
            optimiser.step()
    return net.eval()


def scores(net: Any, recordings: Sequence[Array]) -> Array:
    """The mean squared error `(m,)` of each recording's vectors."""
    import torch

    with torch.inference_mode():
        tensors = [torch.from_numpy(np.ascontiguousarray(one)) for one in recordings]
        return np.array([float((net(one) - one).square().mean()) for one in tensors])
