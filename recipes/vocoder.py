"""Train the correction net of the vocoder: from folders of speech to weights, card and figures.

    python -m recipes.vocoder prepare --teacher .runs/speech/teacher --shared ../shared/data
    python -m recipes.vocoder train
    python -m recipes.vocoder ship

*Speech*: sentences of a teacher (`NAME/00012.flac`, and beside it `.npz` with `f0`, one value in Hz
every 12.5 ms), and real recordings (Kerstin, CC0), whose F0 tympan's pitch tracker finds, so that
the net knows more than one synthesiser.

*Held out*: the teacher's voices `HELD_OUT` and Kerstin's last 60 sentences, which
`benchmarks/vocoder.py` measures on; of what is left, every 50th sentence to choose an epoch by.

*Mels are not always sharp*: an acoustic net's are smooth in time and frequency. Half of the batches
are blurred so, and get noise; the wave wanted stays as it is. F0 is not moved: whatever it is, the
wave is to have it, and pulses beside the harmonics of the wave wanted would only teach the net to
take noise in their place. (Even so the trained net keeps few of the pulses above 500 Hz.)

*The loss* is a spectral energy distance (`tympan.nets.SpectralDistance`) between the recording and
two waves with the same correction and different noise: a plain distance would prefer pulses where
there is noise.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tympan.data.batches import Batch, Batches
from tympan.nets import (
    CorrectedVocoder,
    CorrectionConfig,
    SpectralDistance,
    VocoderConfig,
    count_parameters,
    vocoder_fields,
)
from tympan.nets.vocoder import Correction
from tympan.training import TrainingConfig, fit
from tympan.training.history import History
from tympan.training.learner import NET, whole_nets
from tympan.training.loop import final_weights

SEED = 0
CONFIG, SHAPE = VocoderConfig(), CorrectionConfig()
HELD_OUT = ("fenrir",)
KERSTIN_HELD_OUT, KERSTIN_MOST, VALIDATION_EVERY = 60, 800, 50
# Frames of a training example; so many more at each end give the mels what they need.
CROP, EDGE = 64, 2
# How often an example is of the teacher, and how often of a real voice.
SHARES = {"teacher": 0.6, "kerstin": 0.4}
ROWS_IN_EPOCH = 800
# Fewer passes than the vocoder has make a step cheaper.
PASSES, RESOLUTIONS = 2, (320, 1280)
TRAINING = TrainingConfig(
    epochs=14, batch_size=8, lr=3e-3, weight_decay=0.01, warmup_epochs=0.5, ema_decay=0.99,
    checkpoint_every_s=120, seed=SEED, precision="32",
)  # fmt: skip
# The most that mels are blurred by, in frames and bands, and the noise on them, in nepers.
BLUR_FRAMES, BLUR_BANDS, NOISE = 1.2, 1.0, 0.25
LEVEL_DB = 12.0
DATA: dict[str, Any] = {
    "name": "sentences of Kokoro-82M (voices other than " + ", ".join(HELD_OUT) + "), and Kerstin",
    "licences": {"Kokoro-82M": "Apache-2.0", "Kerstin": "CC0-1.0"},
    "recipe": "python -m recipes.vocoder",
}


# -- data ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sentence:
    """A stretch of the file of samples.

    Attributes:
        name: where it is from.
        group: the voice.
        start: first frame.
        frames: how many; each has `hop` samples and one value of F0.
    """

    name: str
    group: str
    start: int
    frames: int


def teacher_sentences(folder: Path) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Name, voice, wave and F0 of each sentence that is not held out."""
    import soundfile

    for path in sorted(folder.glob("*/*.npz")):
        if path.parent.name in HELD_OUT:
            continue
        with np.load(path) as found:
            f0 = found["f0"]
        wave, rate_hz = soundfile.read(path.with_suffix(".flac"), dtype="float32")
        assert rate_hz == CONFIG.rate_hz, path
        yield path.stem, path.parent.name, wave, np.where(f0 > 50, f0, 0)


def kerstin_sentences(folder: Path) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """The same of Kerstin."""
    with open(folder / "metadata.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:-KERSTIN_HELD_OUT]
    for row in rows[:KERSTIN_MOST]:
        yield Path(row["file_name"]).stem, "kerstin", *with_pitch(folder / row["file_name"])


def with_pitch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Wave and F0 of a recording."""
    from tympan.audio import load
    from tympan.spectra import pitch_track

    clip = load(path, rate_hz=CONFIG.rate_hz, mono=True)
    track = pitch_track(clip, 60, 500, hop_s=CONFIG.hop / CONFIG.rate_hz)
    return clip.samples[0], np.nan_to_num(track.frequencies_hz)


def prepare(teacher: Path, shared: Path, out: Path) -> None:
    """Decode everything, into a folder for each source; one that is there is kept."""
    sources = {
        "teacher": lambda: teacher_sentences(teacher),
        "kerstin": lambda: kerstin_sentences(shared / "kerstin"),
    }
    for name, sentences in sources.items():
        if not (out / name / "speech.json").exists():
            store(sentences(), out / name)


def store(sentences: Iterable[tuple[str, str, np.ndarray, np.ndarray]], out: Path) -> None:
    """Write `speech.pcm` (16 bit), `f0.npy` and, last, `speech.json`."""
    out.mkdir(parents=True, exist_ok=True)
    found: list[Sentence] = []
    tracks: list[np.ndarray] = []
    place = 0
    with open(out / "speech.pcm", "wb") as pcm:
        for name, group, wave, f0 in sentences:
            count = min(len(f0), len(wave) // CONFIG.hop)
            if count < CROP + 2 * EDGE:
                continue
            wave = wave[: count * CONFIG.hop]
            pcm.write(np.round(np.clip(wave, -1, 1) * 32767).astype("<i2").tobytes())
            tracks.append(f0[:count].astype(np.float32))
            found.append(Sentence(name, group, place, count))
            place += count
    np.save(out / "f0.npy", np.concatenate(tracks))
    (out / "speech.json").write_text(json.dumps([asdict(s) for s in found]), encoding="utf-8")
    minutes = place / CONFIG.frame_rate_hz / 60
    print(f"{out.name}: {len(found)} sentences, {minutes:.1f} minutes")


class Crops:
    """Stretches of sentences, with F0.

    Args:
        folder: what `prepare` made.
        training: a random stretch of a random sentence at each visit, `ROWS_IN_EPOCH` of them; or
            the middle of each sentence that is kept to choose an epoch by.
    """

    weights = None
    padding: Mapping[str, float] = {}

    def __init__(self, folder: Path, training: bool) -> None:
        self.sentences: list[Sentence] = []
        self.stores: list[tuple[np.ndarray, np.ndarray]] = []
        self.store_of: list[int] = []
        chance: list[float] = []
        for number, (name, share) in enumerate(SHARES.items()):
            text = (folder / name / "speech.json").read_text(encoding="utf-8")
            rows = [Sentence(**row) for row in json.loads(text)]
            samples = np.memmap(folder / name / "speech.pcm", "<i2", "r").reshape(-1, CONFIG.hop)
            self.stores.append((samples, np.load(folder / name / "f0.npy")))
            rows = [s for i, s in enumerate(rows) if (i % VALIDATION_EVERY == 0) != training]
            frames = sum(s.frames for s in rows)
            chance += [share * s.frames / frames for s in rows]
            self.sentences += rows
            self.store_of += [number] * len(rows)
        self.chance = np.cumsum(chance)
        self.sizes = np.ones(ROWS_IN_EPOCH if training else len(self.sentences), np.int64)

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """Samples (t,) and F0 (n,)."""
        size = CROP + 2 * EDGE
        if rng is not None:
            row = int(np.searchsorted(self.chance, rng.random() * self.chance[-1], side="right"))
        one = self.sentences[row]
        samples, f0 = self.stores[self.store_of[row]]
        if rng is None:
            first, level = one.start + (one.frames - size) // 2, 1.0
        else:
            first = one.start + int(rng.integers(one.frames - size + 1))
            level = 10 ** (rng.uniform(-LEVEL_DB, LEVEL_DB / 4) / 20)
        wave = np.array(samples[first : first + size], np.float32).ravel()
        return {
            "wave": torch.from_numpy(wave * np.float32(level / 32767)),
            "f0": torch.from_numpy(f0[first : first + size].copy()),
        }

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        frames = sum(s.frames for s in self.sentences)
        return {"sentences": len(self.sentences), "frames": frames}


# -- training --------------------------------------------------------------------------------------


class VocoderLearner:
    """The correction net, by the energy distance."""

    monitor = "-distance"

    def __init__(self) -> None:
        torch.manual_seed(SEED)
        self.vocoder = CorrectedVocoder(CONFIG, SHAPE, passes=PASSES)
        self.nets: Mapping[str, nn.Module] = {NET: self.vocoder.net}
        self.distance = SpectralDistance(CONFIG.rate_hz, RESOLUTIONS)

    def groups(self) -> Mapping[str, list[dict[str, Any]]]:
        return whole_nets(self.nets)

    def inputs(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Wave wanted, mels and F0, without the edges."""
        wave, f0 = batch["wave"], batch["f0"]
        mels = self.vocoder.mel(wave)[..., EDGE : EDGE + CROP]
        middle = wave[:, EDGE * CONFIG.hop : (EDGE + CROP) * CONFIG.hop]
        return middle, mels, f0[:, EDGE : EDGE + CROP]

    def two_waves(
        self, net: nn.Module, mels: Tensor, f0: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor, Correction]:
        """Two waves that differ by their noise, and their correction."""
        state = self.vocoder.source.start(len(f0), 0)
        state.phase = torch.rand(len(f0), generator=rng, dtype=torch.float64)
        pulses, _ = self.vocoder.source(f0, state)
        by = net(mels, f0)
        noises = torch.randn(2, *pulses.shape, generator=rng)
        one, two = (self.vocoder.corrected(mels, f0, pulses, noise, by) for noise in noises)
        return one, two, by

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """The energy distance; every second batch is blurred."""
        wanted, mels, f0 = self.inputs(batch)
        if torch.rand((), generator=rng) < 0.5:
            mels = blurred(mels, rng)
        one, two, _ = self.two_waves(nets[NET], mels, f0, rng)
        yield NET, self.distance.energy_distance(wanted, one, two).mean()

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """The distance on sharp and on blurred mels, and how far the mels of the wave are off."""
        rng = torch.Generator().manual_seed(SEED)
        rows: list[tuple[float, float, float]] = []
        for batch in batches:
            wanted, mels, f0 = self.inputs(batch)
            one, two, _ = self.two_waves(nets[NET], mels, f0, rng)
            sharp = self.distance.energy_distance(wanted, one, two)
            off = (self.vocoder.mel(one)[..., :CROP] - mels).abs().mean((1, 2))
            one, two, _ = self.two_waves(nets[NET], blurred(mels, rng), f0, rng)
            smooth = self.distance.energy_distance(wanted, one, two)
            rows += list(zip(sharp.tolist(), smooth.tolist(), off.tolist(), strict=True))
        sharp_mean, smooth_mean, off_mean = np.mean(rows, axis=0).tolist()
        return {
            "distance": (sharp_mean + smooth_mean) / 2,
            "sharp": sharp_mean,
            "blurred": smooth_mean,
            "mels": off_mean,
        }

    def fingerprint(self) -> dict[str, Any]:
        """What must be the same for a training to be resumed."""
        return {"shape": asdict(SHAPE), "config": asdict(CONFIG), "sizes": self.distance.sizes}


def blurred(mels: Tensor, rng: torch.Generator) -> Tensor:
    """Mels as an acoustic net gives them: smooth in time and frequency, and not exact."""
    over_frames, over_bands, noise = torch.rand(3, generator=rng).tolist()
    kernels = gaussian(BLUR_FRAMES * over_frames), gaussian(BLUR_BANDS * over_bands)
    smooth = mels[:, None]
    for kernel, shape in zip(kernels, ((1, -1), (-1, 1)), strict=True):
        around = len(kernel) // 2
        pad = (around, around, 0, 0) if shape[0] == 1 else (0, 0, around, around)
        smooth = nn.functional.pad(smooth, pad, mode="replicate")
        smooth = nn.functional.conv2d(smooth, kernel.reshape(1, 1, *shape))
    # What an acoustic net gets wrong is alike in neighbouring bands and frames.
    rough = torch.randn(len(mels), 1, mels.shape[1] // 4, mels.shape[2] // 4, generator=rng)
    wrong = nn.functional.interpolate(rough, size=mels.shape[1:], mode="bilinear")
    return (smooth + NOISE * noise * wrong)[:, 0]


def gaussian(sigma: float) -> Tensor:
    """A kernel (w,) that sums to 1."""
    around = max(1, round(3 * sigma))
    place = torch.arange(-around, around + 1) / max(sigma, 1e-3)
    kernel = torch.exp(-place.square() / 2)
    return kernel / kernel.sum()


def train(folder: Path, out: Path, epochs: int, start: Path | None = None) -> None:
    """Train, from the weights of another training if one is named; goes on where it was stopped."""
    training = replace(TRAINING, epochs=epochs)
    rows, kept = Crops(folder, training=True), Crops(folder, training=False)
    batches = Batches(rows, batch_size=training.batch_size, training=True, seed=training.seed)
    val = Batches(kept, batch_size=training.batch_size, training=False)
    learner = VocoderLearner()
    if start is not None:
        learner.vocoder.net.load_state_dict(weights_of(start)[1])
    history = fit(
        learner, batches, val, training, out, start=start.name if start else "", score_start=True
    )
    print(history.best)


def weights_of(out: Path) -> tuple[History, dict[str, Tensor]]:
    """What happened in a training, and the weights it keeps."""
    history = History.load(out / "history.json")
    return history, final_weights(out, history)[NET]


# -- what ships ------------------------------------------------------------------------------------


def ship(folder: Path, out: Path) -> None:
    """Write `vocoder.safetensors` (float16) and `vocoder.json`, what a card says of it."""
    from safetensors.torch import save_file

    from tympan._files import atomic_write

    history, weights = weights_of(out)
    learner = VocoderLearner()
    learner.vocoder.net.load_state_dict(weights)
    state = {k: v.half().contiguous() for k, v in learner.vocoder.net.state_dict().items()}
    learner.vocoder.net.load_state_dict(state)  # scored as it ships
    learner.vocoder.passes = CorrectedVocoder(CONFIG, SHAPE).passes
    kept = Crops(folder, training=False)
    val = Batches(kept, batch_size=TRAINING.batch_size, training=False)
    with torch.no_grad():
        learner.vocoder.eval()
        found = learner.evaluate(learner.nets, val)
        nothing = VocoderLearner()
        nothing.vocoder.passes = learner.vocoder.passes
        before = nothing.evaluate(nothing.nets, val)
    minutes: dict[str, float] = {}
    for one in Crops(folder, training=True).sentences:
        length_s = one.frames / CONFIG.frame_rate_hz
        minutes[one.group] = minutes.get(one.group, 0.0) + length_s / 60
    fields = {
        "config": vocoder_fields(CorrectedVocoder(CONFIG, SHAPE)),
        "data": {**DATA, "minutes": {k: round(v, 1) for k, v in minutes.items()}},
        "metrics": {
            "validation": found, "before_training": before, "sentences": len(kept.sizes),
            "epochs": len(history.epochs), "best_epoch": history.best_epoch,
            "training_s": round(sum(row["seconds"] for row in history.epochs)),
        },
        "parameters": count_parameters(learner.vocoder.net),
    }  # fmt: skip
    with atomic_write(folder / "vocoder.safetensors") as beside:
        save_file(state, beside)
    with atomic_write(folder / "vocoder.json") as beside:
        beside.write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(fields["metrics"], indent=2))


def main() -> None:
    """Prepare, train or ship."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=("prepare", "train", "ship"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/speech/vocoder"))
    parser.add_argument("--teacher", type=Path, default=Path(".runs/speech/teacher"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--epochs", type=int, default=TRAINING.epochs)
    parser.add_argument("--out", default="training", help="folder in --runs of the training")
    parser.add_argument("--start", help="folder in --runs of a training to begin with")
    options = parser.parse_args()
    if options.step == "prepare":
        prepare(options.teacher, options.shared, options.runs)
    elif options.step == "train":
        start = options.runs / options.start if options.start else None
        train(options.runs, options.runs / options.out, options.epochs, start)
    else:
        ship(options.runs, options.runs / options.out)


if __name__ == "__main__":
    main()
