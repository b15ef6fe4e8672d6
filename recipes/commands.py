"""Make the shipped model `commands`: digits and key words, or none of them.

    python -m recipes.commands train --shared ../shared/data
    python -m recipes.commands speakers --epochs 5     # leave-one-speaker-out on digits
    python -m recipes.commands speakers --epochs 1 --speaker theo    # the same, quickly, of one
    python -m recipes.commands own                     # words from text alone
    python -m recipes.commands ship                    # threshold, scores, card
    python -m recipes.commands card                    # what `speakers` and `own` found, into it

Words: the ten digits (Free Spoken Digit Dataset) and six key words (Picovoice's benchmark). None of
them: LibriSpeech train-clean, noises of ESC-50 in the public domain (folds 1 to 4), and what the
training makes itself. As six people are few, flite's voices say digits and other words too. Tested
on one digit speaker and a fifth of the key-word recordings (whose speakers are not told apart), and
for false alarms on LibriSpeech test-other, on spoken orders of coffee and on ESC-50 fold 5, see
`recipes/commands_measures.py`.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from tympan.data import AudioStore, Table
from tympan.data.table import Example
from tympan.tasks.transcribe.command_net import NONE, CommandConfig
from tympan.training import TrainingConfig

SEED = 0
NAME = "commands"
CONFIG = CommandConfig()
TRAINING = TrainingConfig(
    epochs=14, batch_size=64, lr=3e-3, weight_decay=0.02, warmup_epochs=1.0, ema_decay=0.99,
    seed=SEED,
)  # fmt: skip
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEST_SPEAKER = "theo"
VOICES = ("laughing", "crying_baby")


def rows_of(folder: Path) -> list[dict[str, str]]:
    """The rows of a folder's metadata."""
    with (folder / "metadata.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def example(path: Path, label: str, part: str, speaker: str = "") -> Example:
    """One recording, in a part."""
    return Example({"audio": path}, {"label": label, "split": part, "speaker": speaker})


def digits(shared: Path, test_speaker: str) -> list[Example]:
    """All digits; those of one speaker are the test."""
    folder = shared / "fsdd"
    return [
        example(
            folder / row["file_name"], DIGITS[int(row["label"])],
            "test" if row["speaker"] == test_speaker
            else "val" if int(row["take"]) % 12 == 5 else "train",
            row["speaker"],
        )
        for row in rows_of(folder)
    ]  # fmt: skip


def key_words(shared: Path) -> list[Example]:
    """All key words, in parts by their number, as a speaker's recordings may be neighbours."""
    folder = shared / "wake_words"
    found = []
    for row in rows_of(folder):
        name = Path(row["file_name"]).stem
        number = int(name) if name.isdigit() else crc32(name.encode())
        part = "test" if number // 10 % 5 == 0 else "val" if number // 10 % 10 == 1 else "train"
        found.append(example(folder / row["file_name"], row["label"], part))
    return found


def others(shared: Path) -> list[Example]:
    """Speech and noise without any of the words."""
    speech = shared / "librispeech"
    found = [
        example(
            speech / row["file_name"], NONE,
            "test" if row["split"] == "test-other" else "val" if i % 12 == 0 else "train",
            row["speaker"],
        )
        for i, row in enumerate(rows_of(speech))
    ]  # fmt: skip
    for row in rows_of(shared / "esc50"):
        if row["label"] in VOICES or (row["fold"] != "5" and row["licence"] != "CC0"):
            continue
        part = {"5": "test", "4": "val"}.get(row["fold"], "train")
        found.append(example(shared / "esc50" / row["file_name"], NONE, part))
    return found


def train(examples: list[Example], labels: tuple[str, ...], out: Path, epochs: int) -> Any:
    """Train on the rows of the part `train`; the same command goes on."""
    import torch

    from tympan.data.batches import Batches
    from tympan.tasks.transcribe.command_learner import CommandExamples, CommandLearner
    from tympan.tasks.transcribe.command_net import CommandNet
    from tympan.training import fit

    table = Table(Path("."), tuple(one for one in examples if one.columns["split"] != "test"))
    store = AudioStore.open(table, CONFIG.rate_hz)
    torch.manual_seed(SEED)
    learner = CommandLearner(CommandNet(CONFIG, len(labels)), CONFIG)
    training = replace(TRAINING, epochs=epochs)
    parts = [
        Batches(
            CommandExamples(table.where("split", part), store, CONFIG, labels),
            batch_size=training.batch_size, training=part == "train", seed=SEED,
        )
        for part in ("train", "val")
    ]  # fmt: skip
    fit(learner, *parts, training, out)
    return learner.net


def speakers(shared: Path, runs: Path, epochs: int, only: Sequence[str] = ()) -> None:
    """Accuracy on the digits of each speaker, by a net that did not hear them.

    As others count it: the best of the ten digits, whatever the score of none of them. What is
    known of a speaker after so many epochs is not measured again.
    """
    from recipes.commands_made import made

    labels, path = (NONE, *DIGITS), runs / "speakers.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if found.get("epochs") != epochs:
        found = {"accuracy": {}, "epochs": epochs}
    known: dict[str, float] = found["accuracy"]
    names = sorted({row["speaker"] for row in rows_of(shared / "fsdd")})
    for name in only or names:
        if name in known:
            continue
        rows = digits(shared, name)
        more = [one for one in made(DIGITS, runs / "made") if one.label != NONE]
        net = train([*rows, *more], labels, runs / f"without-{name}-{epochs}", epochs)
        test = [one for one in rows if one.columns["split"] == "test"]
        known[name] = best_of_words(net, labels, test)
        print(f"{name}: {known[name]:.1%}", flush=True)
        path.write_text(json.dumps(found), encoding="utf-8")
    shares = list(known.values())
    found |= {
        "mean": round(float(np.mean(shares)), 4),
        "deviation": round(float(np.std(shares)), 4),
    }
    path.write_text(json.dumps(found), encoding="utf-8")
    print(f"mean of {len(known)} of {len(names)}: {found['mean']:.1%} ± {found['deviation']:.1%}")


def best_of_words(net: Any, labels: tuple[str, ...], examples: list[Example]) -> float:
    """The share of recordings whose likeliest word is right."""
    import torch

    from tympan.tasks.transcribe.command_learner import CommandExamples

    table = Table(Path("."), tuple(examples))
    rows = CommandExamples(table, AudioStore.open(table, CONFIG.rate_hz), CONFIG, labels)
    right = []
    with torch.inference_mode():
        for row in range(len(table)):
            item = rows.item(row, None)
            right.append(int(net(item["mels"][None])[0, 1:].argmax()) + 1 == int(item["label"]))
    return float(np.mean(right))


def labels_of(rows: list[Example]) -> tuple[str, ...]:
    """None of them, the digits, the key words."""
    return (NONE, *DIGITS, *sorted({one.label for one in rows} - {*DIGITS, NONE}))


def main() -> None:
    """One step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=("train", "speakers", "own", "ship", "card"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/commands"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--epochs", type=int, default=TRAINING.epochs)
    parser.add_argument("--speaker", action="append", default=[], help="with `speakers`: only this")
    parser.add_argument("--out", type=Path, help="folder of the model; else that of the package")
    options = parser.parse_args()
    if options.step == "speakers":
        speakers(options.shared, options.runs, options.epochs, options.speaker)
        return
    if options.step == "own":
        from recipes.commands_own import own

        own(options.shared, options.runs)
        return
    if options.step == "card":
        from recipes.commands_ship import add_to_card

        add_to_card(options)
        return
    from recipes.commands_made import made

    rows = [
        *digits(options.shared, TEST_SPEAKER), *key_words(options.shared), *others(options.shared)
    ]  # fmt: skip
    labels = labels_of(rows)
    more = made(DIGITS, options.runs / "made")
    net = train([*rows, *more], labels, options.runs / "all", options.epochs)
    if options.step == "ship":
        from recipes.commands_ship import ship

        ship(net, labels, rows, options)


if __name__ == "__main__":
    main()
