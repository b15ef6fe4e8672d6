"""What is measured of a window of a machine's sound: its spectrum, its embedding, what is rebuilt.

Nothing of the encoder is trained here; of the autoencoder everything is.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tympan.nets import CNNEncoder, build_encoder
from tympan.spectra import LogMel
from tympan.spectra.mel import hz_to_mel, mel_to_hz
from tympan.tasks.classify.net import MEAN_DB, SPREAD_DB, normalize_level
from tympan.tasks.monitor.config import MonitorConfig

FLOOR_DB = -100.0
# Halvings of frequency and time by the autoencoder of blocks.
HALVINGS = 3
# That of frames: how many are joined, mel bands at most, width of its layers and of the narrowest.
CONTEXT, BANDS, WIDTH, NARROWEST = 5, 128, 128, 8
# Frames for lines of the spectrum are so many times longer; of the lines so many are told apart.
LONGER, LINES = 4, 512
# A band that never changes still has this spread, or the smallest change would count for too much.
LEAST_SPREAD_DB = 1.0


class Autoencoder(nn.Module):
    """Log-mel blocks through a bottleneck and back; what it has not learned comes back wrong.

    Frequency is squeezed to nothing and time to every eighth frame, so blocks of any length pass.

    Args:
        bands: mel bands, `f`.
        bottleneck: numbers that each eighth frame is reduced to.

    >>> Autoencoder(64, 16)(torch.zeros(2, 64, 63)).shape
    torch.Size([2, 64, 63])
    """

    def __init__(self, bands: int, bottleneck: int) -> None:
        super().__init__()
        self.step = 2**HALVINGS
        self.padded = -(-bands // self.step) * self.step
        widths = (1, 16, 32, 64)
        down: list[nn.Module] = []
        up: list[nn.Module] = []
        for given, wanted in itertools.pairwise(widths):
            down += [nn.Conv2d(given, wanted, 5, 2, 2), nn.BatchNorm2d(wanted), nn.ReLU()]
        for given, wanted in zip(widths[::-1], widths[-2:0:-1], strict=False):
            up += [nn.ConvTranspose2d(given, wanted, 4, 2, 1), nn.BatchNorm2d(wanted), nn.ReLU()]
        rows = self.padded // self.step
        self.down = nn.Sequential(*down, nn.Conv2d(widths[-1], bottleneck, (rows, 1)))
        self.up = nn.Sequential(
            nn.ConvTranspose2d(bottleneck, widths[-1], (rows, 1)), nn.ReLU(),
            *up, nn.ConvTranspose2d(widths[1], 1, 4, 2, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """`(b, f, n)`, about 0 ± 1 → the same, rebuilt."""
        _, f, n = x.shape
        frames = -(-n // self.step) * self.step
        wide = nn.functional.pad(x[:, None], (0, frames - n, 0, self.padded - f), "replicate")
        rebuilt: Tensor = self.up(self.down(wide))[:, 0, :f, :n]
        return rebuilt


class FrameAutoencoder(nn.Module):
    """A few frames through a bottleneck and back; what it has not learned comes back wrong.

    The dense autoencoder of Koizumi et al., *Description and Discussion on DCASE2020 Challenge
    Task 2*, 2020: five frames of a log-mel spectrogram, joined.

    Args:
        bands: mel bands, `f`.
        bottleneck: numbers that joined frames are reduced to.

    >>> FrameAutoencoder(64, 8)(torch.zeros(2, 64, 63)).shape
    torch.Size([2, 59, 320])
    """

    def __init__(self, bands: int, bottleneck: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = (bands * CONTEXT, *[WIDTH] * 4, bottleneck, *[WIDTH] * 4)
        for given, wanted in itertools.pairwise(widths):
            layers += [nn.Linear(given, wanted), nn.BatchNorm1d(wanted), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], widths[0]))

    def forward(self, x: Tensor) -> Tensor:
        """`(b, f, n)`, about 0 ± 1 → squared error of each joined frame `(b, n - 4, 5 f)`."""
        joined = x.unfold(2, CONTEXT, 1).permute(0, 2, 3, 1).flatten(2)
        rows = joined.flatten(0, 1)
        error: Tensor = (self.layers(rows) - rows).square()
        return error.reshape(joined.shape)


class MonitorNet(nn.Module):
    """Waves to spectra, embeddings and reconstruction errors.

    Args:
        config: the configuration.

    Attributes:
        mean_db: mean level of each band over normal recordings, `(f,)`.
        spread_db: its standard deviation from frame to frame, `(f,)`.
        finer_mean_db: mean level of each of the bands of the autoencoder of frames.
        finer_spread_db: standard deviation of the levels from that, over bands and frames, `(1,)`.
        trained: whether the autoencoder was trained.

    >>> net = MonitorNet(MonitorConfig(encoder="")).eval()
    >>> found = net.measure(torch.zeros(2, 32000))
    >>> {name: rows.shape[1] for name, rows in found.items()}
    {'spectrum': 192, 'lines': 512, 'error': 1, 'frames': 1, 'levels': 64}
    """

    def __init__(self, config: MonitorConfig) -> None:
        super().__init__()
        self.config = config
        self.logmel = LogMel(
            config.rate_hz, config.n_fft, config.hop, config.n_mels, config.f_min_hz,
            floor_db=FLOOR_DB,
        )  # fmt: skip
        self.encoder: CNNEncoder | None = None
        if config.encoder:
            self.encoder = build_encoder(config.encoder).requires_grad_(False)
        self.autoencoder = Autoencoder(config.n_mels, config.bottleneck)
        # Narrower bands than those of the encoder, as far as the frames tell them apart.
        bands = max(config.n_mels, min(BANDS, config.n_fft // 6))
        self.finer = LogMel(
            config.rate_hz, config.n_fft, config.hop, bands, 0.0, floor_db=FLOOR_DB
        )  # fmt: skip
        self.frames = FrameAutoencoder(bands, NARROWEST)
        self.register_buffer("mean_db", torch.full((config.n_mels,), -50.0))
        self.register_buffer("spread_db", torch.full((config.n_mels,), 10.0))
        self.register_buffer("finer_mean_db", torch.full((bands,), -50.0))
        self.register_buffer("finer_spread_db", torch.full((1,), 10.0))
        self.register_buffer("trained", torch.zeros(1))
        self.mean_db: Tensor
        self.spread_db: Tensor
        self.finer_mean_db: Tensor
        self.finer_spread_db: Tensor
        self.trained: Tensor

    @property
    def bands_hz(self) -> np.ndarray[Any, Any]:
        """The middle of each mel band in Hz `(f,)`."""
        config = self.config
        low, high = (float(hz_to_mel(hz)) for hz in (config.f_min_hz, config.rate_hz / 2))
        found: np.ndarray[Any, Any] = np.asarray(
            mel_to_hz(np.linspace(low, high, config.n_mels + 2))
        )
        return found[1:-1]

    def train(self, mode: bool = True) -> MonitorNet:
        """Training mode or not; the encoder is never in it."""
        super().train(mode)
        if self.encoder is not None:
            self.encoder.eval()
        return self

    def scaled(self, levels: Tensor) -> Tensor:
        """Levels in dB `(b, f, n)` as deviations from normal, about 0 ± 1."""
        scaled: Tensor = (levels - self.mean_db[:, None]) / self.spread_db[:, None]
        return scaled.clamp(-20, 20)

    def forward(self, waves: Tensor) -> Tensor:
        """`(b, t)` → mean squared errors of blocks and of frames, `(b, 2)`."""
        x = self.scaled(self.levels(waves))
        finer = (self.finer(waves) - self.finer_mean_db[:, None]) / self.finer_spread_db
        # The lowest and the highest band count as much as the others; no single frame decides.
        errors = (self.autoencoder(x) - x).square().mean((1, 2)), self.frames(finer).mean((1, 2))
        return torch.stack(errors, 1)

    def levels(self, waves: Tensor) -> Tensor:
        """`(b, t)` → levels in dB `(b, f, n)`."""
        found: Tensor = self.logmel(waves)
        return found

    def embeddings(self, waves: Tensor) -> Tensor:
        """Mean and maximum over time of each stage of the encoder `(b, d)`."""
        assert self.encoder is not None
        x = (self.logmel(normalize_level(waves))[:, None] - MEAN_DB) / SPREAD_DB
        maps = [rows.float().mean(2) for _, rows in self.encoder.feature_maps(x)]
        return torch.cat([part for m in maps[1:] for part in (m.mean(2), m.amax(2))], 1)

    def lines(self, waves: Tensor) -> Tensor:
        """Mean power of narrow bands in dB `(b, d)`: the lines that turning parts draw."""
        size = LONGER * self.config.n_fft
        if waves.shape[1] < size:
            waves = nn.functional.pad(waves, (0, size - waves.shape[1]))
        shape = torch.hann_window(size, device=waves.device)
        power = torch.stft(waves, size, size // 2, window=shape, center=False, return_complex=True)
        levels = 10 * (power.abs().square().mean(2) / shape.square().sum() + 1e-10).log10()
        found: Tensor = nn.functional.adaptive_avg_pool1d(levels[:, None, 1:], LINES)[:, 0]
        return found

    @torch.inference_mode()
    def measure(self, waves: Tensor) -> dict[str, Tensor]:
        """What detectors compare, of windows `(b, t)`, and their levels for the pictures."""
        levels = self.levels(waves)
        parts = (levels.mean(2), levels.std(2, unbiased=False), levels.amax(2))
        found = {"spectrum": torch.cat(parts, 1), "lines": self.lines(waves)}
        if self.encoder is not None:
            found["embedding"] = self.embeddings(waves)
        errors = self(waves).clamp_min(1e-9).log()
        found["error"], found["frames"] = errors[:, :1], errors[:, 1:]
        return {**found, "levels": levels}
