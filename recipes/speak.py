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

from recipes.speak_texts import SPEAKERS

SEED = 0
NAME = "en"
DATA: dict[str, Any] = {
    "name": "sentences spoken by Kokoro-82M: its voices af_heart, af_bella, af_sarah, am_michael, "
    "am_fenrir and af_kore, with its own durations and pitch as targets",
    "licences": {
        "Kokoro-82M (weights, voices and what they speak)": "Apache-2.0",
        "misaki (pronunciations)": "Apache-2.0",
        "WordNet 3.0 (example sentences)": "WordNet-3.0",
        "Jane Austen's novels, World English Bible": "public domain",
    },
    "synthetic": "No person's voice was recorded for it: it is a synthetic voice that learned from "
    "another synthetic voice.",
    "recipe": "python -m recipes.speak",
}
ATTRIBUTION = """# What `en` was made from

It speaks as Kokoro does, and no audio of it is distributed.

- **Teacher**: Kokoro-82M by hexgrad, Apache-2.0 (https://huggingface.co/hexgrad/Kokoro-82M), its
  English voices `heart`, `bella`, `sarah`, `kore`, `michael` and `fenrir`; ONNX export by
  thewh1teagle, MIT.
- **Pronunciations**: the lexicons of misaki by hexgrad, Apache-2.0.
- **Sentences**: examples of WordNet 3.0, Copyright 2006 by Princeton University, whose licence
  allows any use; novels of Jane Austen and the World English Bible, public domain; sentences made
  by rule.
"""
KNOWN_FAILURES = (
    "It is a small voice: sentences of more than about 20 words, rare names and words of other "
    "languages come out less clearly than with its teacher.",
    "Feelings, whispering, singing and shouting are not among what it can do; questions rise less "
    "than a person's.",
    "Words that no lexicon holds are guessed by their letters, and some are guessed wrong "
    "(docs/text.md); `--lexicon` says how they are spoken.",
    "English only, as it is spoken in the United States.",
    "Anybody can take the mark that it is synthetic out of a file.",
)
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


def train(runs: Path, settings: dict[str, Any], start: str, out: str) -> None:
    """Train on the teacher's folder."""
    import tympan

    result = tympan.train(
        runs / "teacher", task="speak", out=runs / out, from_=start, settings=settings, say=print,
        threads=1,
    )  # fmt: skip
    print(result)


def ship(runs: Path, out: Path) -> None:
    """Put the voice into the package, and score what is there.

    The correction net of `recipes/vocoder.py` is left out: behind this net it makes voices breathy
    (docs/experiments.md).
    """
    from dataclasses import replace

    from tympan.data import AudioStore, read_folder
    from tympan.models import load_model, save_model
    from tympan.models.catalogue import shipped_folder
    from tympan.tasks.speak.task import TASK
    from tympan.tasks.speak.vocoder import VOCODER

    trained = load_model(out)
    state = {k: v for k, v in trained.state.items() if not k.startswith(VOCODER)}
    # The speaker with most sentences first: it speaks unless another is named.
    order = sorted(trained.card.labels, key=list(SPEAKERS).index)
    rows = [trained.card.labels.index(name) for name in order]
    state["net.speakers.weight"] = state["net.speakers.weight"][rows]
    data = {k: v for k, v in dict(trained.card.data).items() if k in ("digest", "recordings")}
    card = replace(
        trained.card, name=NAME, labels=order, version="0.1", licence="Apache-2.0",
        attribution="ATTRIBUTION.md",
        description="English, several speakers, faster than real time on one core. A synthetic "
        "voice that learned from the synthetic voice Kokoro.",
        config={**trained.card.config, "vocoder": None}, data={**DATA, **data},
        parameters=sum(one.numel() for one in state.values()),
        known_failures=list(KNOWN_FAILURES), created="", git_revision="", metrics={},
    )  # fmt: skip
    folder = shipped_folder() / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ATTRIBUTION.md").write_text(ATTRIBUTION, encoding="utf-8")
    save_model(folder, state, card, half=True)
    table = TASK.rows_of(read_folder(runs / "teacher"))
    store = AudioStore.open(table, TASK.store_rate_hz(TASK.defaults()[""].config))
    model = TASK.load(load_model(folder))
    evaluation = TASK.evaluate([(model, table.where("split", "test"))], store)
    print(evaluation)
    metrics = {
        "scores": [one.to_json() for one in evaluation.scores],
        "count": evaluation.count,
        "counted": "sentences of the teacher that it was not trained on",
    }
    save_model(folder, state, replace(card, metrics=metrics), half=True)


def main() -> None:
    """Collect, train or ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("collect", "train", "ship"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/speak"))
    parser.add_argument("--start", default="scratch")
    parser.add_argument("--out", default="en")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    if options.step == "collect":
        collect(options.runs)
    elif options.step == "ship":
        ship(options.runs, options.runs / options.out)
    else:
        settings = dict(one.split("=", 1) for one in options.set)
        train(options.runs, settings, options.start, options.out)


if __name__ == "__main__":
    main()
