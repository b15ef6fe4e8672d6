"""From the phonemes of a sentence to mels, in one pass and not word by word.

Each arrow is a method of `SpeechNet`::

    symbols, stress, speaker ─► text blocks ─► durations
                                    │ each symbol repeated for its duration
                                    ▼
                                prosody blocks ─► pitch, voicing, energy of each step
                                    │ added
                                    ▼
                                mel blocks ─► `step` frames of mels

The lineage of Ren et al., *FastSpeech 2*, ICLR 2021, with convolutional blocks; pitch and energy
are those of frames, not of phonemes, and a step of the net is several frames of the sound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tympan.nets.alignment import Aligner
from tympan.nets.attention import AttentionBlock
from tympan.nets.convnext import ConvNeXtBlock
from tympan.nets.sequence import ChannelNorm, mask_of
from tympan.tasks.speak.config import SpeakConfig

STRESS_KINDS = 3
# The pitch is a logarithm around this, in octaves.
PITCH_HZ = 150.0
PLACES = 4


@dataclass(frozen=True)
class Prosody:
    """How something is said, for each step of the net.

    Attributes:
        pitch: octaves above `PITCH_HZ` of each frame, `(b, step, n)`; interpolated where there is
            no voice.
        voicing: logit (or 0 and 1) that there is a voice, `(b, step, n)`.
        energy: mean of the log mels, `(b, step, n)`.
    """

    pitch: Tensor
    voicing: Tensor
    energy: Tensor

    def stacked(self) -> Tensor:
        """All as features `(b, 3 · step, n)`, in ranges of about one."""
        return torch.cat([self.pitch, self.voicing, (self.energy + 6) / 3], 1)


class SpeechNet(nn.Module):
    """Phonemes to mels, and what aligns them with recordings in training.

    Args:
        config: the configuration, with its symbols.
        speakers: how many.

    >>> net = SpeechNet(SpeakConfig(symbols=("^", " ", "a"), size=16), 2)
    >>> h = net.text(torch.tensor([[0, 2, 0]]), torch.zeros(1, 3, dtype=torch.long),
    ...              torch.tensor([1]), torch.tensor([3]))
    >>> h.shape
    torch.Size([1, 16, 3])
    """

    def __init__(self, config: SpeakConfig, speakers: int) -> None:
        super().__init__()
        d, drop, step = config.size, config.dropout, config.step
        self.config = config
        self.symbols = nn.Embedding(max(1, len(config.symbols)), d)
        self.stress = nn.Embedding(STRESS_KINDS, d)
        self.speakers = nn.Embedding(max(1, speakers), d)
        half = max(1, config.text_blocks // 2)
        self.text_blocks = nn.ModuleList(
            [ConvNeXtBlock(d, kernel=5, expansion=3, dropout=drop) for _ in range(half)]
            + [AttentionBlock(d, heads=4, dropout=drop)]
            + [
                ConvNeXtBlock(d, kernel=5, expansion=3, dropout=drop)
                for _ in range(config.text_blocks - half)
            ]
        )
        self.duration = nn.Sequential(
            nn.Conv1d(d, d, 3, padding=1), nn.GELU(), ChannelNorm(d), nn.Dropout(drop),
            nn.Conv1d(d, d, 3, padding=1), nn.GELU(), ChannelNorm(d), nn.Conv1d(d, 1, 1),
        )  # fmt: skip
        self.place = nn.Conv1d(2 * PLACES + 1, d, 1)
        self.prosody_blocks = nn.ModuleList(
            ConvNeXtBlock(d, kernel=9, expansion=2, dropout=drop, dilation=1 + i % 3)
            for i in range(config.prosody_blocks)
        )
        self.prosody_out = nn.Conv1d(d, 3 * step, 1)
        self.prosody_in = nn.Conv1d(3 * step, d, 3, padding=1)
        self.mel_blocks = nn.ModuleList(
            ConvNeXtBlock(d, kernel=9, expansion=2) for _ in range(config.mel_blocks)
        )
        self.mel_norm = ChannelNorm(d)
        self.mel_out = nn.Conv1d(d, config.n_mels * step, 1)
        # It has symbols of its own: what tells sounds apart is not what a voice needs to know.
        self.align_symbols = nn.Embedding(max(1, len(config.symbols)), ALIGN_SIZE)
        self.aligner = Aligner(ALIGN_SIZE, config.n_mels * step)

    def text(self, symbols: Tensor, stress: Tensor, speaker: Tensor, lengths: Tensor) -> Tensor:
        """Symbols and stress `(b, m)`, speaker `(b,)`, lengths `(b,)` → features `(b, d, m)`."""
        mask = mask_of(lengths, symbols.shape[1])
        x = (self.symbols(symbols) + self.stress(stress)).transpose(1, 2)
        x = (x + self.speakers(speaker)[:, :, None]) * mask
        for block in self.text_blocks:
            if isinstance(block, ConvNeXtBlock):
                x = block(x, mask)
            else:
                x = block(x, mask[:, 0] == 0) * mask
        y: Tensor = x
        return y

    def log_durations(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """Features `(b, d, m)` → log of (1 + steps) of each symbol, `(b, m)`.

        Args:
            features: of the symbols.
            mask: `(b, 1, m)`, 0 behind the end of a sentence; None: there is no such place.
        """
        x = features
        for layer in self.duration:
            # What a bias makes of nothing behind the end must not come back to the last symbols.
            x = layer(x if mask is None else x * mask)
        found: Tensor = x
        return found[:, 0]

    def expanded(self, features: Tensor, durations: Tensor) -> Tensor:
        """Each symbol repeated for its steps, with its place in it: `(b, d, m)` → `(b, d, n)`.

        Args:
            features: of the symbols.
            durations: steps of each, `(b, m)`, 0 behind the end.
        """
        numbers = steps_of(durations)
        found = features.gather(2, numbers.clamp_min(0)[:, None].expand(-1, features.shape[1], -1))
        ends = durations.cumsum(1)
        last = ends.gather(1, numbers.clamp_min(0))
        length = durations.gather(1, numbers.clamp_min(0)).clamp_min(1)
        now = torch.arange(numbers.shape[1], device=durations.device)[None]
        share = (now - (last - length) + 0.5) / length
        waves = [
            f((i + 1) * math.pi * share) for i in range(PLACES) for f in (torch.sin, torch.cos)
        ]
        place = torch.stack([*waves, length.float().log()], 1)
        y: Tensor = (found + self.place(place)) * (numbers >= 0)[:, None]
        return y

    def prosody(self, expanded: Tensor, mask: Tensor) -> Prosody:
        """Features `(b, d, n)` and mask `(b, 1, n)` → pitch, voicing (a logit) and energy."""
        x = expanded
        for block in self.prosody_blocks:
            x = block(x, mask)
        pitch, voicing, energy = self.prosody_out(x).float().chunk(3, 1)
        return Prosody(pitch, voicing, 3 * energy - 6)

    def mels(self, expanded: Tensor, prosody: Prosody, mask: Tensor) -> Tensor:
        """Features `(b, d, n)`, how it is said, and mask → log mels `(b, n_mels, step · n)`."""
        x = expanded + self.prosody_in(prosody.stacked() * mask)
        for block in self.mel_blocks:
            x = block(x, mask)
        found = self.mel_out(self.mel_norm(x)).float() - 6
        b, _, n = found.shape
        frames: Tensor = found.view(b, self.config.step, -1, n).permute(0, 2, 3, 1)
        return frames.reshape(b, -1, n * self.config.step)

    def alignment(self, symbols: Tensor, lengths: Tensor, mels: Tensor, steps: Tensor) -> Tensor:
        """Log probability of each symbol for each step, `(b, n, m)`.

        Args:
            symbols: `(b, m)`.
            lengths: of the symbols, `(b,)`.
            mels: log mels `(b, n_mels, step · n)`.
            steps: of the mels, `(b,)`.
        """
        b, f, n = mels.shape
        step = self.config.step
        frames = mels.view(b, f, n // step, step).transpose(2, 3).reshape(b, f * step, n // step)
        found: Tensor = self.aligner(
            self.align_symbols(symbols).transpose(1, 2), frames, lengths, steps
        )
        return found


ALIGN_SIZE = 96


def steps_of(durations: Tensor) -> Tensor:
    """The number of the symbol of each step, −1 behind the end.

    >>> steps_of(torch.tensor([[2, 1], [1, 0]])).tolist()
    [[0, 0, 1], [0, -1, -1]]
    """
    ends = durations.cumsum(1)
    now = torch.arange(int(ends[:, -1].max()), device=durations.device)
    numbers = torch.searchsorted(ends, now.expand(len(ends), -1).contiguous(), right=True)
    return torch.where(now < ends[:, -1:], numbers, -1)
