"""How many clips a second a training takes in, and what each encoder costs when it answers.

Training is `tympan.train` as it stands, from random weights: batches of 32, clips of five seconds
at 16 kHz, mixing, augmentation, averaged weights. The net gets a crop of each clip, drawn anew in
each epoch; × real time counts the crops. "Data wait" is the part of the time in which the net waits
for the next batch. One process uses all cores; of two, each has half of them and half of each
batch.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import Row, arguments, compare, main
from benchmarks.inference import BATCH, CLIP_S, net_call

SOUNDS = "0.3"  # version of the shipped model that these figures are of
CLIPS, EPOCHS, ROUNDS, SEED, RATE_HZ = 320, 4, 1, 0, 16000
# So few labels that each has more than 30 clips to train on: with fewer, only a head is fitted.
LABELS = 5
DEVICES = (1, 2)
MOST_WAIT = 0.05


def make_clips(folder: Path, count: int) -> None:
    """Write `count` clips of all labels in turn: tones of another pitch in noise, from the seed."""
    from tympan.audio import synth

    for i in range(count):
        path = folder / f"label{i % LABELS}" / f"{i}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {"duration_s": CLIP_S, "rate_hz": RATE_HZ}
        noise = synth.pink_noise(amplitude=0.2, seed=SEED + i, **options)
        tone = synth.sine(200 * (1 + i % LABELS), amplitude=0.3, **options)
        (noise + tone).save(path)


@dataclass(frozen=True)
class Run:
    """A training: the rows of all epochs but the first, and what it did with the clips."""

    epochs: list[dict]
    recordings: dict[str, int]
    crop_s: float


def train_once(clips: Path, out: Path, encoder: str, devices: int, epochs: int) -> Run:
    """Train once; in the first epoch everything is new, so it is left out."""
    import tympan

    settings = {"encoder": encoder, "devices": devices, "batch_size": 32}
    tympan.train(
        clips, from_="scratch", out=out, epochs=epochs, seed=SEED, settings=settings, progress=False
    )
    history = json.loads((out / "history.json").read_text("utf-8"))["epochs"]
    card = json.loads((out / "card.json").read_text("utf-8"))
    config, recordings = card["config"], card["data"]["recordings"]
    if not recordings["val"]:
        raise SystemExit("throughput: too few clips a label, this is no training as it is usual")
    return Run(history[1:], recordings, config["clip_s"] * config["crop"])


def training(quick: bool) -> tuple[list[Row], dict[str, float], Run]:
    """Measure training: each encoder with one and two processes, in turns."""
    from tympan.nets import ENCODERS

    encoders = ("small",) if quick else tuple(ENCODERS)
    devices = (1,) if quick else DEVICES
    epochs, rounds, count = (2, 1, 40 * LABELS) if quick else (EPOCHS, ROUNDS, CLIPS)
    found: dict[tuple[str, int], list[Run]] = {}
    with tempfile.TemporaryDirectory() as name:
        os.environ["TYMPAN_CACHE"] = f"{name}/cache"
        make_clips(Path(name) / "clips", count)
        for turn in range(rounds):
            for encoder in encoders:
                for number in devices if turn % 2 == 0 else devices[::-1]:
                    out = Path(name) / f"{encoder}-{number}-{turn}"
                    run = train_once(Path(name) / "clips", out, encoder, number, epochs)
                    found.setdefault((encoder, number), []).append(run)
                    speeds = [f"{row['clips_per_s']:.0f}" for row in run.epochs]
                    print(f"{encoder}, {number} processes: {speeds} clips/s", file=sys.stderr)
    return *_training_rows(found), run


def _training_rows(found: dict[tuple[str, int], list[Run]]) -> tuple[list[Row], dict[str, float]]:
    rows: list[Row] = []
    figures: dict[str, float] = {}
    for (encoder, number), runs in found.items():
        epochs = [row for run in runs for row in run.epochs]
        speeds = [row["clips_per_s"] for row in epochs]
        waits = [row["data_wait"] for row in epochs]
        speed, wait = statistics.median(speeds), statistics.median(waits)
        alone = [row["clips_per_s"] for run in found[encoder, DEVICES[0]] for row in run.epochs]
        gain = speed / statistics.median(alone)
        rows.append(
            {
                "encoder": encoder,
                "processes": str(number),
                "clips/s": f"{speed:.0f} ({min(speeds):.0f}–{max(speeds):.0f})",
                "× real time": speed * runs[0].crop_s,
                "data wait": f"{wait:.1%} ({min(waits):.1%}–{max(waits):.1%})",
                "over one process": f"{gain:.2f} ×",
            }
        )
        figures[f"{encoder}_{number}_clips_per_s"] = speed
        figures[f"{encoder}_{number}_data_wait"] = wait
        if number > 1:
            figures[f"{encoder}_{number}_processes_vs_one"] = gain
    return rows, figures


def answering(quick: bool) -> tuple[list[Row], dict[str, float]]:
    """Measure the nets alone on one core: every size with random weights, every shipped model."""
    import torch

    import tympan
    from tympan.nets import ENCODERS, count_parameters
    from tympan.tasks import load
    from tympan.tasks.classify.config import ClassifyConfig
    from tympan.tasks.classify.net import Classifier

    torch.set_num_threads(1)
    nets = {f"{e}, random weights": Classifier(ClassifyConfig(encoder=e), 50) for e in ENCODERS}
    shipped = {card.name: load(card.name, card.task) for card in tympan.list_models()}
    found = {name: getattr(one, "net", None) for name, one in shipped.items()}
    nets |= {name: net for name, net in found.items() if hasattr(net, "probabilities")}
    calls = {name: net_call(net.eval()) for name, net in nets.items()}
    timings = compare(calls, rounds=1 if quick else 5, round_s=0.0 if quick else 0.2)
    rows: list[Row] = []
    figures: dict[str, float] = {}
    for name, timing in timings.items():
        speed = BATCH * CLIP_S / timing.median_s
        rows.append(
            {
                "net": name,
                "parameters": f"{count_parameters(nets[name]) / 1e6:.2f} M",
                f"{BATCH} clips of {CLIP_S} s": timing,
                "× real time": speed,
            }
        )
        key = name.split(",")[0] + ("_encoder" if "," in name else "")
        figures[f"{key}_x_real_time"] = speed
    return rows, figures


WHY = f"""
The wait for data is to stay below {MOST_WAIT:.0%}: recordings are decoded once, into a cache
on disk, and threads cut the next batches out of it while the net works on this one.

Two processes on one machine gain little where one already keeps all cores busy: each computes half
of a batch, then they exchange gradients. They are for machines with several devices; here they show
that the second process works and what the exchange costs.

Where the time goes (profile of a step of `base`, bf16 with AMX): convolutions 30 %, batch
normalisation and activation 60 % – moving feature maps through memory, not arithmetic. Without AMX,
in float32, it is the other way round: convolutions are four fifths of an answer's time. What was
tried, and what it brought, stands in `docs/experiments.md`: keeping freed memory (a quarter of the
step), channels-last weights (another third), halving both axes in the stem; `torch.compile` gained
10 – 15 % after half a minute of compiling and needs a compiler, so it was left out.
"""


if __name__ == "__main__":
    options = arguments("throughput")
    train_rows, figures, run = training(options.quick)
    net_rows, more = answering(options.quick)
    parts = run.recordings
    main(
        "throughput",
        train_rows,
        figures | more,
        title="Throughput",
        about=(__doc__ or "").strip()
        + f"\n\n{sum(parts.values())} clips of {LABELS} labels made on the spot (seed {SEED}): "
        f"{parts['train']} to train on, {parts['val']} for validation, {parts['test']} for the "
        f"test; the net gets {run.crop_s:g} s of each clip at a time. Medians over {EPOCHS} epochs "
        f"but the first, in {ROUNDS} training of each; the slowest and the fastest in brackets.",
        more={"Answers on one core: the nets alone": net_rows},
        why=WHY,
    )
