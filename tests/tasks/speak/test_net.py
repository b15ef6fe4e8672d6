"""From symbols to mels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_speak import steady_config, steady_net
from tympan.nets.sequence import mask_of
from tympan.tasks.speak.net import SpeechNet, steps_of

DURATIONS = st.lists(st.lists(st.integers(0, 5), min_size=3, max_size=6), min_size=1, max_size=4)


@given(DURATIONS.filter(lambda rows: any(map(any, rows))))
def test_steps_are_the_symbols_repeated(rows: list[list[int]]) -> None:
    width = max(map(len, rows))
    durations = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    found = steps_of(durations).numpy()
    for row, steps in zip(rows, found, strict=True):
        right = np.repeat(np.arange(len(row)), row)
        assert steps[: len(right)].tolist() == right.tolist()
        assert (steps[len(right) :] == -1).all()


@pytest.fixture(scope="module")
def net() -> SpeechNet:
    return steady_net(steady_config(), 2)


def batch(*lengths: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    symbols = torch.randint(10, 40, (len(lengths), max(lengths)), generator=generator)
    for row, length in enumerate(lengths):
        symbols[row, length:] = 0
    return symbols, torch.tensor(lengths)


@settings(max_examples=8)
@given(st.integers(1, 9), st.integers(1, 9))
def test_a_sentence_is_the_same_alone_and_in_a_batch(net: SpeechNet, one: int, other: int) -> None:
    symbols, lengths = batch(one, other)
    stress, speakers = torch.zeros_like(symbols), torch.tensor([0, 1])
    durations = (mask_of(lengths, symbols.shape[1])[:, 0] * 3).long()
    with torch.inference_mode():
        both = mels_of(net, symbols, stress, speakers, lengths, durations)
        for row, length in enumerate(lengths.tolist()):
            alone = mels_of(
                net,
                symbols[row : row + 1, :length],
                stress[row : row + 1, :length],
                speakers[row : row + 1],
                lengths[row : row + 1],
                durations[row : row + 1, :length],
            )
            frames = alone.shape[2]
            assert frames == 3 * length * net.config.step
            assert torch.allclose(both[row, :, :frames], alone[0], atol=1e-4)


def mels_of(
    net: SpeechNet,
    symbols: torch.Tensor,
    stress: torch.Tensor,
    speakers: torch.Tensor,
    lengths: torch.Tensor,
    durations: torch.Tensor,
) -> torch.Tensor:
    h = net.text(symbols, stress, speakers, lengths)
    expanded = net.expanded(h, durations)
    mask = mask_of(durations.sum(1), expanded.shape[2])
    return net.mels(expanded, net.prosody(expanded, mask), mask)


def test_stress_and_speaker_change_what_is_spoken(net: SpeechNet) -> None:
    symbols, lengths = batch(6)
    none, who = torch.zeros_like(symbols), torch.tensor([0])
    with torch.inference_mode():
        plain = net.text(symbols, none, who, lengths)
        assert not torch.allclose(plain, net.text(symbols, none + 2, who, lengths))
        assert not torch.allclose(plain, net.text(symbols, none, who + 1, lengths))


def test_the_place_within_a_symbol_is_seen(net: SpeechNet) -> None:
    symbols, lengths = batch(3)
    with torch.inference_mode():
        h = net.text(symbols, torch.zeros_like(symbols), torch.tensor([0]), lengths)
        expanded = net.expanded(h, torch.tensor([[4, 1, 2]]))
    assert expanded.shape[2] == 7
    assert not torch.allclose(expanded[..., 0], expanded[..., 3])


def test_frames_of_a_step_follow_one_another(net: SpeechNet) -> None:
    """The features of a step become its frames in order: set apart, they come out apart."""
    config = net.config
    other = steady_net(config, 2)
    with torch.no_grad():
        other.mel_out.weight.zero_()
        rows = torch.arange(config.step).repeat_interleave(config.n_mels).float()
        other.mel_out.bias.copy_(rows + 6)
    symbols, lengths = batch(4)
    durations = torch.full((1, 4), 2)
    with torch.inference_mode():
        mels = mels_of(
            other, symbols, torch.zeros_like(symbols), torch.tensor([0]), lengths, durations
        )
    assert mels[0, 0].tolist() == [0.0, 1.0] * 8
    assert (mels[0] == mels[0, :1]).all()


def test_the_alignment_is_a_distribution_over_the_symbols_of_each_row(net: SpeechNet) -> None:
    symbols, lengths = batch(5, 3)
    mels = torch.randn(2, net.config.n_mels, 24)
    found = net.alignment(symbols, lengths, mels, torch.tensor([12, 9]))
    assert found.shape == (2, 12, 5)
    assert torch.allclose(found.exp().sum(2), torch.ones(2, 12), atol=1e-4)
    assert (found[1, :, 3:] < -1000).all()
