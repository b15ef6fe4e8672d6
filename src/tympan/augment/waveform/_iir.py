"""Recursive filters on a batch, each item with its own, as matrix products.

A recursive filter goes sample by sample, which tensors do slowly. Here the signal is cut into
blocks of about a hundred samples. Within a block the filter is a triangular matrix (its impulse
response); what a block hands to the next is a state of two numbers per second-order section. So
all blocks are one matrix product, and only the short chain of states is walked, in two levels.
The result is the exact filter, not a truncated one: it equals `scipy.signal.sosfilt`.

The states are scaled so that white noise gives each unit power (input-normal form: Mullis and
Roberts, "Synthesis of minimum roundoff noise fixed point digital filters", 1976), which keeps
single precision accurate at low cut-off frequencies, where the direct form fails.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

# What rings on is followed until it has fallen to this share (−120 dB).
RINGING = 1e-6
# Block lengths that are tried. The best are about 48, or 84 for filters with many states.
BLOCKS, FEW_STATES = range(32, 129), 4


class StateSpace(NamedTuple):
    """`s' = a s + b x`, `y = c s + d x`, for each item."""

    a: Tensor  # (b, s, s)
    b: Tensor  # (b, s, 1)
    c: Tensor  # (b, 1, s)
    d: Tensor  # (b, 1, 1)


def sos_filter(x: Tensor, sos: Tensor) -> Tensor:
    """Filter each item by its own cascade of second-order sections, starting from silence.

    Args:
        x: signals (b, c, t).
        sos: sections (b, sections, 6) as in scipy: b0 b1 b2 a0 a1 a2; stable.

    >>> x = torch.tensor([[[1.0, 0.0, 0.0, 0.0]]])
    >>> half = torch.tensor([[[1.0, 0.0, 0.0, 1.0, -0.5, 0.0]]])
    >>> sos_filter(x, half)
    tensor([[[1.0000, 0.5000, 0.2500, 0.1250]]])
    """
    b, c, t = x.shape
    if x.numel() == 0:
        return x
    # The device may lack float64 (mps): the matrices are small and made on the CPU there.
    exact = "cpu" if x.device.type == "mps" else x.device
    system = state_space(sos.to(device=exact, dtype=torch.float64))
    size = _block_size(t, system.a.shape[1])
    length = math.ceil(t / size) * size
    if length > t:
        x = torch.nn.functional.pad(x, (0, length - t))
    response, to_state, from_state, step = (
        each.to(device=x.device, dtype=x.dtype) for each in _block_matrices(system, size)
    )
    blocks = x.reshape(b, -1, size)  # (b, c * blocks, size)
    # As a product of transposes, which is three times as fast for so few columns.
    arriving = torch.bmm(to_state.mT, blocks.mT).mT.reshape(b, c, length // size, -1)
    states = _scan(arriving, step).reshape(b, blocks.shape[1], -1)
    y = torch.bmm(blocks, _toeplitz(response)).baddbmm_(states, from_state)
    y = y.reshape(b, c, length)
    return y[..., :t] if length > t else y


def filtered(x: Tensor, sos: Tensor, zero_phase: bool = False) -> Tensor:
    """Filter as `sos_filter` does; with `zero_phase`, forwards and then backwards.

    The gain is applied twice then, and nothing is delayed. What rings on after the end is filtered
    backwards too, as if silence followed.
    """
    if not zero_phase:
        return sos_filter(x, sos)
    t = x.shape[-1]
    longer = torch.nn.functional.pad(x, (0, ringing(sos)))
    return sos_filter(sos_filter(longer, sos).flip(-1), sos).flip(-1)[..., :t]


def ringing(sos: Tensor) -> int:
    """Return the samples after which the slowest of the filters has fallen by 120 dB.

    At most a million, which only a filter far below the hearing range reaches.

    >>> ringing(torch.tensor([[[1.0, 0.0, 0.0, 1.0, -0.5, 0.0]]]))
    20
    """
    a1, a2 = (sos[..., 4:] / sos[..., 3:4]).double().unbind(-1)
    root = torch.sqrt((a1 * a1 / 4 - a2).to(torch.complex128))
    radius = torch.maximum((-a1 / 2 + root).abs(), (-a1 / 2 - root).abs()).amax().item()
    if radius <= 0.0:
        return 2
    return min(1_000_000, max(2, math.ceil(math.log(RINGING) / math.log(min(radius, 1 - 1e-9)))))


def _block_size(t: int, states: int) -> int:
    """Return the best block length, one that divides `t` if there is one: it saves a copy.

    >>> _block_size(80_000, 2), _block_size(220_500, 14)
    (50, 84)
    """
    best = 48 if states <= FEW_STATES else 84
    fitting = [size for size in BLOCKS if t % size == 0]
    return min(fitting or [best], key=lambda size: abs(size - best))


def state_space(sos: Tensor) -> StateSpace:
    """Return the cascade of sections (b, sections, 6) as one system in float64."""
    total: StateSpace | None = None
    for section in sos.unbind(1):
        one = _section(section)
        total = one if total is None else _cascade(total, one)
    assert total is not None
    return total


def _section(section: Tensor) -> StateSpace:
    """Return one second-order section (b, 6) in input-normal form."""
    b0, b1, b2, a1, a2 = (section[:, [0, 1, 2, 4, 5]] / section[:, 3:4]).unbind(1)
    # The state (w[n-1], w[n-2]) of w = x / A(z) has the covariance of an autoregressive process
    # in white noise: [[r0, r1], [r1, r0]]. Its Cholesky factor is the scaling.
    r0 = (1 + a2) / ((1 - a2) * ((1 + a2) ** 2 - a1**2))
    root, slope = r0.sqrt(), -a1 / (1 + a2)
    rest = root * (1 - slope**2).clamp_min(1e-300).sqrt()
    zero, one = torch.zeros_like(a1), torch.ones_like(a1)
    scale = _matrix(((root, zero), (slope * root, rest)))
    unscale = _matrix(((1 / root, zero), (-slope / rest, 1 / rest)))
    a = unscale @ _matrix(((-a1, -a2), (one, zero))) @ scale
    b = unscale @ _matrix(((one,), (zero,)))
    c = _matrix(((b1 - b0 * a1, b2 - b0 * a2),)) @ scale
    return StateSpace(a, b, c, b0[:, None, None])


def _matrix(rows: tuple[tuple[Tensor, ...], ...]) -> Tensor:
    """Return matrices (b, rows, columns) from entries (b,)."""
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def _cascade(first: StateSpace, second: StateSpace) -> StateSpace:
    """Return the system that feeds `second` with what `first` gives."""
    corner = first.a.new_zeros(len(first.a), first.a.shape[1], second.a.shape[1])
    upper = torch.cat([first.a, corner], 2)
    lower = torch.cat([second.b @ first.c, second.a], 2)
    return StateSpace(
        torch.cat([upper, lower], 1),
        torch.cat([first.b, second.b @ first.d], 1),
        torch.cat([second.d @ first.c, second.c], 2),
        second.d @ first.d,
    )


def _block_matrices(system: StateSpace, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return what a block of `size` samples does, to be multiplied from the right.

    Returns:
        The impulse response (b, size), block → state (b, size, s), state → block (b, s, size) and
        state → next state (b, s, s).
    """
    a, b, c, d = system
    outputs, inputs, power = c, b, a  # c a^j and a^j b for j = 0, 1 …, doubled each turn
    while outputs.shape[1] < size:
        outputs = torch.cat([outputs, outputs @ power], 1)
        inputs = torch.cat([inputs, power @ inputs], 2)
        power = power @ power
    outputs, inputs = outputs[:, :size], inputs[:, :, :size]
    response = torch.cat([d, (outputs[:, : size - 1] @ b).mT], 2)[:, 0]  # (b, size)
    step = torch.linalg.matrix_power(a, size)
    return response, inputs.flip(2).mT, outputs.mT, step.mT


def _toeplitz(response: Tensor) -> Tensor:
    """Return the matrices (b, size, size) that convolve a row of `size` samples."""
    size = response.shape[1]
    return torch.nn.functional.pad(response, (size - 1, 0)).unfold(1, size, 1).flip(1)


def _scan(arriving: Tensor, step: Tensor) -> Tensor:
    """Return the state before each block: `s[k + 1] = s[k] step + arriving[k]`, `s[0] = 0`.

    Args:
        arriving: (b, c, blocks, s).
        step: (b, s, s).
    """
    b, c, count, s = arriving.shape
    width = math.isqrt(max(0, count - 1)) + 1
    groups = math.ceil(count / width)
    padded = torch.nn.functional.pad(arriving, (0, 0, 0, groups * width - count))
    columns = padded.reshape(b, c * groups, width, s).unbind(2)
    # Within the groups, all at once …
    state = torch.zeros_like(columns[0])
    local, powers = [], [torch.eye(s, dtype=step.dtype, device=step.device).expand(b, s, s)]
    for column in columns:
        local.append(state)
        state = torch.baddbmm(column, state, step)
        powers.append(torch.bmm(powers[-1], step))
    # … then from group to group, and what each group inherits, to all of its blocks.
    inherited, carried = [], arriving.new_zeros(b, c, s)
    for leaving in state.reshape(b, c, groups, s).unbind(2):
        inherited.append(carried)
        carried = torch.baddbmm(leaving, carried, powers[-1])
    spread = torch.bmm(torch.stack(inherited, 2).reshape(b, -1, s), torch.cat(powers[:-1], 2))
    states = torch.stack(local, 2) + spread.reshape(b, -1, width, s)
    return states.reshape(b, c, groups * width, s)[:, :, :count]
