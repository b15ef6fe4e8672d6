"""Make the shipped separator of two voices.

    python -m recipes.two_voices prepare --shared ../shared/data
    python -m recipes.two_voices train --minutes 50
    python -m recipes.two_voices train --minutes 90 --start two-voices --known 0.25 --out more

The same `train` goes on where it was stopped; with `--start` it begins with a model's weights, also
with those of a smaller net (`recipes/mask_growth.py`).

Each step mixes anew: two speakers at drawn speeds and levels, sometimes in a room, with pauses or a
quiet noise. Either order of the outputs is right. With `--known` a share of the mixtures carry the
vector of one of the two voices, from another moment of that person's recording: there the first
output must be that voice. Begin without: as long as voices are not separated at all, that is too
much to ask.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from recipes.mask_training import error_db, si_sdr
from recipes.two_voices_data import RATE_HZ, SPEEDS, Speech
from tympan._precision import full_precision
from tympan.nets.mask_blocks import merge
from tympan.nets.mask_unet import MaskUNet, MaskUNetConfig

SEED = 0
CONFIG = MaskUNetConfig(
    stages=((16, 2, 1), (32, 2, 1), (64, 2, 2), (128, 2, 1)), blocks=6, hidden=128, condition=256,
)  # fmt: skip
CROP_S, BATCH = 3.0, 6
DIRECTIONS, CLUSTERING = 12, 10.0
# Shares of the voices in a room and of those that pause; of mixes in noise.
ROOM, PAUSE, NOISE = 0.15, 0.1, 0.15
LEVEL_DB, NOISE_DB = 5.0, (15.0, 30.0)


def mixture(speech: Speech, rng: np.random.Generator, known: bool) -> dict[str, np.ndarray]:
    """Two voices `(2, t)`, their mix `(t,)`, and a vector `(d,)`: of the first voice, or zeros."""
    size = round(CROP_S * RATE_HZ)
    a, b = speech.pair(rng)
    speeds = [1.0 if known else float(np.exp(rng.uniform(*np.log(SPEEDS)))) for _ in "12"]
    one, vector = speech.crop(a, size, rng, speeds[0])
    two, _ = speech.crop(b, size, rng, speeds[1])
    sources = np.stack([one, two])
    for i in range(2):
        if rng.random() < ROOM:
            sources[i] = in_room(sources[i], rng)
        if rng.random() < PAUSE:  # silent for a while at one end
            cut = int(rng.integers(size // 8, size // 2))
            sources[i, :cut] = 0 if rng.random() < 0.5 else sources[i, :cut]
            sources[i, size - cut :] = 0 if rng.random() < 0.5 else sources[i, size - cut :]
        sources[i] /= max(float(sources[i].std()), 1e-4) / 0.05
    gain_db = rng.uniform(-LEVEL_DB, LEVEL_DB)
    sources *= 10 ** (np.array([[gain_db], [-gain_db]]) / 40)
    mix = sources.sum(0)
    if rng.random() < NOISE:
        noise = rng.standard_normal(size)
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


def batch_of(
    speech: Speech, rng: np.random.Generator, size: int, known: float
) -> dict[str, Tensor]:
    """So many mixtures; of a share of them the first voice is known."""
    rows = [mixture(speech, rng, bool(rng.random() < known)) for _ in range(size)]
    return {name: torch.from_numpy(np.stack([r[name] for r in rows])) for name in rows[0]}


class Clustering(nn.Module):
    """A net and, for its training, a direction for each band of each frame.

    Bands in which one voice is the louder shall have one direction, those of the other another
    (Hershey et al., *Deep clustering*, ICASSP 2016; beside masks: Luo et al., *Deep clustering and
    conventional networks for music separation*, ICASSP 2017). That does not depend on an order and
    teaches each band, where the masks alone learn nothing for long.

    Args:
        net: the separator.
    """

    def __init__(self, net: MaskUNet) -> None:
        super().__init__()
        self.net = net
        self.last = 0.0
        self.directions = nn.Conv2d(net.config.stages[0][0], DIRECTIONS, 3, padding=1)

    def forward(self, mix: Tensor, vector: Tensor) -> tuple[Tensor, Tensor]:
        """Mix `(b, 1, t)`, vector `(b, d)` → voices `(b, 2, t)`, directions `(b, d, f, n)`."""
        kept: list[Tensor] = []
        hook = self.net.head.register_forward_pre_hook(lambda _, given: kept.append(given[0]))
        found = self.net(mix, vector)[:, :, 0]
        hook.remove()
        return found, self.directions(kept[0])

    def affinity(self, directions: Tensor, sources: Tensor) -> Tensor:
        """How far the likeness of bands is from whether one voice is louder in both, 0 … 1."""
        net = self.net
        with full_precision("cpu"), torch.no_grad():
            sizes = net.stft(sources.flatten(0, 1)).abs().unflatten(0, (-1, 2))
            sizes = merge(sizes, net.config.bands)  # (b, 2, f, n)
            weight = sizes.sum(1).pow(0.6).flatten(1)
            weight = (weight / weight.sum(1, keepdim=True))[..., None]
            louder = torch.zeros_like(sizes).scatter_(1, sizes.argmax(1, keepdim=True), 1.0)
            y = louder.flatten(2).transpose(1, 2) * weight.sqrt()
        frames = sizes.shape[-1]
        v = nn.functional.normalize(directions[..., :frames].float(), dim=1)
        v = v.flatten(2).transpose(1, 2) * weight.sqrt()

        def square(a: Tensor, b: Tensor) -> Tensor:
            return (a.transpose(1, 2) @ b).square().sum((1, 2))

        with full_precision("cpu"):
            return (square(v, v) - 2 * square(v, y) + square(y, y)).mean()


def loss_of(both: Clustering, batch: dict[str, Tensor]) -> Tensor:
    """Mean error in dB, the better order where the voices have none; and the clustering."""
    found, directions = both(batch["mix"][:, None], batch["vector"])
    mix, wanted = batch["mix"][:, None], batch["sources"]
    straight = error_db(found, wanted, mix).mean(-1)
    crossed = error_db(found.flip(1), wanted, mix).mean(-1)
    best = torch.where(batch["known"], straight, torch.minimum(straight, crossed))
    apart = both.affinity(directions, wanted)
    both.last = float(apart.detach())
    return best.mean() + CLUSTERING * apart


@torch.inference_mode()
def improvement(both: Clustering, batch: dict[str, Tensor]) -> tuple[float, float]:
    """SI-SDR improvement in dB on mixtures, blind and told the voice."""
    net, mix, wanted = both.net, batch["mix"][:, None], batch["sources"]
    before = si_sdr(mix.expand_as(wanted), wanted)
    found = net(mix, torch.zeros_like(batch["vector"]))[:, :, 0]
    straight, crossed = si_sdr(found, wanted).mean(-1), si_sdr(found.flip(1), wanted).mean(-1)
    blind = (torch.maximum(straight, crossed) - before.mean(-1)).mean()
    told = net(mix, batch["vector"])[:, 0, 0]
    return float(blind), float((si_sdr(told, wanted[:, 0]) - before[:, 0]).mean())


def train(folder: Path, out: Path, minutes: float, known: float, start: str | None) -> None:
    """Train for so many minutes; the same call goes on where it was stopped."""
    from recipes import mask_training
    from recipes.mask_growth import grown
    from tympan.models import load_model

    torch.manual_seed(SEED)
    net = MaskUNet(CONFIG)
    if start is not None:
        net.load_state_dict(grown(load_model(start).state, net))
    speech = Speech(folder, held=False)
    held = batch_of(Speech(folder, held=True), np.random.default_rng(SEED), 60, known=1.0)

    def score(both: Clustering) -> str:
        with torch.autocast("cpu", torch.bfloat16):
            blind, told = improvement(both, held)
        text = f"SI-SDR better by {blind:.2f} dB blind, {told:.2f} dB told the voice"
        return f"{text}; affinity {both.last:.3f}"

    def draw(rng: np.random.Generator) -> dict[str, Tensor]:
        return batch_of(speech, rng, BATCH, known)

    mask_training.train(Clustering(net), draw, loss_of, score, out, minutes, muon=True)


def main() -> None:
    """One step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=("prepare", "train"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/two-voices"))
    parser.add_argument("--out", default="train", help="folder in --runs")
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--known", type=float, default=0.0, help="share told one of the voices")
    parser.add_argument("--start", help="a model whose weights to begin with")
    parser.add_argument(
        "--made", type=Path, default=Path(".runs/transcribe/teacher"),
        help="folders of FLAC files, one for each made voice",
    )  # fmt: skip
    options = parser.parse_args()
    if options.step == "prepare":
        from recipes.two_voices_data import prepare

        prepare(options.shared, options.made, options.runs)
    else:
        out = options.runs / options.out
        train(options.runs, out, options.minutes, options.known, options.start)


if __name__ == "__main__":
    main()
