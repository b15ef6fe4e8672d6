"""Make the shipped voice `en`: several speakers, learned from speech of Kokoro-82M.

python -m recipes.speak_texts …            # sentences, see there
python recipes/kokoro_teacher.py …         # their speech, with durations and pitch, see there
python -m recipes.speak collect --runs .runs/speak
python -m recipes.speak train --runs .runs/speak
python -m recipes.speak ship --runs .runs/speak
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

SEED = 0
# Sentences whose speech is faster or slower than nearly all others were spoken wrongly.
LEAST_STEPS, MOST_STEPS = 1.6, 5.5
TEST_SHARE, VAL_SHARE = 0.02, 0.02


def usable(npz: Path) -> bool:
    """Whether the teacher spoke at a rate at which people speak."""
    with np.load(npz) as values:
        durations, tokens = values["durations"], str(values["tokens"])
    sounds = sum(not c.isspace() and c not in "ˈˌ.,;:?!—…" for c in tokens)
    rate = durations[1:-1].sum() / max(1, sounds)
    return LEAST_STEPS <= rate <= MOST_STEPS and durations.max() < 60


def collect(runs: Path) -> None:
    """Write `metadata.csv` in the teacher's folder: what was spoken, by whom, in which split."""
    rng = np.random.default_rng(SEED)
    lines = (runs / "lines.jsonl").read_text(encoding="utf-8").splitlines()
    rows, left_out = [], 0
    for line in map(json.loads, lines):
        draw = rng.random()
        path = runs / "teacher" / line["speaker"] / f"{line['id']:05d}.flac"
        if not path.exists() or not path.with_suffix(".npz").exists():
            continue
        if not usable(path.with_suffix(".npz")):
            left_out += 1
            continue
        split = "test" if draw < TEST_SHARE else "val" if draw < TEST_SHARE + VAL_SHARE else "train"
        rows.append((f"{line['speaker']}/{path.name}", line["text"], line["speaker"], split))
    # One sentence may have been made twice by rule: it belongs on one side.
    side = {text: split for _, text, _, split in rows if split != "train"}
    rows = [(name, text, who, side.get(text, split)) for name, text, who, split in rows]
    with open(runs / "teacher" / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file_name", "text", "speaker", "split"))
        writer.writerows(rows)
    print(f"{len(rows)} sentences, {left_out} left out")


def train(runs: Path, settings: dict[str, Any], start: str) -> None:
    """Train on the teacher's folder."""
    import tympan

    result = tympan.train(
        runs / "teacher", task="speak", out=runs / "en", from_=start, settings=settings, say=print,
        threads=1,
    )  # fmt: skip
    print(result)


def main() -> None:
    """Collect, train or ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("collect", "train"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/speak"))
    parser.add_argument("--start", default="scratch")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    if options.step == "collect":
        collect(options.runs)
    else:
        settings = dict(one.split("=", 1) for one in options.set)
        train(options.runs, settings, options.start)


if __name__ == "__main__":
    main()
