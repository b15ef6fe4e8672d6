"""From a wave to the vector of its voice."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from tympan.nets import AttentionPooling, build_encoder
from tympan.nets.blocks import channels_last, check_axes
from tympan.spectra import LogMel, MelSpectrogram
from tympan.tasks.identify.config import RECURRENT, IdentifyConfig

# Quieter than this is silence, which is not raised to full level: -80 dB of full scale.
SILENCE_RMS = 1e-4
# Decibels that count as one unit; speech at a common level spreads by about as much.
SPREAD_DB = 15.0
# Root mean square of the waves that the recurrent front gets: -30 dB of full scale.
RECURRENT_RMS = 10 ** (-30 / 20)


class MelFront(nn.Module):
    """Waves to log-mel spectrograms without what the microphone adds. Nothing in it is trained.

    The mean of each band over time is taken off: what stays the same over a recording is its
    microphone and line more than its voice.

    Args:
        config: the model's configuration.

    >>> MelFront(IdentifyConfig())(torch.zeros(2, 16000)).shape
    torch.Size([2, 1, 64, 101])
    """

    def __init__(self, config: IdentifyConfig) -> None:
        super().__init__()
        self.logmel = LogMel(
            config.rate_hz, config.n_fft, config.hop, config.n_mels, config.f_min_hz,
            floor_db=-70.0,
        )  # fmt: skip

    def forward(self, waves: Tensor) -> Tensor:
        """`(b, t)` → `(b, 1, f, n)`, about 0 ± 1."""
        check_axes(waves, "b t", "MelFront")
        level = waves.square().mean(-1, keepdim=True).sqrt().clamp_min(SILENCE_RMS)
        found: Tensor = self.logmel(waves / level)
        return ((found - found.mean(2, keepdim=True)) / SPREAD_DB)[:, None]


class PowerFront(nn.Module):
    """Waves at one level to mel spectrograms of power, what the recurrent encoder gets.

    Args:
        config: the model's configuration.

    >>> PowerFront(IdentifyConfig(n_fft=400, n_mels=40))(torch.zeros(2, 16000)).shape
    torch.Size([2, 1, 40, 101])
    """

    def __init__(self, config: IdentifyConfig) -> None:
        super().__init__()
        self.mel = MelSpectrogram(
            config.rate_hz, config.n_fft, config.hop, config.n_mels, config.f_min_hz
        )

    def forward(self, waves: Tensor) -> Tensor:
        """`(b, t)` → `(b, 1, f, n)`."""
        check_axes(waves, "b t", "PowerFront")
        level = waves.square().mean(-1, keepdim=True).sqrt().clamp_min(SILENCE_RMS)
        found: Tensor = self.mel(waves * (RECURRENT_RMS / level))
        return found[:, None]


class CNNFrames(nn.Module):
    """Spectrograms to a vector for each frame; where in frequency something lies is kept.

    Args:
        config: the model's configuration.
    """

    def __init__(self, config: IdentifyConfig) -> None:
        super().__init__()
        self.encoder = build_encoder(config.encoder)
        bands = -(-config.n_mels // self.encoder.config.reduction)
        self.project = nn.Sequential(
            nn.Conv1d(self.encoder.features * bands, config.features, 1, bias=False),
            nn.BatchNorm1d(config.features),
            nn.ReLU(),
        )

    def forward(self, spectrograms: Tensor) -> Tensor:
        """`(b, 1, f, n)` → `(b, d, n / reduction)`."""
        x = channels_last(spectrograms)
        frames: Tensor = self.project(self.encoder(x).flatten(1, 2))
        return frames


class RecurrentFrames(nn.Module):
    """Spectrograms to a vector for each frame, by three layers of LSTM.

    Wan et al., *Generalized End-to-End Loss for Speaker Verification*, ICASSP 2018.

    Args:
        config: the model's configuration.
    """

    def __init__(self, config: IdentifyConfig) -> None:
        super().__init__()
        self.lstm = nn.LSTM(config.n_mels, config.features, 3, batch_first=True)

    def forward(self, spectrograms: Tensor) -> Tensor:
        """`(b, 1, f, n)` → `(b, d, n)`."""
        frames: Tensor = self.lstm(spectrograms[:, 0].transpose(1, 2))[0].transpose(1, 2)
        return frames


class VoiceNet(nn.Module):
    """Spectrograms to vectors of length 1: near to one another where the voice is the same.

    Encoder, attentive statistics pooling (Okabe et al., 2018), one matrix. The front is apart
    (`net.front(waves)`), because training augments what lies between.

    Args:
        config: its configuration.

    >>> net = VoiceNet(IdentifyConfig(encoder="small", size=32)).eval()
    >>> net.vectors(torch.zeros(2, 16000)).shape
    torch.Size([2, 32])
    """

    def __init__(self, config: IdentifyConfig) -> None:
        super().__init__()
        self.config = config
        recurrent = config.encoder == RECURRENT
        self.front: nn.Module = PowerFront(config) if recurrent else MelFront(config)
        self.frames: nn.Module = RecurrentFrames(config) if recurrent else CNNFrames(config)
        # What a recurrent net gives at a frame stands for all frames before it: its spread over
        # time is no property of the voice.
        self.pool = AttentionPooling(config.features, statistics=not recurrent)
        self.dropout = nn.Dropout(config.dropout)
        self.vector = nn.Linear((1 if recurrent else 2) * config.features, config.size)
        self.activation: nn.Module = nn.ReLU() if recurrent else nn.Identity()
        self.mean: Tensor
        self.register_buffer("mean", torch.zeros(config.size))

    def forward(self, spectrograms: Tensor) -> Tensor:
        """Spectrograms `(b, 1, f, n)` → `(b, d)`, of length 1."""
        frames = self.frames(spectrograms)
        # Variances need more digits than bfloat16 has.
        with torch.autocast(spectrograms.device.type, enabled=False):
            pooled = self.pool(frames.float())
            found = self.activation(self.vector(self.dropout(pooled)))
            return normalize(normalize(found, dim=1) - self.mean, dim=1)

    @torch.inference_mode()
    def vectors(self, waves: Tensor) -> Tensor:
        """`(b, t)` → `(b, d)`, of length 1."""
        found: Tensor = self(self.front(waves))
        return found


class SpeakerNet(nn.Module):
    """A voice net and, for the training, one direction for each speaker.

    Args:
        voice: the voice net.
        k: number of speakers.
    """

    def __init__(self, voice: VoiceNet, k: int) -> None:
        super().__init__()
        self.voice = voice
        self.speakers = nn.Parameter(torch.randn(k, voice.config.size) * 0.1)

    def forward(self, spectrograms: Tensor) -> tuple[Tensor, Tensor]:
        """`(b, 1, f, n)` → vectors `(b, d)` and their cosines with the speakers `(b, k)`."""
        vectors = self.voice(spectrograms)
        with torch.autocast(spectrograms.device.type, enabled=False):
            return vectors, vectors.float() @ normalize(self.speakers, dim=1).T
