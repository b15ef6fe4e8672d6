"""The net of a classifier: log-mel front, CNN encoder, pooling, head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError
from tympan.nets import MeanMaxPooling, build_encoder
from tympan.nets.blocks import channels_last, check_axes
from tympan.spectra import LogMel
from tympan.tasks.classify.config import ClassifyConfig
from tympan.tasks.classify.pool import StagePooling

# Log-mels of sounds at an RMS of 1 lie about this level with this spread (measured over ESC-50);
# centred, so that the zeros with which convolutions pad mean "an average sound".
MEAN_DB, SPREAD_DB = -35.0, 20.0
# Quieter than this is silence, which is not raised to full level: -100 dB of full scale.
SILENCE_RMS = 1e-5


def normalize_level(waves: Tensor) -> Tensor:
    """Bring each wave `(…, t)` to an RMS of 1: how loud a recording is says little of what it is.

    >>> normalize_level(torch.tensor([[0.5, -0.5]]))
    tensor([[ 1., -1.]])
    """
    return waves / waves.square().mean(-1, keepdim=True).sqrt().clamp_min(SILENCE_RMS)


class Front(nn.Module):
    """Waves to normalised log-mel spectrograms. Nothing in it is trained.

    Args:
        config: the classifier's configuration.

    >>> Front(ClassifyConfig())(torch.zeros(2, 80000)).shape
    torch.Size([2, 1, 64, 251])
    """

    def __init__(self, config: ClassifyConfig) -> None:
        super().__init__()
        self.logmel = LogMel(
            config.rate_hz,
            config.n_fft,
            config.hop,
            config.n_mels,
            config.f_min_hz,
            floor_db=-80.0,
        )

    def forward(self, waves: Tensor) -> Tensor:
        """`(b, t)` → `(b, 1, f, n)`, about 0 ± 1."""
        check_axes(waves, "b t", "Front")
        levels: Tensor = self.logmel(normalize_level(waves))[:, None]
        return (levels - MEAN_DB) / SPREAD_DB


class Classifier(nn.Module):
    """Spectrograms to one score for each label.

    The front is apart (`net.front(waves)`), because training augments what lies between.

    Args:
        config: its configuration.
        k: number of labels.

    Raises:
        ArgumentError: fewer than two labels.

    >>> net = Classifier(ClassifyConfig(encoder="small"), 3).eval()
    >>> net(net.front(torch.zeros(2, 16000))).shape
    torch.Size([2, 3])
    """

    def __init__(self, config: ClassifyConfig, k: int) -> None:
        super().__init__()
        if k < 2:
            raise ArgumentError(f"a classifier needs at least two labels, got {k}")
        self.config = config
        self.front = Front(config)
        self.encoder = build_encoder(config.encoder)
        self.dropout = nn.Dropout(config.dropout)
        if config.pool == "stages":
            shape = self.encoder.config
            stages = StagePooling((config.n_mels, shape.stem, *shape.widths))
            self.pool: nn.Module = stages
            self.head = nn.Linear(stages.features, k)
        else:
            self.pool = MeanMaxPooling()
            self.head = nn.Linear(self.encoder.features, k)

    def features(self, spectrograms: Tensor) -> Tensor:
        """`(b, 1, f, n)` → what the head gets, `(b, d)`."""
        x = channels_last(spectrograms)
        if self.config.pool == "stages":
            stages: Tensor = self.pool([x, *(m for _, m in self.encoder.feature_maps(x))])
            return stages
        last: Tensor = self.pool(self.encoder(x).float())
        return last

    def forward(self, spectrograms: Tensor) -> Tensor:
        """`(b, 1, f, n)` → scores before the softmax `(b, k)`."""
        scores: Tensor = self.head(self.dropout(self.features(spectrograms)))
        return scores

    def train(self, mode: bool = True) -> Classifier:
        """Training mode or not; `keep_norm` leaves the encoder's normalisation as it was learned.

        The statistics of a few recordings are worse than those of the thousands before.
        """
        super().train(mode)
        if mode and self.config.keep_norm:
            for part in self.encoder.modules():
                if isinstance(part, nn.BatchNorm2d):
                    part.eval()
        return self

    @torch.inference_mode()
    def probabilities(self, waves: Tensor) -> Tensor:
        """`(b, t)` → probabilities `(b, k)`, calibrated where there was a validation side."""
        scores: Tensor = self(self.front(waves))
        return (scores / self.config.temperature).softmax(1)
