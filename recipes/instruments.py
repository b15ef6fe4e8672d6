"""Make the shipped separator of instruments.

    python -m recipes.instruments_data --fonts FluidR3_GM.sf2 MuseScore_General.sf3
    python -m recipes.instruments --minutes 60

The same command goes on where it was stopped. One net shares a mix out among eight families and a
rest. Each step mixes anew: families that play one song together, or any stems, of drawn levels,
speeds, colours and places between left and right. What is learned is the share that each family
has of each band and frame (cross-entropy), so that no sound has to be made while training.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recipes.instruments_data import FAMILIES, RATE_HZ, Stems
from tympan._precision import full_precision
from tympan.nets.mask_blocks import merge
from tympan.nets.mask_unet import MaskUNet, MaskUNetConfig

SEED = 0
CONFIG = MaskUNetConfig(
    channels=2, sources=len(FAMILIES), n_fft=2048, hop=1024,
    bands=((96, 1), (32, 4), (32, 10), (16, 30)),
    stages=((16, 2, 1), (32, 2, 2), (64, 2, 2), (128, 2, 1)), blocks=4, hidden=128, shares=True,
)  # fmt: skip
CROP_S, BATCH = 3.0, 12
SONG, OTHER = 0.5, 0.3  # shares of the mixes: of one song, with an instrument of none of the eight
# How often one family plays, two …
COUNTS, HELD_COUNTS = (0.2, 0.25, 0.25, 0.15, 0.1, 0.05), (0.0, 0.2, 0.2, 0.2, 0.2, 0.2)
SPEEDS, LEVELS_DB = (0.84, 1.19), (-10.0, 4.0)
COLOURED, DULLED = 0.5, 0.15  # shares of the stems: through a curve of gains, without their highs
LOUDNESS = 0.7  # bands and frames count by this power of their magnitude
HELD_EVERY, HELD = 10, 96


def chosen(stems: Stems, rng: np.random.Generator, held: bool) -> list[int]:
    """Rows that sound together, one of each family at most; often one alone, for its timbre."""
    counts = HELD_COUNTS if held else COUNTS
    most = int(rng.choice(len(counts), p=counts)) + 1
    if rng.random() < SONG:
        songs = [s for s in stems.songs if (s % HELD_EVERY == 0) == held]
        rows = stems.songs[songs[int(rng.integers(len(songs)))]]
        rows = [int(r) for r in rng.permutation(rows)[:most]]
    else:
        names = [str(n) for n in rng.permutation(list(FAMILIES))[:most]]
        rows = [lone(stems, name, rng, held) for name in names]
    if rng.random() < OTHER:
        rows.append(lone(stems, "", rng, held))
    return rows


def lone(stems: Stems, family: str, rng: np.random.Generator, held: bool) -> int:
    """Any row of a family."""
    while True:
        row = stems.families[family][int(rng.integers(len(stems.families[family])))]
        song = stems.rows[row]["song"]
        number = song if song >= 0 else row
        if (number % HELD_EVERY == 0) == held:
            return row


def coloured(wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As by another microphone, room or loudspeaker: smooth gains, or without its highs."""
    curve, dull = rng.random() < COLOURED, rng.random() < DULLED
    if not (curve or dull):
        return wave
    spectrum = np.fft.rfft(wave)
    hz = np.linspace(0, RATE_HZ / 2, len(spectrum))
    if curve:
        gains = rng.uniform(-9, 9, 7) * rng.random()
        spectrum *= 10 ** (np.interp(np.log2(hz + 40), np.linspace(5.3, 14.4, 7), gains) / 20)
    if dull:
        top_hz = np.exp(rng.uniform(np.log(2500), np.log(14000)))
        spectrum *= 1 / (1 + np.exp(np.clip((hz - top_hz) / 300, -40, 40)))
    found: np.ndarray = np.fft.irfft(spectrum, len(wave)).astype(np.float32)
    return found


def mixture(stems: Stems, rng: np.random.Generator, held: bool) -> np.ndarray:
    """The part of each family and of the rest in a mix, `(9, 2, t)`."""
    size, names = round(CROP_S * RATE_HZ), list(FAMILIES)
    parts = np.zeros((len(names) + 1, 2, size), np.float32)
    speed = float(np.exp(rng.uniform(*np.log(SPEEDS)))) if rng.random() < 0.5 else 1.0
    at = float(rng.random())  # the same for all: in a song they play together
    for row in chosen(stems, rng, held):
        family = stems.rows[row]["family"]
        wave = coloured(stems.crop(row, size, at, speed), rng)
        level = max(float(wave.std()), 1e-3)
        wave = wave / level * 0.05 * 10 ** (rng.uniform(*LEVELS_DB) / 20)
        angle = np.pi / 4 * (1 + (rng.uniform(-0.8, 0.8) if rng.random() < 0.7 else 0.0))
        number = names.index(family) if family else len(names)
        parts[number] += wave * np.array([[np.cos(angle)], [np.sin(angle)]], np.float32)
    return parts


def batch_of(
    stems: Stems, rng: np.random.Generator, size: int, held: bool = False
) -> dict[str, Tensor]:
    """So many mixes `(b, 2, t)` and their parts `(b, 9, 2, t)`."""
    parts = torch.from_numpy(np.stack([mixture(stems, rng, held) for _ in range(size)]))
    return {"mix": parts.sum(1), "parts": parts}


def sizes_of(net: MaskUNet, parts: Tensor) -> Tensor:
    """Parts `(b, 9, 2, t)` → magnitudes of both channels in bands `(b, 9, bands, n)`."""
    plays = parts.square().sum((2, 3)) > 0
    spectrum = net.stft(parts[plays]).abs().sum(1)
    widths = torch.tensor([w for count, w in net.config.bands for _ in range(count)])
    each = merge(spectrum[:, None], net.config.bands)[:, 0] * widths[:, None]
    sizes = each.new_zeros(*parts.shape[:2], *each.shape[1:])
    sizes[plays] = each
    return sizes


def loss_of(net: MaskUNet, batch: dict[str, Tensor]) -> Tensor:
    """Cross-entropy between the shares that parts have and those that the net gives."""
    _, _, features = net.levelled(batch["mix"])
    with full_precision("cpu"):
        sizes = sizes_of(net, batch["parts"])
        total = sizes.sum(1)
        shares = sizes / total.clamp_min(1e-9)[:, None]
        weights = total.pow(LOUDNESS)
        weights = weights / weights.sum((1, 2), keepdim=True).clamp_min(1e-9)
    logits = net.scores(net.shrunk(features), features.shape[-1], None)
    each = -(shares * logits.log_softmax(1)).sum(1)
    return (each * weights).sum((1, 2)).mean()


def sdr(found: Tensor, wanted: Tensor) -> Tensor:
    """Signal-to-distortion ratio in dB of `(…, c, t)`."""
    power = wanted.square().sum((-1, -2))
    return 10 * torch.log10(power / (found - wanted).square().sum((-1, -2)))


@torch.inference_mode()
def scores(net: MaskUNet, batch: dict[str, Tensor]) -> str:
    """Median SDR in dB of each family where it plays (silence: 0); the level where it does not."""
    rows: list[Tensor] = [net(one[None])[0] for one in batch["mix"]]
    found, wanted = torch.stack(rows), batch["parts"][:, :-1]
    plays = wanted.square().sum((2, 3)) > 1e-6 * wanted.square().sum((1, 2, 3))[:, None]
    ratio, before = sdr(found, wanted), sdr(batch["mix"][:, None], wanted)
    each = " ".join(
        f"{name} {float(ratio[plays[:, i], i].median()):.1f}" for i, name in enumerate(FAMILIES)
    )
    power = batch["mix"].square().sum((1, 2))[:, None]
    left = 10 * torch.log10(found.square().sum((2, 3)) / power + 1e-9)[~plays].median()
    return (
        f"SDR {float(ratio[plays].median()):.2f} dB (the mix {float(before[plays].median()):.2f}); "
        f"{each}; absent {float(left):.1f} dB"
    )


def train(folder: Path, out: Path, minutes: float, threads: int) -> None:
    """Train for so many minutes; the same call goes on where it was stopped."""
    from recipes import mask_training

    torch.manual_seed(SEED)
    stems = Stems(folder)
    held = batch_of(stems, np.random.default_rng(SEED), HELD, held=True)
    mask_training.train(
        MaskUNet(CONFIG), lambda rng: batch_of(stems, rng, BATCH), loss_of,
        lambda net: scores(net, held), out, minutes, muon=True, threads=threads,
    )  # fmt: skip


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path(".runs/instruments"))
    parser.add_argument("--out", default="train", help="folder in --runs")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    train(options.runs, options.runs / options.out, options.minutes, options.threads)


if __name__ == "__main__":
    main()
