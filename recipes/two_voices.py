"""Make the shipped separator of two voices.

    python -m recipes.two_voices prepare --shared ../shared/data
    python -m recipes.two_voices train --minutes 50

The same `train` goes on where it was stopped. Each step mixes anew: two speakers at drawn speeds,
levels, rooms and overlaps, sometimes a quiet noise. A quarter of the mixtures carry the vector of one
of the two voices, from another moment of that person's recording: there the first output must be
that voice, whereas elsewhere either order is right.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recipes.two_voices_data import RATE_HZ, SPEEDS, Speech
from tympan.nets.mask_unet import MaskUNet, MaskUNetConfig

SEED = 0
CONFIG = MaskUNetConfig(
    stages=((16, 2, 1), (32, 2, 2), (64, 2, 2), (128, 2, 1)), blocks=3, hidden=128, condition=256,
)  # fmt: skip
CROP_S, BATCH = 3.0, 12
KNOWN = 0.25  # share of the mixtures where the wanted voice is known
LEVEL_DB, NOISE_DB = 5.0, (15.0, 30.0)
LR, WARMUP, EMA = 2e-3, 60, 0.995


def mixture(speech: Speech, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Two voices `(2, t)`, their mix `(t,)`, and a vector `(d,)`: of the first voice, or zeros."""
    size = round(CROP_S * RATE_HZ)
    names = list(speech.speakers)
    a, b = rng.choice(len(names), 2, replace=False)
    known = rng.random() < KNOWN
    speeds = [1.0 if known else float(np.exp(rng.uniform(*np.log(SPEEDS)))) for _ in "12"]
    one, vector = speech.crop(names[a], size, rng, speeds[0])
    two, _ = speech.crop(names[b], size, rng, speeds[1])
    sources = np.stack([one, two])
    for i in range(2):
        if rng.random() < 0.3:
            sources[i] = in_room(sources[i], rng)
        if rng.random() < 0.15:  # silent for a while at one end
            cut = int(rng.integers(size // 8, size // 2))
            sources[i, : cut] = 0 if rng.random() < 0.5 else sources[i, : cut]
            sources[i, size - cut :] = 0 if rng.random() < 0.5 else sources[i, size - cut :]
        sources[i] /= max(float(sources[i].std()), 1e-4) / 0.05
    gain_db = rng.uniform(-LEVEL_DB, LEVEL_DB)
    sources *= 10 ** (np.array([[gain_db], [-gain_db]]) / 40)
    mix = sources.sum(0)
    if rng.random() < 0.3:
        noise = np.cumsum(rng.standard_normal(size)) if rng.random() < 0.3 else rng.standard_normal(size)
        noise = noise - noise.mean()
        level = float(mix.std()) * 10 ** (-rng.uniform(*NOISE_DB) / 20)
        mix = mix + noise / max(float(noise.std()), 1e-6) * level
    return {
        "mix": mix.astype(np.float32), "sources": sources.astype(np.float32),
        "vector": vector if known else np.zeros_like(vector), "known": np.array(known),
    }  # fmt: skip


def in_room(wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """With the decaying echo of a small room."""
    from scipy.signal import fftconvolve

    decay_s = rng.uniform(0.1, 0.45)
    t = np.arange(round(decay_s * RATE_HZ)) / RATE_HZ
    response = rng.standard_normal(len(t)) * 10 ** (-3 * t / decay_s) * (t > 0.002)
    response *= 10 ** (-rng.uniform(0, 12) / 20) / np.sqrt((response**2).sum())
    response[0] = 1.0
    found: np.ndarray = fftconvolve(wave, response)[: len(wave)]
    return found


def batch_of(speech: Speech, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
    """So many mixtures."""
    rows = [mixture(speech, rng) for _ in range(size)]
    return {name: torch.from_numpy(np.stack([r[name] for r in rows])) for name in rows[0]}


def error_db(found: Tensor, wanted: Tensor, mix: Tensor) -> Tensor:
    """Error to signal `(…)` of `(…, t)` in dB, no lower than -30; of silence, error to mix."""
    power = wanted.square().sum(-1)
    power = torch.where(power > 1e-6, power, 0.05 * mix.square().sum(-1))
    wrong = (found - wanted).square().sum(-1)
    return 10 * torch.log10(wrong / power + 1e-3)


def loss_of(net: MaskUNet, batch: dict[str, Tensor]) -> Tensor:
    """Mean error in dB; the better order where the voices have none."""
    found = net(batch["mix"][:, None], batch["vector"])[:, :, 0]
    mix, wanted = batch["mix"][:, None], batch["sources"]
    straight = error_db(found, wanted, mix).mean(-1)
    crossed = error_db(found.flip(1), wanted, mix).mean(-1)
    best = torch.where(batch["known"], straight, torch.minimum(straight, crossed))
    return best.mean()


def si_sdr(found: Tensor, wanted: Tensor) -> Tensor:
    """Scale-invariant signal-to-distortion ratio in dB, over the last axis."""
    scale = (found * wanted).sum(-1, keepdim=True) / wanted.square().sum(-1, keepdim=True)
    target = scale * wanted
    return 10 * torch.log10(
        target.square().sum(-1) / (found - target).square().sum(-1).clamp_min(1e-10)
    )


@torch.inference_mode()
def improvement(net: MaskUNet, batch: dict[str, Tensor]) -> tuple[float, float]:
    """SI-SDR improvement in dB on mixtures, blind and told the voice."""
    mix, wanted = batch["mix"][:, None], batch["sources"]
    before = si_sdr(mix.expand_as(wanted), wanted)
    found = net(mix, torch.zeros_like(batch["vector"]))[:, :, 0]
    straight, crossed = si_sdr(found, wanted).mean(-1), si_sdr(found.flip(1), wanted).mean(-1)
    blind = (torch.maximum(straight, crossed) - before.mean(-1)).mean()
    told = net(mix, batch["vector"])[:, 0, 0]
    return float(blind), float((si_sdr(told, wanted[:, 0]) - before[:, 0]).mean())


def validation(folder: Path) -> dict[str, Tensor]:
    """The same mixtures of held-out speakers each time."""
    global KNOWN
    share, KNOWN = KNOWN, 1.0
    found = batch_of(Speech(folder, held=True), np.random.default_rng(SEED), 60)
    KNOWN = share
    return found


def train(folder: Path, out: Path, minutes: float) -> None:
    """Train for so many minutes of the processor's time, or of the clock's with `--wall`."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    speech, held = Speech(folder, held=False), validation(folder)
    net = MaskUNet(CONFIG)
    optimizer = torch.optim.AdamW(net.parameters(), lr=LR, weight_decay=0.01, betas=(0.9, 0.98))
    state: dict[str, Any] = {"step": 0, "spent_s": 0.0}
    averaged = {k: v.clone() for k, v in net.state_dict().items()}
    out.mkdir(parents=True, exist_ok=True)
    path = out / "state.pt"
    if path.exists():
        kept = torch.load(path, weights_only=True)
        net.load_state_dict(kept["net"])
        optimizer.load_state_dict(kept["optimizer"])
        averaged, state = kept["averaged"], kept["state"]
    begun, saved, losses = time.monotonic() - state["spent_s"], time.monotonic(), []
    while True:
        spent = time.monotonic() - begun
        progress = min(1.0, spent / (60 * minutes))
        step = state["step"] = state["step"] + 1
        rng = np.random.default_rng([SEED, step])
        batch = batch_of(speech, rng, BATCH)
        for group in optimizer.param_groups:
            group["lr"] = LR * min(1, step / WARMUP) * (0.02 + 0.98 * np.cos(progress * np.pi / 2))
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(net, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        losses.append(float(loss))
        keep = min(EMA, step / (step + 10))
        for name, value in net.state_dict().items():
            if value.is_floating_point():
                averaged[name].lerp_(value, 1 - keep)
        if step % 20 == 0:
            print(step, f"{spent:.0f} s", f"{np.mean(losses):.2f} dB", flush=True)
            losses = []
        last = progress >= 1
        if last or time.monotonic() - saved > 240:
            state["spent_s"], saved = spent, time.monotonic()
            torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(),
                        "averaged": averaged, "state": state}, out / "new.pt")  # fmt: skip
            (out / "new.pt").replace(path)
            other = MaskUNet(CONFIG).eval()
            other.load_state_dict(averaged)
            with torch.autocast("cpu", torch.bfloat16):
                blind, told = improvement(other, held)
            print("held out:", f"{blind:.2f} dB blind, {told:.2f} dB told", flush=True)
        if last:
            return


def main() -> None:
    """One step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=("prepare", "train"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/two-voices"))
    parser.add_argument("--out", default="train", help="folder in --runs")
    parser.add_argument("--minutes", type=float, default=50)
    options = parser.parse_args()
    if options.step == "prepare":
        from recipes.two_voices_data import prepare

        prepare(options.shared, options.runs)
    else:
        train(options.runs, options.runs / options.out, options.minutes)


if __name__ == "__main__":
    main()
