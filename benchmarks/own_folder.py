"""From a user's folder to a model: 2 x 250 one-second clips, on the cores that are there.

The clips are cut from LibriSpeech: is it a man's or a woman's voice? Two or three of
each speaker, and no speaker in two sets of the split. Three seeds, each with another split.
"""

from __future__ import annotations

import csv
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.common import DATA as SETS
from benchmarks.common import arguments, main

SOUNDS = "0.3"  # version of the shipped model that these figures are of
DATA = SETS / "librispeech"
PER_LABEL, PER_SPEAKER, LONG_S, SEEDS = 250, 3, 6.0, (0, 1, 2)
QUICK_PER_LABEL = 12
LIMIT_S = 120


def cut_clips(folder: Path, per_label: int) -> None:
    """Write `per_label` one-second clips of each sex, and a metadata.csv with label and speaker."""
    import tympan

    with (DATA / "metadata.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["split"].startswith("train")]
    table = []
    for sex in ("F", "M"):
        long = [r for r in rows if r["sex"] == sex and float(r["duration_s"]) > LONG_S]
        # The first second of all speakers, then the next, until there are enough.
        pairs = [(i, row) for i in range(PER_SPEAKER) for row in long]
        for i, row in pairs[:per_label]:
            start_s = 0.5 + 2.0 * i
            clip = tympan.load(DATA / row["file_name"], start_s=start_s, end_s=start_s + 1)
            name = f"{row['speaker']}-{i}.wav"
            clip.save(folder / name)
            table.append([name, sex, row["speaker"]])
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["file_name", "label", "speaker"], *table])
    print(f"{len(table)} clips")


def measure(quick: bool = False) -> list[dict[str, float]]:
    """Train once for each seed and start, and time it whole: reading, training, scoring, report."""
    import tympan

    rows = []
    with tempfile.TemporaryDirectory() as name:
        clips = Path(name) / "clips"
        clips.mkdir()
        cut_clips(clips, QUICK_PER_LABEL if quick else PER_LABEL)
        epochs, seeds = (1, SEEDS[:1]) if quick else (None, SEEDS)
        for start in ("sounds", "scratch"):
            for seed in seeds:
                began = time.perf_counter()
                out = Path(name) / f"{start}-{seed}"
                result = tympan.train(
                    clips, from_=start, out=out, seed=seed, epochs=epochs, progress=False
                )
                row = {"start": start, "seed": seed, "seconds": time.perf_counter() - began}
                rows.append(row | {"accuracy": result.metrics["accuracy"]})
                print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    options = arguments("own_folder")
    if not DATA.is_dir():
        raise SystemExit(f"own_folder: the recordings are not at {DATA}")
    found = measure(options.quick)
    table, figures = [], {}
    for start in ("sounds", "scratch"):
        mine = [r for r in found if r["start"] == start]
        accuracy, seconds = [r["accuracy"] for r in mine], [r["seconds"] for r in mine]
        table.append(
            {
                "start from": start,
                "seconds, median (range)": f"{statistics.median(seconds):.0f} "
                f"({min(seconds):.0f}–{max(seconds):.0f})",
                "accuracy on new speakers, mean (range)": f"{statistics.mean(accuracy):.1%} "
                f"({min(accuracy):.1%}–{max(accuracy):.1%})",
            }
        )
        figures[f"{start}_accuracy"] = statistics.mean(accuracy)
        figures[f"{start}_seconds"] = statistics.median(seconds)
    figures["limit_vs_sounds"] = LIMIT_S / figures["sounds_seconds"]
    main(
        "own_folder",
        table,
        figures,
        title="Training on a small folder",
        about=(__doc__ or "").strip() + f" To be done within {LIMIT_S} s.",
    )
