"""What ten minutes of one's own noise bring: `voice`, and `voice` fine-tuned on them.

The noise is a motor, 214 recordings of six seconds of which `voice` was not trained on. Of each of
its conditions the first recordings, ten minutes in all, are the user's folder `noise/`, the last
ones are mixed into the test (*this motor*), and those between are left out. `voice/` holds clips of
LibriSpeech *train-clean*; the test speaks with the ten speakers of *test-other*. So that a gain on
the motor is not bought elsewhere, ESC-50's fifth fold (all classes) is measured as well (*other
noises*).

One command, as a user gives it: `tympan train FOLDER --task separate`. *Figures*: SI-SDR
improvement over the mix in dB, mean and 95 % interval over mixes (bootstrap); *gain* is of the same
mixes.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks._trials import motor, motor_in_order
from benchmarks.common import DATA, Row, arguments, main
from benchmarks.separate import interval
from tympan.audio import Clip, load, probe
from tympan.data import read_folder
from tympan.tasks.separate.api import separate
from tympan.tasks.separate.metrics import si_sdr

RATE_HZ, SECONDS, SEED = 16000, 4.0, 0
TRAIN_S, CLIP_S, TRAIN_VOICES, MIXES = 600.0, 6.0, 120, 40
SNRS_DB = (-5, 0, 5)
WHY = ""
Mix = tuple[np.ndarray, np.ndarray]


def motors(train: bool) -> list[Path]:
    """The first recordings of each condition, ten minutes in all; or the last ones."""
    order = motor_in_order(motor())
    share = TRAIN_S / CLIP_S / sum(map(len, order))
    found = []
    for rows in order:
        count = round(share * len(rows))
        found += [one.path for one in (rows[:count] if train else rows[count + len(rows) // 10 :])]
    return found


def folder_of(place: Path, quick: bool) -> Path:
    """What a user has: `voice/` and `noise/`."""
    speech = read_folder(DATA / "librispeech").where("split", "train-clean").paths
    kinds = {"voice": speech[:: len(speech) // TRAIN_VOICES][:TRAIN_VOICES], "noise": motors(True)}
    for name, paths in kinds.items():
        (place / name).mkdir(parents=True)
        for path in paths[: 8 if quick else None]:
            shutil.copy(path, place / name / path.name)
    return place


def tuned(place: Path, quick: bool) -> tuple[Path, float]:
    """The fine-tuned model, and the minutes of a core that it took."""
    folder, out = folder_of(place / "mine", quick), place / "model"
    command = [sys.executable, "-m", "tympan", "train", str(folder), "--task", "separate"]
    command += ["--out", str(out), *(["--epochs", "1"] if quick else [])]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=sys.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return out, spent_s / 60


def mixes(noises: Sequence[Path], count: int, snr_db: int) -> list[Mix]:
    """Voice and mix, each of four seconds."""
    rng, length = np.random.default_rng(SEED), round(SECONDS * RATE_HZ)
    speech = read_folder(DATA / "librispeech").where("split", "test-other").paths
    speech = [path for path in speech if probe(path).duration_s >= SECONDS]
    found = []
    for _ in range(count):
        voice = load(speech[int(rng.integers(len(speech)))]).samples[0][:length]
        noise = load(noises[int(rng.integers(len(noises)))], rate_hz=RATE_HZ, mono=True).samples[0]
        noise = np.resize(noise, length)
        power = max(float(np.square(noise).mean()), 1e-12)
        gain = (float(np.square(voice).mean()) / power / 10 ** (snr_db / 10)) ** 0.5
        found.append((voice, (voice + gain * noise).astype(np.float32)))
    return found


def gains(model: str, rows: Sequence[Mix]) -> np.ndarray:
    """SI-SDR improvement of each mix, dB."""
    found = []
    for voice, mix in rows:
        clip = separate(Clip(mix[None], RATE_HZ), model=model, device="cpu")["voice"]
        found.append(si_sdr(clip.samples[0], voice) - si_sdr(mix, voice))
    return np.array(found)


def measure(quick: bool) -> tuple[list[Row], dict[str, float]]:
    """The table and the figures."""
    count = 3 if quick else MIXES
    noises = {
        "this motor": motors(False),
        "other noises": read_folder(DATA / "esc50").where("fold", "5").paths,
    }
    rows: list[Row] = []
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        model, minutes = tuned(Path(name), quick)
        figures["minutes_of_a_core"] = minutes
        for kind, paths in noises.items():
            for snr_db in SNRS_DB:
                given = mixes(paths, count, snr_db)
                before, after = gains("voice", given), gains(str(model), given)
                rows.append({
                    "noise": kind, "level": f"{snr_db} dB", "voice": interval(before, 1),
                    "fine-tuned": interval(after, 1), "gain": interval(after - before, 1),
                })  # fmt: skip
                key = f"{kind}_{snr_db}_db".replace(" ", "_")
                figures[f"{key}_before"] = float(before.mean())
                figures[f"{key}_after"] = float(after.mean())
                print(rows[-1], flush=True)
    return rows, figures


if __name__ == "__main__":
    rows, figures = measure(arguments("own_noise").quick)
    about = (__doc__ or "").strip()
    about += f"\n\nSeed {SEED}, {MIXES} mixes in each row, one training. The training took "
    main(
        "own_noise", rows, figures, title="One's own noise", why=WHY,
        about=f"{about}{figures['minutes_of_a_core']:.0f} minutes of one core.",
    )  # fmt: skip
