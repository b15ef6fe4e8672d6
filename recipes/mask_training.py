"""The training loop of `recipes/two_voices.py` and `recipes/instruments.py`: each step mixes anew.

The learning rate falls with the time that is spent, so that a training of any length ends well;
what counts at the end is a running mean of the weights.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tympan.training.device import choose_precision
from tympan.training.muon import Muon

SEED = 0
LR, WARMUP, EMA = 2e-3, 60, 0.995
SAVE_EVERY_S = 240.0

Batch = dict[str, Tensor]


def error_db(found: Tensor, wanted: Tensor, mix: Tensor) -> Tensor:
    """Error to signal `(…)` of `(…, t)` in dB, hardly below -30; of silence, to 5 % of the mix."""
    power = wanted.square().sum(-1)
    most = mix.square().sum(-1)
    power = torch.where(power > 1e-4 * most, power, 0.05 * most + 1e-9)
    return 10 * torch.log10((found - wanted).square().sum(-1) / power + 1e-3)


def si_sdr(found: Tensor, wanted: Tensor) -> Tensor:
    """Scale-invariant signal-to-distortion ratio in dB, over the last axis."""
    scale = (found * wanted).sum(-1, keepdim=True) / wanted.square().sum(-1, keepdim=True)
    target = scale * wanted
    wrong = (found - target).square().sum(-1).clamp_min(1e-10)
    return 10 * torch.log10(target.square().sum(-1) / wrong)


def train(
    net: nn.Module,
    draw: Callable[[np.random.Generator], Batch],
    loss_of: Callable[[nn.Module, Batch], Tensor],
    score: Callable[[nn.Module], str],
    out: Path,
    minutes: float,
    *,
    muon: bool = False,
    threads: int = 1,
) -> None:
    """Train for so many minutes; the same call goes on where it was stopped.

    Args:
        net: with its first weights.
        draw: one batch.
        loss_of: its loss.
        score: what to print of the mean weights.
        out: folder of the state.
        minutes: of the clock, all calls together.
        muon: take orthogonal steps for matrices and kernels.
        threads: of the processor.
    """
    torch.set_num_threads(threads)
    narrow = choose_precision() == "bf16"  # elsewhere it is emulated, or LSTMs refuse it
    optimizer = orthogonal(net) if muon else adamw(net)
    averaged = {name: value.clone() for name, value in net.state_dict().items()}
    step, spent_s, losses = 0, 0.0, []
    out.mkdir(parents=True, exist_ok=True)
    path = out / "state.pt"
    if path.exists():
        kept: dict[str, Any] = torch.load(path, weights_only=True)
        net.load_state_dict(kept["net"])
        optimizer.load_state_dict(kept["optimizer"])
        averaged, step, spent_s = kept["averaged"], kept["step"], kept["spent_s"]
    saved, before = time.monotonic(), time.monotonic()
    drawing = ThreadPoolExecutor(1)  # the next batch, while this one is learned from
    ahead = drawing.submit(draw, np.random.default_rng([SEED, step + 1]))
    while True:
        now = time.monotonic()
        spent_s, before = spent_s + now - before, now
        progress, step = min(1.0, spent_s / (60 * minutes)), step + 1
        falling = 0.02 + 0.98 * math.cos(progress * math.pi / 2)
        for group in optimizer.param_groups:
            group["lr"] = LR * min(1, step / WARMUP) * falling
        batch, ahead = ahead.result(), drawing.submit(draw, np.random.default_rng([SEED, step + 1]))
        with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
            loss = loss_of(net, batch)
        optimizer.zero_grad()
        loss.backward()
        if np.isfinite(float(nn.utils.clip_grad_norm_(net.parameters(), 5.0))):
            optimizer.step()
        losses.append(float(loss.detach()))
        keep = min(EMA, step / (step + 10))
        for name, value in net.state_dict().items():
            if value.is_floating_point():
                averaged[name].lerp_(value, 1 - keep)
        if step % 20 == 0:
            print(f"{step}: {spent_s:.0f} s, loss {np.mean(losses):.2f}", flush=True)
            losses = []
        if progress >= 1 or now - saved > SAVE_EVERY_S:
            saved = now
            state = {"net": net.state_dict(), "optimizer": optimizer.state_dict()}
            state |= {"averaged": averaged, "step": step, "spent_s": spent_s}
            torch.save(state, out / "new.pt")
            (out / "new.pt").replace(path)
            print("held out:", score(averaged_net(net, averaged)), flush=True)
        if progress >= 1:
            drawing.shutdown()
            return


def adamw(net: nn.Module) -> torch.optim.Optimizer:
    """AdamW for all weights."""
    return torch.optim.AdamW(net.parameters(), lr=LR, weight_decay=0.01, betas=(0.9, 0.98))


def orthogonal(net: nn.Module) -> torch.optim.Optimizer:
    """Orthogonal steps for the kernels and matrices of hidden layers, AdamW for the rest."""
    weights = list(net.parameters())
    hidden = [one for one in weights if one.ndim > 1]
    rest = [one for one in weights if one.ndim < 2]
    return Muon([{"params": hidden, "hidden": True, "weight_decay": 0.01},
                 {"params": rest, "weight_decay": 0.0}], lr=LR)  # fmt: skip


def averaged_net(net: nn.Module, averaged: Batch) -> nn.Module:
    """A net of the mean weights, to be used."""
    import copy

    other = copy.deepcopy(net).eval()
    other.load_state_dict(averaged)
    return other


def final_state(out: Path) -> Batch:
    """The mean weights that a training ended with."""
    found: Batch = torch.load(out / "state.pt", weights_only=True)["averaged"]
    return found
