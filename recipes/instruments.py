"""Make the shipped separator of instruments.

    python -m recipes.instruments_data --fonts FluidR3_GM.sf2 MuseScore_General_Lite.sf3
    python -m recipes.instruments --minutes 30

The same command goes on where it was stopped. One net: told a family, it gives that family's part
of a mix. Each step mixes anew: two to five stems of any songs, of drawn levels, speeds and places
between left and right, and asks for a family that plays, or, of one mix in eight, for one that does
not.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recipes.instruments_data import FAMILIES, RATE_HZ, Stems
from recipes.mask_training import error_db
from tympan.nets.mask_unet import MaskUNet, MaskUNetConfig
from tympan.tasks.separate.losses import spectral_loss

SEED = 0
CONFIG = MaskUNetConfig(
    channels=2, sources=1, n_fft=2048, hop=1024, bands=((96, 1), (32, 4), (32, 10), (16, 30)),
    stages=((16, 2, 1), (32, 2, 2), (64, 2, 2), (96, 2, 1)), blocks=2, hidden=96, condition=8,
)  # fmt: skip
CROP_S, BATCH = 3.0, 5
ABSENT, OTHER = 0.125, 0.3  # shares of the mixes: without the wanted family, with none of the eight
SPEEDS, LEVELS_DB = (0.89, 1.12), (-10.0, 4.0)
SPECTRAL = 10.0
HELD_EVERY = 10


def mixture(stems: Stems, rng: np.random.Generator, held: bool) -> dict[str, np.ndarray]:
    """A mix `(2, t)`, the wanted family's part of it `(2, t)`, and which it is `(8,)`."""
    size, names = round(CROP_S * RATE_HZ), list(FAMILIES)
    order = [int(i) for i in rng.permutation(len(names))]
    wanted = order[0]
    playing = [names[i] for i in order[: int(rng.integers(2, 6))]]
    if rng.random() < ABSENT:
        playing = playing[1:]
    if rng.random() < OTHER:
        playing.append("")
    mix, target = np.zeros((2, size), np.float32), np.zeros((2, size), np.float32)
    for family in playing:
        rows = [i for i in stems.families[family] if (i % HELD_EVERY == 0) == held]
        speed = float(np.exp(rng.uniform(*np.log(SPEEDS)))) if rng.random() < 0.5 else 1.0
        wave = stems.crop(int(rng.choice(rows)), size, rng, speed)
        level = max(float(wave.std()), 1e-3)
        wave = wave / level * 0.05 * 10 ** (rng.uniform(*LEVELS_DB) / 20)
        angle = np.pi / 4 * (1 + (rng.uniform(-0.8, 0.8) if rng.random() < 0.7 else 0.0))
        placed = wave * np.array([[np.cos(angle)], [np.sin(angle)]])
        mix += placed
        if family == names[wanted]:
            target += placed
    condition = np.eye(len(names), dtype=np.float32)[wanted]
    return {"mix": mix, "source": target, "condition": condition}


def batch_of(
    stems: Stems, rng: np.random.Generator, size: int, held: bool = False
) -> dict[str, Tensor]:
    """So many mixes."""
    rows = [mixture(stems, rng, held) for _ in range(size)]
    return {name: torch.from_numpy(np.stack([r[name] for r in rows])) for name in rows[0]}


def loss_of(net: MaskUNet, batch: dict[str, Tensor]) -> Tensor:
    """Error in dB and distance of compressed spectra."""
    found = net(batch["mix"], batch["condition"])[:, 0].float().flatten(0, 1)
    wanted, mix = batch["source"].flatten(0, 1), batch["mix"].flatten(0, 1)
    both = error_db(found.unflatten(0, (-1, 2)).flatten(1), batch["source"].flatten(1),
                    batch["mix"].flatten(1)).mean()  # fmt: skip
    return both + SPECTRAL * spectral_loss(found, wanted, mix, (1024,)).mean()


@torch.inference_mode()
def improvement(net: MaskUNet, batch: dict[str, Tensor]) -> str:
    """Median SDR improvement in dB where the family plays, by family."""
    found = net(batch["mix"], batch["condition"])[:, 0].flatten(1)
    wanted, mix = batch["source"].flatten(1), batch["mix"].flatten(1)
    plays = wanted.square().sum(1) > 0

    def sdr(x: Tensor) -> Tensor:
        return 10 * torch.log10(wanted.square().sum(1) / (x - wanted).square().sum(1))

    gain = sdr(found) - sdr(mix)
    which = batch["condition"].argmax(1)
    each = " ".join(
        f"{name} {float(gain[plays & (which == i)].median()):.1f}"
        for i, name in enumerate(FAMILIES)
    )
    left = found[~plays].square().sum(1) / mix[~plays].square().sum(1)
    return (
        f"{float(gain[plays].mean()):.2f} dB; {each}; absent {float(10 * left.mean().log10()):.1f}"
    )


def train(folder: Path, out: Path, minutes: float) -> None:
    """Train for so many minutes; the same call goes on where it was stopped."""
    from recipes import mask_training

    torch.manual_seed(SEED)
    stems = Stems(folder)
    held = batch_of(stems, np.random.default_rng(SEED), 64, held=True)

    def score(net: MaskUNet) -> str:
        with torch.autocast("cpu", torch.bfloat16):
            return improvement(net, held)

    def draw(rng: np.random.Generator) -> dict[str, Tensor]:
        return batch_of(stems, rng, BATCH)

    mask_training.train(MaskUNet(CONFIG), draw, loss_of, score, out, minutes)


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path(".runs/instruments"))
    parser.add_argument("--out", default="train", help="folder in --runs")
    parser.add_argument("--minutes", type=float, default=30)
    options = parser.parse_args()
    train(options.runs, options.runs / options.out, options.minutes)


if __name__ == "__main__":
    main()
