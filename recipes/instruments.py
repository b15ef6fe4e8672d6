"""Make the shipped separator of instruments.

    python -m recipes.instruments_data --fonts FluidR3_GM.sf2 MuseScore_General_Lite.sf3
    python -m recipes.instruments --minutes 95

The same command goes on where it was stopped. One net: told a family, it gives that family's part
of a mix. Each step mixes anew: two to five stems, of one song or of any, of drawn levels, speeds,
colours, rooms and places between left and right, and asks for two families of each mix, one of
which, of one mix in four, does not play.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recipes.instruments_data import FAMILIES, RATE_HZ, Stems
from recipes.mask_training import error_db
from recipes.two_voices import in_room
from tympan.nets.mask_unet import MaskUNet, MaskUNetConfig
from tympan.tasks.separate.losses import spectral_loss

SEED = 0
CONFIG = MaskUNetConfig(
    channels=2, sources=1, n_fft=2048, hop=1024, bands=((96, 1), (32, 4), (32, 10), (16, 30)),
    stages=((16, 2, 1), (32, 2, 2), (64, 2, 2), (128, 2, 1)), blocks=4, hidden=128, condition=8,
    condition_up=True,
)  # fmt: skip
CROP_S, BATCH = 3.0, 5
# Shares of the mixes: one of the families asked for does not play; something of none of them does.
ABSENT, OTHER = 0.25, 0.3
TOGETHER = 0.5  # share of the mixes whose stems are of one song
SPEEDS, LEVELS_DB = (0.89, 1.12), (-10.0, 4.0)
COLOURED, COLOUR_DB, ROOM = 0.7, 4.0, 0.3  # shares of the stems; deviation of the gain of a band
ASKED = 2  # families of each mix
NARROW, CUT_HZ = 0.3, (4000.0, 16000.0)  # share of the mixes that hold nothing above a frequency
SPECTRAL = 10.0
HELD_EVERY = 10


def chosen(stems: Stems, rng: np.random.Generator, held: bool) -> list[int]:
    """Rows of two to five stems of different families, or of a family each and one of none."""
    most = int(rng.integers(2, 6))
    if rng.random() < TOGETHER:
        songs = [one for one in stems.songs if (one % HELD_EVERY == 0) == held]
        rows = stems.songs[songs[int(rng.integers(len(songs)))]]
        return [rows[i] for i in rng.permutation(len(rows))][:most]
    names = [str(one) for one in rng.permutation(list(FAMILIES))][:most]
    if rng.random() < OTHER:
        names.append("")
    parts = [[i for i in stems.families[one] if stems.rows[i]["song"] < 0] for one in names]
    parts = [[i for i in rows if (i % HELD_EVERY == 0) == held] for rows in parts]
    return [rows[int(rng.integers(len(rows)))] for rows in parts]


def asked(playing: list[str], rng: np.random.Generator) -> list[str]:
    """Families that play, the last of which, for some mixes, does not."""
    absent = [one for one in FAMILIES if one not in playing]
    plays = [str(one) for one in rng.permutation([one for one in FAMILIES if one in playing])]
    if absent and (len(plays) < ASKED or rng.random() < ABSENT):
        plays = [*plays[: ASKED - 1], absent[int(rng.integers(len(absent)))]]
    return plays[:ASKED]


def varied(wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Of another colour, in a room: as another instrument and microphone."""
    if rng.random() < COLOURED:
        spectrum = np.fft.rfft(wave)
        octaves = np.log2(1 + np.arange(len(spectrum)) / len(spectrum) * 511)
        gains_db = np.interp(octaves, np.arange(10), rng.normal(0, COLOUR_DB, 10))
        wave = np.fft.irfft(spectrum * 10 ** (gains_db / 20), len(wave)).astype(np.float32)
    return in_room(wave, rng).astype(np.float32) if rng.random() < ROOM else wave


def below(waves: np.ndarray, cut_hz: float) -> np.ndarray:
    """Waves `(…, t)` without what lies above a frequency, as of a lower sampling rate."""
    spectra = np.fft.rfft(waves)
    spectra[..., round(cut_hz / RATE_HZ * waves.shape[-1]) :] = 0
    return np.fft.irfft(spectra, waves.shape[-1]).astype(np.float32)


def mixture(stems: Stems, rng: np.random.Generator, held: bool) -> dict[str, np.ndarray]:
    """A mix `(2, t)`, the parts of two families of it `(2, 2, t)`, and which they are `(2, 8)`."""
    size, names = round(CROP_S * RATE_HZ), list(FAMILIES)
    rows = chosen(stems, rng, held)
    wanted = asked([stems.rows[i]["family"] for i in rows], rng)
    mix, target = np.zeros((2, size), np.float32), np.zeros((ASKED, 2, size), np.float32)
    speed = float(np.exp(rng.uniform(*np.log(SPEEDS)))) if rng.random() < 0.5 else 1.0
    at, together = rng.random(), stems.rows[rows[0]]["song"] >= 0
    for row in rows:
        family = stems.rows[row]["family"]
        wave = stems.crop(row, size, at if together else rng.random(), speed)
        wave = varied(wave, rng)
        level = max(float(wave.std()), 1e-3)
        wave = wave / level * 0.05 * 10 ** (rng.uniform(*LEVELS_DB) / 20)
        angle = np.pi / 4 * (1 + (rng.uniform(-0.8, 0.8) if rng.random() < 0.7 else 0.0))
        placed = wave * np.array([[np.cos(angle)], [np.sin(angle)]], np.float32)
        mix += placed
        if family in wanted:
            target[wanted.index(family)] += placed
    if rng.random() < NARROW:
        cut_hz = float(np.exp(rng.uniform(*np.log(CUT_HZ))))
        mix, target = below(mix, cut_hz), below(target, cut_hz)
    condition = np.eye(len(names), dtype=np.float32)[[names.index(one) for one in wanted]]
    return {"mix": mix, "source": target, "condition": condition}


def batch_of(
    stems: Stems, rng: np.random.Generator, size: int, held: bool = False
) -> dict[str, Tensor]:
    """So many mixes."""
    rows = [mixture(stems, rng, held) for _ in range(size)]
    return {name: torch.from_numpy(np.stack([r[name] for r in rows])) for name in rows[0]}


def parts_of(net: MaskUNet, batch: dict[str, Tensor]) -> Tensor:
    """The families that are asked for, `(b, 2, 2, t)`."""
    return net.asked(batch["mix"], list(batch["condition"].unbind(1)))


def loss_of(net: MaskUNet, batch: dict[str, Tensor]) -> Tensor:
    """Error in dB and distance of compressed spectra."""
    found, wanted = parts_of(net, batch).float(), batch["source"]
    mix = batch["mix"][:, None].expand_as(wanted)
    both = error_db(found.flatten(2), wanted.flatten(2), mix.flatten(2)).mean()
    waves = (one.flatten(0, 2) for one in (found, wanted, mix))
    return both + SPECTRAL * spectral_loss(*waves, (1024,)).mean()


@torch.inference_mode()
def improvement(net: MaskUNet, batch: dict[str, Tensor]) -> str:
    """Mean and medians of the SDR's improvement in dB where a family plays."""
    found, wanted = parts_of(net, batch).flatten(2).flatten(0, 1), batch["source"].flatten(2)
    mix = batch["mix"].flatten(1)[:, None].expand_as(wanted).flatten(0, 1)
    wanted = wanted.flatten(0, 1)
    plays = wanted.square().sum(1) > 0

    def sdr(x: Tensor) -> Tensor:
        return 10 * torch.log10(wanted.square().sum(1) / (x - wanted).square().sum(1))

    gain = sdr(found) - sdr(mix)
    which = batch["condition"].flatten(0, 1).argmax(1)
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

    mask_training.train(MaskUNet(CONFIG), draw, loss_of, score, out, minutes, muon=True)


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path(".runs/instruments"))
    parser.add_argument("--out", default="train", help="folder in --runs")
    parser.add_argument("--minutes", type=float, default=95)
    options = parser.parse_args()
    train(options.runs, options.runs / options.out, options.minutes)


if __name__ == "__main__":
    main()
