"""Per-channel energy normalisation: a loudness compression that follows the background."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError, ShapeError
from tympan.spectra._constants import WithConstants, narrowed, widened
from tympan.spectra._frames import is_traced
from tympan.spectra._module import project

# Frames smoothed by one matrix product; between such blocks a single value is carried on.
_BLOCK = 64


class PCEN(WithConstants):
    """Per-channel energy normalisation: mel power (..., f, n) → (..., f, n), no unit.

        M[n] = (1 - s) M[n - 1] + s E[n]
        out[n] = (E[n] / (eps + M[n])^gain + bias)^power - bias^power,   E = scale * input

    Y. Wang, P. Getreuer, T. Hughes, R. F. Lyon, R. A. Saurous, "Trainable frontend for robust and
    far-field keyword spotting", ICASSP 2017. Equal to `librosa.pcen(power * scale, ...)` with
    `initial=1.0`.

    Args:
        rate_hz: sample rate of the signal.
        hop: samples from one frame to the next.
        gain: 0 leaves the level as it is, 1 takes it away.
        bias: offset before the root.
        power: exponent of the root.
        time_constant_s: how long the smoother M remembers.
        eps: floor of the divisor, in units of the scaled input.
        scale: what the input is multiplied by. The published constants are for samples of large
            integers; the default fits samples between -1 and 1.
        initial: M before the first frame; by default the first frame's own value, so that there
            is no onset at the beginning.
        trainable: learn gain, bias, power and smoothing (their logarithms), per band.
        n_bands: bands of the input, needed where `trainable` shall have constants for each.

    >>> PCEN()(torch.ones(40, 100)).shape
    torch.Size([40, 100])
    """

    log_gain: Tensor
    log_bias: Tensor
    log_power: Tensor
    log_smoothing: Tensor

    def __init__(
        self,
        rate_hz: int = 16000,
        hop: int = 160,
        gain: float = 0.98,
        bias: float = 2.0,
        power: float = 0.5,
        time_constant_s: float = 0.4,
        eps: float = 1e-6,
        scale: float = 2.0**31,
        initial: float | None = None,
        trainable: bool = False,
        n_bands: int = 1,
    ) -> None:
        super().__init__()
        constants = {"gain": gain, "bias": bias, "power": power, "time_constant_s": time_constant_s}
        for name, value in {**constants, "eps": eps, "scale": scale}.items():
            least = name == "gain" and value == 0 and not trainable
            if value <= 0 and not least:
                raise ArgumentError(f"{name} is {value}", fix="a number above 0")
        self.eps, self.scale, self.initial = eps, scale, initial
        self.smoothing = smoothing_factor(time_constant_s * rate_hz / hop)
        values = {"gain": gain, "bias": bias, "power": power, "smoothing": self.smoothing}
        for name, value in values.items():
            logarithm = np.full((n_bands, 1), math.log(value) if value > 0 else -math.inf)
            if trainable:
                parameter = nn.Parameter(torch.tensor(logarithm, dtype=torch.float32))
                self.register_parameter(f"log_{name}", parameter)
            else:
                self.add_constant(f"log_{name}", logarithm)

    @property
    def framewise(self) -> bool:
        """True: with its state carried on, a stream gives the same frames."""
        return True

    def forward(self, power: Tensor) -> Tensor:
        """Power (..., f, n) → (..., f, n)."""
        return self.step(power, None)[0]

    def step(self, power: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """One block of a stream: power (..., f, n) and the state left by the block before.

        Returns:
            The normalised block and the state (..., f, 1) for the next; start with `None`.
        """
        if power.ndim < 2:
            raise ShapeError(f"expected mel power (..., f, n), got {tuple(power.shape)}")
        energy = widened(power) * self.scale
        if energy.shape[-1] == 0:
            return narrowed(energy, power), state
        if state is None:
            first = energy[..., :1]
            state = first if self.initial is None else torch.full_like(first, self.initial)
        smooth = self._smooth(energy, state)
        # Powers through logarithms: several times faster, and the exponents may be learnt.
        gain, bias, root = (self._value(name, energy).exp() for name in ("gain", "bias", "power"))
        divisor = torch.exp(-gain * torch.log(smooth + self.eps))
        # Both parts by the same operations: silence is exactly 0.
        ground = torch.exp(root * torch.log(bias))
        out = torch.exp(root * torch.log(energy * divisor + bias)) - ground
        return narrowed(out, power), smooth[..., -1:]

    def _value(self, name: str, like: Tensor) -> Tensor:
        """The logarithm of a constant, learnt or not, in the precision of `like`."""
        key = f"log_{name}"
        if key in self._parameters:
            learnt: Tensor = getattr(self, key)
            return learnt.to(torch.promote_types(learnt.dtype, like.dtype))
        return self.constant(key, like.dtype)

    def _smooth(self, energy: Tensor, state: Tensor) -> Tensor:
        """The recursion M over the last axis, as products with triangular matrices."""
        count = energy.shape[-1]
        size = count if is_traced() else min(_BLOCK, count)
        weights, decay = self._kernel(size, energy)
        if is_traced():
            return project(energy[..., None, :], weights)[..., 0, :] + state * decay
        padded = nn.functional.pad(energy, (0, -count % size)).unflatten(-1, (-1, size))
        local = project(padded, weights)
        last, keep, before = local[..., -1], decay[..., -1], [state[..., 0]]
        for block in range(local.shape[-2] - 1):
            before.append(last[..., block] + keep * before[-1])
        carried = torch.stack(before, dim=-1)[..., None] * decay[:, None]
        return (local + carried).flatten(-2)[..., :count]

    def _kernel(self, size: int, like: Tensor) -> tuple[Tensor, Tensor]:
        """Weights of earlier frames in later ones (bands, size, size), of a state (bands, size)."""
        rate = self._value("smoothing", like)
        log_keep = torch.log1p(-rate.exp())
        step = torch.arange(size, device=like.device, dtype=like.dtype)
        age = step - step[:, None]
        weights = torch.exp(log_keep[..., None] * age.clamp(min=0) + rate[..., None])
        return weights * (age >= 0), torch.exp(log_keep * (step + 1))

    def extra_repr(self) -> str:
        return f"smoothing={self.smoothing:.4g}, eps={self.eps}, scale={self.scale:g}"


def smoothing_factor(time_constant_frames: float) -> float:
    """The factor s of a first-order smoother that remembers about so many frames.

    Half the width of its squared frequency response fits the time constant:
    s² + (1 - s) / T² ... solved for s, as in `librosa.pcen`.

    >>> round(smoothing_factor(40.0), 4)
    0.0247
    """
    t2 = time_constant_frames**2
    return (math.sqrt(1 + 4 * t2) - 1) / (2 * t2)
