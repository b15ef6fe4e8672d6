"""From a log-mel spectrogram to the phonemes and the characters of what is said.

Each arrow is a method of `SpeechRecogniserNet`::

    mels, every 10 ms ─► normalised ─► two convolutions of stride 2, every 40 ms
                                          │
                                          ▼
                                   ConvNeXt blocks
                                          │ two answers for each 40 ms
                                          ▼
                        phonemes and characters, every 20 ms, each with a blank

The two answers of a step let a net at 25 Hz say more phonemes a second than that. It has
convolutions alone: what it says of a moment depends on `context_s` around it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tympan.nets.blocks import check_axes
from tympan.nets.convnext import ConvNeXtBlock
from tympan.nets.sequence import ChannelNorm, mask_of
from tympan.spectra import LogMel
from tympan.tasks.transcribe.config import TranscribeConfig

# Frames of the mels for each step of the net, and answers for each step.
STRIDE, ANSWERS = 4, 2
FRAMES_OF_ANSWER = STRIDE // ANSWERS
BLANK = 0
# Below the loudest frame by so much there is nothing to hear; levels are divided by the spread.
DEPTH_DB, SPREAD_DB = 65.0, 15.0


class SpeechRecogniserNet(nn.Module):
    """Log mels to phonemes and characters.

    Args:
        config: the configuration, with its phonemes and characters.

    >>> net = SpeechRecogniserNet(TranscribeConfig(phonemes=("a", "b"), size=16, blocks=2))
    >>> phonemes, characters = net(torch.zeros(2, 64, 100), torch.tensor([100, 60]))
    >>> phonemes.shape, net.answers(torch.tensor([100, 60])).tolist()
    (torch.Size([2, 50, 3]), [50, 30])
    """

    def __init__(self, config: TranscribeConfig) -> None:
        super().__init__()
        self.config, d = config, config.size
        self.kinds = (len(config.phonemes) + 1, len(config.characters) + 1)
        self.enter = nn.Sequential(
            nn.Conv1d(config.n_mels, d, 5, 2, 2), nn.GELU(), ChannelNorm(d),
            nn.Conv1d(d, d, 5, 2, 2), nn.GELU(),
        )  # fmt: skip
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(
                d, kernel=config.kernel, expansion=config.expansion, dropout=config.dropout
            )
            for _ in range(config.blocks)
        )
        self.norm = ChannelNorm(d)
        self.out = nn.Conv1d(d, ANSWERS * sum(self.kinds), 1)

    @property
    def context(self) -> int:
        """Frames of the mels on each side that an answer depends on."""
        reach = sum(block.context for block in self.blocks if isinstance(block, ConvNeXtBlock))
        return STRIDE * reach + 6

    def answers(self, frames: Tensor) -> Tensor:
        """How many answers there are for so many frames."""
        return (frames + STRIDE - 1) // STRIDE * ANSWERS

    def forward(self, mels: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Log mels in dB and their frames → logits `(b, m, k)` of phonemes and of characters.

        Args:
            mels: `(b, n_mels, n)`.
            lengths: `(b,)`.

        Returns:
            Both with the blank at 0; of each recording only `answers(lengths)` mean something.
        """
        check_axes(mels, "b f n", type(self).__name__, f=self.config.n_mels)
        steps = (lengths + STRIDE - 1) // STRIDE  # exporters divide negative numbers otherwise
        x = normalised(mels, lengths)
        x = nn.functional.pad(x, (0, (STRIDE - x.shape[2] % STRIDE) % STRIDE))
        # What a bias makes of nothing behind the end must not come back to the last answers.
        x = self.enter[:3](x)
        x = self.enter[3:](x * mask_of((lengths + 1) // 2, x.shape[2]).to(x.dtype))
        mask = mask_of(steps, x.shape[2]).to(x.dtype)
        x = x * mask
        for block in self.blocks:
            x = block(x, mask)
        found = self.out(self.norm(x)).float()
        b, _, n = found.shape
        found = found.view(b, ANSWERS, -1, n).permute(0, 3, 1, 2).reshape(b, n * ANSWERS, -1)
        phonemes, characters = found.split(self.kinds, 2)
        return phonemes, characters


def normalised(mels: Tensor, lengths: Tensor) -> Tensor:
    """Levels in dB `(b, n_mels, n)` about the mean of each band, 0 behind the end.

    What lies `DEPTH_DB` below the loudest is taken as silence, so that the silence of a file and
    that of a room are alike; the mean of a band takes away the colour of the microphone.

    >>> found = normalised(torch.tensor([[[-20.0, -40.0, 0.0]]]), torch.tensor([2]))
    >>> found.tolist()
    [[[0.6666666865348816, -0.6666666865348816, 0.0]]]
    """
    mask = mask_of(lengths, mels.shape[2]).to(mels.dtype)
    loudest = (mels + (mask - 1) * 1000).amax((1, 2), keepdim=True)
    x = torch.maximum(mels, loudest - DEPTH_DB) * mask
    mean = x.sum(2, keepdim=True) / lengths.clamp_min(1)[:, None, None].to(mels.dtype)
    return (x - mean) * mask / SPREAD_DB


def front_of(config: TranscribeConfig) -> LogMel:
    """What makes the log mels of waves `(b, t)`.

    >>> front_of(TranscribeConfig())(torch.zeros(1, 1600)).shape
    torch.Size([1, 64, 11])
    """
    return LogMel(
        config.rate_hz, config.n_fft, config.hop, config.n_mels, config.f_min_hz,
        min(config.f_max_hz, config.rate_hz / 2), win=config.win,
    )  # fmt: skip


_kept_front = cache(front_of)


def log_mels(wave: npt.NDArray[np.float32], config: TranscribeConfig) -> Tensor:
    """Log mels in dB `(…, n_mels, n)` of waves `(…, t)`; frame `i` is centred on `i · hop`.

    >>> log_mels(np.zeros(1600, np.float32), TranscribeConfig()).shape
    torch.Size([64, 11])
    """
    fields = ("rate_hz", "n_fft", "hop", "n_mels", "f_min_hz", "f_max_hz", "win")
    shape = TranscribeConfig(**{name: getattr(config, name) for name in fields})
    with torch.no_grad():
        found: Tensor = _kept_front(shape)(torch.from_numpy(np.array(wave, np.float32)))
    return found
