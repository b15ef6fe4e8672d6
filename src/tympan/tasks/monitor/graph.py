"""The graph of a monitor: a window of the machine in, how rare it is while all is normal out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from tympan.tasks.graphs import SAMPLES, Graph
from tympan.tasks.inputs import SHORTEST_S
from tympan.tasks.monitor.detectors import DETECTORS, Mahalanobis, Nearest
from tympan.tasks.monitor.net import LINES, LONGER, MonitorNet
from tympan.tasks.monitor.normal import NormalSounds
from tympan.tasks.monitor.surprise import KNOTS, TAIL, Surprise

if TYPE_CHECKING:
    from tympan.tasks.monitor.config import MonitorConfig


def monitor_graph(
    net: MonitorNet, config: MonitorConfig, normal: NormalSounds, threshold: float
) -> Graph:
    """Samples in, the score `(b,)` of each window out."""
    return Graph(
        Scoring(net, normal), {SAMPLES: ("b", "t")}, {"score": ("b",)},
        window=round(config.window_s * config.rate_hz),
        shortest=round(SHORTEST_S * config.rate_hz), rate_hz=config.rate_hz,
        settings={"window_s": config.window_s, "step_s": config.step_s, "threshold": threshold},
        # Levels near silence are steep, and a surprise is in units of tenfold rarity.
        tolerance=1e-2,
    )  # fmt: skip


class Scoring(nn.Module):
    """What is measured of a window, and how rare it is among normal ones.

    Args:
        net: measures.
        normal: what is known of the normal machine; only the detectors that it weighs are kept.
    """

    window: Tensor

    def __init__(self, net: MonitorNet, normal: NormalSounds) -> None:
        super().__init__()
        self.net = net
        self.names = tuple(normal.weights)
        total = sum(normal.weights.values())
        self.shares = [normal.weights[name] / total for name in self.names]
        self.detectors = nn.ModuleList(
            detector_module(normal.detectors[name]) for name in self.names
        )
        self.surprises = nn.ModuleList(Rarity(normal.surprises[name]) for name in self.names)
        self.fused = Rarity(normal.fused)
        self.register_buffer("window", torch.hann_window(LONGER * net.config.n_fft))

    def forward(self, samples: Tensor) -> Tensor:
        """`(b, t)` → `(b,)`."""
        found = self.measured(samples)
        total = torch.zeros_like(samples[:, 0])
        for i, name in enumerate(self.names):
            score = self.detectors[i](found[DETECTORS[name][0]])
            total = total + self.shares[i] * self.surprises[i](score)
        rare: Tensor = self.fused(total)
        return rare

    def measured(self, samples: Tensor) -> dict[str, Tensor]:
        """What `MonitorNet.measure` gives, as far as a detector needs it."""
        net, spaces = self.net, {DETECTORS[name][0] for name in self.names}
        found: dict[str, Tensor] = {}
        if "spectrum" in spaces:
            levels = net.levels(samples)
            spread = (levels - levels.mean(2, keepdim=True)).square().mean(2).sqrt()
            found["spectrum"] = torch.cat([levels.mean(2), spread, levels.amax(2)], 1)
        if "lines" in spaces:
            found["lines"] = self.lines(samples)
        if "embedding" in spaces:
            found["embedding"] = net.embeddings(samples)
        if spaces & {"error", "frames"}:
            errors = net(samples).clamp_min(1e-9).log()
            found["error"], found["frames"] = errors[:, :1], errors[:, 1:]
        return found

    def lines(self, samples: Tensor) -> Tensor:
        """`MonitorNet.lines`, of operators that runtimes know."""
        size, shape = LONGER * self.net.config.n_fft, self.window
        parts = torch.view_as_real(
            torch.stft(samples, size, size // 2, window=shape, center=False, return_complex=True)
        )
        power = parts.square().sum(-1).mean(2) / shape.square().sum()
        levels = (10 / math.log(10)) * (power + 1e-10).log()
        bins = levels[:, None, 1:]
        return nn.functional.avg_pool1d(bins, size // 2 // LINES)[:, 0]


class Spread(nn.Module):
    """`Mahalanobis` as a module."""

    mean: Tensor
    axes: Tensor
    variances: Tensor

    def __init__(self, detector: Mahalanobis) -> None:
        super().__init__()
        self.rest = float(detector.rest)
        for name in ("mean", "axes", "variances"):
            self.register_buffer(name, _tensor(getattr(detector, name)))

    def forward(self, rows: Tensor) -> Tensor:
        """`(b, d)` → `(b,)`."""
        away = rows - self.mean
        along = away @ self.axes.T
        rest = (away.square().sum(1) - along.square().sum(1)).clamp_min(0)
        return ((along.square() / self.variances).sum(1) + rest / self.rest).sqrt()


class Bank(nn.Module):
    """`Nearest` and `Local` as a module."""

    center: Tensor
    spread: Tensor
    bank: Tensor
    radii: Tensor

    def __init__(self, detector: Nearest) -> None:
        super().__init__()
        for name in ("center", "spread", "bank", "radii"):
            self.register_buffer(name, _tensor(getattr(detector, name)))

    def forward(self, rows: Tensor) -> Tensor:
        """`(b, d)` → `(b,)`."""
        x = (rows - self.center) / self.spread
        squared = x.square().sum(1)[:, None] + self.bank.square().sum(1) - 2 * x @ self.bank.T
        return (squared.clamp_min(0).sqrt() / self.radii).amin(1)


class First(nn.Module):
    """`Value` as a module."""

    def forward(self, rows: Tensor) -> Tensor:
        """`(b, 1)` → `(b,)`."""
        return rows[:, 0]


class Rarity(nn.Module):
    """`Surprise` as a module: linear from knot to knot, and beyond the last one."""

    low: Tensor
    high: Tensor
    slopes: Tensor
    jumps: Tensor

    def __init__(self, surprise: Surprise) -> None:
        super().__init__()
        knots = np.asarray(surprise.knots, np.float64)
        shares = np.linspace(1, TAIL, KNOTS)
        steps = np.diff(knots)
        # Knots that coincide have no slope between them; the next one jumps.
        slopes = np.where(steps > 0, np.diff(shares) / np.where(steps > 0, steps, 1), 0.0)
        self.scale = float(surprise.scale) * math.log(10)
        self.register_buffer("low", _tensor(knots[:-1]))
        self.register_buffer("high", _tensor(knots[1:]))
        self.register_buffer("slopes", _tensor(slopes))
        self.register_buffer("jumps", _tensor(np.where(steps > 0, 0.0, np.diff(shares))))
        self.last = float(knots[-1])

    def forward(self, scores: Tensor) -> Tensor:
        """`(b,)` → `(b,)`."""
        x = scores[:, None]
        into = (torch.minimum(x, self.high) - self.low).clamp_min(0)
        shares = 1 + (into * self.slopes).sum(1) + ((x >= self.high) * self.jumps).sum(1)
        beyond = (scores - self.last).clamp_min(0) / self.scale
        return -shares.clamp(TAIL, 1).log() / math.log(10) + beyond


def detector_module(detector: Any) -> nn.Module:
    """A fitted detector as a module."""
    if isinstance(detector, Mahalanobis):
        return Spread(detector)
    return Bank(detector) if isinstance(detector, Nearest) else First()


def _tensor(values: Any) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32).copy())
