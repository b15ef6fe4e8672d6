"""How far separated sources are from the true ones; defined for silence too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations

import torch
from torch import Tensor

from tympan.errors import ShapeError

# The ratio is not rewarded beyond this: what is left then nobody hears.
BEST_DB = 40.0
# Below so much of the power of the mix a source counts as silent.
SILENT_SHARE = 1e-6
FLOOR = 1e-10
SIZES = (512,)
POWER = 0.3


def _same(estimate: Tensor, target: Tensor) -> None:
    if estimate.shape != target.shape:
        what = f"estimate {tuple(estimate.shape)} and target {tuple(target.shape)} differ in shape"
        raise ShapeError(what)


def si_sdr_loss(estimate: Tensor, target: Tensor, mix: Tensor) -> Tensor:
    """The negative scale-invariant signal-to-distortion ratio in dB, `(…, t)` → `(…)`.

    Le Roux et al., *SDR – Half-baked or Well Done?*, ICASSP 2019, bounded at 40 dB. Where the
    target is silent there is no ratio: then it is how far the estimate is below the mix, after
    Wisdom et al., *What's All the FUSS About Free Universal Sound Separation Data?*, ICASSP 2021.

    Args:
        estimate: what the net gives.
        target: the true source.
        mix: what the net got, of a shape that fits.

    >>> x = torch.sin(torch.arange(800) * 0.3)
    >>> round(float(si_sdr_loss(0.5 * x, x, x)), 1)
    -40.0
    >>> silent = torch.zeros(800)
    >>> round(float(si_sdr_loss(0.1 * x, silent, x)), 1), bool(si_sdr_loss(silent, silent, x) < -35)
    (-20.0, True)
    """
    _same(estimate, target)
    loudness = mix.square().sum(-1).expand(target.shape[:-1]) + FLOOR
    energy = target.square().sum(-1)
    scale = (estimate * target).sum(-1) / (energy + FLOOR)
    wanted = scale.square() * energy
    wrong = (estimate - scale[..., None] * target).square().sum(-1)
    least = 10 ** (-BEST_DB / 10)
    # A wrong estimate of nothing has neither: then it is as bad as can be, but has a gradient.
    bottom = FLOOR + 1e-6 * loudness
    ratio = ((wrong + least * wanted + bottom * least) / (wanted + bottom * least)).log10()
    quiet = ((estimate.square().sum(-1) + least * loudness) / loudness).log10()
    return 10 * torch.where(energy > SILENT_SHARE * loudness, ratio, quiet)


def spectral_loss(
    estimate: Tensor, target: Tensor, mix: Tensor, sizes: Sequence[int] = SIZES
) -> Tensor:
    """Distance of compressed short-time spectra, complex and of their sizes, `(…, t)` → `(…)`.

    Magnitudes are raised to 0.3 (Ephrat et al., *Looking to Listen at the Cocktail Party*, 2018;
    Braun, Tashev, *A consolidated view of loss functions for supervised deep learning-based speech
    enhancement*, 2021), relative to the level of the mix, in frames of several lengths (Yamamoto et
    al., *Parallel WaveGAN*, 2020). It is 0 for silence that is left silent.

    Args:
        estimate: what the net gives.
        target: the true source.
        mix: what the net got, of a shape that fits.
        sizes: samples of frames; hops are a half.

    >>> x = torch.randn(2, 4000)
    >>> spectral_loss(x, x, x).tolist(), bool((spectral_loss(0 * x, x, x) > 0.3).all())
    ([0.0, 0.0], True)
    """
    _same(estimate, target)
    level = mix.square().mean(-1, keepdim=True).add(1e-12).sqrt()
    lead = target.shape[:-1]
    both = torch.stack((estimate / level, target / level)).flatten(0, -2)
    total = both.new_zeros(lead)
    for size in sizes:
        window = torch.hann_window(size, device=both.device)
        spec = torch.stft(
            both, size, size // 2, window=window, center=True, pad_mode="constant",
            return_complex=True,
        )  # fmt: skip
        power = spec.real.square() + spec.imag.square() + 1e-8
        packed = power.pow(POWER / 2)
        turned = spec * (packed / power.sqrt())
        (a, b), (ta, tb) = packed.chunk(2), turned.chunk(2)
        apart = torch.view_as_real(ta - tb).square().sum(-1).mean((-1, -2))
        apart = 0.7 * (a - b).square().mean((-1, -2)) + 0.3 * apart
        total = total + apart.view(lead)
    return total / len(sizes)


def permuted(loss: Callable[[Tensor, Tensor], Tensor], estimate: Tensor, target: Tensor) -> Tensor:
    """A loss under the order of the estimates that makes it least, for each item of the batch.

    Permutation-invariant training: Yu et al., ICASSP 2017.

    Args:
        loss: `(b, k, …)` twice → `(b, k)`.
        estimate: `(b, k, …)`.
        target: `(b, k, …)`.

    Returns:
        `(b, k)`, the losses of the targets in their order.

    >>> x = torch.randn(3, 2, 100)
    >>> permuted(lambda a, b: (a - b).abs().mean(-1), x.flip(1), x).sum()
    tensor(0.)
    """
    count = target.shape[1]
    found = torch.stack([loss(estimate[:, list(p)], target) for p in permutations(range(count))])
    best = found.mean(2).argmin(0)
    return found[best, torch.arange(len(target), device=best.device)]
