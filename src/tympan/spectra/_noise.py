"""The noise floor under the lines of a spectrum."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

# Of the frames, this share is as quiet as the noise alone; of the bins near each, that share.
_QUIET_FRAMES, _QUIET_BINS = 0.25, 0.4
_BLOCK_HZ = 250.0
# What lies this far below the loudest bin of its frame, or of all frames, does not matter.
_FRAME_DB, _ALL_DB = -60.0, -100.0


def lasting_floor(power: Tensor, bin_hz: float) -> Tensor:
    """The noise that all frames have in common: power spectra (n, f) → (1, f).

    A low quantile over time leaves out what sounds now and then; one over the bins near by leaves
    out lines that sound all the time. Both are corrected to the mean of a noise with these
    quantiles. After R. Martin, "Noise power spectral density estimation based on optimal smoothing
    and minimum statistics", IEEE TSAP 9 (2001).

    >>> noise = -torch.rand(2000, 64).log()
    >>> bool((lasting_floor(noise, 10.0) - 1).abs().max() < 0.2)
    True
    """
    quiet = power.kthvalue(max(1, round(_QUIET_FRAMES * len(power))), dim=0).values
    return _low_quantile(quiet[None] / -math.log(1 - _QUIET_FRAMES), bin_hz)


def noise_floor(power: Tensor, lasting: Tensor, bin_hz: float) -> Tensor:
    """The noise of each frame: the lasting one, or what lies between the lines of the frame itself.

    Args:
        power: (n, f) power spectra.
        lasting: (1, f) of `lasting_floor`.
        bin_hz: distance of the bins, half of what the window resolves.

    Returns:
        The mean power (n, f) of the noise, above 0.
    """
    own = _low_quantile(power, bin_hz) / -math.log(1 - _QUIET_BINS)
    loudest = power.amax(dim=1, keepdim=True) * 10 ** (_FRAME_DB / 10)
    least = float(power.amax()) * 10 ** (_ALL_DB / 10)
    return torch.maximum(torch.maximum(own, lasting), loudest).clamp(min=max(least, 1e-30))


def _low_quantile(power: Tensor, bin_hz: float) -> Tensor:
    """A low quantile over the bins near each bin: (n, f), from blocks that overlap by half."""
    half = max(4, int(_BLOCK_HZ / bin_hz / 4))
    bins = power.shape[1]
    # Neighbours in a padded transform tell nearly the same: every second bin will do.
    padded = functional.pad(power[:, None, ::2], (half, 2 * half), mode="replicate")[:, 0]
    blocks = padded.unfold(1, 2 * half, half)
    level = blocks.kthvalue(round(_QUIET_BINS * 2 * half), dim=2).values.clamp(min=1e-30).log()
    place = torch.arange(bins, device=power.device) / (2 * half)
    below = place.long()
    share = place - below
    return (level[:, below] * (1 - share) + level[:, below + 1] * share).exp()
