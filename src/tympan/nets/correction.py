"""A small net that makes the source-filter vocoder sound as speech does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tympan.nets.blocks import check_axes
from tympan.nets.convnext import ConvNeXtBlock
from tympan.nets.vocoder import Correction, SourceFilterVocoder
from tympan.nets.vocoder_mel import VocoderConfig

# What brings mels and F0 to about 0 ± 1.
_MEL_CENTRE, _MEL_SPREAD, _PITCH_CENTRE_HZ = -6.0, 3.0, 150.0
# No gain after the mels match is larger, in nepers (13 dB).
_MOST_GAIN = 1.5


@dataclass(frozen=True)
class CorrectionConfig:
    """The shape of a `CorrectionNet`.

    Attributes:
        features: `d` of its blocks.
        depth: number of blocks.
        kernel: frames of each block's convolution, and of the first.
        expansion: width of the blocks' feed-forward nets, in multiples of `d`.
    """

    features: int = 160
    depth: int = 4
    kernel: int = 5
    expansion: int = 3

    @property
    def context(self) -> int:
        """Frames that one depends on before and behind itself."""
        return (self.depth + 1) * (self.kernel // 2)


class CorrectionNet(nn.Module):
    """Mels and F0 → how much of each band is voice, its phase and a last gain.

    Blocks of convolutions over frames, as the trunk of Siuzdak, *Vocos*, ICLR 2024; its head does
    not give a transform, but what the transform of a source is corrected by. With random weights
    it corrects nothing.

    Args:
        n_mels: number of mel bands.
        config: its shape.

    >>> net = CorrectionNet(80)
    >>> net(torch.zeros(2, 80, 40), torch.full((2, 40), 120.0)).phase.shape
    torch.Size([2, 80, 40])
    """

    def __init__(self, n_mels: int, config: CorrectionConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or CorrectionConfig()
        self.n_mels = n_mels
        self.enter = nn.Conv1d(n_mels + 2, c.features, c.kernel, padding="same")
        self.norm = nn.LayerNorm(c.features)
        self.blocks = nn.Sequential(*(
            ConvNeXtBlock(c.features, kernel=c.kernel, expansion=c.expansion)
            for _ in range(c.depth)
        ))  # fmt: skip
        self.last_norm = nn.LayerNorm(c.features)
        self.head = nn.Linear(c.features, 3 * n_mels)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, mels: Tensor, f0: Tensor) -> Correction:
        """Mels `(b, n_mels, n)` and F0 `(b, n)` → three times `(b, n_mels, n)`."""
        check_axes(mels, "b m n", type(self).__name__, m=self.n_mels)
        voiced = (f0 > 0).to(mels.dtype)
        pitch = torch.log(f0.to(mels.dtype).clamp(min=1) / _PITCH_CENTRE_HZ) * voiced
        level = (mels.clamp(min=-14.0) - _MEL_CENTRE) / _MEL_SPREAD
        x = self.enter(torch.cat([level, torch.stack([voiced, pitch], 1)], 1))
        x = self.blocks(self.norm(x.transpose(1, 2)).transpose(1, 2))
        found = self.head(self.last_norm(x.transpose(1, 2))).transpose(1, 2).float()
        voicing, phase, gain = found.chunk(3, 1)
        return Correction(4 * voicing, phase, _MOST_GAIN * torch.tanh(gain))


class CorrectedVocoder(SourceFilterVocoder):
    """The source-filter vocoder with a net that says what is voice, and how it is dispersed.

    Args:
        config: the mels.
        correction: the shape of the net.
        iterations, passes, minimum_phase, seed: see `SourceFilterVocoder`.

    Attributes:
        net: the `CorrectionNet`.

    >>> vocoder = CorrectedVocoder()
    >>> vocoder(torch.full((1, 80, 40), -3.0), torch.full((1, 40), 150.0)).shape
    torch.Size([1, 12000])
    """

    def __init__(
        self,
        config: VocoderConfig | None = None,
        correction: CorrectionConfig | None = None,
        *,
        iterations: int = 2,
        passes: int = 3,
        minimum_phase: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__(
            config, iterations=iterations, passes=passes, minimum_phase=minimum_phase, seed=seed
        )
        self.net = CorrectionNet(self.config.n_mels, correction)

    @property
    def context(self) -> int:
        """Frames needed on each side of one."""
        # The net looks at the frames about those whose transforms are mixed; and the newest frame
        # of a stream is not used before the next one, which its F0 leads to, is there.
        first, net = self.config.reach, self.net.config.context + 1
        return super().context - first + max(first, net)

    def render(self, mels: Tensor, f0: Tensor, pulses: Tensor, noise: Tensor) -> Tensor:
        """Filter a source (b, hop * n), made before, by mels (b, n_mels, n): (b, hop * n)."""
        return self.corrected(mels, f0, pulses, noise, self.net(mels, f0))


def vocoder_fields(vocoder: SourceFilterVocoder) -> dict[str, Any]:
    """The shape of a vocoder as JSON values, for `build_vocoder`.

    >>> vocoder_fields(SourceFilterVocoder())["mels"]["rate_hz"]
    24000
    """
    fields: dict[str, Any] = {"mels": asdict(vocoder.config), "passes": vocoder.passes}
    if isinstance(vocoder, CorrectedVocoder):
        fields["correction"] = asdict(vocoder.net.config)
    return fields


def build_vocoder(
    fields: Mapping[str, Any], state: Mapping[str, Tensor] | None = None
) -> SourceFilterVocoder:
    """A vocoder of a shape that was written down, ready to be called.

    Args:
        fields: what `vocoder_fields` gave; without `"correction"` there is no net.
        state: the weights of the net by name, in any precision; random ones by default.

    >>> vocoder = build_vocoder({"mels": {"rate_hz": 24000}, "passes": 2, "correction": {}})
    >>> type(vocoder).__name__, vocoder.passes
    ('CorrectedVocoder', 2)
    """
    mels, passes = VocoderConfig(**fields["mels"]), int(fields["passes"])
    if "correction" not in fields:
        return SourceFilterVocoder(mels, passes=passes).eval()
    shape = CorrectionConfig(**fields["correction"])
    vocoder = CorrectedVocoder(mels, shape, passes=passes).eval()
    if state is not None:
        vocoder.net.load_state_dict(dict(state))
    return vocoder
