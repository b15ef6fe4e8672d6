"""Alignment of symbols and frames, beside plain references."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.nets.alignment import Aligner, forward_sum_loss, monotonic_durations


def paths(symbols: int, frames: int) -> list[tuple[int, ...]]:
    """All durations of at least 1 that sum to the frames."""
    cuts = itertools.combinations(range(1, frames), symbols - 1)
    return [tuple(np.diff((0, *cut, frames))) for cut in cuts]


def value(found: np.ndarray, durations: tuple[int, ...]) -> float:
    """The log probability of a path."""
    numbers = np.repeat(np.arange(len(durations)), durations)
    return float(found[np.arange(len(numbers)), numbers].sum())


@given(st.integers(1, 4), st.integers(0, 4), st.integers(0, 1000))
def test_the_best_path_is_the_best_of_all(symbols: int, more: int, seed: int) -> None:
    frames = symbols + more
    rng = np.random.default_rng(seed)
    found = np.log(rng.dirichlet(np.ones(symbols), frames))
    padded = np.full((2, frames + 2, symbols + 1), -30.0)
    padded[0, :frames, :symbols] = found
    padded[1] = np.log(rng.dirichlet(np.ones(symbols + 1), frames + 2))
    sizes = np.array([symbols, symbols + 1]), np.array([frames, frames + 2])
    best = monotonic_durations(padded, *sizes)
    assert best.sum(1).tolist() == [frames, frames + 2]
    assert (best[0, :symbols] >= 1).all()
    highest = max(value(found, one) for one in paths(symbols, frames))
    assert np.isclose(value(found, tuple(best[0, :symbols])), highest)


def test_the_loss_sums_over_all_paths() -> None:
    rng = np.random.default_rng(0)
    found = np.log(rng.dirichlet(np.ones(3), 6))
    together = np.logaddexp.reduce([value(found, one) for one in paths(3, 6)])
    loss = forward_sum_loss(
        torch.from_numpy(found)[None].float(), torch.tensor([3]), torch.tensor([6])
    )
    assert np.isclose(float(loss), -together / 6, atol=1e-4)


def test_an_aligner_finds_what_belongs_together() -> None:
    """Frames that are noisy copies of their symbols: durations are found without being given."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    table = torch.randn(6, 12, generator=generator)
    aligner = Aligner(12, 12)
    optimizer = torch.optim.Adam(aligner.parameters(), 3e-3)
    rng = np.random.default_rng(0)

    def batch() -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
        texts = np.stack([rng.permutation(6) for _ in range(8)])
        durations = 2 + rng.multinomial(18, np.ones(6) / 6, 8)
        numbers = np.stack([np.repeat(t, d) for t, d in zip(texts, durations, strict=True)])
        frames = table[torch.from_numpy(numbers)].transpose(1, 2)
        noise = 0.3 * torch.randn(frames.shape, generator=generator)
        return table[torch.from_numpy(texts)].transpose(1, 2), frames + noise, durations

    sizes = torch.full((8,), 6), torch.full((8,), 30)
    for _ in range(60):
        symbols, frames, _ = batch()
        loss = forward_sum_loss(aligner(symbols, frames, *sizes), *sizes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    symbols, frames, durations = batch()
    with torch.no_grad():
        found = aligner(symbols, frames, *sizes)
    best = monotonic_durations(found.numpy(), *(one.numpy() for one in sizes))
    assert np.abs(np.cumsum(best, 1) - np.cumsum(durations, 1)).mean() < 0.2
